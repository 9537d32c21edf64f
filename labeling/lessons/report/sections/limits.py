"""What this world cannot show."""

from __future__ import annotations

from labeling.lessons.report.section import Section, Told

LIMITS = (
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
    "mistakes.",
)


def section(told: Told) -> Section | None:
    """What to bear in mind when it is cited."""
    return Section("What this world cannot show", points=LIMITS)
