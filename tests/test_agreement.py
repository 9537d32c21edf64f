"""Agreement of two annotators, with its interval."""

from __future__ import annotations

import pytest

from labeling.agreement import Agreement, agreement, cross_table, wilson_interval


def test_agreement_counts_exact_first_errors_and_leaves_out_missing_verdicts() -> None:
    mine = [1, -1, 2, None, 0, None]
    other = [1, -1, 1, 3, None, None]
    result = agreement(mine, other)
    assert (result.n, result.same, result.excluded) == (3, 2, 3)
    assert result.share == pytest.approx(2 / 3)
    assert result == agreement(other, mine)


def test_nothing_in_common_is_no_share() -> None:
    assert agreement([None], [1]) == Agreement(0, 0, 1, None, 0.0, 1.0)
    with pytest.raises(ValueError, match="argument"):
        agreement([1], [])


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # 15 of 148 is Newcombe's worked example (Statistics in Medicine 1998, method 3).
    [
        (15, 148, 0.0624, 0.1605),
        (81, 263, 0.2553, 0.3662),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_wilson(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == (
        pytest.approx(low, abs=1e-4),
        pytest.approx(high, abs=1e-4),
    )
    mirrored = wilson_interval(n - successes, n)
    assert mirrored == (pytest.approx(1 - high, abs=1e-4), pytest.approx(1 - low, abs=1e-4))


def test_an_impossible_share_is_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        wilson_interval(3, 2)


def test_the_cross_table_counts_every_solution_once_in_order() -> None:
    table = cross_table([1, -1, 1, None, 1], [1, 0, 2, -1, 1])
    assert table == {(-1, 0): 1, (1, 1): 2, (1, 2): 1, (None, -1): 1}
    assert list(table) == [(-1, 0), (1, 1), (1, 2), (None, -1)]
