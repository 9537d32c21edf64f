"""McNemar's exact test by hand, against the binomial sum, and at sizes where floats underflow."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.mcnemar import Paired, mcnemar


def test_by_hand() -> None:
    pairs = [(True, True)] * 5 + [(True, False)] * 1 + [(False, True)] * 6 + [(False, False)] * 2
    # Of 7 that differ, 1 or fewer for the one: (1 + 7) / 128, and as much for the other.
    found = mcnemar(pairs)
    assert found.p_value == pytest.approx(16 / 128)
    assert found == Paired(5, 1, 6, 2, found.p_value)


def test_two_that_never_differ_are_not_told_apart() -> None:
    assert mcnemar([(True, True), (False, False)]).p_value == 1
    assert mcnemar([]).p_value == 1


@given(st.integers(0, 40), st.integers(0, 40))
def test_it_is_the_binomial_sum(first: int, second: int) -> None:
    n, fewer = first + second, min(first, second)
    exact = min(1.0, 2 * sum(comb(n, k) for k in range(fewer + 1)) / 2**n)
    pairs = [(True, False)] * first + [(False, True)] * second
    assert mcnemar(pairs).p_value == pytest.approx(exact)
    swapped = mcnemar([(two, one) for one, two in pairs])
    assert swapped.p_value == pytest.approx(exact)


def test_many_solutions() -> None:
    """Of 10,000 that differ, 5,100 against 4,900: 2 standard deviations, p = 0.0466."""
    pairs = [(True, False)] * 5_100 + [(False, True)] * 4_900
    assert mcnemar(pairs).p_value == pytest.approx(0.0466, abs=0.0005)
