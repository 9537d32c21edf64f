"""The paper's three biases, a sentence and a figure each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import streamlit as st

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts
from app.ui.figures.figure import figure, go_to
from app.ui.formatting import number_of
from app.ui.navigation import beside
from app.ui.prm_errors.choice import Choice, given_filter
from app.ui.prm_errors.chosen import Chosen, here, of_part
from app.ui.prm_errors.population import Population, source
from app.ui.prm_errors.sliced import BETWEEN
from app.ui.prm_errors.tabs import curves
from db.engine import Database
from labeling.evaluation.prm_errors import published
from labeling.evaluation.prm_errors.biases import Biases, biases, tolerances
from labeling.evaluation.prm_errors.source import Source
from labeling.look.dots import Dot, Series, dots, published_series
from training.metrics.biases import PLACES, Tolerance
from training.metrics.intervals import Mean, Share


def show(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """Tolerance, the place of the lowest score, and process against answer."""
    key = f"{population.key} {chosen.t}"
    found = _measured(key, database, source(choice, population, chosen.t))
    name = choice.prm.name
    mine = found.tolerances[choice.prm.label]
    _tolerance(found, mine, name, _others(choice, population))
    # A tall figure and a low one in each column, so that both end at about the same place.
    left, right = st.columns(2, gap="large")
    with left:
        _last(found, name)
        _lowest(found, name)
    with right:
        _places(found, name)
        _flawed(found, name)


@st.cache_data(max_entries=20, show_spinner="Measuring…")
def _measured(key: str, _database: Database, _source: Source) -> Biases:
    return biases(_source, tolerances(_database, _source))


Others = Callable[[str, str], tuple[str, ...]]


def _others(choice: Choice, population: Population) -> Others:
    """What a dot of somebody else opens in Browse, which knows no slices and one `by` at a time."""
    given = given_filter()
    if population.slice is not None or {"by", "says", "answer"} & set(given):
        return lambda figure, who: ()
    held_out = {"held_out": choice.prm.label} if population.held_out else {}

    def opens(figure: str, who: str) -> tuple[str, ...]:
        query = beside.of_right_answers(figure, who, choice.prm.label, choice.reference.label)
        return (data_table.page_href("browse", **given, **query, **held_out),)

    return opens


def _open(opens: str, slice: str = "") -> None:
    """Go to an address, or make the list be of a part."""
    if "?" in opens:
        go_to(opens)
    else:
        of_part(opens, slice)


def _tolerance(found: Biases, mine: Tolerance, name: str, others: Others) -> None:
    flawed, clean = mine.exact.n, mine.false_alarms.n
    if flawed:
        sentence = (
            f"Of {number_of(flawed, 'right answer')} with a wrong step, {name} flags "
            f"{mine.caught.count:,} and finds the exact step in {mine.exact.count:,}; of "
            f"{clean:,} clean ones it flags {mine.false_alarms.count:,}."
        )
    else:
        sentence = f"None of these right answers has a wrong step; of {clean:,}, {name} flags "
        sentence += f"{mine.false_alarms.count:,}."
    if mine.exact.too_few:
        sentence += " Too few with a wrong step for more than a first look."
    names = _names(found)
    exact, caught, alarms = (
        [
            Dot(
                names[who],
                one.value,
                one.interval,
                _of(one, words),
                (part,) if of is mine else others(field, who),
                few=one.too_few,
                hue=hue or who.partition(":")[0],
            )
            for who, of in found.tolerances.items()
            for one in [getattr(of, field)]
        ]
        for field, words, part, hue in (
            ("exact", "at the exact step", "flawed-exact", ""),
            ("caught", "flagged anywhere", "flawed-caught", ""),
            ("false_alarms", "clean ones flagged", "clean-flagged", "wrong"),
        )
    )
    paper = [_published(who, percent) for who, percent in reversed(published.TOLERANCE.items())]
    figure(
        "Tolerance",
        f"{sentence} Beside it the other annotators on the same solutions, and published PRMs on "
        "ProcessBench (arXiv 2501.07301), which are a scale and no baseline.",
        dots(charts.palette(),
            [
                Series("exact step, of the flawed", "prm", "circle", exact),
                Series("any flag, of the flawed", "prm", "triangle-up", caught),
                Series("false alarms, of the clean", "wrong", "x", alarms),
                published_series(paper),
            ],
            axis="share of right answers",
        ),
        _numbers(
            [("exact, " + one.row, one) for one in exact]
            + [("caught, " + one.row, one) for one in caught]
            + [("false alarms, " + one.row, one) for one in alarms]
            + [("published, " + one.row, one) for one in paper]
        ),
        f"tolerance-{name}",
        picked=_open,
    )  # fmt: skip
    _doors(
        (f"{flawed:,} flawed", "flawed"),
        (f"{mine.caught.count:,} flagged", "flawed-caught"),
        (f"{mine.exact.count:,} at the exact step", "flawed-exact"),
        (f"{flawed - mine.caught.count:,} passed", "flawed-passed"),
        (f"{mine.false_alarms.count:,} clean ones flagged", "clean-flagged"),
    )


def _last(found: Biases, name: str) -> None:
    lowest = found.lowest
    mine = [
        _dot("all solutions", lowest.last, "last"),
        _dot("right answers", lowest.last_of_right, "last-right"),
        _dot("wrong answers", lowest.last_of_wrong, "last-wrong"),
    ]
    truth = [_dot("true first errors", lowest.last_error, f"error-{len(PLACES) - 1}")]
    paper = [_published(who, percent) for who, percent in published.LOWEST_ON_LAST.items()]
    figure(
        "Lowest score on the last step",
        f"In {_percent(lowest.last)} of solutions {name} gives its lowest score to the last step, "
        f"where {_percent(lowest.last_error)} of the true first errors are. A PRM far above that "
        "judges answers. Published shares are of Best-of-8 responses. One-step solutions are left "
        "out.",
        dots(
            charts.palette(),
            [
                Series(name, "prm", "circle", mine),
                Series("reference", "human", "square", truth),
                published_series(paper),
            ],
            axis="share on the last step",
        ),
        _numbers([(one.row, one) for one in (*mine, *truth, *paper)]),
        f"last-step-{name}",
        picked=of_part,
    )


def _places(found: Biases, name: str) -> None:
    lowest, errors = found.lowest.lowest, found.lowest.errors
    figure(
        "Where the lowest score lies",
        f"Solutions with an error: where the lowest score of {name} lies, and where the first "
        "error does. Click a bar to list its solutions.",
        curves.in_solution(name, lowest, errors),
        Numbers(
            ["place", "lowest score", "first error", "solutions"],
            [
                [place, a.value, b.value, a.n]
                for place, a, b in zip(PLACES, lowest, errors, strict=True)
            ],
        ),
        f"places-{name}",
        picked=of_part,
    )  # fmt: skip


def _lowest(found: Biases, name: str) -> None:
    rows = [
        Dot(words, mean.value, mean.interval, _n(mean),
            (words.replace(", ", "-").replace(" ", "-"),), mean.too_few)
        for words, mean in found.mean_lowest.items()
    ]  # fmt: skip
    figure(
        "Process against answer",
        f"Mean lowest score of {name}. A PRM that judges the process tells right from wrong, "
        "whatever the answer.",
        dots(charts.palette(), [Series("mean lowest score", "prm", "circle", rows)],
             axis="mean lowest score", percent=False),
        _numbers([(one.row, one) for one in rows]),
        f"process-answer-{name}",
        picked=of_part,
    )  # fmt: skip


def _flawed(found: Biases, name: str) -> None:
    mine = [_dot("all", found.flawed, "flawed")]
    for attribute, parts in (
        ("data set", found.flawed_by_dataset),
        ("generator", found.flawed_by_generator),
    ):
        if len(parts) > 1:
            mine += [
                _dot(who, one, "flawed", f"{attribute}{BETWEEN}{who}")
                for who, one in parts.items()
                if one.n
            ]
    paper = [
        Dot(f"ProcessBench {who}", count / n, note=f"published: {count} of {n}")
        for who, (count, n) in published.FLAWED_IN_PROCESSBENCH.items()
    ]
    figure(
        "Right answers with a wrong step",
        f"{found.flawed.count:,} of {number_of(found.flawed.n, 'right answer')} have a wrong step, "
        "according to the reference. Best-of-N rewards them all the same.",
        dots(
            charts.palette(),
            [Series("here", "human", "square", mine), published_series(paper)],
            axis="share of right answers",
        ),
        _numbers([(one.row, one) for one in (*mine, *paper)]),
        f"flawed-{name}",
        picked=of_part,
    )


def _names(found: Biases) -> dict[str, str]:
    """Labels -> names, with the kind where two have the same one."""
    names = {who: who.partition(":")[2] for who in found.tolerances}
    times = Counter(names.values())
    return {who: name if times[name] == 1 else who for who, name in names.items()}


def _doors(*doors: tuple[str, str]) -> None:
    """Words that open parts, for the keyboard too."""
    cells = [data_table.link(words, here(part=part)) for words, part in doors]
    data_table.line(*cells, key="tolerance doors")


def _dot(row: str, one: Share, part: str, slice: str = "") -> Dot:
    opens = (part, slice) if slice else (part,)
    return Dot(row, one.value, one.interval, _of(one, ""), opens, one.too_few)


def _published(who: str, percent: float) -> Dot:
    return Dot(who, percent / 100, note="published")


def _of(one: Share, words: str) -> str:
    few = ", too few" if one.too_few else ""
    return f"{one.count:,} of {one.n:,} {words}{few}".strip()


def _n(mean: Mean) -> str:
    return number_of(mean.n, "solution") + (", too few" if mean.too_few else "")


def _percent(one: Share) -> str:
    return "–" if math.isnan(one.value) else f"{one.value:.1%}"


def _numbers(rows: list[tuple[str, Dot]]) -> Numbers:
    def known(value: float) -> float | None:
        return None if math.isnan(value) else value

    return Numbers(
        ["", "value", "low", "high", "of"],
        [
            [words, known(one.value), known(one.interval.low), known(one.interval.high), one.note]
            for words, one in rows
        ],
    )
