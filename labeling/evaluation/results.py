"""Results as JSON that every database takes."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any


def plain(result: Any) -> dict[str, Any]:
    """As JSON that every database takes: what is not defined is null, not NaN."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: clean(inner) for name, inner in value.items()}
        return None if isinstance(value, float) and math.isnan(value) else value

    return {name: clean(value) for name, value in asdict(result).items()}
