"""The components' pure rules, in Node: `node --test tests/*/rules/*.test.js`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*/rules/*.test.js"))


def node() -> str:
    """Where Node is. Without it the test skips, except under CI=true, where it fails."""
    path = shutil.which("node")
    if path:
        return path
    why = "no `node` on the PATH: the rules of the components are tested in it"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}-{file.name}")
def test_rules(file: Path) -> None:
    ran = subprocess.run(
        [node(), "--test", "--test-reporter=tap", str(file)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    assert passed is not None, ran.stdout
    assert int(passed[1]) > 0
