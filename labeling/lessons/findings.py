"""The paper's findings as differences between two figures, and the rule by which one is decided.

Written down before the first run. A finding says that one figure is above another; it is
- reproduced when the interval of the difference, over problems and seeds, is above 0,
- not reproduced when it is below 0: the opposite was found,
- not testable at this size when it holds 0, or cannot be told since there is one seed alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from labeling.lessons.plan import CONSENSUS, JUDGE, MC, RANDOM, SOFT_CONSENSUS, SOFT_MC, TRUTH
from training.metrics.estimates import Estimate

ROUNDING = 1e-9  # what is no difference
Verdict = Literal["reproduced", "not reproduced", "not testable at this size"]
F1, VOTE = "f1", "vote"
TOLERANCE, LAST_LOWEST = "exact on flawed right answers", "lowest score at the last step"
SHARES = (TOLERANCE, LAST_LOWEST)
FLAWS, HOTTEST, COOLEST = "flaws", "hottest", "coolest"  # of the policy, by its temperature
THRESHOLDS = "thresholds"  # by how much a figure falls from a Monte-Carlo threshold of 0 to 1
WAYS = ("product", "min", "last", "weighted vote")  # of Best-of-N
BASELINES = ("maj@N", "pass@N", "random")  # which need no PRM
# A source and a figure of its PRMs; or VOTE and a baseline, FLAWS and a temperature, THRESHOLDS and
# a figure.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """`higher` is above `lower`, or above 0, says the paper: its claim, figures and their place."""

    key: str
    claim: str
    paper: str
    higher: Place
    lower: Place | None

    @property
    def sources(self) -> tuple[str, ...]:
        """Whose rows it rests on: sources of labels, FLAWS or THRESHOLDS."""
        places = [one for one in (self.higher, self.lower) if one is not None]
        return tuple(dict.fromkeys(source for source, _ in places if source != VOTE))


# arXiv 2501.07301. BoN: its mean Best-of-8 accuracy over seven tasks; F1: its mean over the four
# parts of ProcessBench; both in percent. Its human labels are PRM800K's, of other solutions.
FINDINGS = (
    Finding(
        "judge-over-mc",
        "An LLM judge's labels teach finding errors better than Monte Carlo's.",
        "F1 46.5 and 40.1 (table 3)",
        (JUDGE, F1),
        (MC, F1),
    ),
    Finding(
        "truth-over-mc",
        "Human labels teach finding errors better than Monte Carlo's.",
        "F1 56.5 and 40.1 (table 3); here the labels are exact, and of the same solutions",
        (TRUTH, F1),
        (MC, F1),
    ),
    Finding(
        "truth-over-judge",
        "Human labels teach finding errors better than a judge's.",
        "F1 56.5 and 46.5 (table 3); here the labels are exact, and of the same solutions",
        (TRUTH, F1),
        (JUDGE, F1),
    ),
    Finding(
        "consensus-over-mc",
        "What Monte Carlo and the judge agree on teaches finding errors better than all of Monte "
        "Carlo's labels, though it is less.",
        "F1 46.3 with 350,000 solutions and 40.1 with 860,000",
        (CONSENSUS, F1),
        (MC, F1),
    ),
    Finding(
        "filter-not-number",
        "It is the filter that helps: as many of Monte Carlo's labels, drawn at random, teach "
        "less.",
        "no such control; it follows from the finding above",
        (CONSENSUS, F1),
        (RANDOM, F1),
    ),
    Finding(
        "mc-best-of-n-over-judge",
        "Best-of-8 says the opposite of F1: by it Monte Carlo's labels are better than the "
        "judge's.",
        "BoN 65.9 and 65.3 (table 3, product)",
        (MC, "product"),
        (JUDGE, "product"),
    ),
    Finding(
        "mc-best-of-n-over-truth",
        "By Best-of-8 Monte Carlo's labels are better than human ones.",
        "BoN 65.9 and 64.9 (table 3, product)",
        (MC, "product"),
        (TRUTH, "product"),
    ),
    Finding(
        "mc-wants-last",
        "A PRM of Monte Carlo's labels picks best by its last score: it has become an outcome "
        "model.",
        "BoN 66.7 by last, 65.9 by product (appendix A)",
        (MC, "last"),
        (MC, "product"),
    ),
    Finding(
        "truth-wants-product",
        "A PRM of human labels picks better by the product than by its last score.",
        "BoN 64.9 by product, 64.7 by last (appendix A)",
        (TRUTH, "product"),
        (TRUTH, "last"),
    ),
    Finding(
        "consensus-wants-product",
        "A PRM of the consensus picks better by the product than by its last score.",
        "BoN 67.6 by product, 66.1 by last (Qwen2.5-Math-PRM-7B, appendix A)",
        (CONSENSUS, "product"),
        (CONSENSUS, "last"),
    ),
    Finding(
        "consensus-over-vote",
        "A PRM of the consensus picks better than a majority vote.",
        "BoN 67.6 (Qwen2.5-Math-PRM-7B, product) and 66.2 (maj@8)",
        (CONSENSUS, "product"),
        (VOTE, "maj@N"),
    ),
    Finding(
        "vote-over-mc",
        "A PRM of Monte Carlo's labels picks worse than a majority vote.",
        "BoN 65.9 (860,000 solutions, product) and 66.2 (maj@8)",
        (VOTE, "maj@N"),
        (MC, "product"),
    ),
    Finding(
        "hard-over-soft",
        "Behind the filter hard labels teach finding errors better than soft ones.",
        "F1 66.5 and 49.3 (table 4)",
        (CONSENSUS, F1),
        (SOFT_CONSENSUS, F1),
    ),
    Finding(
        "hard-over-soft-best-of-n",
        "Behind the filter a PRM of hard labels picks better, too.",
        "BoN 67.2 and 65.4 (table 4, product)",
        (CONSENSUS, "product"),
        (SOFT_CONSENSUS, "product"),
    ),
    Finding(
        "filter-over-soft",
        "The filter helps soft labels as well.",
        "F1 49.3 and 40.2 (table 4)",
        (SOFT_CONSENSUS, F1),
        (SOFT_MC, F1),
    ),
    Finding(
        "threshold-zero",
        "The more successes Monte Carlo may count as an error, the worse the PRM finds errors.",
        "F1 from 40.2 at a threshold of 0 to 29.5 at 7/8 (figure 2)",
        (THRESHOLDS, F1),
        None,
    ),
    Finding(
        "threshold-zero-best-of-n",
        "The more successes Monte Carlo may count as an error, the worse the PRM picks.",
        "BoN from 65.5 at a threshold of 0 to 64.4 at 7/8 (figure 2)",
        (THRESHOLDS, "product"),
        None,
    ),
    Finding(
        "flaws-with-difficulty",
        "The harder it is for the policy, the more of its right answers have a wrong step.",
        "5.1% on GSM8K to 43.4% on Omni-MATH (3.2.1); here by the policy's temperature",
        (FLAWS, HOTTEST),
        (FLAWS, COOLEST),
    ),
    Finding(
        "mc-tolerates-more-than-judge",
        "PRMs of a judge's labels find the error behind a right answer more often than those of "
        "Monte Carlo's.",
        "26.2% and 22.2% (3.2.2)",
        (JUDGE, TOLERANCE),
        (MC, TOLERANCE),
    ),
    Finding(
        "mc-tolerates-more-than-truth",
        "PRMs of human labels find the error behind a right answer more often than those of Monte "
        "Carlo's.",
        "38.2% and 22.2% (3.2.2)",
        (TRUTH, TOLERANCE),
        (MC, TOLERANCE),
    ),
    Finding(
        "consensus-tolerates-less",
        "PRMs of the consensus find the error behind a right answer more often than those of Monte "
        "Carlo's.",
        "53.9% (Qwen2.5-Math-PRM-7B) and 22.2% (3.2.2)",
        (CONSENSUS, TOLERANCE),
        (MC, TOLERANCE),
    ),
    Finding(
        "mc-lowest-at-last",
        "PRMs of Monte Carlo's labels have their lowest score at the last step more often than "
        "those of the consensus.",
        "44.5% (Math-Shepherd-PRM-7B) and 17.5% (Qwen2.5-Math-PRM-7B; 3.2.3)",
        (MC, LAST_LOWEST),
        (CONSENSUS, LAST_LOWEST),
    ),
)


def verdict_of(low: float, high: float) -> Verdict:
    """What the interval of the difference decides; NaN is an end that cannot be told."""
    if low > ROUNDING:
        return "reproduced"
    if high < -ROUNDING:
        return "not reproduced"
    return "not testable at this size"


def why(verdict: Verdict, difference: Estimate) -> str:
    """One sentence: what the verdict rests on."""
    above = sum(one > 0 for one in difference.by_seed)
    n = len(difference.by_seed)
    seeds = f"; above 0 in {above} of {n} seed{'s' * (n > 1)}" if n else ""
    if math.isnan(difference.both[0]):
        return f"Too few trainings or solutions for an interval{seeds}."
    where = {
        "reproduced": "is above 0",
        "not reproduced": "is below 0, the opposite of the claim",
        "not testable at this size": "holds 0",
    }[verdict]
    return f"The interval {where}{seeds}."
