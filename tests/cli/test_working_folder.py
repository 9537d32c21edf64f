"""No process that a command starts takes what lies in the working folder for a module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from app.cli.main import main

if __name__ == "__main__":
    main()
"""


def test_grading_starts_beside_modules_with_common_names(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    program = elsewhere / "steplens.py"
    program.write_text(PROGRAM)
    for name in ("signal", "queue", "random", "models", "db"):
        (here / f"{name}.py").write_text("raise SystemExit('not this one')")
    answer = {"final_answer": "x^2 + 1", "gold_answer": "1 + x^2"}
    row = {"problem": "Which sum?", "steps": ["This one."], **answer}
    (here / "one.jsonl").write_text(json.dumps(row) + "\n")
    for words in (("import", "jsonl", "one.jsonl"), ("grade",)):
        done = subprocess.run(
            [sys.executable, str(program), *words],
            cwd=here,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "1 right" in done.stdout
