"""What Monte Carlo gets wrong and why, and who catches it: against the exact first errors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from db.engine import open_database
from db.records import RolloutRecord
from labeling.lessons.noise.completions import Case, cases
from labeling.lessons.noise.quality import Quality
from labeling.lessons.noise.repairs import (
    REPAIRS,
    kind_of_repair,
    miscalculates,
    takes_back,
    vouches,
)
from labeling.lessons.parts import Result, Task, write_text
from labeling.montecarlo.planner import first_error_from_counts
from models.playground.world import WorldProblem, first_error, sample_problems
from models.steps import split_steps
from training.metrics.processbench.evaluation import NO_ERROR

REPAIRED, RARE, ANSWER = "repaired", "rare", "answer"
MISTAKES = {
    REPAIRED: "a wrong step that completions repair: Monte Carlo says it is right",
    RARE: "a right step that no completion follows to the answer: Monte Carlo says it is wrong",
    ANSWER: "a wrong last step with the right answer, which is all that Monte Carlo sees of it",
}
T = TypeVar("T")
ROWS = "noise.jsonl"  # the solutions with a mistake, in the folder of the run
UNSEEN = "unseen"  # the subject of the kinds of problems that no model was trained on


def measure_mistakes(task: Task) -> Result:
    """Monte Carlo's mistakes by their kind, how they come about, and how many are caught."""
    params = task.params
    database = open_database(task.database_url)
    try:
        known = [one for one in cases(database, params["dataset"]) if one.true is not None]
    finally:
        database.close()
    problems = {one.text: one for one in sample_problems(params["problems"], params["seed"])}
    looks = []
    for done, case in enumerate(known):
        looks.append(_look(case, problems[case.solution.problem]))
        task.report(done + 1, len(known), "completions")
    write_text(task.folder / ROWS, "".join(_row(one) for one in looks if one.mistake))
    quality = Quality(known)
    steps = [step for look in looks for step in look.steps]
    return {
        "solutions": len(known),
        "with_error": sum(look.case.true != NO_ERROR for look in looks),
        "kinds": {
            words: _kinds([look for look in looks if look.unseen == unseen])
            for words, unseen in (("trained on", False), (UNSEEN, True))
        },
        "successes": [_with_successes(steps, n) for n in range(params["samples"] + 1)],
        "mistakes": {kind: _caught(kind, looks, quality) for kind in MISTAKES},
        "no_verdict": sum(one.case.mc.first_error is None for one in looks),
        "repairs": _repairs(looks),
        "rare": _rare(looks),
        "check": _check(steps),
        "sources": _sources(looks, quality),
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One step up to the true first error, the last one of a solution left out.

    Of its successes `taken_back` make no use of it, `miscalculated` have a false equation, and
    `vouching` neither; `repairs` is what became of it in them where it is wrong. `behind` says of
    each completion that failed behind a right step without any success how many steps behind it
    the first error is; None where that cannot be told.
    """

    right: bool
    successes: int
    taken_back: int
    miscalculated: int
    vouching: int
    repairs: tuple[str, ...]
    behind: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A solution, of an `unseen` kind of problem or not, and its steps.

    `checked` is its first error by the successes that do vouch for their step.
    """

    case: Case
    unseen: bool
    steps: tuple[Step, ...]
    checked: int | None

    @property
    def mistake(self) -> str | None:
        """Which mistake Monte Carlo makes here, if any; the first, where there are several."""
        said, true = self.case.mc.first_error, self.case.true
        assert true is not None
        if said is None or said == true:
            return None
        if true == NO_ERROR or NO_ERROR < said < true:
            return RARE
        return ANSWER if true == self.case.last else REPAIRED


def _look(case: Case, problem: WorldProblem) -> Look:
    assert case.true is not None
    end = case.last if case.true == NO_ERROR else min(case.true + 1, case.last)
    steps = tuple(_step(case, problem, step) for step in range(end))
    vouching = [_vouching(case, step) for step in range(case.last)]
    trials = list(case.mc.evidence["trials"])
    checked = first_error_from_counts([*vouching, 0], trials, case.solution.is_correct)
    return Look(case, problem.subject == UNSEEN, steps, checked)


def _row(look: Look) -> str:
    """A mistake as a line of ROWS: what everybody says of the solution, and its successes."""
    case, solution = look.case, look.case.solution
    told = {
        "mistake": look.mistake,
        "problem": solution.problem,
        "steps": solution.steps,
        "true": case.true,
        "mc": case.mc.first_error,
        "judge": case.judged,
        "mc_checked": look.checked,
        "successes": case.mc.evidence["successes"],
        "vouching": [step.vouching for step in look.steps],
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def _step(case: Case, problem: WorldProblem, step: int) -> Step:
    begun = list(case.solution.steps[: step + 1])
    right = step != case.true
    successes = case.successes(step)
    failed = [one for one in case.completions[step] if one.outcome != "correct"]
    repairs = () if right else _each(successes, lambda c: kind_of_repair(problem, begun, c))
    # Where some reach the answer nobody asks why others do not.
    lost = failed if right and not successes else []
    return Step(
        right,
        len(successes),
        sum(_each(successes, lambda c: takes_back(begun[-1], c))),
        sum(_each(successes, miscalculates)),
        _vouching(case, step),
        repairs,
        _each(lost, lambda c: _behind(problem, begun, c)),
    )


def _each(rollouts: Sequence[RolloutRecord], look: Callable[[Sequence[str]], T]) -> tuple[T, ...]:
    return tuple(look(split_steps(one.text)) for one in rollouts)


def _vouching(case: Case, step: int) -> int:
    """How many successes do vouch for their step."""
    text = case.solution.steps[step]
    return sum(_each(case.successes(step), lambda completion: vouches(text, completion)))


def _behind(problem: WorldProblem, begun: Sequence[str], completion: Sequence[str]) -> int | None:
    found = first_error(problem, [*begun, *completion])
    return None if found is None or found == NO_ERROR else found - len(begun) + 1


def _caught(kind: str, looks: Sequence[Look], quality: Quality) -> Result:
    """The solutions with a mistake, and what shares of them others get right."""
    mine = [look.mistake == kind for look in looks]

    def share(holds: Callable[[Look], bool]) -> Result:
        return quality.share(
            [
                (float(one and holds(look)), float(one))
                for one, look in zip(mine, looks, strict=True)
            ]
        )

    return {
        "solutions": sum(mine),
        "share": quality.share([(float(one), 1.0) for one in mine]),
        "judge": share(lambda look: look.case.judged == look.case.true),
        "dropped": share(lambda look: look.case.judged != look.case.mc.first_error),
        "check": share(lambda look: look.checked == look.case.true),
    }


def _with_successes(steps: Sequence[Step], n: int) -> Result:
    """How many right and wrong steps have just so many successes."""
    right = [one.right for one in steps if one.successes == n]
    return {"successes": n, "right": sum(right), "wrong": len(right) - sum(right)}


def _repairs(looks: Sequence[Look]) -> Result:
    """What became of wrong steps in the completions that reached the answer all the same."""
    wrong = [step for look in looks for step in look.steps if not step.right]
    kinds = Counter(kind for step in wrong for kind in step.repairs)
    return {
        "wrong_steps": len(wrong),
        "repaired_steps": sum(step.successes > 0 for step in wrong),
        "completions": sum(step.successes for step in wrong),
        "kinds": {kind: kinds[kind] for kind in REPAIRS},
    }


def _kinds(looks: Sequence[Look]) -> Result:
    """How the policy, Monte Carlo and the judge do in kinds of problems."""
    return {
        "solutions": len(looks),
        "right": sum(look.case.true == NO_ERROR for look in looks),
        "mc_exact": sum(look.case.mc.first_error == look.case.true for look in looks),
        "judge_exact": sum(look.case.judged == look.case.true for look in looks),
    }


def _rare(looks: Sequence[Look]) -> Result:
    """Where completions of right steps go wrong if all do, and in what problems."""
    pairs = [(look, step) for look in looks for step in look.steps if step.right]
    rare = [(look, step) for look, step in pairs if not step.successes]
    behind = Counter(one for _, step in rare for one in step.behind)
    return {
        "right_steps": len(pairs),
        "steps": len(rare),
        "unseen": {
            "right_steps": sum(look.unseen for look, _ in pairs),
            "steps": sum(look.unseen for look, _ in rare),
        },
        "completions": behind.total(),
        "first_error": {
            "next step": behind[1],
            "later": sum(n for place, n in behind.items() if place is not None and place > 1),
            "not told": behind.total()
            - sum(n for place, n in behind.items() if place is not None and place > 0),
        },
    }


def _check(steps: Sequence[Step]) -> Result:
    """How many successes do not vouch for their step and why, and for how many steps none does."""
    return {
        name: {
            "completions": sum(step.successes for step in mine),
            "taken_back": sum(step.taken_back for step in mine),
            "miscalculated": sum(step.miscalculated for step in mine),
            "not_vouching": sum(step.successes - step.vouching for step in mine),
            "steps": sum(step.successes > 0 for step in mine),
            "steps_without_voucher": sum(step.successes > step.vouching == 0 for step in mine),
        }
        for name, mine in (
            ("wrong", [step for step in steps if not step.right]),
            ("right", [step for step in steps if step.right]),
        )
    }


def _sources(looks: Sequence[Look], quality: Quality) -> Result:
    """Labels of Monte Carlo with and without the check, of the judge, and of their consensus."""
    judge = [look.case.judged for look in looks]
    plain = [look.case.mc.first_error for look in looks]
    checked = [look.checked for look in looks]

    def agreeing(said: Sequence[int | None]) -> Result:
        kept = [a == b is not None for a, b in zip(said, judge, strict=True)]
        return quality.of(said, kept)

    return {
        "mc": quality.of(plain),
        "mc-checked": quality.of(checked),
        "judge": quality.of(judge),
        "consensus": agreeing(plain),
        "consensus-checked": agreeing(checked),
    }
