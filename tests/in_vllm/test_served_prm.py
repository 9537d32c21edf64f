"""The client of docs/rewards.md against a PRM behind vLLM's own server: `make test-vllm`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from models.names import SEPARATOR
from models.playground.world import gold_solution, sample_problems
from models.prm.transformers import load_prm
from tests.in_vllm.test_server import serving

ROOT = Path(__file__).parents[2]
PRM = ROOT / "models" / "playground" / "checkpoints" / "prm"
PORT = 8378


def documented_client() -> Callable[[str, list[str]], list[float]]:
    """`score` as the page has it, but for the address."""
    page = (ROOT / "docs" / "rewards.md").read_text("utf-8")
    (code,) = (
        one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "/pooling" in one
    )
    made: dict[str, Callable[[str, list[str]], list[float]]] = {}
    exec(code.replace("localhost:8000", f"127.0.0.1:{PORT}"), made)
    return made["score"]


def test_the_documented_client_gets_our_scores(tmp_path: Path) -> None:
    step = AutoTokenizer.from_pretrained(PRM).convert_tokens_to_ids(SEPARATOR)
    pooling = json.dumps({"tok_pooling_type": "STEP", "step_tag_id": step})
    words = ["--model", str(PRM), "--served-model-name", "prm", "--no-enable-chunked-prefill"]
    words += ["--runner", "pooling", "--pooler-config", pooling]
    solutions = [(one.text, gold_solution(one)) for one in sample_problems(8, 7)]
    solutions.append(("Tom has 3 apples and buys 4.", ["He has 3 + 4 = 8.", "The answer is 8."]))
    ours = load_prm(str(PRM)).score(solutions)
    with serving(words, PORT, tmp_path / "log"):
        score = documented_client()
        for (problem, steps), expected in zip(solutions, ours, strict=True):
            assert score(problem, steps) == pytest.approx(expected, abs=1e-3)
