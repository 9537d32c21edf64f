"""Random streams: one for each completion, the same wherever and whenever it is made."""

from __future__ import annotations

import hashlib


def completion_seed(seed: int, key: str, step: int, sample: int) -> int:
    """The random stream of one completion: 63 bits, the same on every machine and version."""
    words = f"{seed}/{step}/{sample}/{key}".encode()
    return int.from_bytes(hashlib.sha256(words).digest()[:8], "big") >> 1
