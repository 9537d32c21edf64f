"""Printing why rows of files were rejected, or what was changed in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.cli.console import problems
from labeling.jobs.importing import in_words

SHOWN_REASONS = 20


def say_reasons(result: Mapping[str, Any]) -> None:
    """The most frequent reasons of an import's result, and how many more rows there are."""
    for what in ("rejections", "notes"):
        for one in result[what][:SHOWN_REASONS]:
            problems.print(in_words(one), markup=False, soft_wrap=True)
        more = sum(one["rows"] for one in result[what][SHOWN_REASONS:])
        if more:
            problems.print(f"… and {more:,} more rows for other reasons")
