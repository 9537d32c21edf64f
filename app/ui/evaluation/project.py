"""What the page is about: the reference, which problems count, and the figures there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.ui import address, formatting
from app.ui.counts import counted
from db.annotators import list_annotators
from db.engine import Database
from db.lists.scores import compared_solutions
from db.records import AnnotatorRecord
from db.results import EvaluationRecord, list_evaluations
from labeling.evaluation.matrix import MEAN, Cell, cells, in_families
from labeling.evaluation.stored import PROCESSBENCH, outdated

OUTDATED = "older than its scores"  # a stored figure, while its doors open what there is now
SCOPES = ("held out", "all")
NONE_HELD_OUT = (
    "{prm} was trained on every one of these problems, so no figure is held out. Choose all "
    "problems above to see figures that flatter it."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """The reference, who is measured against it, and the newest figures of each data set.

    `common` has the number of solutions that an annotator (its id) shares with the reference in a
    data set, which is what could be measured. `beside` is where on the page a figure asks for more.
    """

    database: Database
    reference: AnnotatorRecord
    held_out: bool
    annotators: list[AnnotatorRecord]
    datasets: list[str]
    cells: dict[tuple[int, str], Cell]
    common: dict[tuple[int, str], int]
    beside: DeltaGenerator

    def missing(self) -> list[AnnotatorRecord]:
        """Those with a data set that could be measured and was not."""
        return [one for one in self.annotators if any(self.lacks(one, d) for d in self.datasets)]

    def lacks(self, annotator: AnnotatorRecord, dataset: str) -> bool:
        """Whether there is something to measure there, and no figure."""
        key = (annotator.id, dataset)
        return key in self.common and key not in self.cells

    def outdated(self, cell: Cell) -> bool:
        """Whether the figure would be another now: it is older than what its annotator says."""
        now = shared(self.common, cell.annotator)
        return outdated(cell.evaluation, cell.annotator, now, cell.dataset)


def shared(common: Mapping[tuple[int, str], int], annotator: AnnotatorRecord) -> dict[str, int]:
    """The solutions that an annotator shares with the reference, by data set."""
    return {dataset: n for (who, dataset), n in common.items() if who == annotator.id}


def in_common(database: Database, reference: int) -> dict[tuple[int, str], int]:
    """(annotator, data set) -> the solutions that it and the reference share now."""
    return counted(database, f"common {reference}", lambda: compared_solutions(database, reference))


def references(database: Database) -> list[AnnotatorRecord]:
    """Whom others can be measured against: people's labels, those that came with data first."""
    people = [one for one in list_annotators(database, with_work=True) if one.kind == "human"]
    return sorted(people, key=lambda one: (not one.came_with_data, one.id))


def chosen(database: Database) -> Shown | None:
    """What the reader chose at the top of the page; None where there is no reference."""
    possible = references(database)
    if not possible:
        return None
    with st.container(key="population"):
        left, right, beside = st.columns([1.2, 0.75, 1.2], gap="small")
    labels = [one.label for one in possible]
    label = left.selectbox(
        "Reference",
        labels,
        format_func=formatting.names(possible).__getitem__,
        help="Whose first errors count as right.",
        **address.choice("ref", labels, labels[0]),
    )
    scope = right.segmented_control(
        "Problems",
        SCOPES,
        required=True,
        help="A figure on problems that a PRM was trained on flatters it.",
        **address.choice("problems", SCOPES, SCOPES[0]),
    )
    reference = next(one for one in possible if one.label == label)
    return shown(database, reference, beside, held_out=scope != "all")


def shown(
    database: Database, reference: AnnotatorRecord, beside: DeltaGenerator, *, held_out: bool
) -> Shown:
    """Everything the page draws of ProcessBench's figures against a reference."""
    common = in_common(database, reference.id)
    stored = evaluations_against(database, reference)
    everybody = {one.id: one for one in list_annotators(database) if not one.hidden}
    measured = {one for one, _ in common} | {one.annotator_id for one in stored}
    # People label against each other on Agreement; here stand the machines.
    machines = [one for id, one in everybody.items() if id in measured and one.kind != "human"]
    ids = {one.id: one for one in machines}
    found = cells(stored, ids, held_out=held_out)
    datasets = sorted({name for who, name in (*common, *found) if who in ids and name != MEAN})
    for id in ids:  # A mean over fewer data sets than the others' is another figure.
        if any((id, name) not in found for name in datasets):
            found.pop((id, MEAN), None)
    who = in_families(machines)
    return Shown(database, reference, held_out, who, datasets, found, common, beside)


def choose_prm(found: Shown) -> str | None:
    """The PRM or scoring judge whose scores a figure is of; says what to do where there is none."""
    prms = formatting.names(one for one in found.annotators if one.has_threshold)
    if not prms:
        st.text("No PRM has scored a solution that the reference has labelled.")
        query = {"start": "PRM scores"}
        st.page_link("views/jobs.py", label="Score with a PRM", query_params=query)
        return None
    labels = list(prms)
    return found.beside.selectbox(
        "PRM",
        labels,
        format_func=prms.__getitem__,
        **address.choice("prm", labels, labels[-1]),
    )


def evaluations_against(database: Database, reference: AnnotatorRecord) -> list[EvaluationRecord]:
    """ProcessBench's figures against this reference, the newest first."""
    return [
        one for one in list_evaluations(database, PROCESSBENCH) if one.reference_id == reference.id
    ]
