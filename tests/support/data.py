"""Finds the real public data that some tests read; it is not part of this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "STEPLENS_TEST_DATA"


def shared_data(relative: str) -> Path:
    """The file `relative` in $STEPLENS_TEST_DATA, or in ../shared/data beside this checkout.

    Without it the test is skipped, or fails under CI=true, where a skip would go unseen.
    """
    given = os.environ.get(VARIABLE)
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = (Path(given) if given else beside) / relative
    if path.exists():
        return path
    reason = f"no test data at {path}; set {VARIABLE} to the folder that holds {relative}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)
