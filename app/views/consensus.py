"""Consensus & export: which labels to keep, what that keeps and drops, and writing it to disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, formatting, project
from app.ui.counts import counted
from app.ui.cross_table import cross_table
from app.ui.navigation import carried_list, groups, kept_list
from db.annotators import find_annotator, list_annotators
from db.engine import Database, DatabaseError
from db.lists.agreement import first_error_cells
from db.lists.counts import project_counts
from db.records import in_order
from db.results import ExportRecord, latest_consensus, list_exports
from labeling.consensus.export import ExportError, exported_solutions
from labeling.consensus.held_out import held_out, hold_out, is_settled
from labeling.consensus.rule import Rule
from labeling.consensus.run import (
    BY_PERSON,
    DROPPED,
    KEPT,
    WITH_ERROR,
    WITHOUT_ERROR,
    ConsensusSummary,
    default_rule,
    export_consensus,
    remembered_rule,
    run_consensus,
)
from labeling.formats.catalog import WRITERS, in_words
from labeling.jobs.files import data_folder
from training.data import HeldOut
from training.data_files import DATA_FILES, recorded_data
from training.folders import free_folder

EXAMPLES = 5  # solutions beside each reason
LIVE = 20_000  # Up to here a rule is applied to the whole project while it is being changed.


def ask_rule(database: Database) -> Rule | None:
    """The rule, beginning with the last one used, or the paper's."""
    machines = [one for one in list_annotators(database) if one.kind != "human" and not one.hidden]
    names = [one.label for one in in_order(machines)]
    known = remembered_rule(database) or default_rule(database)
    at_first = [one for one in (known.annotators if known else ()) if one in names]
    members = st.multiselect(
        "These must name the same first error",
        names,
        format_func=formatting.names(machines).__getitem__,
        default=at_first,
        key="members",
        placeholder="Choose at least one",
    )
    people = st.toggle(
        "A person's correction overrides the machines",
        value=known.human_overrides if known else True,
        key="people",
    )
    threshold = st.number_input(
        "An MC step is wrong if its success rate is at most",
        min_value=0.0,
        max_value=0.95,
        step=0.05,
        value=known.mc_threshold if known else 0.0,
        key="mc_threshold",
        help="0 is the paper's rule. Anything else needs Monte Carlo annotations made with the "
        "strategy exhaustive.",
    )
    if not members:
        return None
    return Rule(tuple(members), human_overrides=people, mc_threshold=threshold)


def ask_held_out(database: Database) -> None:
    """The share of the problems that no export holds: chosen before the first one, then said."""
    part = held_out(database)
    if is_settled(database):
        st.text(f"Held out of every export: {part.share:.0%} of the problems.", help=HELD_OUT)
        return
    percent = st.number_input(
        "Held out for evaluation, % of the problems",
        min_value=0,
        max_value=90,
        step=5,
        value=round(part.share * 100),
        key="held_out",
        help=f"{HELD_OUT} You can choose until something is exported.",
    )
    if percent != round(part.share * 100):
        hold_out(database, HeldOut(percent / 100, part.seed))


HELD_OUT = (
    "A random part that no PRM of this project learns from, so that it can be measured. What the "
    "consensus drops is not learnt from either, but it is the hardest there is."
)


def show(rule: Rule, summary: ConsensusSummary) -> None:
    """What the rule keeps and drops, each with a bar, a count that opens it, and examples."""
    total = max(summary.total, 1)

    def line(
        what: str, group: str, hue: str, style: str, *, examples: int = 0
    ) -> list[data_table.Cell]:
        ids = summary.members.get(group, [])
        which = groups.consensus_query(rule, group)
        href = data_table.page_href("browse", **which) if ids else ""
        shown: list[data_table.Cell] = [
            data_table.link(one, carried_list.solution_href(one, "browse", which, at), "muted")
            for at, one in enumerate(ids[:examples], 1)
        ]
        if shown:
            queue = data_table.page_href("review", queue="filter", **which)
            shown.append(data_table.link("Review", queue, title="Review all of them"))
        return [
            data_table.text(what, style),
            data_table.bar(len(ids) / total, f"{len(ids):,}", hue, href=href),
            data_table.text(formatting.share(len(ids), summary.total), "muted"),
            data_table.inline(*shown) if shown else None,
        ]

    rows = [
        line("Kept", KEPT, "prm", "strong"),
        line("with a first error", WITH_ERROR, "prm", "indent"),
        line("without an error", WITHOUT_ERROR, "prm", "indent"),
        line("decided by a person", BY_PERSON, "human", "indent"),
        line("Dropped", DROPPED, "none", "strong"),
        *(line(one, one, "none", "indent", examples=EXAMPLES) for one in summary.dropped),
    ]
    data_table.table(
        [
            "",
            data_table.column("Solutions", width="38%"),
            data_table.column("Share", "right"),
            data_table.column("Examples", "nowrap"),
        ],
        rows,
        key="summary",
    )


def since_remembered(database: Database, rule: Rule, kept: int) -> None:
    """Why Overview has another number for this rule, where it has one."""
    stored = latest_consensus(database)
    if stored is None or remembered_rule(database) != rule:
        return
    before = stored.counts.get("kept", 0)
    if before != kept:
        st.text(
            f"It kept {before:,} when it was remembered {formatting.ago(stored.created_at)}, which "
            f"Overview still says; {kept:,} with all that was annotated and corrected since. "
            "Use this rule again, and both say so."
        )


def compare(database: Database, rule: Rule) -> None:
    """Where the first two members of the rule put the first error."""
    one, other = (find_annotator(database, label) for label in rule.annotators[:2])
    cells = counted(
        database,
        f"cells {one.id} {other.id}",
        lambda: first_error_cells(database, one.id, other.id),
    )
    if cells:
        with st.columns([2, 1])[0]:  # Numbers far apart are not compared.
            cross_table(cells, one.label, other.label, key="cells")


def export_form(database: Database, rule: Rule) -> None:
    """Writes what the rule keeps; the folder appears whole or not at all."""
    with st.form("export", border=False):
        left, middle, right, last = st.columns([1.6, 0.7, 1.2, 0.5], vertical_alignment="bottom")
        chosen = left.selectbox("Format", list(WRITERS), format_func=in_words)
        file = middle.selectbox(
            "File",
            list(DATA_FILES),
            format_func=lambda kind: DATA_FILES[kind],
            help="The same rows in any of them. A folder with data.arrow is one that Hugging Face "
            "datasets opens, with load_from_disk.",
        )
        folder = right.text_input(
            "Folder", value=str(free_folder(data_folder(database) / "exports", "consensus"))
        )
        asked = last.form_submit_button("Export", type="primary", width="stretch")
    if not asked:
        return
    try:
        with st.spinner("Writing the export"):
            run_consensus(database, rule)
            manifest = export_consensus(database, folder, chosen, rule, file=file)
    except (ValueError, OSError) as error:
        project.complain(error)
    else:
        rows = recorded_data(manifest)[1]["rows"]
        left_out = manifest["left_out"]
        more = f"; {left_out:,} left out, which {chosen} cannot hold" if left_out else ""
        st.toast(f"{rows:,} solutions exported{more}")
        st.rerun()


def exports(database: Database) -> None:
    """What was exported, with a way to train on it; the one in the address stands out."""
    asked_for = address.get("export")
    rows: list[Any] = []
    found = list_exports(database)
    for place, one in enumerate(found):
        exists = Path(one.path).is_dir()
        train = data_table.page_href("jobs", start=formatting.JOBS["train"], export=one.path)
        data = recorded_data(one.manifest)[1]
        rule = one.manifest.get("rule") or {}
        cells: list[data_table.Cell] = [
            data_table.text(formatting.ago(one.created_at), "muted nowrap"),
            data_table.text(one.path, "wrap mono"),
            one.format,
            data_table.pick(f"{data.get('rows', 0):,}", place, title="Opens them in Browse")
            if exists
            else f"{data.get('rows', 0):,}",
            data_table.text(" = ".join(rule.get("annotators") or ()), "muted"),
            data_table.inline(
                data_table.link("Train on it", train)
                if exists
                else data_table.text("gone from disk", "muted"),
                data_table.copy("Copy path", text=one.path),
            ),
        ]
        chosen = str(one.id) == asked_for
        rows.append({"cells": cells, "style": "chosen"} if chosen else cells)
    picked = data_table.table(
        [
            "When",
            "Folder",
            "Format",
            data_table.column("Solutions", "right"),
            "Rule",
            data_table.column("", "right nowrap"),
        ],
        rows,
        key="exports",
        empty="Nothing has been exported yet.",
    )
    if picked is not None:
        browse_export(database, found[picked])


def browse_export(database: Database, export: ExportRecord) -> None:
    """Show in Browse what an export holds, in its order."""
    try:
        ids = exported_solutions(export.path)
        kept = kept_list.keep(database, ids, "consensus", f"exported to {Path(export.path).name}")
    except (ExportError, DatabaseError, OSError, ValueError) as error:
        project.complain(error)
        return
    kept_list.browse(kept)


database = project.project()
st.title("Consensus")
left, right = st.columns([1, 2.3], gap="large")
with left:
    rule = ask_rule(database)
    ask_held_out(database)
    if (
        st.button(
            "Use this rule",
            disabled=rule is None,
            width="stretch",
            help="Remembers the rule; steplens export consensus uses the last one.",
        )
        and rule
    ):
        run_consensus(database, rule)
        st.toast("Rule remembered")
with right:
    solutions = project_counts(database).solutions
    if rule is None:
        st.text(
            "A consensus needs at least one machine annotator. Monte Carlo and a judge that name "
            "the same first error are the paper's rule."
        )
        st.page_link("views/jobs.py", label="Start an annotator")
    elif solutions <= LIVE or st.button(f"Apply it to {solutions:,} solutions"):
        try:
            with st.spinner("Comparing"):
                summary = groups.consensus(database, rule)
            show(rule, summary)
            since_remembered(database, rule, summary.kept)
        except ValueError as error:
            project.complain(error)
st.subheader("Export")
data_table.line(
    data_table.sentence(
        data_table.text("What the rule keeps, as training data. There is also an", "muted"),
        data_table.link(
            "export of the whole project",
            data_table.page_href("jobs", start=formatting.JOBS["export_project"]),
        ),
        data_table.text("in one file.", "muted"),
    ),
    key="whole project",
)
if rule is not None:
    export_form(database, rule)
exports(database)
if rule is not None and len(rule.annotators) > 1:
    st.subheader("Where they put the first error")
    compare(database, rule)
