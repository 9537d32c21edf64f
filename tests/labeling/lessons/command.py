"""`steplens lessons` as a process, at its small size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def command(out: Path, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "app.cli", "lessons", "--size", "small", "--out", str(out),
        "--workers", str(workers),
    ]  # fmt: skip


def lessons(out: Path, workers: int) -> Path:
    done = subprocess.run(
        command(out, workers), env=ENVIRONMENT, capture_output=True, text=True, timeout=540
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def report(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    del told["spent"]
    return told
