"""What a run compared, in a paragraph: the head of the report."""

from __future__ import annotations

from labeling.lessons.report.section import Told
from labeling.lessons.report.words import seeds

TITLE = "The paper's lessons, measured again"


def introduction(told: Told) -> str:
    """What was trained on what, where, and how many solutions there are."""
    words = (
        "Process reward models (PRMs) trained on the same solutions with labels of different "
        "sources, after *The Lessons of Developing Process Reward Models in Mathematical "
        "Reasoning* (Zhang et al., arXiv 2501.07301), in the playground, where the exact first "
        "error of every solution is known."
    )
    if "labels" in told:
        words += f" {told['labels']['solutions']:,} solutions to learn from;"
    if "figures" in told:
        figures = told["figures"]
        words += (
            f" {figures['solutions']:,} solutions to {figures['problems']:,} other problems to "
            f"measure on, {figures['with_error']:,} of them with an error;"
        )
    return (
        f"{words} {seeds(len(told['settings']['seeds']))} of training. Settings and rules were "
        "settled before the first run, and nothing was tuned to a result."
    )
