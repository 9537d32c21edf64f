"""What an annotator makes of another's first error: as addresses write it, and in words."""

from __future__ import annotations

from collections.abc import Mapping

# One condition in five words; `share` is the threshold at which Monte Carlo's outcome is meant.
NAMES = ("outcome", "cell", "of", "against", "share")
# "<words> by X against Y".
OUTCOMES = {
    "early": "error flagged too early",
    "exact": "first error found",
    "late": "error flagged too late",
    "missed": "error missed",
    "no_verdict": "error without a verdict",
    "right": "no error seen, rightly",
    "false_alarm": "false alarm",
    "no_verdict_right": "no error, and no verdict",
}
# All that X and a reference Y can be measured on.
MEASURED = {
    "measured": "annotated by {of}, a verdict by {against}",
    "both": "a verdict by {of} and by {against}",
    "with_error": "annotated by {of}, an error by {against}",
    "without_error": "annotated by {of}, no error by {against}",
    "mistaken": "{of} mistaken by {against}",
}
# What a menu offers, of "it" beside a reference that are chosen below.
OFFERED = {
    **OUTCOMES,
    **{name: words.format(of="it", against="the reference") for name, words in MEASURED.items()},
}


def of_right_answers(figure: str, who: str, prm: str, reference: str) -> dict[str, str]:
    """The filter of Browse for what `who` makes of right answers that `prm` and a reference know.

    `figure` is a field of `training.metrics.biases.Tolerance`: what its share counts.
    """
    these = {"answer": "Right answer", "against": reference}
    if figure == "caught":
        return {**these, "of": prm, "outcome": "with_error", "by": who, "says": "an error"}
    outcome = {"exact": "exact", "false_alarms": "false_alarm"}[figure]
    return {**these, "of": who, "outcome": outcome, "by": prm}


def share_of(text: str) -> float | None:
    """The share of completions up to which a step is wrong, None where it is none."""
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share < 1 else None


def cell_of(text: str) -> tuple[int, int] | None:
    """Two first errors from "3,none": steps count from 1, "none" (or 0) is no error, here -1.

    "12+" is step 12, of which `onwards_of` says that later ones are meant too.
    """
    words = [word.strip().removesuffix("+") for word in text.split(",")]
    words = ["0" if word == "none" else word for word in words]
    if len(words) != 2 or not all(word.isdecimal() and len(word) < 6 for word in words):
        return None
    return int(words[0]) - 1, int(words[1]) - 1


def onwards_of(text: str) -> tuple[bool, bool]:
    """Of each of the two first errors whether later steps are meant too."""
    one, _, other = text.partition(",")
    return one.strip().endswith("+"), other.strip().endswith("+")


def cell_in_address(
    first_error: int, expected: int, onwards: tuple[bool, bool] = (False, False)
) -> str:
    """Two 0-based first errors, -1 for none, as `cell_of` and `onwards_of` read them."""
    return ",".join(
        "none" if step < 0 else f"{step + 1}{'+' if later else ''}"
        for step, later in zip((first_error, expected), onwards, strict=True)
    )


def in_words(address: Mapping[str, str]) -> str:
    """The condition in an address as a chip says it; "" where it lacks a part."""
    of, against = address.get("of"), address.get("against")
    outcome, text = address.get("outcome", ""), address.get("cell", "")
    if not of or not against:
        return ""
    parts = [f"{OUTCOMES[outcome]} by {of} against {against}"] if outcome in OUTCOMES else []
    if outcome in MEASURED:
        parts.append(MEASURED[outcome].format(of=of, against=against))
    cell = cell_of(text)
    if cell is not None:
        one, other = map(_sees, cell, onwards_of(text))
        parts.append(f"{of} {one} and {against} {other}")
    share = share_of(address.get("share", ""))
    if share is not None:
        parts.append(f"a step wrong up to a share of {share:.3g}")
    return ", ".join(parts)


def _sees(first_error: int, onwards: bool) -> str:
    if first_error < 0:
        return "sees no error"
    return f"sees one in step {first_error + 1}{' or later' if onwards else ''}"
