"""The number of solutions kept: one on Overview and on Consensus, or why there are two."""

from __future__ import annotations

import pytest

from app.ui import counts
from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from labeling.consensus.rule import Rule
from labeling.consensus.run import run_consensus
from tests.support.pages import open_page, words_of
from tests.support.rows import correction, fill, machine


def test_a_number_that_changed_since_it_was_remembered_says_why(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(database, 3)
    machine(database, "mc", dict(zip(ids, (1, -1, 0), strict=True)))
    machine(database, "judge", dict(zip(ids, (1, -1, 1), strict=True)))
    run_consensus(database, Rule(("mc:mc", "judge:judge")))
    assert "when it was remembered" not in words_of(open_page(database, monkeypatch, "consensus"))
    ann = ensure_reviewer(database, "ann")
    append_corrections(database, [correction(ids[2], ann.id, "settled")])
    counts.forget(database)  # which a slow server would be shown for a while
    said = words_of(open_page(database, monkeypatch, "consensus"))
    assert "It kept 2 when it was remembered" in said
    assert "3 with all that was annotated and corrected since" in said
