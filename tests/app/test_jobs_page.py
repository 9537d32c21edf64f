"""The Jobs page: starting a job, and what it shows of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from db.ingest import insert_rows
from db.jobs import create_job, list_jobs, queue_job, wait_for_process
from db.records import ImportRow
from labeling.jobs.runner import run_job
from tests.support.pages import open_page, shown, words_of


def test_a_job_is_started_from_its_form_and_a_second_start_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, dict[str, Any]]] = []

    def start(_: Database, kind: str, params: dict[str, Any]) -> Any:
        if started:
            raise ValueError("already running")
        started.append((kind, params))
        return create_job(database, kind, params)

    monkeypatch.setattr("labeling.jobs.runner.start_job", start)
    test = open_page(database, monkeypatch, "jobs", start="Playground")
    test.button[0].click().run()
    assert started == [("sample", {"problems": 100, "solutions": 4, "seed": 0})]
    assert list_jobs(database)[0].kind == "sample"
    test.button[0].click().run()
    assert not test.exception
    assert "Already running." in words_of(test)


def test_open_answers_are_graded_from_the_app(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, dict[str, Any]]] = []

    def start(_: Database, kind: str, params: dict[str, Any]) -> Any:
        started.append((kind, params))
        return create_job(database, kind, params)

    monkeypatch.setattr("labeling.jobs.runner.start_job", start)
    rows = [
        ImportRow(f"1 + 1, {name}?", ("2",), "g", name, gold_answer="2") for name in ("d1", "d2")
    ]
    insert_rows(database, rows)
    test = open_page(database, monkeypatch, "jobs", start="Grade answers")
    (dataset,) = [box for box in test.selectbox if box.label == "Data set"]
    assert dataset.options == ["d1", "d2"]
    test.button[0].click().run()
    assert not test.exception
    # In the words of `steplens grade`, so that either goes on with what the other began.
    assert started == [("grade", {"dataset": None})]


def test_the_project_is_exported_from_the_app_to_a_path_that_it_says(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def start(_: Database, kind: str, params: dict[str, Any]) -> Any:
        job = create_job(database, kind, params)
        run_job(database, job.id)
        return job

    monkeypatch.setattr("labeling.jobs.runner.start_job", start)
    insert_rows(database, [ImportRow("1 + 1?", ("2",), "g", "d")])
    overview = open_page(database, monkeypatch, "overview")
    assert "jobs?start=Export+the+project" in str(shown(overview, "export project"))
    test = open_page(database, monkeypatch, "jobs", start="Export the project")
    assert str(test.text_input[0].value).endswith("exports/project-1.jsonl.gz")
    test.text_input[0].set_value(str(tmp_path / "mine.jsonl.xz"))
    test.button[0].click().run()
    assert not test.exception
    assert (tmp_path / "mine.jsonl.xz").read_bytes()[:4] == b"\xfd7zX"
    assert str(tmp_path / "mine.jsonl.xz") in str(shown(test, "path of the export"))
    test.button[0].click().run()  # It is there, and is not written over.
    (job, _) = list_jobs(database)
    assert (job.status, "is there already" in job.message) == ("failed", True)


def test_rejected_rows_stand_in_a_table(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [{"problem": "1 + 1?", "steps": ["2"]}, {"problem": "2 + 2?"}]
    file = tmp_path / "some.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    params = {"format": "jsonl", "files": [str(file)], "strict": False}
    run_job(database, create_job(database, "import", params).id)
    test = open_page(database, monkeypatch, "jobs")
    drawn = shown(test, "rejections")
    assert [column["label"] for column in drawn["columns"]] == [
        "Rejected",
        "File",
        "Lines",
        "Reason",
    ]
    (row,) = drawn["rows"]
    count, name, lines, reason = (cell["value"] for cell in row["cells"])
    assert (count, name, lines) == ("1", "some.jsonl", "2")
    assert "steps" in reason
    assert "reason" not in json.dumps(shown(test, "result"))  # not as a Python dict, too


def test_a_job_whose_process_died_before_it_began_can_be_resumed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = create_job(database, "sample", {"problems": 1, "solutions": 1, "seed": 0})
    queue_job(database, job.id)
    test = open_page(database, monkeypatch, "jobs")
    assert "waiting" in words_of(test)
    wait_for_process(database, job.id, 2**22 + 1)  # No machine has this process.
    test.run()
    assert "stopped" in words_of(test)
    assert "Resume" in [button.label for button in test.button]
