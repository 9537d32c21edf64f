"""`steplens import-scores`: what it says, and that what it brought is evaluated like any other."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.main import main
from db.engine import Database
from labeling.evaluation.processbench import evaluate_processbench
from tests.labeling.scores.test_import_scores import lines, solutions, table
from tests.support.data import shared_data

DATASET = "processbench-gsm8k"
PRM = ("--kind", "prm", "--name", "theirs")


def steplens(database: Database, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--db", database.url, *map(str, arguments)])


def test_how_many_matched_is_said_first_and_bad_rows_by_line(
    database: Database, tmp_path: Path
) -> None:
    ids = solutions(database)
    file = lines(
        tmp_path / "scores.jsonl",
        {"solution_id": ids[0], "scores": [0.9, 0.2], "mood": "good"},
        {"solution_id": ids[1], "scores": [0.9]},
    )
    told = steplens(database, "import-scores", file, *PRM)
    assert told.exit_code == 0, told.output
    said = [line for line in told.stdout.splitlines() if "matched a solution" in line]
    assert said == ["1 of 2 rows matched a solution; 1 rejected"]
    assert "prm:theirs (from file, threshold 0.5): 1 solution added" in told.stdout
    assert f"{file}, line 2: scores must be a list of 2" in told.stderr
    assert "Fields not read: mood" in told.stderr
    (line,) = [
        line
        for line in steplens(database, "annotators", "list").stdout.splitlines()
        if "prm:theirs" in line
    ]
    assert "from file" in line


def test_a_file_about_other_solutions_fails_with_what_to_do(
    database: Database, tmp_path: Path
) -> None:
    solutions(database)
    file = lines(tmp_path / "scores.jsonl", {"id": "u0", "scores": [0.9, 0.2]})
    told = steplens(database, "import-scores", file, *PRM)
    assert told.exit_code == 1
    assert "--dataset" in told.output
    assert steplens(database, "import-scores", file, *PRM, "--dataset", "unit").exit_code == 0


def test_a_field_that_is_not_ours_is_refused(database: Database, tmp_path: Path) -> None:
    solutions(database)
    file = lines(tmp_path / "scores.jsonl", {"id": "u0", "scores": [0.9, 0.2]})
    told = steplens(database, "import-scores", file, *PRM, "--field", "score=scores")
    assert told.exit_code == 2
    assert "there is no field 'score' to fill" in told.output


def test_published_scores_have_the_f1_that_is_computed_apart(
    database: Database, tmp_path: Path
) -> None:
    """ProcessBench's own rows, with scores in the shape in which R-PRM's are published."""
    rows = json.loads(shared_data("processbench/gsm8k.json").read_text("utf-8"))
    chance = random.Random(0)
    theirs: list[dict[str, Any]] = []
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        truth = row["label"]
        rewards = [round(chance.uniform(0.3, 1), 3) for _ in row["steps"]]
        if truth >= 0 and chance.random() < 0.5:
            rewards = [0.8] * truth + [0.1] + rewards[truth + 1 :]
        elif truth < 0 and chance.random() < 0.6:
            rewards = [0.9] * len(rewards)
        first = next((at for at, reward in enumerate(rewards) if reward < 0.5), -1)
        hits[truth >= 0].append(first == truth)
        theirs.append({"idx": row["id"], "output": {"step_rewards": rewards}, "label": truth})
    found, kept = (sum(hits[wrong]) / len(hits[wrong]) for wrong in (True, False))
    assert min(found, kept) > 0.3
    source = tmp_path / "gsm8k.json"
    source.write_text(json.dumps(rows), "utf-8")
    assert steplens(database, "import", "processbench", source).exit_code == 0
    told = steplens(
        database,
        "import-scores",
        table(tmp_path / "r-prm.parquet", *theirs),
        *(
            "--kind",
            "prm",
            "--name",
            "r-prm",
            "--dataset",
            "processbench-gsm8k",
            "--threshold",
            0.5,
        ),
        *("--field", "id=idx", "--field", "scores=output.step_rewards"),
    )
    assert told.exit_code == 0, told.output
    assert f"{len(rows):,} of {len(rows):,} rows matched" in told.stdout
    assert "Fields not read: label" in told.stderr
    figures = evaluate_processbench(
        database, "prm:r-prm", "human:processbench", "processbench-gsm8k"
    )
    assert figures["training_data"] == "unknown"
    assert figures["all"]["f1"] == pytest.approx(2 * found * kept / (found + kept))
