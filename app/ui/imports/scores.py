"""Scores from files on the page Import: who gave them, what they match, and how they will look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.components.step_table.step_table import step_table
from app.ui import address, project
from app.ui.formatting import number_of
from app.ui.imports.shown import refused
from db.engine import Database
from db.imports.labels import Said
from db.lists.browse import filter_choices
from db.records import KINDS, AnnotationRecord, AnnotatorRecord
from db.solutions import get_solution
from labeling.formats.files.renaming import parsed
from labeling.review.items import Item, review_item
from labeling.scores.job import Wanted
from labeling.scores.preview import ScoresPreview, preview_scores
from labeling.scores.rows import KNOWN

EMPTY = (
    "A row names its solution, by our number, by the id it was imported with, or by problem and "
    "steps, and has scores, a first error or both. Nothing is stored before you say so."
)
NOBODY = "NAME"  # while there is no name yet


def ask(database: Database, files: Sequence[Path]) -> Wanted | None:
    """What the files are to be read as, or None with the reason on the page."""
    kind = st.selectbox(
        "Who gave them",
        list(KINDS),
        format_func=lambda one: KINDS[one],
        **address.value(
            "kind",
            lambda values: values[-1] if values and values[-1] in KINDS else "prm",
            lambda chosen: [chosen],
        ),
    )
    name = st.text_input("Called", placeholder="my-prm", **address.text("name")).strip()
    datasets, _ = filter_choices(database)
    dataset = st.selectbox(
        "Data set of rows that have an id alone",
        datasets,
        index=None,
        placeholder="They name it",
        **address.choice("dataset", datasets),
    )
    cut = None
    if kind != "human":
        cut = st.number_input(
            "Threshold",
            0.0,
            1.0,
            0.5 if kind == "prm" else None,
            0.05,
            key=f"threshold of {kind}",
            placeholder="The rule of its kind",
            help="The first step that scores less is the first error.",
        )
    fields = st.text_input(
        "Names of the file's fields",
        placeholder="scores=step_rewards id=idx",
        help=f"OURS=THEIRS, with blanks between; dots reach into objects. Ours: {', '.join(KNOWN)}",
        **address.text("fields"),
    )
    try:
        names = parsed(fields.split(), KNOWN)
    except ValueError as error:
        project.complain(error)
        return None
    return Wanted(tuple(files), kind, name or NOBODY, cut, dataset, names)


def looked_at(database: Database, wanted: Wanted) -> ScoresPreview | None:
    """What the beginnings of the files would become, or None with the reason on the page."""
    try:
        return preview_scores(database, wanted)
    except (ValueError, OSError) as error:
        st.subheader("This cannot be read")
        project.complain(error)
        st.text("Nothing was stored.")
        return None


def show(database: Database, wanted: Wanted, found: ScoresPreview) -> None:
    """How many rows match, why others do not, and the first solutions with their scores."""
    part = "" if found.complete else " These are the first rows; the import reads the rest."
    st.text(
        f"{found.matched:,} of {number_of(found.rows, 'row')} matched a solution; "
        f"{found.rows - found.matched:,} rejected.{part}"
    )
    refused(found.rejections, found.notes)
    if found.unread:
        st.text(f"Fields not read: {', '.join(sorted(found.unread))}")
    if not found.said:
        return
    names = [str(number) for number in range(1, len(found.said) + 1)]
    chosen = st.segmented_control("Solution", names, default="1", key="scored") or "1"
    place = min(int(chosen), len(found.said))  # A choice outlives the files it was made among.
    step_table(
        key="scores preview",
        data={
            "mode": "read",
            "queue": f"scores {place}",
            "scope": "preview",
            "items": [_as_item(database, wanted, found.said[place - 1])],
            "acked": [],
            "refused": {},
            "evidence": {},
            "progress": None,
        },
        height="content",
    )


def _as_item(database: Database, wanted: Wanted, said: Said) -> Item:
    """A solution with what the file alone says of it."""
    label = said.label
    config = {} if wanted.threshold is None else {"threshold": wanted.threshold}
    annotator = AnnotatorRecord(1, label.kind, label.annotator, config, False)
    annotation = AnnotationRecord(
        said.solution_id, 1, label.scores, label.first_error, label.status or "ok", {}
    )
    solution = get_solution(database, said.solution_id)
    return review_item(solution, [annotation], [annotator], reason=None, mine=None)
