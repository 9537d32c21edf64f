"""What the step table is given: solutions to look at, and the evidence behind an annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from db.annotations import annotations_of, rollouts_of
from db.corrections import current_acts
from db.engine import Database
from db.records import (
    AnnotationRecord,
    AnnotatorRecord,
    CorrectionRecord,
    SolutionRecord,
)
from db.review.recuts import lineages
from db.solutions import get_solutions
from labeling.compare.disagreement import explain
from labeling.review.error_types import word_for
from labeling.review.old_cuts import of_old_cuts
from labeling.review.scores import LabelledSteps, ScorePlace, labelled_steps, places

ROLLOUTS = 400  # Sent for one annotation; 8 for each of 32 steps are 256.
ROLLOUT_TEXT = 6000


class Votes(TypedDict):
    """How a judge's replies voted: the share of those that say so, of `n` replies."""

    share: float
    n: int


class Column(TypedDict):
    """What one annotator says of the steps; `scores` has one for each.

    `old_cut`: it says so of the solution that this one was cut from.
    """

    id: int
    kind: str
    name: str
    status: str
    first_error: int | None
    scores: list[float | None]
    successes: list[int | None] | None
    trials: list[int | None] | None
    threshold: float | None
    votes: Votes | None
    note: str | None
    flags: list[str]
    error_type: str | None
    old_cut: bool


class Mine(TypedDict):
    """What the reviewer said, with a label (1, 0, -1 or None) for each step."""

    labels: list[int | None]
    first_error: int | None
    note: str
    flags: list[str]
    blind: bool
    first_labels: list[int | None] | None
    error_type: str | None


class Item(TypedDict):
    """One solution as the step table takes it (`app.components.step_table`)."""

    solution_id: int
    revision: int
    problem: str
    gold: str | None
    answer: str | None
    is_correct: bool | None
    dataset: str
    generator: str
    reason: str | None
    queue_reason: str | None
    steps: list[str]
    annotators: list[Column]
    mine: Mine | None
    cut_from: int | None


class RolloutShown(TypedDict):
    """One completion from a step, cut to ROLLOUT_TEXT characters."""

    step: int
    outcome: str
    answer: str | None
    text: str


class Evidence(TypedDict, total=False):
    """Why an annotator says so: `rollouts` of MC, `places` of a PRM, the rest of a judge."""

    rollouts: list[RolloutShown]
    critiques: list[str | None]
    reply: str
    prompt: str
    reason: str
    places: list[ScorePlace]


def review_items(
    database: Database,
    solution_ids: Sequence[int],
    annotators: Sequence[AnnotatorRecord],
    reviewer: AnnotatorRecord | None,
    *,
    compared: Sequence[AnnotatorRecord] = (),
    queue_reasons: Mapping[int, str] | None = None,
) -> list[Item]:
    """The items of these solutions, in this order, with `annotators` as their columns.

    `compared` are those whose disagreement is put into words; `queue_reasons`
    (solution id -> words that give nothing away) say why each is in the queue.
    """
    solutions = get_solutions(database, solution_ids)
    by_solution: dict[int, list[AnnotationRecord]] = {}
    for annotation in annotations_of(database, [solution.id for solution in solutions]):
        by_solution.setdefault(annotation.solution_id, []).append(annotation)
    cut_from = lineages(database, [solution.id for solution in solutions])
    old = of_old_cuts(database, solutions)
    mine = {} if reviewer is None else current_acts(database, list(solution_ids), reviewer.id)
    items = []
    for solution in solutions:
        said = by_solution.get(solution.id, [])
        items.append(
            review_item(
                solution,
                said,
                annotators,
                reason=_reason(solution, said, compared),
                queue_reason=(queue_reasons or {}).get(solution.id),
                mine=mine.get(solution.id),
                of_old_cut=old.get(solution.id, ()),
                cut_from=next(iter(cut_from[solution.id]), None),
            )
        )
    return items


def review_item(
    solution: SolutionRecord,
    annotations: Sequence[AnnotationRecord],
    annotators: Sequence[AnnotatorRecord],
    *,
    reason: str | None,
    mine: CorrectionRecord | None,
    queue_reason: str | None = None,
    of_old_cut: Sequence[AnnotationRecord] = (),
    cut_from: int | None = None,
) -> Item:
    """One solution as the step table takes it; a column per annotator that said something.

    Whoever said nothing of it may have said something `of_old_cut`.
    """
    now = {annotation.annotator_id: annotation for annotation in annotations}
    said = {one.annotator_id: one for one in of_old_cut} | now
    return {
        "solution_id": solution.id,
        "revision": revision(solution),
        "problem": solution.problem,
        "gold": solution.gold_answer,
        "answer": solution.final_answer,
        "is_correct": solution.is_correct,
        "dataset": solution.dataset,
        "generator": solution.generator,
        "reason": reason,
        "queue_reason": queue_reason,
        "steps": list(solution.steps),
        "annotators": [
            _column(
                annotator, said[annotator.id], len(solution.steps), old_cut=annotator.id not in now
            )
            for annotator in annotators
            if annotator.id in said
        ],
        "mine": _mine(mine, len(solution.steps)),
        "cut_from": cut_from,
    }


def revision(solution: SolutionRecord) -> int:
    """Another list of steps would be another solution, so this never changes.

    Drafts in the browser of a project that was made anew under the same address must not fit,
    though.
    """
    return int(solution.fingerprint[:8], 16)


def _mine(act: CorrectionRecord | None, n_steps: int) -> Mine | None:
    """What a person said: a label, or a skip that carries something; without labels, unmarked."""
    if act is None or (act.action == "label" and act.labels is None):
        return None
    if act.action != "label" and not (act.note or act.flags or act.first_labels):
        return None
    first = act.first_labels
    return {
        "labels": [None] * n_steps if act.labels is None else list(act.labels),
        "first_error": act.first_error,
        "note": act.note or "",
        "flags": list(act.flags),
        "blind": act.blind,
        "first_labels": None if first is None else list(first),
        "error_type": act.error_type,
    }


def _column(
    annotator: AnnotatorRecord, annotation: AnnotationRecord, n_steps: int, *, old_cut: bool
) -> Column:
    scores = list(annotation.scores)[:n_steps]
    counts = annotation.evidence
    human = annotator.kind == "human"
    return {
        "id": annotator.id,
        "kind": annotator.kind,
        "name": annotator.name,
        "status": annotation.status,
        "first_error": annotation.first_error,
        "scores": scores + [None] * (n_steps - len(scores)),
        "successes": counts.get("successes"),
        "trials": counts.get("trials"),
        "threshold": annotator.config.get("threshold"),
        "votes": _votes(counts.get("votes")),
        "note": counts.get("note") if human else None,
        "flags": list(counts.get("flags") or ()) if human else [],
        "error_type": word_for(counts.get("error_type")) or None if human else None,
        "old_cut": old_cut,
    }


def _votes(votes: object) -> Votes | None:
    if not isinstance(votes, Mapping) or not votes.get("n") or votes.get("share") is None:
        return None
    return {"share": votes["share"], "n": votes["n"]}


def _reason(
    solution: SolutionRecord,
    annotations: Sequence[AnnotationRecord],
    compared: Sequence[AnnotatorRecord],
) -> str:
    kinds = {one.id: one.kind for one in compared}
    verdicts = {
        kinds[one.annotator_id]: one.first_error for one in annotations if one.annotator_id in kinds
    }
    prm = next((one.name for one in compared if one.kind == "prm"), "")
    return explain(verdicts, solution.is_correct, prm)


def evidence(
    database: Database,
    solution_id: int,
    annotator: AnnotatorRecord,
    labelled: Callable[[AnnotatorRecord], LabelledSteps] | None = None,
) -> Evidence:
    """Why an annotator says what it says: a judge's critiques, reply and prompt; MC rollouts.

    Of a PRM: where its scores lie among those of labelled steps, which `labelled` may have kept.
    """
    annotation = next(
        (a for a in annotations_of(database, [solution_id]) if a.annotator_id == annotator.id),
        None,
    )
    if annotation is None:
        return {}
    if annotator.kind == "mc":
        return {
            "rollouts": [
                {
                    "step": rollout.step,
                    "outcome": rollout.outcome,
                    "answer": rollout.answer,
                    "text": rollout.text[:ROLLOUT_TEXT],
                }
                for rollout in rollouts_of(database, solution_id, annotator.id)[:ROLLOUTS]
            ]
        }
    if annotator.kind == "prm":
        among = labelled(annotator) if labelled else labelled_steps(database, annotator.id)
        return {"places": places(among, solution_id, annotation.scores)}
    said = annotation.evidence
    return {
        "critiques": said.get("critiques") or [],
        "reply": said.get("reply") or "",
        "prompt": _conversation(said.get("prompt")),
        "reason": said.get("reason") or "",
    }


def _conversation(prompt: object) -> str:
    """A chat prompt as one text."""
    if not isinstance(prompt, list):
        return "" if prompt is None else str(prompt)
    turns = [turn for turn in prompt if isinstance(turn, Mapping)]
    return "\n\n".join(f"{turn.get('role', '')}:\n{turn.get('content', '')}" for turn in turns)
