"""PRM scores by vLLM against ours: `make test-vllm`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import ModelError
from models.playground.world import gold_solution, sample_problems
from models.prm.load import load_scorer
from models.prm.transformers import load_prm

PRM = Path(__file__).parents[2] / "models" / "playground" / "checkpoints" / "prm"


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPLENS_VLLM", '{"dtype": "float32", "enforce_eager": true}')
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        yield


def test_scores_are_ours_to_a_thousandth() -> None:
    problems = sample_problems(40, 6)
    solutions = [(one.text, gold_solution(one)) for one in problems]
    # A separator in the problem is no step, and what is too long loses whole steps.
    solutions.append(("What is <extra_0>?", ["It is <extra_0>.", "Yes."]))
    solutions.append(("Long?", ["So 1 + 1 = 2 apples remain in the end."] * 200))
    ours, theirs = load_prm(str(PRM)).score(solutions), load_scorer(f"vllm:{PRM}").score(solutions)
    assert [[s is None for s in one] for one in ours] == [
        [s is None for s in one] for one in theirs
    ]
    assert None in ours[-1]
    apart = [
        abs(a - b)
        for one, other in zip(ours, theirs, strict=True)
        for a, b in zip(one, other, strict=True)
        if a is not None and b is not None
    ]
    print(f"vLLM and ours are at most {max(apart):.1e} apart, {os.cpu_count()} cores")
    assert max(apart) < 1e-3


def test_a_scheme_that_vllm_does_not_serve_is_refused() -> None:
    with pytest.raises(ModelError, match="scheme math-shepherd, which vLLM does not serve"):
        load_scorer(f"vllm:{PRM}", "math-shepherd")
