"""A job in a process of its own: how it is started, and what others on the machine see of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from db.engine import Database
from db.jobs import get_job, is_alive
from db.records import JobRecord
from labeling.jobs.files import job_log
from labeling.jobs.runner import start_job

WAIT_SECONDS = 300


def import_one(folder: Path) -> dict[str, Any]:
    """The parameters of an import of one solution."""
    file = folder / "one.jsonl"
    file.write_text(json.dumps({"problem": "1 + 1?", "steps": ["It is 2."]}) + "\n")
    return {"format": "jsonl", "files": [str(file)], "strict": False}


def ended(database: Database, job_id: int) -> JobRecord:
    deadline = time.monotonic() + WAIT_SECONDS
    while (job := get_job(database, job_id)).status in ("queued", "running"):
        assert time.monotonic() < deadline, job_log(database, job_id)
        time.sleep(0.1)
    return job


def test_modules_of_the_working_folder_are_not_taken_for_ours(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("db", "labeling", "models", "training"):
        (here / f"{name}.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(here)
    job = ended(database, start_job(database, "import", import_one(tmp_path)).id)
    assert job.status == "done", job_log(database, job.id)


def test_a_process_that_dies_before_it_begins_is_noticed_and_can_be_resumed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = import_one(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", shutil.which("false"))
        job = start_job(database, "import", wanted)
    deadline = time.monotonic() + WAIT_SECONDS
    while is_alive(get_job(database, job.id)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert get_job(database, job.id).status == "queued"
    assert start_job(database, "import", wanted).id == job.id
    assert ended(database, job.id).status == "done", job_log(database, job.id)


def test_the_database_url_does_not_stand_among_the_arguments(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    popen = subprocess.Popen

    def recorded(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        started.append(command)
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", recorded)
    job = ended(database, start_job(database, "import", import_one(tmp_path)).id)
    assert job.status == "done", job_log(database, job.id)
    (command,) = started
    assert not [one for one in command if database.url in one]
