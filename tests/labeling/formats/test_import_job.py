"""Imports as jobs: what they store, what they refuse, and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.engine import Database
from labeling.evaluation.processbench import evaluate_processbench
from labeling.jobs.runner import run_job


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def import_files(database: Database, format: str, *files: Path, **params: Any) -> dict[str, Any]:
    wanted = {"format": format, "files": [str(file) for file in files], **params}
    return run_job(database, jobs.create_job(database, "import", wanted).id)


def test_replies_without_a_verdict_stay_in_the_denominator(
    database: Database, tmp_path: Path
) -> None:
    truth, said = [1, 1, -1, -1], [1, None, -1, None]
    base = {"steps": ["a", "b"], "generator": "g"}
    rows = [base | {"problem": f"p{number}"} for number in range(4)]
    import_files(
        database,
        "jsonl",
        lines(
            tmp_path / "all.jsonl",
            *(
                row | {"first_error": error, "annotator": who}
                for who, errors in (("people", truth), ("critic", said))
                for row, error in zip(rows, errors, strict=True)
            ),
        ),
    )
    figures = evaluate_processbench(database, "human:critic", "human:people")["all"]
    assert (figures["n_error"], figures["n_correct"], figures["n_unparsed"]) == (2, 2, 2)
    assert figures["f1"] == pytest.approx(0.5)
