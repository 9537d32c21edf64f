"""Annotation by vLLM as users run it, one process a command: `make test-vllm`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database, open_database

CHECKPOINTS = Path(__file__).parents[2] / "models" / "playground" / "checkpoints"
SETTINGS = {
    "STEPLENS_VLLM": '{"dtype": "float32", "enforce_eager": true}',
    "VLLM_CPU_KVCACHE_SPACE": "1",
}


def steplens(url: str, *words: str) -> str:
    """What the command printed; it must have gone well."""
    command = [str(Path(sys.executable).with_name("steplens")), "--db", url, *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **SETTINGS}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'project.db'}"
    steplens(url, "playground", "sample", "--problems", "12", "--solutions", "2", "--seed", "3")
    made = open_database(url)
    yield made
    made.close()


def verdicts(database: Database, label: str) -> dict[int, int | None]:
    annotator = find_annotator(database, label)
    told = annotations_of(database, list(range(1, 100)))
    return {one.solution_id: one.first_error for one in told if one.annotator_id == annotator.id}


def test_monte_carlo_goes_on_where_it_was(database: Database) -> None:
    asked = ("annotate", "mc", "--samples", "4", "--seed", "1", "--wave", "24", "--name", "p")
    model = ("--model", f"vllm:{CHECKPOINTS / 'policy'}")
    steplens(database.url, *asked, *model)
    found, truth = verdicts(database, "mc:p"), verdicts(database, "human:playground-truth")
    assert len(found) > 12
    exact = [found[solution] == error for solution, error in truth.items()]
    assert sum(exact) > 0.5 * len(exact)
    assert " 0 solutions annotated" in steplens(database.url, *asked, *model)


def test_the_judge_says_what_it_says_in_transformers(database: Database) -> None:
    asked = ("annotate", "judge", "--prompt", "playground")
    steplens(database.url, *asked, "--model", f"vllm:{CHECKPOINTS / 'judge'}", "--name", "v")
    steplens(database.url, *asked, "--model", "playground:judge", "--name", "t")
    one, other = verdicts(database, "judge:v"), verdicts(database, "judge:t")
    assert one.keys() == other.keys()
    assert sum(one[solution] == other[solution] for solution in one) >= len(one) - 2
