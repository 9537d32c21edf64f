"""Counting what an annotation job did, for its progress line and its result."""

from __future__ import annotations

import time
from typing import Any

from db.records import AnnotatorRecord
from labeling.jobs.worklist import WorkList


class Tally:
    """Solutions, rollouts or replies, and generated tokens since the job's start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.counts = {"solutions": 0, "rollouts": 0, "replies": 0, "tokens": 0}

    def add(self, **counts: int) -> None:
        """Count solutions, rollouts, replies or generated tokens."""
        for name, count in counts.items():
            self.counts[name] += count

    def message(self, unit: str) -> str:
        """How far and how fast, for the progress line."""
        seconds = max(time.monotonic() - self._began, 1e-6)
        if not self.counts["tokens"]:
            return f"{self.counts['solutions'] / seconds:,.0f} solutions/s"
        return (
            f"{self.counts[unit]:,} {unit}, {self.counts['tokens']:,} tokens, "
            f"{self.counts['tokens'] / seconds:,.0f} tokens/s"
        )

    def result(self, annotator: AnnotatorRecord, work: WorkList, unit: str) -> dict[str, Any]:
        """The job's result; `came_later` of its list came after its first start."""
        later = work.added()
        return {
            "annotator": annotator.label,
            **({"came_later": later} if later else {}),
            "solutions": self.counts["solutions"],
            unit: self.counts[unit],
            "tokens_generated": self.counts["tokens"],
            "seconds": round(time.monotonic() - self._began, 1),
        }
