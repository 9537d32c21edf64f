"""What a run says before its first step: what it learns from, and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from training.sources import Source, TrainingData

if TYPE_CHECKING:
    from training.engine.leaks import Leaks
    from training.engine.preparation import Prepared

Say = Callable[[str], None]  # a line that is to be read later too, as a log keeps it


def of_sources(sources: Sequence[Source]) -> list[str]:
    """What each source gives, and what of it is left out and why."""
    lines = []
    for one in sources:
        weight = "" if one.weight == 1 else f", weight {one.weight:g}"
        lines.append(
            f"{one.path} ({one.format}{weight}): {_number(one.solutions, 'solution')}, "
            f"{_number(one.steps, 'labelled step')}"
        )
        lines += [f"  left out: {count:,}, {reason}" for reason, count in one.left_out.items()]
        lines += [f"  {fault}" for fault in one.faults]
    return lines


def of_run(given: TrainingData, data: Prepared, leaks: Leaks, steps_behind: int) -> list[str]:
    """What a run trains on and is chosen on, what is apart, and where it goes on."""
    lines = [
        f"{name}: {_number(len(items), 'solution')}, "
        f"{sum(item.first_error >= 0 for item in items):,} with an error"
        for name, items in (("training", data.training), ("validation", data.validation))
    ]
    if given.held_out.share:
        lines.append(f"held out: {given.held_out.share:.0%} of the problems, to evaluate on")
    lines += [
        f"left out: {_number(count, 'problem')} of {name}, to evaluate on"
        for name, count in leaks.by_set.items()
    ]
    if nothing := sum(map(len, data.examples)) - len(data.training) - len(data.validation):
        lines.append(f"left out: {_number(nothing, 'solution')} without a step to learn from")
    if data.n_truncated:
        lines.append(
            f"left out: {_number(data.n_truncated, 'step')} beyond {data.max_length:,} tokens"
        )
    if data.config.trees == "on":
        lines.append(f"prefix trees: {data.saving:.1f} times fewer tokens")
    if steps_behind:
        lines.append(f"continues an earlier run after its step {steps_behind:,}")
    return lines


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
