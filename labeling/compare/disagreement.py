"""How the annotators of one solution disagree: one word for sorting, one sentence for people.

Every function takes `verdicts`: the first error (0-based, -1 none, None no verdict) of each
annotator that has annotated the solution, by kind. A kind that has not is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

KINDS = (
    "no_verdict",
    "location",
    "mc_only",
    "judge_only",
    "prm_against",
    "right_answer_flagged",
    "agree",
)
NAMES = {"mc": "MC", "judge": "the judge", "prm": "the PRM"}


def classify(verdicts: Mapping[str, int | None], is_correct: bool | None) -> str | None:
    """The first of KINDS that holds; None when there is nothing to compare.

    One annotator alone cannot disagree, but it can flag a solution whose answer is right: that
    is what Monte Carlo cannot see and what the judge is asked for (arXiv 2501.07301, 4.2).
    `db.lists.comparison.Comparison` says the same in SQL.
    """
    several = len(verdicts) >= 2
    mc, judge = verdicts.get("mc"), verdicts.get("judge")
    if several and None in verdicts.values():
        return "no_verdict"
    if mc is not None and judge is not None and mc != judge:
        if mc >= 0 and judge >= 0:
            return "location"
        return "mc_only" if judge < 0 else "judge_only"
    if "prm" in verdicts and any(other != verdicts["prm"] for other in verdicts.values()):
        return "prm_against"
    if is_correct and _flags(verdicts):
        return "right_answer_flagged"
    return "agree" if several else None


def explain(verdicts: Mapping[str, int | None], is_correct: bool | None) -> str:
    """One sentence that says who says what, with steps counted from 1.

    "MC sees an error at step 3; the judge says that all steps are correct."
    """
    by_verdict: dict[int | None, list[str]] = {}
    for name in NAMES:
        if name in verdicts:
            by_verdict.setdefault(verdicts[name], []).append(NAMES[name])
    parts = [_says(names, verdict) for verdict, names in by_verdict.items()]
    if is_correct and _flags(verdicts):
        parts.append("the final answer is right")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _flags(verdicts: Mapping[str, int | None]) -> bool:
    return any(error is not None and error >= 0 for error in verdicts.values())


def _says(names: list[str], verdict: int | None) -> str:
    who = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    many = len(names) > 1
    if verdict is None:
        return f"{who} {'give' if many else 'gives'} no verdict"
    if verdict < 0:
        return f"{who} {'say' if many else 'says'} that all steps are correct"
    return f"{who} {'see' if many else 'sees'} an error at step {verdict + 1}"
