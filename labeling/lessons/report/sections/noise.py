"""What Monte Carlo gets wrong, why, and who catches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.noise.mistakes import ANSWER, MISTAKES, RARE, REPAIRED, ROWS
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import UNKNOWN, interval, percent
from labeling.look.palette import Palette, dress

HEAD = (
    "Monte Carlo's mistake",
    "solutions",
    "of all",
    "the judge is exact",
    "the consensus drops it",
    "the check is exact",
)
ALT = "How many completions reach the answer, of right steps and of first wrong steps."
KINDS = {
    "passed over": "go on as if the right step stood there",
    "done again": "do it again, rightly",
    "same number": "need no repair, for its number is right",
    "second error": "go on with its number and make up for it by a false equation",
    "otherwise": "reach it in another way",
}
LABELS = {
    "mc": "Monte Carlo",
    "mc-checked": "Monte Carlo with the check",
    "judge": "the judge",
    "consensus": "the consensus",
    "consensus-checked": "the consensus with the check",
}


def section(told: Told) -> Section | None:
    """A row for each kind of mistake, and the reasons in words."""
    if "noise" not in told:
        return None
    noise = told["noise"]
    rows = tuple(
        (
            MISTAKES[kind],
            f"{one['solutions']:,}",
            _share(one["share"]),
            _share(one["judge"]),
            _share(one["dropped"]),
            _share(one["check"]),
        )
        for kind, one in noise["mistakes"].items()
    )
    return Section(
        "What Monte Carlo gets wrong",
        (_what(noise), _why_repaired(noise), _why_rare(noise), _check(noise)),
        charts=(Chart(partial(_chart, noise["successes"]), ALT),),
        table=Table(HEAD, rows),
    )


def _share(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return UNKNOWN
    return f"{percent(estimate['value'])} {interval(estimate['problems'])}"


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({percent(part / whole if whole else None)}%)"


def _what(noise: Mapping[str, Any]) -> str:
    mistakes = noise["mistakes"]
    return (
        f"Monte Carlo's first error beside the exact one, on {noise['solutions']:,} solutions, "
        f"{noise['with_error']:,} of them with an error. Its mistakes are of three kinds: "
        f"{mistakes[REPAIRED]['solutions']:,} wrong steps that a completion repairs, "
        f"{mistakes[RARE]['solutions']:,} right steps that none follows to the answer, and "
        f"{mistakes[ANSWER]['solutions']:,} wrong last steps with the right answer. Shares in "
        f"percent, with the interval over problems; `{ROWS}` has the solutions."
    )


def _why_repaired(noise: Mapping[str, Any]) -> str:
    repairs = noise["repairs"]
    n = repairs["completions"]
    kinds = "; ".join(
        f"{percent(count / n if n else None)}% {KINDS[kind]}"
        for kind, count in repairs["kinds"].items()
        if count
    )
    said = f" Of the {n:,} completions that do, by the exact checker: {kinds}." if n else ""
    return (
        "Of the first wrong steps (the last of a solution apart) "
        f"{_of(repairs['repaired_steps'], repairs['wrong_steps'])} reach the answer in some "
        f"completion.{said}"
    )


def _why_rare(noise: Mapping[str, Any]) -> str:
    rare = noise["rare"]
    first, n = rare["first_error"], rare["completions"]
    unseen = rare["unseen"]
    words = (
        f"Of the right steps {_of(rare['steps'], rare['right_steps'])} reach it in none. Of their "
        f"completions {percent(first['next step'] / n if n else None)}% go wrong at the very next "
        f"step and {percent(first['later'] / n if n else None)}% later."
    )
    if not unseen["right_steps"]:
        return words
    return (
        f"{words} {_of(unseen['steps'], rare['steps'])} of these steps are in kinds of problems "
        "that no model was trained on, which have "
        f"{_of(unseen['right_steps'], rare['right_steps'])} of all right steps."
    )


def _check(noise: Mapping[str, Any]) -> str:
    wrong, right = noise["check"]["wrong"], noise["check"]["right"]
    worth = ", ".join(
        f"{LABELS[source]} {percent(one['f1']['value'])} {interval(one['f1']['problems'])}"
        for source, one in noise["sources"].items()
    )
    return (
        "The check for self-correction is after arXiv 2601.12748, which asks a language model: a "
        "completion does not vouch for a step whose result it makes no use of, nor when one of its "
        "equations is false. It reads texts alone and costs no token. Of the completions that "
        f"reach the answer it discounts {_of(wrong['not_vouching'], wrong['completions'])} behind "
        f"wrong steps and {_of(right['not_vouching'], right['completions'])} behind right ones. "
        f"F1 of the labels: {worth}."
    )


def _chart(successes: Sequence[Mapping[str, int]], now: Palette) -> go.Figure:
    figure = go.Figure()
    for words, name, hue in (
        ("right steps", "right", "mc"),
        ("first wrong steps", "wrong", "wrong"),
    ):
        total = max(sum(one[name] for one in successes), 1)
        figure.add_bar(
            x=[one["successes"] for one in successes],
            y=[one[name] / total for one in successes],
            name=words,
            marker={"color": now.hues[hue], "pattern": {"shape": "/" if name == "wrong" else ""}},
            customdata=[f"{one[name]:,} of {total:,}" for one in successes],
            hovertemplate=f"{words}: %{{customdata}}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=300,
        margin={"l": 48, "r": 16, "t": 32, "b": 44},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="completions that reach the answer", dtick=1, showgrid=False)
    figure.update_yaxes(title="share of steps", tickformat=".0%", rangemode="tozero")
    dress(figure, now)
    return figure
