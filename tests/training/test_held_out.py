"""The part of the problems that is never trained on: stable, of its share, growing with it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data import HeldOut

SHARES = st.floats(0, 0.99)


@given(problem=st.text(), share=SHARES, larger=SHARES, seed=st.integers(0, 99))
def test_a_larger_share_holds_all_that_a_smaller_one_holds(
    problem: str, share: float, larger: float, seed: int
) -> None:
    small, large = sorted((share, larger))
    assert problem not in HeldOut(0, seed)
    assert problem not in HeldOut(small, seed) or problem in HeldOut(large, seed)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_share_is_the_share(share: float, seed: int) -> None:
    n = 5_000
    held = sum(f"What is {number} + 1?" in HeldOut(share, seed) for number in range(n))
    assert abs(held - share * n) < 4 * math.sqrt(n * share * (1 - share))


def test_another_seed_holds_out_others() -> None:
    problems = [f"problem {number}" for number in range(1_000)]
    one, other = ({p for p in problems if p in HeldOut(0.2, seed)} for seed in (0, 1))
    assert len(one & other) < 0.5 * len(one)


def test_a_side_is_for_good() -> None:
    """Other versions and machines must agree: stored exports and checkpoints rely on it."""
    told = "".join("x" if f"problem {number}" in HeldOut(0.2) else "." for number in range(40))
    assert told == ".......x.x...x.x......x...xxx......x...."


@pytest.mark.parametrize("share", [-0.1, 1, 1.5])
def test_a_share_is_from_0_to_below_1(share: float) -> None:
    with pytest.raises(ValueError, match="from 0 to below 1"):
        HeldOut(share)
