"""Time left: measured over the last half minute, and said only once it means something."""

from __future__ import annotations

import pytest

from app.ui.pace import Pace


def watched(*seen: tuple[float, int]) -> Pace:
    pace = Pace()
    for now, done in seen:
        pace.saw(now, done)
    return pace


def test_nothing_is_said_before_a_twentieth_is_done() -> None:
    pace = watched((0, 0), (10, 20), (20, 40))
    assert pace.seconds_left(20, 1000) is None
    pace.saw(30, 60)
    assert pace.seconds_left(30, 1000) == pytest.approx(470)
    assert watched((0, 300)).seconds_left(9, 1000) is None  # one look is no pace


def test_what_was_slow_or_fast_long_ago_does_not_count() -> None:
    """A slow start (a model is loaded), then ten a second."""
    pace = watched((0, 0), (600, 10), *((600 + t, 10 + 10 * t) for t in range(1, 61)))
    assert pace.seconds_left(660, 1000) == pytest.approx(39, rel=0.01)
    # Resumed: half of it was stored and flew by, the rest is as slow as it is.
    resumed = watched((0, 0), (2, 500), *((2 + t, 500 + t) for t in range(1, 61)))
    assert resumed.seconds_left(62, 1000) == pytest.approx(440, rel=0.05)


def test_long_waves_are_measured_from_wave_to_wave_and_count_down_between() -> None:
    pace = watched((0, 100), (60, 200), (120, 300))
    assert pace.seconds_left(120, 500) == pytest.approx(120)
    pace.saw(150, 300)
    assert pace.seconds_left(150, 500) == pytest.approx(90)
    pace.saw(999, 300)
    assert pace.seconds_left(999, 500) == 0


def test_a_job_that_begins_anew_is_measured_anew() -> None:
    pace = watched((0, 0), (10, 500), (20, 0))
    assert pace.seconds_left(20, 1000) is None
