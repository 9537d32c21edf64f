"""What one annotator says of one solution in a file: scores, first error, evidence.

The rule from scores to a first error is the kind's own; docs/formats.md has them in a table.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from db.records import REWARD, SourceLabel
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.fields import BadRow
from labeling.judge.verdicts import scores as hard_scores
from labeling.prm.verdicts import DEFAULT_THRESHOLD, annotation, first_error_at
from labeling.scores.evidence import READERS, Shape, counted, read_evidence, read_rollouts
from labeling.uncertainty import mc_margin, prm_margin, vote_margin

Scores = tuple[float | None, ...]
WRONG = {"human": -1.0, "mc": 0.0}
# What a row may say of a solution, whatever the kind.
SAID = {
    "scores",
    "reward",
    "first_error",
    "critique",
    "rollouts",
    "evidence",
    *READERS,
}


@dataclass(frozen=True, slots=True)
class Who:
    """The annotator that a file speaks for; `threshold` is what cuts its scores, if anything."""

    kind: str
    name: str
    config: dict[str, Any] | None = None
    threshold: float | None = None
    gives_rewards: bool = False  # one number for a solution, of any size


@dataclass(frozen=True, slots=True)
class Told:
    """An annotation as it is to be stored, and what is to be said of how it was read."""

    label: SourceLabel
    remark: str | None = None


def says_something(said: Mapping[str, Json]) -> bool:
    """Whether a row gives a verdict or a score; a null first error says that there was none."""
    named = ("scores", "reward", "rollouts", "successes", "votes")
    return "first_error" in said or any(said.get(name) is not None for name in named)


def read_annotation(said: Mapping[str, Json], who: Who, shape: Shape) -> Told:
    """An annotation of a solution with these steps. Raises BadRow."""
    evidence = read_evidence(said, shape)
    rollouts = read_rollouts(said.get("rollouts"), shape)
    n_steps = shape.n_steps
    if rollouts and who.kind == "mc" and not evidence.get("trials"):
        evidence |= counted(rollouts, n_steps)
    given = said.get("first_error")
    error = None if given is None else fields.first_error(given, shape.given, "first_error")
    error = shape.step(error, "first_error")
    reward = fields.finite(said.get("reward"), "reward")
    if reward is not None:
        return _rewarded(said, reward, who, n_steps, evidence)
    if who.gives_rewards:
        raise BadRow("other rows have a reward, which scores cannot be compared with")
    scores = _scores(said.get("scores"), who.kind, shape)
    if scores is None and evidence.get("trials"):
        scores = _shares(evidence)
    _place_critique(said, evidence, error, n_steps)
    label = SourceLabel(
        who.name, (), error, who.kind, who.config, evidence=evidence, rollouts=rollouts
    )
    return _VERDICTS[who.kind](label, scores, n_steps, who)


def _rewarded(
    said: Mapping[str, Json], reward: float, who: Who, n_steps: int, evidence: dict[str, Json]
) -> Told:
    """One number of any size for the whole solution, as an outcome reward model gives it.

    It is kept as evidence, by which Best-of-N goes; the last step is shown the probability that it
    is the logit of. There is no verdict on any step.
    """
    if who.kind != "prm":
        raise BadRow(f"a reward is a prm's, not of the kind {who.kind}")
    if said.get("scores") is not None or said.get("first_error") is not None:
        raise BadRow("give scores or a first error (of steps), or a reward (of all), not both")
    if not who.gives_rewards:
        raise BadRow("other rows have scores, which a reward cannot be compared with")
    small = math.exp(-abs(reward))
    shown = (1 if reward >= 0 else small) / (1 + small)
    scores = (None,) * (n_steps - 1) + (shown,)
    evidence = {**evidence, REWARD: reward}
    return Told(SourceLabel(who.name, scores, None, who.kind, who.config, evidence=evidence))


def hard_first_error(scores: Scores, kept: Scores, wrong: float) -> int | None:
    """The first step whose label is `wrong`; -1 if every kept step has a label, else None."""
    if wrong in scores:
        return scores.index(wrong)
    return None if None in kept else -1


def check_agreement(scores: Scores, error: int, wrong: float) -> None:
    """Raise BadRow where labels contradict the first error that stands beside them."""
    before = scores if error == -1 else scores[:error]
    if wrong in before:
        raise BadRow(f"first_error is {error}, but labels[{before.index(wrong)}] is wrong")
    if error >= 0 and scores[error] not in (wrong, None):
        raise BadRow(f"first_error is {error}, but labels[{error}] is not wrong")


def _scores(value: Json, kind: str, shape: Shape) -> Scores | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != shape.given:
        size = len(value) if isinstance(value, list) else fields.kind(value)
        raise BadRow(f"scores must be a list of {shape.given}, one a step, not {size}")
    read = fields.rating if kind == "human" else fields.fraction
    return tuple(shape.kept([read(one, f"scores[{at}]") for at, one in enumerate(value)]))


def _place_critique(
    said: Mapping[str, Json], evidence: dict[str, Json], error: int | None, n_steps: int
) -> None:
    """One text about the whole solution stands at the first error, without one at the last step."""
    text = said.get("critique")
    if text is None:
        return
    if "critiques" in evidence:
        raise BadRow("give critique (one text) or critiques (one a step), not both")
    if not isinstance(text, str):
        raise BadRow(f"critique must be text, not {fields.kind(text)}")
    critiques: list[Json] = [None] * n_steps
    critiques[-1 if error is None else error] = fields.storable(text, "critique")
    evidence["critiques"] = critiques


def _shares(evidence: dict[str, Json]) -> Scores:
    successes, trials = evidence.get("successes"), evidence["trials"]
    if not successes:
        raise BadRow("successes and trials go together: one of them is missing")
    pairs = list(zip(_whole_numbers(successes), _whole_numbers(trials), strict=True))
    if any(k > n for k, n in pairs):
        raise BadRow("successes has more than trials")
    return tuple(k / n if n else None for k, n in pairs)


def _whole_numbers(value: Json) -> list[int]:
    return [one for one in value if isinstance(one, int)] if isinstance(value, list) else []


def _prm(label: SourceLabel, scores: Scores | None, n_steps: int, who: Who) -> Told:
    """The first step under the threshold. A verdict without scores is scores of 1, 0 and nothing.

    The rule is the one of a PRM that scores here, so another threshold can be given later.
    """
    told = label.first_error
    threshold = DEFAULT_THRESHOLD if who.threshold is None else who.threshold
    given = hard_scores(told, n_steps) if scores is None else scores
    derived = annotation(0, 0, given, threshold)
    remark = None
    if scores is not None and told is not None and told != derived.first_error:
        remark = (
            f"its first_error is another than its scores give at the threshold {threshold:g}: the "
            "scores stand"
        )
    made = replace(
        label,
        scores=derived.scores,
        first_error=derived.first_error,
        status=derived.status,
        margin=derived.margin,
        evidence={**label.evidence, **derived.evidence},
    )
    return Told(made, remark)


def _judge(label: SourceLabel, scores: Scores | None, n_steps: int, who: Who) -> Told:
    """The file's verdict, or that of most replies; of scores alone the first under a threshold."""
    error, evidence = label.first_error, dict(label.evidence)
    votes = evidence.get("votes")
    if isinstance(votes, list):
        counts = Counter(_whole_numbers(votes)).most_common(2)
        tied = len(counts) == 2 and counts[0][1] == counts[1][1]
        if error is None and counts and not tied:
            error = counts[0][0]
        evidence["verdicts"] = votes
        evidence["votes"] = {"share": votes.count(error) / len(votes), "n": len(votes)}
        votes = evidence["votes"]
    threshold = DEFAULT_THRESHOLD if who.threshold is None else who.threshold
    if error is None and scores is not None:
        error = first_error_at(scores, threshold)
    margin = None
    if isinstance(votes, dict) and isinstance(votes["share"], float):
        margin = vote_margin(votes["share"], error)
    elif scores is not None and who.threshold is not None:
        margin = prm_margin(scores, error, threshold)
    made = replace(
        label,
        scores=hard_scores(error, n_steps) if scores is None else scores,
        first_error=error,
        status="unparsed" if error is None else "ok",
        margin=margin,
        evidence=evidence,
    )
    return Told(made)


def _mc(label: SourceLabel, scores: Scores | None, n_steps: int, who: Who) -> Told:
    """The file's verdict, or the first step without a success, or under the threshold if any."""
    error = label.first_error
    if scores is None:
        scores = hard_scores(error, n_steps)
    elif error is None and who.threshold is not None:
        error = first_error_at(scores, who.threshold)
    elif error is None:
        error = hard_first_error(scores, scores, WRONG["mc"])
    successes, trials = (
        _whole_numbers(label.evidence.get(name)) for name in ("successes", "trials")
    )
    margin = mc_margin(successes, trials, error) if successes and trials else None
    return Told(replace(label, scores=scores, first_error=error, margin=margin))


def _human(label: SourceLabel, scores: Scores | None, n_steps: int, who: Who) -> Told:
    """The file's verdict, or the first step labelled wrong; both must agree."""
    error = label.first_error
    if scores is None:
        scores = fields.up_to_first_error(error, n_steps)
    elif error is None:
        error = hard_first_error(scores, scores, WRONG["human"])
    else:
        check_agreement(scores, error, WRONG["human"])
    return Told(replace(label, scores=scores, first_error=error))


_VERDICTS = {"prm": _prm, "judge": _judge, "mc": _mc, "human": _human}
