"""The sections of the report in their order."""

from __future__ import annotations

from labeling.lessons.report import trace
from labeling.lessons.report.section import Section, Told
from labeling.lessons.report.sections import (
    best_of_n,
    cost,
    findings,
    first_errors,
    flaws,
    labels,
    limits,
    noise,
    people,
    repeat,
    thresholds,
    tolerance,
)

SECTIONS = (
    findings.section,
    labels.section,
    first_errors.section,
    best_of_n.section,
    thresholds.section,
    flaws.section,
    tolerance.section,
    noise.section,
    cost.section,
    people.section,
    limits.section,
    trace.section,
    repeat.section,
)


def sections(told: Told) -> list[Section]:
    """Those that the run has something to say in, by now."""
    return [one for one in (section(told) for section in SECTIONS) if one is not None]
