"""Imports as jobs: what they store, what they refuse, and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.main import main
from db import jobs
from db.engine import Database
from labeling.evaluation.processbench import evaluate_processbench
from labeling.jobs.importing import in_words
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


def test_equal_reasons_are_one_with_a_count_and_the_first_lines(
    database: Database, tmp_path: Path
) -> None:
    good = {"problem": "p", "steps": ["a", "b"]}
    bad = [good | {"first_error": number} for number in range(2, 2002)]
    other = good | {"lables": [1, 1]}
    file = lines(tmp_path / "file.jsonl", good, *bad[:1000], other, *bad[1000:])
    result = import_files(database, "jsonl", file)
    assert (result["solutions"], result["rejected"]) == (1, 2001)
    many, one = result["rejections"]
    assert (many["rows"], many["lines"]) == (2000, [2, 3, 4, 5, 6])
    assert in_words(many).startswith(
        f"{file}, 2,000 rows (lines 2, 3, 4, 5, 6, …): first_error is 2"
    )
    assert in_words(one).startswith(f"{file}, line 1002: unknown field 'lables'")
    assert result["unread"] == []


def test_reasons_without_end_do_not_fill_the_database(database: Database, tmp_path: Path) -> None:
    names = [f"f{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}" for n in range(900)]
    file = lines(tmp_path / "file.jsonl", *({"problem": "p", name: 1} for name in names))
    result = import_files(database, "jsonl", file)
    assert result["rejected"] == 900
    assert len(result["rejections"]) == 100


def test_contradicting_labels_of_one_annotator_are_reported(
    database: Database, tmp_path: Path
) -> None:
    base = {"problem": "p", "steps": ["a", "b"], "annotator": "ada"}
    first = lines(
        tmp_path / "first.jsonl",
        base | {"first_error": 1},
        base | {"first_error": 1},  # said twice
        base | {"first_error": 0},  # contradicts line 1
        base | {"first_error": 0, "annotator": "ben"},  # may see it differently
        base | {"labels": [None, None]},  # says nothing
    )
    result = import_files(database, "jsonl", first)
    (note,) = result["notes"]
    assert (note["lines"], note["rows"], result["annotations"]) == ([3], 1, 2)
    assert "human:ada already labelled this solution differently" in note["reason"]

    second = lines(
        tmp_path / "second.jsonl",
        base | {"labels": [0, -1]},  # the same first error, another label before it
        base | {"labels": [1, -1]},
    )
    (note,) = import_files(database, "jsonl", second)["notes"]
    assert (note["file"], note["lines"]) == (str(second), [1])


def command(tmp_path: Path, *arguments: str) -> Result:
    url = f"sqlite:///{tmp_path}/cli.db"
    return CliRunner().invoke(main, ["--db", url, *arguments])


def test_the_command_fails_where_nothing_of_a_file_could_be_read(tmp_path: Path) -> None:
    good = lines(tmp_path / "good.jsonl", {"problem": "p", "steps": ["a"]}, {"problem": "q"})
    bad = lines(tmp_path / "bad.jsonl", *[{"question": "p"}] * 3000)
    assert command(tmp_path, "db", "upgrade").exit_code == 0
    assert command(tmp_path, "import", "jsonl", str(good)).exit_code == 0
    result = command(tmp_path, "import", "jsonl", str(good), str(bad))
    assert result.exit_code == 1
    assert f"nothing in {bad} could be read" in result.output
    assert "3,000 rows (lines 1, 2, 3, 4, 5, …): unknown field 'question'" in result.output
    assert len(result.output.splitlines()) < 20
