"""McNemar's test: is one of two versions right more often, on the same solutions?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paired:
    """On how many solutions both versions are right, only one of them, or neither.

    `p_value` is exact and two-sided: how often a fair coin would split the solutions on which
    just one is right as unevenly, or more. 1 without any.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


def mcnemar(pairs: Iterable[tuple[bool, bool]]) -> Paired:
    """Compare two versions by (first is right, second is right) of each solution.

    McNemar 1947, with the binomial distribution itself instead of chi-squared.
    """
    found = Counter(pairs)
    first, second = found[True, False], found[False, True]
    return Paired(found[True, True], first, second, found[False, False], _p_value(first, second))


def _p_value(first: int, second: int) -> float:
    n, fewer = first + second, min(first, second)
    # In logarithms: 2 ** -n is 0 for a float from n = 1,075 on.
    whole = math.lgamma(n + 1) - n * math.log(2)
    tail = math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(fewer + 1)
    )
    return min(1.0, 2 * tail)
