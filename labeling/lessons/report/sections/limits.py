"""What this world cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeling.lessons.findings import BASELINES
from labeling.lessons.noise.mistakes import UNSEEN
from labeling.lessons.plan import TRUTH
from labeling.lessons.report.section import Section, Told
from labeling.lessons.report.words import percent

LIMITS = (
    "All problems are of kinds that the policy and the judge were trained on; on the world's other "
    "kinds both fail, and nothing here is measured on those.",
    "The problems are word problems of two to six steps, and the models have one to two million "
    "weights. What a method does here it need not do with 7B models and competition mathematics.",
    "The judge was trained on exact labels of other solutions, and is far better than the paper's: "
    "Qwen2.5-72B-Instruct has an F1 of 61.2 on ProcessBench; the table of labels says what the "
    "judge has here. So its labels are nearly the true ones, and a consensus with it filters "
    "nearly by the truth.",
    "The PRMs' base is the policy itself, since the better models that are shipped have seen "
    "labels. It is no better than what it judges.",
    "The policy's flawed solutions mostly have a wrong answer, where the paper's often have a "
    "right one.",
    "\"Human labels\" are the world's exact labels, of the same solutions and without a person's "
    "mistakes, but for the corrections.",
    "The 30 example corrections of the project that `steplens demo` opens were made by a script at "
    "the head of the review queue, where all solutions have an error. Nothing here rests on them.",
)


def section(told: Told) -> Section | None:
    """What to bear in mind when it is cited."""
    return Section("What this world cannot show", points=(*LIMITS, *_measured(told)))


def _measured(told: Told) -> list[str]:
    """Where it is the playground that falls short, in this run's figures."""
    points = []
    if "figures" in told:
        vote, best, _ = (told["figures"]["baselines"][name]["value"] for name in BASELINES)
        picked = told["figures"]["sources"][TRUTH]["figures"]["product"]["value"]
        points.append(
            f"Best-of-N has little to tell: a vote picks the right answer in {percent(vote)}% of "
            f"the problems, a PRM of the true labels in {percent(picked)}%, and {percent(best)}% "
            "have a right response at all. What lies between the first and the last is all that a "
            "PRM can gain."
        )
    if "noise" in told and told["noise"]["kinds"][UNSEEN]["solutions"]:
        points.append(_unseen(told["noise"]["kinds"]))
    return points


def _unseen(kinds: Mapping[str, Mapping[str, Any]]) -> str:
    unseen = kinds[UNSEEN]
    (trained,) = (one for name, one in kinds.items() if name != UNSEEN)

    def share(one: Mapping[str, Any], name: str) -> str:
        return percent(one[name] / one["solutions"] if one["solutions"] else None)

    return (
        "The policy and the judge fail on kinds of problems that they were not trained on: of "
        f"{unseen['solutions']:,} solutions of such kinds {share(unseen, 'right')}% are right "
        f"({share(trained, 'right')}% of the others), and the judge is exact on "
        f"{share(unseen, 'judge_exact')}% ({share(trained, 'judge_exact')}%), Monte Carlo on "
        f"{share(unseen, 'mc_exact')}% ({share(trained, 'mc_exact')}%)."
    )
