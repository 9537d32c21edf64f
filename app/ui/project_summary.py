"""The project at a glance: who said how much, who agrees with whom, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.components.data_table import data_table
from app.ui.formatting import number_of, shorten
from db.annotators import find_annotator, list_annotators
from db.engine import Database
from db.jobs import is_alive, list_jobs
from db.lists.agreement import first_error_pairs
from db.lists.comparison import compared_annotators
from db.lists.counts import Coverage, ProjectCounts, coverage, project_counts
from db.lists.kinds import KindCounts
from db.records import ANY, AnnotatorRecord, JobRecord, in_order
from db.results import EvaluationRecord, latest_consensus, list_evaluations, list_exports
from db.review.leases import queue_state
from db.review.queues import Queue
from db.solutions import count_to_annotate, newest_solution_id
from labeling.evaluation.stored import PROCESSBENCH

COMPARED = 8  # The triangle has a query per pair; more columns than this do not fit either.


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence on what to do next, and the page where it is done."""

    sentence: str
    button: str
    page: str
    query: dict[str, str]


def everybody(database: Database) -> list[Coverage]:
    """Coverage of the annotators that the Overview lists, machines before people."""
    covered = {one.annotator.id: one for one in coverage(database) if one.annotated}
    seen = in_order(one.annotator for one in covered.values() if not one.annotator.hidden)
    return [covered[who.id] for who in seen]


def agreements(
    database: Database, annotators: list[AnnotatorRecord]
) -> dict[tuple[int, int], tuple[int, int]]:
    """(annotator id, earlier annotator id) -> (same first error, both have a verdict)."""
    found = {}
    for place, one in enumerate(annotators[:COMPARED]):
        for other in annotators[:place]:
            both, same = first_error_pairs(database, one.id, other.id)
            found[one.id, other.id] = (same, both)
    return found


def running_jobs(database: Database) -> list[JobRecord]:
    """The jobs that somebody works on now."""
    return [job for job in list_jobs(database, 20) if is_alive(job)]


def newest_training(database: Database) -> JobRecord | None:
    """The last training that came to an end in the app."""
    jobs = list_jobs(database, 200)
    return next((job for job in jobs if job.kind == "train" and job.status == "done"), None)


def beside_earlier(database: Database, label: str) -> dict[str, str]:
    """The address of a PRM's errors beside the PRM before it and the reference, where there are."""
    found = find_annotator(database, label)
    prms = [one for one in list_annotators(database, with_work=True) if one.kind == "prm"]
    earlier = [one for one in prms if one.id < found.id and not one.hidden]
    query = {"prm": found.label}
    if earlier:
        query["vs"] = earlier[-1].label
    reference = compared_annotators(database).reference
    return query if reference is None else {**query, "ref": reference.label}


def newest_evaluations(database: Database) -> list[EvaluationRecord]:
    """ProcessBench's figures of each annotator against each reference, the newest of them."""
    newest: dict[tuple[Any, ...], EvaluationRecord] = {}
    for one in list_evaluations(database, PROCESSBENCH):
        key = (one.annotator_id, one.reference_id, one.measured.dataset)
        newest.setdefault(key, one)
    return list(newest.values())


def loop(
    counts: ProjectCounts,
    kinds: KindCounts,
    covered: list[Coverage],
    trained: JobRecord | None,
    evaluated: list[EvaluationRecord],
) -> list[data_table.Stage]:
    """The stages from import to evaluation, each with this project's number and its page.

    `evaluated` is newest first.
    """
    machines = [one.annotator for one in covered if one.annotator.kind != "human"]
    by_machines = [one for one in covered if one.annotator in machines]
    widest = max(by_machines, key=lambda one: one.annotated, default=None)
    annotated, most = 0, "jobs"
    if widest is not None:
        annotated = widest.annotated
        most = data_table.page_href("browse", by=widest.annotator.label)
    differ = kinds.differ
    kept = counts.consensus_kept
    prms = {one.id: one.name for one in machines if one.kind == "prm"}
    used, trained_note = _training(trained, len(prms))
    f1, f1_note = _newest_f1(evaluated, prms)
    return [
        _stage(
            "Import",
            f"{counts.solutions:,}",
            f"{_noun(counts.solutions, 'solution')} to {number_of(counts.problems, 'problem')}",
            "browse",
        ),
        _stage(
            "Annotate",
            f"{annotated:,}" if machines else "",
            f"by {number_of(len(machines), 'model')}" if machines else "no model yet",
            most,
        ),
        _stage(
            "Compare",
            f"{differ:,}" if kinds.compared else "",
            _noun(differ, "disagreement") if kinds.compared else "takes two annotators",
            data_table.page_href("browse", disagreement=ANY) if kinds.compared else "agreement",
        ),
        _stage(
            "Review",
            f"{counts.reviewed:,}" if counts.reviewed else "",
            f"{_noun(counts.reviewed, 'solution')} labelled" if counts.reviewed else "nobody yet",
            data_table.page_href("browse", people="Labelled by people")
            if counts.reviewed
            else "review",
        ),
        _stage(
            "Consensus",
            f"{kept:,}" if kept else "",
            "kept with labels" if kept else "no consensus yet" if kept is None else "none kept",
            "consensus",
        ),
        _stage("Train", used, trained_note, "jobs"),
        _stage("Evaluate", f1, f1_note, "jobs"),
    ]


def _stage(label: str, value: str, note: str, page: str) -> data_table.Stage:
    """A stage that is reached when there is a value to show."""
    return {
        "label": label,
        "value": data_table.link(value or "–", page),
        "note": note,
        "state": "done" if value else "todo",
    }


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _training(trained: JobRecord | None, scoring: int) -> tuple[str, str]:
    """(number, note) of the last training; without one, `scoring` PRMs were trained elsewhere."""
    if trained is not None:
        used = (trained.result or {}).get("n_training")
        return f"{used:,}" if isinstance(used, int) else "✓", "solutions in the newest PRM"
    if not scoring:
        return "", "no PRM yet"
    return "", f"none here, {number_of(scoring, 'PRM')} from elsewhere"


def _newest_f1(evaluated: list[EvaluationRecord], prms: Mapping[int, str]) -> tuple[str, str]:
    """(F1, note) of the newest evaluation of a PRM that has one."""
    for one in evaluated:
        figures = one.result.get("held_out") or one.result.get("all") or {}
        f1 = figures.get("f1")
        if one.annotator_id in prms and isinstance(f1, float) and not math.isnan(f1):
            return f"{f1:.3f}", f"F1 of {shorten(prms[one.annotator_id], 18)}"
    return "", "no PRM measured yet"


def advice(database: Database, reviewer: AnnotatorRecord | None) -> Advice:
    """The next thing to do in the loop: annotate, review, agree, export, train, evaluate."""
    compared = compared_annotators(database)
    newest = newest_solution_id(database)
    with_gold = count_to_annotate(database, 0, 0, up_to=newest, with_gold=True)
    if compared.mc is None and with_gold:
        return Advice(
            f"No Monte Carlo yet on {number_of(with_gold, 'solution')} with a gold answer.",
            "Run Monte Carlo",
            "jobs",
            {"start": "Monte Carlo"},
        )
    if compared.judge is None:
        return Advice(
            "No judge has read these solutions.", "Run a judge", "jobs", {"start": "Judge"}
        )
    consensus = latest_consensus(database)
    waiting = queue_state(database, Queue(), reviewer).left
    reviewed = project_counts(database).reviewed
    if waiting and not reviewed and consensus is None:
        return Advice(
            f"The annotators disagree on {number_of(waiting, 'solution')}. Nobody has looked yet.",
            "Review disagreements",
            "review",
            {},
        )
    if consensus is None:
        return Advice(
            "No consensus has been run, so no labels are kept yet.",
            "Run the consensus",
            "consensus",
            {},
        )
    exports = list_exports(database)
    if not exports or exports[0].created_at < consensus.created_at:
        kept = number_of(consensus.counts.get("kept", 0), "solution")
        return Advice(
            f"The consensus keeps {kept}, not exported yet.",
            "Export them",
            "consensus",
            {},
        )
    trained = newest_training(database)
    if trained is None and compared.prm is None:
        return Advice(
            "There is an export, but no PRM yet.",
            "Train a PRM",
            "jobs",
            {"start": "Train a PRM", "export": exports[0].path},
        )
    if trained is not None:
        checkpoint = str((trained.result or {}).get("checkpoint", ""))
        scored = any(
            one.kind == "prm" and one.config.get("model") == checkpoint
            for one in list_annotators(database)
        )
        if checkpoint and not scored:
            return Advice(
                "The newest PRM has not scored anything yet.",
                "Score with it",
                "jobs",
                {"start": "PRM scores", "model": checkpoint},
            )
    evaluated = {one.annotator_id for one in list_evaluations(database, PROCESSBENCH)}
    if compared.prm is not None and compared.prm.id not in evaluated:
        return Advice(
            f"{compared.prm.label} has not been measured against a reference yet.",
            "Evaluate it",
            "jobs",
            {"start": "Evaluate", "annotator": compared.prm.label},
        )
    if waiting:
        return Advice(
            f"{number_of(waiting, 'disagreement')} left to review.", "Review them", "review", {}
        )
    return Advice(
        "Nothing is waiting. Import or sample more solutions.",
        "Import",
        "imports",
        {},
    )
