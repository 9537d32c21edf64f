"""Why a solution is in a review queue: in general, and in figures for who may see the scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.annotations import annotations_of
from db.engine import Database
from db.lists.comparison import Lineup
from db.lists.queues import Queue
from db.records import AnnotationRecord, lowest

# What may be said before a blind reviewer's verdict: which queue it is, and nothing of scores.
IN_GENERAL = {
    "disagreement": "Annotators disagree",
    "uncertain_prm": "The PRM is unsure",
    "uncertain_mc": "Monte Carlo is unsure",
    "split_votes": "The judge's votes are split",
    "high_wrong": "Wrong answer, and the PRM sees no error",
    "low_right": "Right answer, and the PRM sees an error",
    "random": "Random control",
    "known": "Quality control",
    "adjudication": "People disagree",
    "filter": "Chosen in Browse",
}
REVEALING = ("high_wrong", "low_right")  # said to a blind reviewer, these would give it away


def in_general(queue: Queue, *, blind: bool) -> str:
    """Why, without figures; blind to scores when the reviewer is."""
    if blind and queue.name in REVEALING:
        return "PRM against the answer"
    return IN_GENERAL[queue.name]


def in_figures(database: Database, queue: Queue, lineup: Lineup, ids: Sequence[int]) -> list[str]:
    """Why, for each solution, with the figures that brought it here; "" where none did."""
    member = {
        "uncertain_prm": lineup.prm,
        "high_wrong": lineup.prm,
        "low_right": lineup.prm,
        "uncertain_mc": lineup.mc,
        "split_votes": lineup.judge,
    }.get(queue.name)
    if member is None:
        return ["" for _ in ids]
    said = {a.solution_id: a for a in annotations_of(database, ids) if a.annotator_id == member.id}
    threshold = float(member.config.get("threshold") or 0.5)
    return ["" if one not in said else _sentence(queue.name, said[one], threshold) for one in ids]


def _sentence(name: str, said: AnnotationRecord, threshold: float) -> str:
    least = lowest(said.scores)
    if name == "uncertain_prm" and said.margin is not None:
        return f"A PRM score is {said.margin:.2f} from the threshold of {threshold:.2f}. "
    if name == "high_wrong" and least is not None:
        return f"Its lowest PRM score is {least:.2f}, and the final answer is wrong. "
    if name == "low_right" and least is not None:
        return f"Its lowest PRM score is {least:.2f}, and the final answer is right. "
    if name == "uncertain_mc":
        return _narrowest(said)
    if name == "split_votes":
        votes: Any = said.evidence.get("votes") or {}
        share = votes.get("share")
        return "" if share is None else f"Only {share:.0%} of the judge's votes say so. "
    return ""


def _narrowest(said: AnnotationRecord) -> str:
    successes, trials = said.evidence.get("successes"), said.evidence.get("trials")
    if not successes or not trials:
        return ""
    counts = list(zip(successes, trials, strict=False))
    visited = [step for step, (k, _) in enumerate(counts) if k]
    if not visited:
        return ""
    step = min(visited, key=lambda one: counts[one][0] / counts[one][1])
    return f"At step {step + 1} only {successes[step]} of {trials[step]} rollouts are correct. "
