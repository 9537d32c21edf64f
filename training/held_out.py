"""The part of the problems that is never trained on: a share of them, by a hash of their text.

A hash decides, so a problem is on the same side in every project, and one that comes later falls
on one side for good. A larger share holds all that a smaller one of the same seed holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.data import fingerprint

BITS = 64


@dataclass(frozen=True, slots=True)
class HeldOut:
    """`share` of all problems, from 0 to below 1; another `seed`, others. ValueError outside."""

    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ValueError(f"the share that is held out is from 0 to below 1, not {self.share}")

    def __contains__(self, problem: str) -> bool:
        """Whether the problem of this text is held out."""
        return self.holds(fingerprint(problem))

    def holds(self, problem: str) -> bool:
        """Whether the problem of this fingerprint (`training.data.fingerprint`) is held out."""
        digest = hashlib.sha256(f"{self.seed}:{problem}".encode()).digest()
        return int.from_bytes(digest[: BITS // 8]) < self.share * 2**BITS

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> HeldOut:
        """What an export left out; nothing, of one that was written before anything was."""
        told = manifest.get("held_out") or {}
        return cls(float(told.get("share", 0)), int(told.get("seed", 0)))
