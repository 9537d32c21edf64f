"""The consensus rule: which solutions are kept for training, with which labels, and why not.

The paper keeps a solution only where Monte Carlo and the judge agree on the first error
(arXiv 2501.07301, 3.1.3 and 4.1). docs/consensus.md has the rule in full.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, Literal

Label = int | None  # +1 correct, 0 neutral, -1 wrong, None nothing is said


class RuleError(ValueError):
    """A consensus rule cannot be applied as it is written."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who must agree on the first error, named `kind:name`.

    `human_overrides`: what a person says of a solution decides alone. `mc_threshold`: an MC step
    is wrong when its share of successes is not above it; 0 is the paper's and the best it tried
    (2.5), and another needs annotations made with the `exhaustive` strategy.
    """

    annotators: tuple[str, ...]
    human_overrides: bool = True
    mc_threshold: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "annotators", tuple(self.annotators))
        if not self.annotators:
            raise RuleError("a consensus needs at least one annotator, e.g. mc:NAME judge:NAME")
        if len(set(self.annotators)) < len(self.annotators):
            raise RuleError(f"an annotator is named twice in {', '.join(self.annotators)}")
        if not 0 <= self.mc_threshold < 1:
            raise RuleError(f"mc_threshold must be from 0 to below 1, not {self.mc_threshold}")

    def to_json(self) -> dict[str, Any]:
        """The form that is stored and written into manifests."""
        return {**asdict(self), "annotators": list(self.annotators)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Rule:
        """The rule that `to_json` stored. Raises RuleError for what is no rule."""
        try:
            return cls(**stored)
        except TypeError as error:
            raise RuleError(f"this is no consensus rule: {dict(stored)} ({error})") from error

    @property
    def hash(self) -> str:
        """12 hex digits that identify the rule; the order of its annotators does not matter."""
        stored = {**self.to_json(), "annotators": sorted(self.annotators)}
        return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one annotator of the rule says of a solution.

    `scores` are read for an MC threshold above 0, and of labels that came with a data set
    (kind human): they are the marks of its steps. With `are_rates` they are success rates of
    Monte Carlo, each of all its samples (`montecarlo.planner.has_whole_steps`): soft labels.
    """

    status: str
    first_error: int | None
    scores: tuple[float | None, ...] = ()
    are_rates: bool = False


@dataclass(frozen=True, slots=True)
class HumanVerdict:
    """What one person says of a solution now, with the flags raised (e.g. `bad_problem`)."""

    labels: tuple[Label, ...]
    first_error: int | None
    flags: tuple[str, ...] = ()
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A solution with what was said of it, by the `kind:name` of who said it."""

    n_steps: int
    verdicts: Mapping[str, Verdict]
    humans: Mapping[str, HumanVerdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """One label per step: before the first error what was said of it, -1 at it, None after it.

    That is +1, 0 (neutral, to a person), or None where nobody judged the step. `error_types` are
    what the people who decided call the first error. `rates` are Monte Carlo's success rates of
    the steps up to the first error, None after it and where there is none; empty where no Monte
    Carlo of the rule has any, and where people decided.
    """

    labels: tuple[Label, ...]
    first_error: int
    by: Literal["agreement", "human"]
    error_types: tuple[str, ...] = ()
    rates: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a solution is not kept."""

    reason: str


def decide(rule: Rule, candidate: Candidate) -> Kept | Dropped:
    """Keep or drop one solution.

    A flag drops it, whatever else is said. With `human_overrides`, people who give a verdict
    decide: alone, or when all of them name the same first error. Otherwise every annotator of
    the rule must have a verdict, and all the same.
    """
    flags = {flag for human in candidate.humans.values() for flag in human.flags}
    if flags:
        return Dropped(f"flagged as {min(flags).replace('_', ' ')}")
    if rule.human_overrides:
        told = [human for human in candidate.humans.values() if human.first_error is not None]
        if told:
            return _by_people(told, candidate.n_steps)
    found: set[int] = set()
    for name in rule.annotators:
        verdict = candidate.verdicts.get(name)
        if verdict is None:
            return Dropped(f"not annotated by {name}")
        first_error = _first_error(rule, name, verdict)
        if first_error is None:
            return Dropped(f"no verdict by {name}")
        found.add(first_error)
    if len(found) > 1:
        return Dropped("first errors differ")
    (first_error,) = found
    labels = _labels(first_error, _marks(rule, candidate))
    if not any(label is not None for label in labels):
        return Dropped("no step was judged")
    return Kept(labels, first_error, "agreement", rates=_rates(rule, candidate, first_error))


def summarise(results: Iterable[Kept | Dropped]) -> dict[str, Any]:
    """Counts of what a rule does: kept (with and without an error, by people), and reasons."""
    kept: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for result in results:
        if isinstance(result, Dropped):
            dropped[result.reason] += 1
            continue
        kept["kept"] += 1
        kept["by_human"] += result.by == "human"
        kept["kept_with_error"] += result.first_error >= 0
        kept["kept_without_error"] += result.first_error < 0
    names = ("kept", "kept_with_error", "kept_without_error", "by_human")
    counts: dict[str, Any] = {name: kept[name] for name in names}
    return {
        "total": kept["kept"] + dropped.total(),
        **counts,
        "dropped": dict(dropped.most_common()),
    }


def _by_people(told: list[HumanVerdict], n_steps: int) -> Kept | Dropped:
    first_errors = {human.first_error for human in told}
    first_error = told[0].first_error
    if len(first_errors) > 1 or first_error is None:
        return Dropped("reviewers disagree")
    # Who names the first error says of every step before it that it is none.
    neutral = {step for human in told for step, label in enumerate(human.labels) if label == 0}
    marks = tuple(0 if step in neutral else 1 for step in range(n_steps))
    types = {human.error_type for human in told if human.error_type is not None}
    return Kept(_labels(first_error, marks), first_error, "human", tuple(sorted(types)))


def _marks(rule: Rule, candidate: Candidate) -> tuple[Label, ...]:
    """What the rule's annotators say of each step, the first error apart.

    A machine's verdict is on every step up to the first error. Labels that came with a data set
    are on the steps that are marked: PRM800K rates a rejected step, not the ones before it.
    Neutral is a step that anybody calls so, None one that nobody judged.
    """
    said: list[set[Label]] = [set() for _ in range(candidate.n_steps)]
    for name in rule.annotators:
        if not name.startswith("human:"):
            said = [labels | {1} for labels in said]
            continue
        for step, score in enumerate(candidate.verdicts[name].scores[: candidate.n_steps]):
            if score is not None:
                said[step].add(0 if score == 0 else 1)
    return tuple(0 if 0 in labels else 1 if labels else None for labels in said)


def _rates(rule: Rule, candidate: Candidate, first_error: int) -> tuple[float | None, ...]:
    """Each step's success rate, the mean of those that give one; empty without any."""
    told = [candidate.verdicts[name] for name in rule.annotators]
    given = [verdict.scores for verdict in told if verdict.are_rates]
    end = candidate.n_steps if first_error < 0 else first_error + 1
    means: list[float | None] = [None] * candidate.n_steps
    for step in range(end):
        here = [scores[step] for scores in given if step < len(scores)]
        known = [rate for rate in here if rate is not None]
        means[step] = fmean(known) if known else None
    return tuple(means) if any(rate is not None for rate in means) else ()


def _first_error(rule: Rule, name: str, verdict: Verdict) -> int | None:
    if verdict.status != "ok" or verdict.first_error is None:
        return None
    if rule.mc_threshold == 0 or not name.startswith("mc:"):
        return verdict.first_error
    for step, score in enumerate(verdict.scores):
        if score is None:
            return None
        if score <= rule.mc_threshold:
            return step
    return -1


def _labels(first_error: int, before: tuple[Label, ...]) -> tuple[Label, ...]:
    """`before` up to the first error, -1 at it, nothing after it (the paper removes that, 2.1)."""
    if first_error < 0:
        return before
    return (*before[:first_error], -1, *(None,) * (len(before) - first_error - 1))
