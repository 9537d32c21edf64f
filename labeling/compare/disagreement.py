"""How the annotators of one solution disagree, in one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping


def explain(verdicts: Mapping[str, int | None], is_correct: bool | None, prm: str) -> str:
    """One sentence that says who says what, with steps counted from 1.

    `verdicts` has the first error (0-based, -1 none, None no verdict) of each machine that has
    annotated the solution, by its kind; `prm` is the name of the PRM among them.

    "MC and prm-v2 see an error at step 3; the judge says that all steps are correct."
    """
    by_verdict: dict[int | None, list[str]] = {}
    for kind, name in {"mc": "MC", "judge": "the judge", "prm": prm}.items():
        if kind in verdicts:
            by_verdict.setdefault(verdicts[kind], []).append(name)
    parts = [_says(names, verdict) for verdict, names in by_verdict.items()]
    if is_correct and _flags(verdicts):
        parts.append("the final answer is right")
    sentence = "; ".join(parts)
    if sentence.startswith("the judge"):  # a PRM's name begins as it is written
        sentence = f"T{sentence[1:]}"
    return f"{sentence}." if sentence else ""


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
