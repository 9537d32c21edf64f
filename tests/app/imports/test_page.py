"""Import without a browser: uploads on disk, what is read, shown and started."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.ui.imports.shown import as_csv
from app.ui.imports.uploads import Held, hold, keep, safe_name
from db.annotations import annotations_of
from db.engine import Database
from db.ingest import insert_rows
from db.jobs import create_job
from labeling.formats.preview import READ_ROWS, preview
from labeling.formats.reading import Rejection
from labeling.jobs.files import data_folder
from labeling.jobs.runner import run_job
from tests.support.pages import open_page, shown, words_of
from tests.support.rows import row

GOOD: dict[str, Any] = {"problem": "1 + 1?", "steps": ["It is 2.", "Done."], "labels": [1, -1]}


class Upload:
    """A file as the uploader gives it."""

    def __init__(self, name: str, content: bytes):
        self.file_id, self.name, self.content = name, name, content

    def getbuffer(self) -> memoryview:
        return memoryview(self.content)


def write(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def look_at(test: AppTest, *files: Path) -> AppTest:
    return test.text_area[0].set_value("\n".join(map(str, files))).run()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("mine.jsonl", "mine.jsonl"),
        ("../../etc/passwd", "passwd"),
        ("C:\\rows\\a b.json", "a-b.json"),
        ("..", "rows"),
        (".bashrc", "bashrc"),
        ("\u202e\x00ñ;$(x).jsonl", "x-.jsonl"),
        ("x" * 300 + ".json.gz", "x" * 72 + ".json.gz"),
    ],
)
def test_an_upload_is_stored_under_a_name_of_ours(given: str, name: str) -> None:
    assert safe_name(given) == name


def test_an_upload_that_is_taken_back_leaves_nothing(database: Database) -> None:
    held: dict[str, Held] = {}
    (one,) = hold([Upload("a.jsonl", b"x")], held)
    path = one.path
    assert path.read_bytes() == b"x"
    assert hold([Upload("a.jsonl", b"not read again")], held) == [one]
    assert hold([], held) == []
    assert not path.parent.exists()
    assert not (data_folder(database) / "uploads").exists()


def test_what_is_imported_is_kept_once(database: Database) -> None:
    held: dict[str, Held] = {}
    one, other = hold([Upload("a.jsonl", b"x"), Upload("b.jsonl", b"y")], held)
    first = keep(database, one.path)
    assert first.read_bytes() == b"x"
    assert first.is_relative_to(data_folder(database) / "uploads")
    assert keep(database, one.path) == first != keep(database, other.path)
    assert [file.name for file in first.parent.iterdir()] == ["a.jsonl"]
    hold([], held)


def test_only_the_beginning_of_a_file_of_bad_rows_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "bad.jsonl", *[{"problem": "1?"}] * (READ_ROWS + 500))
    found = preview([file], "jsonl")
    assert len(found.rejections) == READ_ROWS
    assert not found.complete


def test_the_csv_of_rejected_rows_computes_nothing() -> None:
    rows = list(csv.reader(as_csv([Rejection(Path("/x/a.jsonl"), 7, '=1+1, "x"')]).splitlines()))
    assert rows == [["file", "line", "reason"], ["a.jsonl", "7", '\'=1+1, "x"']]


def test_the_first_solutions_are_shown_as_they_will_look(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write(tmp_path / "mine.jsonl", GOOD, {"problem": "2 + 2?"}, GOOD | {"problem": "3?"})
    test = look_at(open_page(database, monkeypatch, "imports"), file)
    assert not test.exception
    assert "2 solutions as jsonl, recognised by its fields; 2 with labels, 1 row rejected." in (
        words_of(test)
    )
    (item,) = shown(test, "preview")["items"]
    assert item["steps"] == GOOD["steps"]
    assert [one["scores"] for one in item["annotators"]] == [[1.0, -1.0]]
    (row,) = shown(test, "rejected")["rows"]
    assert [cell["value"] for cell in row["cells"][:2]] == ["1", "2"]


def test_texts_are_cut_as_chosen_and_the_import_is_started_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[str, dict[str, Any]]] = []

    def start(_: Database, kind: str, params: dict[str, Any]) -> Any:
        started.append((kind, params))
        return create_job(database, kind, params)

    monkeypatch.setattr("labeling.jobs.runner.start_job", start)
    file = write(tmp_path / "texts.jsonl", {"problem": "1?", "solution": "<think>a\nb</think>\nc"})
    test = look_at(open_page(database, monkeypatch, "imports", split="lines"), file)
    assert shown(test, "preview")["items"][0]["steps"] == ["<think>a\nb</think>", "c"]
    given = {"split": "regex:", "pattern": "a", "through": "true"}
    again = look_at(open_page(database, monkeypatch, "imports", **given), file)
    assert shown(again, "preview")["items"][0]["steps"] == ["<think>a", "b</think>\nc"]
    (button,) = [one for one in test.button if one.label == "Import"]
    button.click().run()
    assert not test.exception
    params = {"format": "jsonl", "files": [str(file)], "strict": False, "split": "lines"}
    assert started == [("import", params)]
    assert test.query_params["job"]
    other = write(tmp_path / "others.jsonl", GOOD)
    assert "job" not in look_at(test, other).query_params


@pytest.mark.parametrize(
    ("content", "format", "told"),
    [
        ('{"a": 1}\n', "", "which no one format has"),
        (json.dumps(GOOD), "math-shepherd", "1 row rejected"),
        ("PK\x03\x04", "jsonl", "This cannot be read"),
    ],
)
def test_a_wrong_format_is_said_and_nothing_is_started(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str,
    format: str,
    told: str,
) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text(content)
    query = {"format": format} if format else {}
    test = look_at(open_page(database, monkeypatch, "imports", **query), file)
    assert not test.exception
    assert told.lower() in words_of(test).lower()
    assert "Import" not in [one.label for one in test.button]


def test_jobs_leads_here(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    test = open_page(database, monkeypatch, "jobs", start="Import")
    assert not test.exception
    assert "Import files" in [one.proto.label for one in test.get("page_link")]


def test_a_data_set_of_the_hub_is_left_to_the_command(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(database, monkeypatch, "imports")
    test.text_area[0].set_value("hf://datasets/a/b").run()
    assert "steplens import hf://" in words_of(test)


def test_scores_are_matched_shown_and_imported(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[str, dict[str, Any]]] = []

    def start(_: Database, kind: str, params: dict[str, Any]) -> Any:
        started.append((kind, params))
        job = create_job(database, kind, params)
        run_job(database, job.id)
        return job

    monkeypatch.setattr("labeling.jobs.runner.start_job", start)
    insert_rows(database, [row(number, external_id=f"u{number}") for number in range(3)])
    file = write(
        tmp_path / "theirs.jsonl",
        {"idx": "u1", "rewards": [0.9, 0.2]},
        {"idx": "u2", "rewards": [0.9]},
        {"idx": "u9", "rewards": [0.9, 0.2]},
    )
    given = {"what": "Scores", "dataset": "unit", "fields": "id=idx scores=rewards"}
    test = look_at(open_page(database, monkeypatch, "imports", **given), file)
    assert not test.exception
    assert "1 of 3 rows matched a solution; 2 rejected." in words_of(test)
    (item,) = shown(test, "scores preview")["items"]
    assert [one["scores"] for one in item["annotators"]] == [[0.9, 0.2]]
    assert len(shown(test, "rejected")["rows"]) == 2
    (button,) = [one for one in test.button if one.label.startswith("Import")]
    assert button.disabled
    (name,) = [one for one in test.text_input if one.label == "Called"]
    test = name.set_value("theirs").run()
    (button,) = [one for one in test.button if one.label == "Import"]
    test = button.click().run()
    assert not test.exception
    ((kind, params),) = started
    assert (kind, params["name"], params["files"]) == ("import_scores", "theirs", [str(file)])
    assert "Done: 1 of 3 rows matched a solution; prm:theirs annotated 1 solution" in words_of(test)
    assert [one.first_error for one in annotations_of(database, [1, 2, 3])] == [1]
    judged = look_at(open_page(database, monkeypatch, "imports", **given, kind="judge"), file)
    (threshold,) = [one for one in judged.number_input if one.label == "Threshold"]
    (item,) = shown(threshold.set_value(0.6).run(), "scores preview")["items"]
    # With a threshold a judge's scores are numbers, and not marks, here as anywhere.
    assert [one["threshold"] for one in item["annotators"]] == [0.6]
    wrong = open_page(database, monkeypatch, "imports", **(given | {"fields": "score=rewards"}))
    assert "There is no field 'score' to fill" in words_of(look_at(wrong, file))
