"""What the scores of a PRM amount to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from db import jobs
from db.annotations import annotations_of
from db.engine import Database
from labeling.jobs.runner import run_job
from models.prm import load as prms
from models.prm.schemes import OWN
from tests.support.rows import fill


class Scripted:
    """A PRM that gives every solution the same scores."""

    scheme, revision, warning = OWN, "1", None

    def __init__(self, scores: list[float | None]) -> None:
        self.scores = scores

    def score(self, solutions: Sequence[tuple[str, Sequence[str]]]) -> list[list[float | None]]:
        return [list(self.scores) for _ in solutions]


@pytest.mark.parametrize(
    ("scores", "status", "first_error", "dropped"),
    [
        ([0.9, 0.8], "ok", -1, 0),
        ([0.9, 0.2], "ok", 1, 0),
        ([0.2, None], "ok", 0, 1),
        ([0.9, None], "unfinished", None, 1),
        ([None, None], "unfinished", None, 2),
    ],
)
def test_a_solution_cut_before_any_error_is_unfinished(
    scores: list[float | None],
    status: str,
    first_error: int | None,
    dropped: int,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(database, 2)
    monkeypatch.setattr(prms, "load_scorer", lambda *_: Scripted(scores))
    result = run_job(database, jobs.create_job(database, "annotate_prm", {"model": "prm"}).id)
    stored = annotations_of(database, [1, 2])
    assert len(stored) == 2
    for one in stored:
        assert (one.status, one.first_error) == (status, first_error)
        assert one.scores == tuple(scores)
        assert one.evidence["steps_dropped"] == dropped
        assert (one.margin is None) == (first_error is None)
    assert result["steps_dropped"] == 2 * dropped
