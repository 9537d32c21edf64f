"""A stored filter whose ids of annotators and solutions are put into other words, or back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# The places of annotators in a condition that is a list.
_ANNOTATORS = {"differ": (0, 1), "outcome": (1, 2), "cell": (2, 3), "did": (1,)}
_SOLUTIONS = ("ids", "among")


def reworded(
    stored: Mapping[str, Any],
    annotator: Callable[[Any], Any],
    solutions: Callable[[list[Any]], list[Any]],
) -> dict[str, Any]:
    """A filter as `SolutionFilter.to_json` gives it, with what these functions make of its ids.

    The kept list of `listed` is left out.
    """
    told = {name: value for name, value in stored.items() if name != "listed"}
    if told.get("annotator") is not None:
        told["annotator"] = annotator(told["annotator"])
    for name, places in _ANNOTATORS.items():
        if told.get(name) is not None:
            told[name] = [
                annotator(one) if place in places else one for place, one in enumerate(told[name])
            ]
    for name in _SOLUTIONS:
        if told.get(name) is not None:
            told[name] = solutions(list(told[name]))
    return told
