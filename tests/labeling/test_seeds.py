"""The random streams of completions."""

from __future__ import annotations

from labeling.seeds import completion_seed


def test_seeds_are_stable_distinct_and_fit_a_signed_64_bit_integer() -> None:
    assert completion_seed(0, "ab", 1, 2) == 6974980186390703301
    seeds = {
        completion_seed(seed, name, step, sample)
        for seed in (0, 1)
        for name in ("a", "b", "1/a")
        for step in range(12)
        for sample in range(12)
    }
    assert len(seeds) == 2 * 3 * 12 * 12
    assert all(0 <= seed < 2**63 for seed in seeds)
