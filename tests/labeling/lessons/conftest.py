"""A small run, done once for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.labeling.lessons.command import lessons


@pytest.fixture(scope="package")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lessons(tmp_path_factory.mktemp("calm") / "lessons", workers=1)
