"""A mistyped --db makes no project: only what fills one creates it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.main import main

MODEL = ("--model", "playground:policy")
ASKING = (
    ("annotate", "mc", *MODEL),
    ("annotate", "mc", *MODEL, "--dry-run"),
    ("annotate", "judge", *MODEL),
    ("annotate", "prm", *MODEL),
    ("consensus", "mc:a"),
    ("export", "consensus", "out"),
    ("evaluate", "processbench", "--annotator", "prm:a", "--reference", "human:b"),
    ("evaluate", "best-of-n", "--annotator", "prm:a"),
    ("app",),
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def steplens(*words: str) -> Result:
    return CliRunner().invoke(main, ["--db", "sqlite:///mistyped.db", *words])


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_command_that_asks_of_a_project_creates_none(here: Path, words: tuple[str, ...]) -> None:
    done = steplens(*words)
    assert done.exit_code == 1
    assert f"there is no database {here / 'mistyped.db'}" in done.output
    assert "steplens --db sqlite:///mistyped.db db upgrade" in done.output
    assert list(here.iterdir()) == []


def test_doctor_says_that_there_is_none(here: Path) -> None:
    done = steplens("doctor")
    assert "there is no database" in " ".join(done.output.split())
    assert list(here.iterdir()) == []


def test_an_import_creates_the_project_once_its_files_are_there(here: Path) -> None:
    assert "there is no file" in steplens("import", "jsonl", "one.jsonl").output
    assert list(here.iterdir()) == []
    (here / "one.jsonl").write_text(json.dumps({"problem": "1 + 1?", "steps": ["2"]}) + "\n")
    assert steplens("import", "jsonl", "one.jsonl").exit_code == 0
    assert (here / "mistyped.db").is_file()


def test_db_upgrade_creates_the_project(here: Path) -> None:
    assert steplens("db", "upgrade").exit_code == 0
    assert (here / "mistyped.db").is_file()
