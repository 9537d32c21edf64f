"""Figures in words: percent, intervals, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = "–"


def percent(value: float | None) -> str:
    """A share, without the sign."""
    return UNKNOWN if value is None or value != value else f"{100 * value:.1f}"


def interval(ends: Sequence[float | None]) -> str:
    """The two ends of an interval."""
    return UNKNOWN if None in ends else f"({percent(ends[0])} to {percent(ends[1])})"


def with_interval(estimate: Mapping[str, Any]) -> str:
    """A figure with its interval over problems and seeds."""
    return f"{percent(estimate['value'])} {interval(estimate['both'])}"


def difference(estimate: Mapping[str, Any]) -> str:
    """How far one figure is above another, with its interval."""
    value = estimate["value"]
    return UNKNOWN if value is None else f"{100 * value:+.1f} {interval(estimate['both'])}"


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of those that are known."""
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None


def seeds(n: int) -> str:
    """So many trainings."""
    return "one seed" if n == 1 else f"{n} seeds"
