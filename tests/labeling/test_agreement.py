"""Agreement of annotators: the figures, their intervals, and what the database counts."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta, timezone
from itertools import combinations, count
from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.ingest import insert_rows
from db.lists.agreement import first_error_cells, verdicts_together, work_of_people
from db.schema import utcnow
from labeling.compare.agreement import alpha, compare, kappa, share, wilson_interval
from tests.support.rows import correction, fill, machine, row


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


def test_kappa_of_a_textbook_table() -> None:
    """Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1."""
    cells = {
        (0, 0): 75, (0, 1): 1, (0, 2): 4,
        (1, 0): 5, (1, 1): 4, (1, 2): 1,
        (2, 0): 0, (2, 1): 0, (2, 2): 10,
    }  # fmt: skip
    figure = kappa(cells)
    assert figure.value == pytest.approx(0.676, abs=5e-4)
    assert figure.low is not None
    assert figure.high is not None
    # The book's standard error is 0.088: the bootstrap's interval is of that size.
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * 0.088, rel=0.25)


def test_alpha_of_krippendorffs_example() -> None:
    """Computing Krippendorff's Alpha-Reliability (2011), example C: 4 observers, nominal 0.743."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = Counter(
        tuple(sorted(value for value in unit if value is not None))
        for unit in zip(*observers, strict=True)
    )
    assert alpha(units).value == pytest.approx(0.743, abs=5e-4)


def test_what_is_not_defined_is_said_and_not_a_number() -> None:
    nothing = compare({})
    assert (nothing.n, nothing.exact.value, nothing.kappa.value) == (0, None, None)
    assert nothing.alpha.why
    same = compare({(-1, -1): 20})
    assert same.exact.value == 1
    assert same.kappa.value is None
    assert same.alpha.value is None
    assert "the same" in same.kappa.why
    assert alpha({(1,): 5}).value is None
    assert share(0, 0).value is None


PAIRS = st.dictionaries(
    st.tuples(st.integers(-1, 4), st.integers(-1, 4)), st.integers(1, 30), min_size=1, max_size=12
)


@given(PAIRS)
def test_both_annotators_are_alike_to_every_figure(pairs: dict[tuple[int, int], int]) -> None:
    turned = {(b, a): n for (a, b), n in pairs.items()}
    one, other = compare(pairs), compare(turned)
    for name in ("exact", "binary", "kappa", "kappa_binary", "alpha"):
        a, b = getattr(one, name).value, getattr(other, name).value
        assert (a is None) == (b is None)
        assert a is None or a == pytest.approx(b)


@given(PAIRS)
def test_alpha_and_kappa_by_their_definitions(pairs: dict[tuple[int, int], int]) -> None:
    """Straight from the definitions, over every solution and every pair of values."""
    said = [cell for cell, n in pairs.items() for _ in range(n)]
    flat = [value for cell in said for value in cell]
    together = Counter(flat)
    n = len(flat)
    expected = sum(2 * together[a] * together[b] for a, b in combinations(sorted(together), 2)) / (
        n * (n - 1)
    )
    observed = sum(a != b for a, b in said) / len(said)
    figure = compare(pairs).alpha
    if expected:
        assert figure.value == pytest.approx(1 - observed / expected)
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= figure.value <= figure.high + 1e-12
    else:
        assert figure.value is None
    ones, others = Counter(a for a, _ in said), Counter(b for _, b in said)
    chance = sum(ones[label] * others[label] for label in together) / len(said) ** 2
    if chance < 1:
        assert kappa(pairs).value == pytest.approx((1 - observed - chance) / (1 - chance))


@given(PAIRS)
def test_perfect_agreement_is_one(pairs: dict[tuple[int, int], int]) -> None:
    diagonal = {(a, a): n for (a, _), n in pairs.items()}
    figures = compare(diagonal)
    assert figures.exact.value == 1
    assert figures.kappa.value in (1, None)
    assert figures.alpha.value in (1, None)


def test_the_database_counts_what_python_counts(database: Database) -> None:
    chance = random.Random(4)
    insert_rows(database, [row(n, dataset=f"d{n % 2}") for n in range(60)])
    told = {
        kind: {n: chance.choice((None, -1, 0, 1)) for n in range(1, 61) if chance.random() < 0.9}
        for kind in ("mc", "judge", "prm")
    }
    who = {kind: machine(database, kind, verdicts).id for kind, verdicts in told.items()}
    for dataset in (None, "d0"):
        ids = [n for n in range(1, 61) if dataset is None or (n - 1) % 2 == 0]
        wanted = Counter(
            (told["mc"][n], told["judge"][n])
            for n in ids
            if told["mc"].get(n) is not None and told["judge"].get(n) is not None
        )
        cells = first_error_cells(database, who["mc"], who["judge"], dataset)
        assert {(a, b): n for a, b, n in cells} == wanted
        units = Counter(
            tuple(sorted(verdict for v in told.values() if (verdict := v.get(n)) is not None))
            for n in ids
        )
        del units[()]
        assert verdicts_together(database, list(who.values()), dataset) == units


def test_the_work_of_people_is_what_no_undo_took_back(database: Database) -> None:
    fill(database, 5)
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    skip = {"action": "skip", "labels": None, "first_error": None}
    acts = [
        correction(1, ann.id, "a1", seconds=4.0),
        correction(2, ann.id, "a2", seconds=10.0, flags=("unsure",)),
        correction(3, ann.id, "a3", seconds=99.0),
        correction(3, ann.id, "a4", action="undo", undoes="a3", labels=None),
        correction(4, ann.id, "a5", **skip),
        correction(1, ann.id, "a6", seconds=6.0),  # changed: one label, not two
        correction(1, bob.id, "b1", seconds=None),
    ]
    append_corrections(database, acts)
    one, other = work_of_people(database, utcnow() - timedelta(minutes=1))
    assert (one.person.name, one.labelled, one.skipped, one.flagged, one.today) == (
        "ann", 2, 1, 1, 3,
    )  # fmt: skip
    assert one.median == 8
    assert (other.labelled, other.median, other.quartiles) == (1, None, None)
    assert work_of_people(database, utcnow() + timedelta(hours=1))[0].today == 0
    elsewhere = timezone(timedelta(hours=-11))  # Where the clock is behind, midnight was no later.
    assert [one.today for one in work_of_people(database, utcnow().astimezone(elsewhere))] == [0, 0]


def test_the_times_of_people_are_the_quartiles_of_all_their_labels(database: Database) -> None:
    fill(database, 9)
    chance, token = random.Random(0), count()
    times = {
        f"person {n}": [chance.choice((1.5, 2, 3.25, 60)) for _ in range(n)] for n in range(10)
    }
    for name, seconds in times.items():
        who = ensure_reviewer(database, name).id
        append_corrections(
            database,
            [
                correction(place, who, f"token-{next(token)}", seconds=one)
                for place, one in enumerate(seconds, 1)
            ],
        )
    done = {one.person.name: one for one in work_of_people(database, utcnow())}
    assert done.keys() == times.keys() - {"person 0"}
    for name, work in done.items():
        assert work.median == median(times[name])
        expected = quantiles(times[name], method="inclusive") if len(times[name]) > 1 else None
        assert work.quartiles == (None if expected is None else (expected[0], expected[2]))
