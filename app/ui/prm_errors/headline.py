"""The line of figures: F1, by how much it differs from the other version's, and over what."""

from __future__ import annotations

import math

from app.components.data_table import data_table
from app.ui.formatting import number_of
from app.ui.prm_errors.choice import Choice, notice
from app.ui.prm_errors.chosen import Chosen, changes, here, measured_query
from app.ui.prm_errors.figures import difference_at, interval_of, report_at
from app.ui.prm_errors.population import Population
from training.metrics.few import FEW
from training.metrics.processbench.evaluation import Interval, ProcessBenchReport


def show(choice: Choice, population: Population, chosen: Chosen) -> None:
    """F1 and the difference with intervals, and what to know before believing them."""
    found = report_at(population, chosen.t)
    few = too_few(found)
    cells: list[data_table.Cell] = [
        data_table.text("F1", "muted"),
        data_table.link(
            decimal(found.mean.f1),
            here(part="measured"),
            "strong figure quiet",
            title="All solutions that it is over, right and wrong",
        ),
        data_table.text("too few" if few else between(interval_of(found)), "muted"),
    ]
    if len(found.datasets) > 1:
        cells.append(
            data_table.text(f"mean of {number_of(len(found.datasets), 'data set')}", "muted")
        )
    cells += _beside(choice, population, chosen, few)
    cells += _solutions(choice, population, found)
    data_table.line(*cells, key="headline")
    _warnings(choice, population, found)


def too_few(found: ProcessBenchReport) -> bool:
    """Whether a class of any data set has fewer than FEW solutions: an interval would mislead."""
    counts = [n for one in found.datasets.values() for n in (one.n_error, one.n_correct) if n]
    return min(counts, default=0) < FEW


def _beside(
    choice: Choice, population: Population, chosen: Chosen, few: bool
) -> list[data_table.Cell]:
    difference = difference_at(population, chosen.t)
    if choice.versus is None or difference is None or population.both is None:
        return []
    n = len(population.both[0])
    title = f"F1 of both on the {number_of(n, 'solution')} that both have scored"
    cells: list[data_table.Cell] = [
        data_table.text(f"difference to {choice.versus.name}", "muted", title=title),
        data_table.link(
            signed(difference.value),
            here(change="shared", tab="Version to version"),
            "strong quiet",
            title=title,
        ),
    ]
    if not few:
        low, high = difference.interval.low, difference.interval.high
        words = f"[{signed(low)} to {signed(high)}]"
        cells.append(data_table.text(words, "muted", title="95%, paired: over the same solutions"))
    changed = changes(population, chosen.t)
    for change, meaning in (
        ("fixed", f"Right here, wrong by {choice.versus.name}"),
        ("broken", f"Wrong here, right by {choice.versus.name}"),
    ):
        number = data_table.link(f"{int(changed[change].sum()):,}", here(change=change))
        word = data_table.text(change, "muted", title=meaning)
        cells.append(data_table.sentence(number, word))
    if n < len(population.found):
        shared = data_table.link(f"{n:,}", here(change="shared"), title=title)
        cells.append(data_table.sentence(data_table.text("on"), shared, data_table.text("shared")))
    return cells


def _solutions(
    choice: Choice, population: Population, found: ProcessBenchReport
) -> list[data_table.Cell]:
    """What the figures are over; the accuracies stand beside their curves."""

    def door(outcome: str, part: str, n: int) -> data_table.Cell:
        if population.slice is None:
            query = measured_query(choice, population, outcome=outcome)
            return data_table.link(f"{n:,}", data_table.page_href("browse", **query))
        return data_table.link(f"{n:,}", here(part=part))  # Browse knows no slices.

    mean = found.mean
    cells: list[data_table.Cell] = [_muted("over")]
    if mean.n_error:
        words = "with an error and" if mean.n_correct else "with an error"
        cells += [door("with_error", "with-error", mean.n_error), _muted(words)]
    if mean.n_correct:
        words = "without one" if mean.n_error else "without an error"
        cells += [door("without_error", "without-error", mean.n_correct), _muted(words)]
    return [data_table.sentence(*cells)] if len(cells) > 1 else []


def _muted(words: str) -> data_table.Cell:
    return data_table.text(words, "muted")


def _warnings(choice: Choice, population: Population, found: ProcessBenchReport) -> None:
    mean = found.mean
    if population.found.training == "unknown":
        notice(
            f"It is not known what {choice.prm.name} was trained on. These may be problems that "
            "it has seen, and the figures too good."
        )
    elif not population.held_out and population.found.trained_on.any():
        n = int(population.found.trained_on.sum())
        which = "all of these" if n == len(population.found) else f"{n:,} of these"
        notice(
            f"{choice.prm.name} was trained on the problems of {which} solutions, so the figures "
            "flatter it."
        )
    if not mean.n_error or not mean.n_correct:
        kind = "with an error" if not mean.n_error else "without one"
        notice(f"There is no solution {kind} here, so there is no F1.")
    elif too_few(found):
        notice(
            f"Too few to go by: {number_of(mean.n_error, 'solution')} with an error and "
            f"{mean.n_correct:,} without one"
            + (f", in {len(found.datasets)} data sets." if len(found.datasets) > 1 else ".")
        )


def decimal(share: float) -> str:
    """`.828`, as the field writes F1s; a dash where there is none."""
    return "–" if math.isnan(share) else f"{share:.3f}"


def signed(value: float) -> str:
    """`+0.015` or `−0.015`."""
    return f"{value:+.3f}".replace("-", "−")


def between(interval: Interval) -> str:
    """`[0.809 to 0.846]`, nothing where it is not defined."""
    if math.isnan(interval.low):
        return ""
    return f"[{interval.low:.3f} to {interval.high:.3f}]"
