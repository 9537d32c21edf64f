"""Scores from files: whom a row is about, what is stored of it, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from db import jobs
from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.schema import Annotation, Solution
from labeling.jobs.context import JobCancelled
from labeling.jobs.runner import run_job
from labeling.scores import job as scores
from tests.support.rows import row


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return path


def table(path: Path, *rows: dict[str, Any]) -> Path:
    names = {name: None for row in rows for name in row}
    pq.write_table(pa.Table.from_pylist([names | row for row in rows]), path)
    return path


def solutions(database: Database, count: int = 4) -> list[int]:
    """Solutions of two steps, the data set "unit" calling them "u0", "u1" and so on."""
    insert_rows(database, [row(number, external_id=f"u{number}") for number in range(count)])
    with database.read() as session:
        return list(session.scalars(select(Solution.id).order_by(Solution.id)))


def bring(database: Database, *files: Path, **params: Any) -> dict[str, Any]:
    wanted = {"files": [str(file) for file in files], "kind": "prm", "name": "theirs", **params}
    return run_job(database, jobs.create_job(database, "import_scores", wanted).id)


def stored(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Annotation)) or 0


@pytest.mark.parametrize("write", [lines, table])
def test_a_row_names_its_solution_in_each_of_three_ways(
    database: Database, tmp_path: Path, write: Any
) -> None:
    ids = solutions(database)
    third = row(2)
    rows = [
        {"solution_id": ids[0], "scores": [0.9, 0.8]},
        {"dataset": "unit", "id": "u1", "scores": [0.9, 0.2]},
        {"problem": third.problem, "steps": list(third.steps), "scores": [0.1, 0.2]},
    ]
    result = bring(database, write(tmp_path / "scores", *rows))
    assert (result["rows"], result["matched"], result["rejected"]) == (3, 3, 0)
    found = [annotations_of(database, [id])[0] for id in ids[:3]]
    assert [one.first_error for one in found] == [-1, 1, 0]
    assert [list(one.scores) for one in found] == [[0.9, 0.8], [0.9, 0.2], [0.1, 0.2]]
    assert annotations_of(database, [ids[3]]) == []


def test_ids_alone_go_with_the_data_set_that_is_named_once(
    database: Database, tmp_path: Path
) -> None:
    solutions(database)
    file = lines(tmp_path / "scores.jsonl", {"idx": "u1", "out": {"rewards": [0.9, 0.2]}})
    names = {"id": "idx", "scores": "out.rewards"}
    assert bring(database, file, dataset="unit", fields=names)["matched"] == 1


def test_what_does_not_fit_is_reported_by_line_and_the_rest_goes_in(
    database: Database, tmp_path: Path
) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "scores.jsonl",
        {"solution_id": ids[0], "scores": [0.9, 0.8]},
        {"solution_id": ids[1], "scores": [0.9]},
        {"solution_id": ids[1], "scores": [0.9, float("nan")]},
        {"solution_id": ids[1], "scores": [0.9, 1.5]},
        {"solution_id": 10**6, "scores": [0.9, 0.8]},
        {"dataset": "unit", "id": "nobody", "scores": [0.9, 0.8]},
        {"solution_id": ids[1]},
        {"id": "u1", "scores": [0.9, 0.8]},
        {"solution_id": ids[1], "steps": ["something", "else"], "scores": [0.9, 0.8]},
        {"solution_id": ids[1], "first_error": 2},
    )
    result = bring(database, file)
    assert (result["rows"], result["matched"], result["rejected"]) == (10, 1, 9)
    said = {one["lines"][0]: one["reason"] for one in result["rejections"]}
    assert sorted(line for one in result["rejections"] for line in one["lines"]) == [*range(2, 11)]
    assert "a list of 2" in said[2]
    assert "NaN is not JSON" in said[3]
    assert "scores[1] must be a number from 0 to 1 or null, not 1.5" in said[4]
    assert "there is no solution 1000000" in said[5]
    assert "no solution of the data set unit has the id nobody" in said[6]
    assert "neither scores nor first_error" in said[7]
    assert "name that too" in said[8]
    assert "other steps" in said[9]
    assert stored(database) == 1


def test_a_nan_in_parquet_is_no_score(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    file = table(tmp_path / "s", {"solution_id": ids[0], "scores": [0.9, float("nan")]})
    (reason,) = bring(database, file)["rejections"]
    assert "scores[1] must be a number from 0 to 1" in reason["reason"]
    assert stored(database) == 0


def test_of_two_rows_on_one_solution_the_first_stays_and_the_other_is_reported(
    database: Database, tmp_path: Path
) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "scores.jsonl",
        {"solution_id": ids[0], "scores": [0.9, 0.8]},
        {"dataset": "unit", "id": "u0", "scores": [0.1, 0.8]},
        {"solution_id": ids[0], "scores": [0.9, 0.8]},
    )
    result = bring(database, file)
    assert (result["matched"], result["solutions"], result["known"]) == (3, 1, 2)
    (note,) = result["notes"]
    assert note["lines"] == [2]
    assert "differently; what came first stays" in note["reason"]
    assert list(annotations_of(database, [ids[0]])[0].scores) == [0.9, 0.8]


def test_a_reward_is_one_number_for_the_whole_solution(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "orm.jsonl",
        {"solution_id": ids[0], "pred": 6.5},
        {"solution_id": ids[1], "pred": -800},
        {"solution_id": ids[2], "pred": "high"},
        {"solution_id": ids[3], "scores": [0.5, 0.5]},
    )
    result = bring(database, file, fields={"reward": "pred"})
    assert (result["matched"], result["rejected"], result["threshold"]) == (2, 2, None)
    assert find_annotator(database, "prm:theirs").gives_rewards
    good, bad = annotations_of(database, ids[:2])
    assert (good.evidence["reward"], good.first_error, bad.evidence["reward"]) == (6.5, None, -800)
    assert good.scores[0] is None
    assert good.scores[1] == pytest.approx(1 / (1 + 2.718281828**-6.5))
    assert bad.scores == (None, 0)
    assert bring(database, file, fields={"reward": "pred"}, again=1)["known"] == 2


def test_importing_twice_adds_nothing(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "scores.jsonl", *({"solution_id": id, "scores": [0.9, 0.2]} for id in ids)
    )
    assert (bring(database, file)["solutions"], stored(database)) == (4, 4)
    again = bring(database, file)
    assert (again["matched"], again["solutions"], again["known"]) == (4, 0, 4)
    assert stored(database) == 4


def test_a_file_that_has_changed_is_refused_under_the_same_name(
    database: Database, tmp_path: Path
) -> None:
    ids = solutions(database)
    file = lines(tmp_path / "scores.jsonl", {"solution_id": ids[0], "scores": [0.9, 0.8]})
    bring(database, file)
    lines(file, {"solution_id": ids[0], "scores": [0.1, 0.1]})
    with pytest.raises(DatabaseError, match=r"changed since.*name of their own"):
        bring(database, file)
    assert list(annotations_of(database, [ids[0]])[0].scores) == [0.9, 0.8]
    bring(database, file, name="changed")
    assert stored(database) == 2


def test_the_threshold_decides_and_can_be_changed_later(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    file = lines(tmp_path / "scores.jsonl", {"solution_id": ids[0], "scores": [0.9, 0.6]})
    bring(database, file, threshold=0.7)
    assert annotations_of(database, [ids[0]])[0].first_error == 1
    wanted = {"annotator": "prm:theirs", "threshold": 0.5}
    run_job(database, jobs.create_job(database, "rethreshold", wanted).id)
    assert annotations_of(database, [ids[0]])[0].first_error == -1
    assert bring(database, file)["threshold"] == 0.5  # It goes on with what it was given since.
    assert annotations_of(database, [ids[0]])[0].first_error == -1
    with pytest.raises(DatabaseError, match=r"at the threshold 0\.5"):
        bring(database, file, threshold=0.7)


def test_where_scores_came_from_stays_with_their_annotator(
    database: Database, tmp_path: Path
) -> None:
    ids = solutions(database)
    bring(database, lines(tmp_path / "s.jsonl", {"solution_id": ids[0], "scores": [0.9, 0.6]}))
    theirs = find_annotator(database, "prm:theirs")
    assert theirs.from_file
    assert "model" not in theirs.config
    (file,) = theirs.config["files"]
    assert (file["name"], file["rows"], len(file["sha256"])) == ("s.jsonl", 1, 64)


def test_a_judge_brings_its_reply_and_votes(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "judge.jsonl",
        {"solution_id": ids[0], "first_error": 1, "critique": "No.", "reply": "Step 2 <b>is</b>"},
        {"solution_id": ids[1], "votes": [1, 1, -1]},
        {"solution_id": ids[2], "first_error": None, "reply": "hm"},
    )
    bring(database, file, kind="judge")
    first, voted, silent = (annotations_of(database, [id])[0] for id in ids[:3])
    assert first.evidence["critiques"] == [None, "No."]
    assert first.evidence["reply"] == "Step 2 <b>is</b>"
    assert (voted.first_error, voted.evidence["votes"]["n"]) == (1, 3)
    assert (silent.first_error, silent.status) == (None, "unparsed")


def test_monte_carlo_counts_are_rates(database: Database, tmp_path: Path) -> None:
    ids = solutions(database)
    row = {"solution_id": ids[0], "successes": [6, 0], "trials": [8, 8]}
    bring(database, lines(tmp_path / "mc.jsonl", row), kind="mc")
    found = annotations_of(database, [ids[0]])[0]
    assert (list(found.scores), found.first_error) == ([0.75, 0.0], 1)


def test_a_stopped_import_goes_on_and_stores_what_an_undisturbed_one_does(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "CHUNK", 3)
    ids = solutions(database, 10)
    file = lines(
        tmp_path / "scores.jsonl", *({"solution_id": id, "scores": [0.9, 0.2]} for id in ids)
    )
    wanted = {"files": [str(file)], "kind": "prm", "name": "theirs"}
    job = jobs.create_job(database, "import_scores", wanted)

    def stop(done: int, total: int, message: str) -> None:
        if done:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        run_job(database, job.id, stop)
    assert 0 < stored(database) < 10
    result = run_job(database, jobs.create_job(database, "import_scores", wanted).id)
    assert (result["matched"], stored(database)) == (10, 10)
    assert result["solutions"] + result["known"] == 10
