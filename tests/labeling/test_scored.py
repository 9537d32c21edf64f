"""Scores of a project beside a reference, as the pages on a PRM's errors read them."""

from __future__ import annotations

import pytest

from db.annotations import save_wave
from db.annotators import ensure_annotator, find_annotator, save_training_problems
from db.engine import Database
from db.ingest import insert_rows
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord, ImportRow, SourceLabel
from labeling.evaluation.scored import UNGRADED, scored_solutions
from training.data import fingerprint
from training.metrics.processbench.scored import verdicts


def solution(number: int, first_error: int | None, is_correct: bool | None) -> ImportRow:
    said = () if first_error is None else (SourceLabel("people", (None, None), first_error),)
    return ImportRow(
        problem=f"problem {number}",
        steps=("a", "b"),
        generator=f"g{number % 2}",
        dataset="set",
        is_correct=is_correct,
        labels=said,
    )


def test_what_both_have_said_with_what_is_known_of_it(database: Database) -> None:
    rows = [solution(0, 1, False), solution(1, -1, True), solution(2, None, None)]
    insert_rows(database, [*rows, solution(3, -1, None)])
    config = {"model": "p", "threshold": 0.4, "revision": "r"}
    prm = ensure_annotator(database, "prm", "p", config)
    scores: list[tuple[float | None, ...]] = [(0.9, 0.3), (0.8, 0.9), (0.1, 0.1), (0.9, None)]
    said = [AnnotationRecord(n, prm.id, one, None, "ok", {}) for n, one in enumerate(scores, 1)]
    save_wave(database, prm.id, None, said)
    save_training_problems(database, "r", [fingerprint("problem 1")])
    reference = find_annotator(database, "human:people")

    found = scored_solutions(database, prm, reference)
    assert found.ids.tolist() == [1, 2, 4]  # the third has no reference
    assert found.answers.tolist() == [0, 1, UNGRADED]
    assert found.trained_on.tolist() == [False, True, False]
    assert [found.generator_names[one] for one in found.generators] == ["g0", "g1", "g1"]
    assert verdicts(found.scored, found.threshold).tolist() == [1, -1, -2]

    right = scored_solutions(database, prm, reference, SolutionFilter(answer="right"))
    assert right.ids.tolist() == [2]
    assert found.only(found.answers == 0).ids.tolist() == [1]
    with pytest.raises(ValueError, match="human:people has no threshold"):
        scored_solutions(database, reference, reference)
