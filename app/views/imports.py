"""Import: drop files or name paths, see what they would become, and store them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.auth.identity import needs_sign_in
from app.components.data_table import data_table
from app.ui import address, project
from app.ui.imports import scores
from app.ui.imports.course import follow
from app.ui.imports.shown import show
from app.ui.imports.uploads import Held, hold, keep
from db.engine import Database, DatabaseError
from db.jobs import get_job
from labeling.formats.catalog import FORMATS, READERS, in_words
from labeling.formats.files.folders import files_of
from labeling.formats.files.hub import SCHEME
from labeling.formats.preview import Preview, preview
from labeling.formats.splitting import REGEX, WAYS, Cut
from labeling.jobs.runner import start_job
from models.steps import Thinking

WHAT = ("Solutions", "Scores")
SHOWN = 10
EMPTY = (
    "These formats are recognised by their fields, in JSON, JSON lines, Parquet or Arrow, "
    "compressed or not. You see what the rows become before anything is stored."
)


def other_files() -> None:
    """What was imported before has nothing to say of other files."""
    address.put(job=None)


def dropped() -> list[Path]:
    """The files that were dropped; those that are taken out again leave nothing behind."""
    limit = int(st.config.get_option("server.maxUploadSize"))
    given = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        key="uploads",
        on_change=other_files,
        help=f"Up to {limit:,} MB a file. A larger one: name its path below, or use the command.",
    )
    st.text("A larger file: name its path below, or run the command.")
    held: dict[str, Held] = st.session_state.setdefault("held uploads", {})
    return [one.path for one in hold(list(given), held)]


def named() -> list[Path]:
    """The files whose paths were typed, on the machine that runs StepLens."""
    typed = st.text_area(
        "Or paths on the server",
        placeholder="/data/processbench/gsm8k.json",
        help="On the machine that runs StepLens, one per line; a folder stands for its files.",
        height=68,
        on_change=other_files,
    )
    paths = [line.strip() for line in typed.splitlines() if line.strip()]
    if any(path.startswith(SCHEME) for path in paths):
        raise ValueError(
            "a data set of the Hub is downloaded first, which may take long: import it with "
            f"steplens import {SCHEME}datasets/OWNER/NAME, or download it and name its path"
        )
    return [Path(path).expanduser().absolute() for path in paths]


def looked_at(files: list[Path], format: str | None, cut: dict[str, str]) -> Preview | None:
    """What the beginnings of `files` would become, or None with the reason on the page."""
    try:
        thinking: Thinking = "split" if "thinking" in cut else "block"
        return preview(files, format, Cut(cut.get("split"), thinking), shown=SHOWN)
    except (ValueError, OSError) as error:
        st.subheader("This cannot be read")
        project.complain(error)
        st.text("Nothing was stored. Choose another format, or another file.")
        return None


def ask_cut() -> dict[str, str]:
    """How texts are to be cut into steps, as an import's parameters say it."""
    ways = {way: way.replace("-", " ") for way in WAYS} | {REGEX: "a regular expression"}
    split = st.selectbox(
        "Cut texts into steps at",
        list(ways),
        index=None,
        format_func=lambda way: ways[way],
        placeholder="where the format says",
        help="For rows with a whole solution in place of steps. LaTeX environments, code blocks "
        "and tables stay whole.",
        **address.choice("split", list(ways)),
    )
    if split == REGEX:
        pattern = st.text_input(
            "Expression", placeholder=r"\n(?=Step \d)", **address.text("pattern")
        )
        split = f"{REGEX}{pattern}" if pattern else None
    cut = {"split": split} if split else {}
    through = st.checkbox(
        "Cut a model's thinking into steps, too",
        help="Otherwise <think>…</think> and its like are one step, folded in the table.",
        **address.switch("through"),
    )
    return {**cut, "thinking": "split"} if through else cut


def begin(
    database: Database, kind: str, files: Sequence[Path], params: Mapping[str, object]
) -> None:
    """Start the import, with uploads in the project's folder, and follow it."""
    uploads = {one.path for one in st.session_state.get("held uploads", {}).values()}
    try:
        kept = [keep(database, file) if file in uploads else file for file in files]
        job = start_job(database, kind, {**params, "files": [*map(str, kept)]})
    except (ValueError, OSError) as error:
        project.complain(error)
    else:
        address.put(job=str(job.id))


def follow_the_last(database: Database) -> bool:
    """Show the import that the address names; False where it names none."""
    job_id = under_way(database)
    if job_id is not None:
        follow(database, job_id)
    return job_id is not None


def solutions(database: Database, files: list[Path], right: DeltaGenerator) -> None:
    """Files of solutions: how they are read, what they would become, and the import."""
    format = st.selectbox(
        "Format",
        list(READERS),
        index=None,
        format_func=in_words,
        placeholder="By the fields of the rows",
        **address.choice("format", list(READERS)),
    )
    cut = ask_cut()
    strict = st.checkbox("Refuse a whole file if any of its rows is bad")
    start = st.empty()
    st.code(project.command(database, "import FILE"), language=None, wrap_lines=True)
    with right:
        found = looked_at(files, format, cut) if files else None
        if found is not None and (found.rows or found.named):
            params: dict[str, object] = {"format": found.format, "strict": strict, **cut}
            if needs_sign_in():
                params["people"] = False  # Nobody labels under another's name.
            if start.button("Import", type="primary", width="stretch"):
                begin(database, "import", found.files, params)
        followed = follow_the_last(database)
        if found is not None:
            show(found)
        elif not files and not followed:
            st.text(EMPTY)
            formats_read()


def formats_read() -> None:
    """What an import can read, a row for each format."""
    rows: list[list[data_table.Cell]] = [
        [data_table.text(name, "nowrap"), data_table.text(FORMATS[name].words, "muted")]
        for name in READERS
    ]
    data_table.table([data_table.column("Format", width="10rem"), "A row has"], rows, key="formats")


def of_scores(database: Database, files: list[Path], right: DeltaGenerator) -> None:
    """Files of scores: who gave them, which solutions they match, and the import."""
    wanted = scores.ask(database, [one for file in files for one in files_of(file)])
    start = st.empty()
    who = ("KIND", "NAME") if wanted is None else (wanted.kind, shlex.quote(wanted.name))
    command = f"import-scores FILE --kind {who[0]} --name {who[1]}"
    st.code(project.command(database, command), language=None, wrap_lines=True)
    with right:
        found = scores.looked_at(database, wanted) if files and wanted else None
        if wanted is not None and found is not None and found.said:
            named = wanted.name != scores.NOBODY
            if start.button(
                "Import" if named else "Import: give the annotator a name",
                type="primary",
                width="stretch",
                disabled=not named,
            ):
                params: dict[str, object] = {
                    "kind": wanted.kind,
                    "name": wanted.name,
                    "threshold": wanted.threshold,
                    "dataset": wanted.dataset,
                    "fields": dict(wanted.names),
                }
                begin(database, "import_scores", wanted.files, params)
        followed = follow_the_last(database)
        if wanted is not None and found is not None:
            scores.show(database, wanted, found)
        elif not files and not followed:
            st.text(scores.EMPTY)


def under_way(database: Database) -> int | None:
    """The import that the address names, if there is one."""
    given = address.get("job") or ""
    try:
        job = get_job(database, int(given if given.isascii() and len(given) < 16 else ""))
    except (ValueError, DatabaseError):
        return None
    return job.id if job.kind in ("import", "import_scores") else None


database = project.project()
with st.container(key="wide"):
    st.title("Import")
left, right = st.columns([1, 2.2], gap="large")
files: list[Path] = []
with left:
    try:
        files += dropped()
        files += named()
    except (ValueError, OSError) as error:
        project.complain(error)
        files = []
    what = st.segmented_control(
        "The files hold",
        WHAT,
        **address.value(
            "what",
            lambda values: values[-1] if values and values[-1] in WHAT else WHAT[0],
            lambda chosen: None if chosen in (None, WHAT[0]) else [chosen],
        ),
    )
    (of_scores if what == WHAT[1] else solutions)(database, files, right)
