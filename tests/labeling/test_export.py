"""Exports: their three forms, their manifest, and that they appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import ipc

from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.records import ImportRow
from labeling.consensus import run
from labeling.consensus.export import ExportError, write_export
from labeling.consensus.rule import Rule
from labeling.formats.base import ExportRow
from labeling.formats.catalog import WRITERS
from labeling.formats.files.folders import files_of
from labeling.formats.reading import read_rows
from labeling.sources import read_sources
from tests.support.rows import correction, fill, machine
from training.data import MASKED, read_export
from training.data_files import DATA_FILES

ROOT = Path(__file__).parents[2]
WRONG = ExportRow(
    problem="Wie viele?\u2028≥",
    steps=("a", "b", "c", "d"),
    labels=(1, 0, -1, None),
    first_error=2,
    generator="g",
    dataset="d",
    problem_id=1,
    solution_id=7,
    decided_by="human",
    gold_answer="4",
    external_id="d-17",
    final_answer="5",
    is_correct=True,
)
RIGHT = ExportRow("Q", ("a", "b"), (1, 1), -1, "g", "d", 2, 8, "agreement")


def export(
    folder: Path, rows: Any = (WRONG, RIGHT), format: str = "jsonl", **options: Any
) -> dict[str, Any]:
    return write_export(
        folder,
        rows,
        format,
        rule={"annotators": ["mc:a", "judge:b"]},
        counts={"total": 3, "kept": 2},
        reasons={"first errors differ": 1},
        **options,
    )


def written(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "data.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def test_our_own_rows(tmp_path: Path) -> None:
    export(tmp_path / "out")
    first, second = written(tmp_path / "out")
    assert first == {
        "id": "d-17",
        "problem": "Wie viele?\u2028≥",
        "gold_answer": "4",
        "generator": "g",
        "dataset": "d",
        "steps": ["a", "b", "c", "d"],
        "final_answer": "5",
        "is_correct": True,
        "labels": [1, 0, -1, None],
        "rates": None,
        "first_error": 2,
        "annotator": "consensus",
        "meta": {"solution_id": 7, "problem_id": 1, "decided_by": "human"},
    }
    assert second["labels"] == [1, 1]


def test_rates_travel_and_come_back_as_monte_carlos(tmp_path: Path) -> None:
    rates = (0.875, 0.5, 0.0, None)
    export(tmp_path / "out", [replace(WRONG, rates=rates), RIGHT])
    assert [row["rates"] for row in written(tmp_path / "out")] == [list(rates), None]
    soft = read_export(tmp_path / "out", "soft")
    assert [one.targets for one in soft.examples] == [(0.875, 0.5, 0, MASKED), (1, 1)]
    assert soft.n_soft == 1
    assert read_export(tmp_path / "out").examples[0].targets == (1, 1, 0, MASKED)
    again, other = (
        row
        for row in read_rows("jsonl", tmp_path / "out" / "data.jsonl")
        if isinstance(row, ImportRow)
    )
    assert [(one.kind, one.annotator) for one in again.labels] == [
        ("human", "consensus"),
        ("mc", "consensus"),
    ]
    assert (again.labels[1].scores, again.labels[1].first_error) == (rates, 2)
    assert len(other.labels) == 1


def test_a_step_that_nobody_judged_is_null_or_its_solution_is_left_out(tmp_path: Path) -> None:
    unsure = replace(RIGHT, labels=(None, 1))
    assert export(tmp_path / "ours", [unsure])["left_out"] == 0
    assert written(tmp_path / "ours")[0]["labels"] == [None, 1]
    (example,) = read_export(tmp_path / "ours").examples
    assert example.targets == (MASKED, 1)
    for format in ("trl", "processbench", "math-shepherd", "prm800k"):
        assert export(tmp_path / format, [unsure, RIGHT], format)["left_out"] == 1
        assert len(written(tmp_path / format)) == 1
        with pytest.raises(ExportError, match="export as jsonl"):
            export(tmp_path / f"{format}-alone", [unsure], format)


def test_trl_rows_end_with_the_first_error_and_hold_true_booleans(tmp_path: Path) -> None:
    export(tmp_path / "out", format="trl")
    first, second = written(tmp_path / "out")
    assert first["completions"] == ["a", "b", "c"]
    assert first["labels"] == [True, True, False]  # neutral is not an error
    assert all(isinstance(label, bool) for label in first["labels"])
    assert second == {"prompt": "Q", "completions": ["a", "b"], "labels": [True, True]}


def test_processbench_rows(tmp_path: Path) -> None:
    export(tmp_path / "out", format="processbench")
    assert written(tmp_path / "out")[0] == {
        "id": "d-7",
        "generator": "g",
        "problem": "Wie viele?\u2028≥",
        "steps": ["a", "b", "c", "d"],
        "final_answer_correct": True,
        "label": 2,
    }


def test_the_manifest_describes_the_data(tmp_path: Path) -> None:
    manifest = export(tmp_path / "deep" / "out", extra={"note": "x"})
    folder = tmp_path / "deep" / "out"
    assert json.loads((folder / "manifest.json").read_text("utf-8")) == manifest
    content = (folder / "data.jsonl").read_bytes()
    assert manifest["files"]["data.jsonl"] == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": 2,
        "bytes": len(content),
    }
    assert (manifest["format"], manifest["version"]) == ("jsonl", 1)
    assert manifest["rule"] == {"annotators": ["mc:a", "judge:b"]}
    assert manifest["reasons"] == {"first errors differ": 1}
    assert manifest["counts"]["kept"] == 2
    assert manifest["extra"] == {"note": "x"}
    assert manifest["created_at"].endswith("+00:00")
    assert manifest["steplens_version"]
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("format", WRITERS)
def test_training_reads_what_was_written(format: str, tmp_path: Path) -> None:
    export(tmp_path / "out", format=format)
    examples = read_sources([tmp_path / "out"]).examples
    for file, name in DATA_FILES.items():
        manifest = export(tmp_path / file, format=format, file=file)
        assert manifest["files"][name]["rows"] == 2
        assert read_sources([tmp_path / file]).examples == examples
        assert read_sources([tmp_path / file / name]).examples == examples
    assert [example.first_error for example in examples] == [2, -1]
    assert examples[0].targets[:3] == (1, 1, 0)
    assert set(examples[0].targets[3:]) <= {-100}


def test_an_arrow_export_is_a_folder_that_datasets_loads(tmp_path: Path) -> None:
    export(tmp_path / "eggs", file="arrow")
    folder = tmp_path / "eggs"
    state = json.loads((folder / "state.json").read_text("utf-8"))
    assert state["_data_files"] == [{"filename": "data.arrow"}]
    # All that load_from_disk of datasets 5.2 takes out of it.
    assert state.keys() >= {"_fingerprint", "_format_columns", "_format_kwargs", "_format_type"}
    assert state.keys() >= {"_output_all_columns", "_split"}
    assert json.loads((folder / "dataset_info.json").read_text("utf-8")) == {}
    assert files_of(folder) == [folder / "data.arrow"]
    assert files_of(tmp_path) == [folder / "data.arrow"]  # its manifest is no row either
    (folder / "manifest.json").unlink()
    assert files_of(folder) == [folder / "data.arrow"]
    with ipc.open_stream(str(folder / "data.arrow")) as table:
        assert [row["problem"] for row in table.read_all().to_pylist()] == [WRONG.problem, "Q"]


def test_the_same_rows_have_the_same_checksum_when_they_are_written_again(tmp_path: Path) -> None:
    for file, name in DATA_FILES.items():
        once, again = (export(tmp_path / f"{file}-{n}", file=file)["files"] for n in (1, 2))
        assert once == again, name


def test_what_stands_in_the_folder_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    (tmp_path / "file").write_text("mine")
    untouched = iter([RIGHT])
    with pytest.raises(FileExistsError, match="not empty.*--overwrite"):
        export(tmp_path / "full", untouched)
    assert next(untouched) is RIGHT  # refused before the work, not after it
    with pytest.raises(FileExistsError, match="it is no export"):
        export(tmp_path / "full", overwrite=True)
    with pytest.raises(FileExistsError, match="is a file"):
        export(tmp_path / "file", overwrite=True)
    assert (tmp_path / "full" / "thesis.tex").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]


def test_an_export_can_be_replaced_and_an_empty_folder_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(tmp_path / "out")
    with pytest.raises(FileExistsError, match="not empty"):
        export(tmp_path / "out")
    export(tmp_path / "out", [RIGHT], overwrite=True)
    assert len(written(tmp_path / "out")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    def failing() -> Iterator[ExportRow]:
        yield RIGHT
        raise OSError("the database went away")

    export(tmp_path / "out")
    with pytest.raises(OSError, match="went away"):
        export(tmp_path / "out", failing(), overwrite=True)
    with pytest.raises(ExportError, match="solution 8: 2 steps, 1 labels"):
        export(tmp_path / "new", [ExportRow("Q", ("a", "b"), (1,), -1, "g", "d", 2, 8, "human")])
    with pytest.raises(ExportError, match="no export format 'csv'"):
        export(tmp_path / "new", format="csv")
    with pytest.raises(ExportError, match="no kind of file 'csv'"):
        export(tmp_path / "new", file="csv")
    assert len(written(tmp_path / "out")) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


SLOW = """
import sys, time
from labeling.consensus.export import write_export
from labeling.formats.base import ExportRow

def rows():
    for n in range(5000):
        yield ExportRow("Q" * 100, ("a", "b"), (1, 1), -1, "g", "d", 2, n, "agreement")
    print("written", flush=True)
    time.sleep(60)

write_export(sys.argv[1], rows(), "jsonl", rule={}, counts={}, reasons={})
"""


def test_a_kill_in_the_middle_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(tmp_path / "out")], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"written\n"
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()
    assert not (tmp_path / "out").exists()
    # Only the hidden, unfinished folder is there, and the next export clears it away.
    assert [path.suffix for path in tmp_path.iterdir()] == [".steplens-partial"]
    export(tmp_path / "out")
    assert len(written(tmp_path / "out")) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_rows_are_streamed(tmp_path: Path) -> None:
    alive: list[int] = []

    def rows() -> Iterator[ExportRow]:
        for n in range(50):
            partial = next(tmp_path.glob(".out.*.steplens-partial"))
            alive.append((partial / "data.jsonl").stat().st_size)
            yield ExportRow("Q" * 10_000, ("a",), (1,), -1, "g", "d", n, n, "agreement")

    export(tmp_path / "out", rows())
    assert alive[-1] > 100_000


def test_counts_and_rows_of_an_export_are_of_one_moment(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 4)
    machine(database, "mc", dict.fromkeys((1, 2, 3, 4), -1))
    ann = ensure_reviewer(database, "ann")
    once = run.preview

    def preview_and_work_on(now: Database, rule: Rule) -> run.ConsensusSummary:
        summary = once(now, rule)
        flagged = correction(1, ann.id, "t", action="skip", labels=None, flags=("bad_problem",))
        append_corrections(database, [flagged])
        return summary

    monkeypatch.setattr(run, "preview", preview_and_work_on)
    manifest = run.export_consensus(database, tmp_path / "out", "jsonl", Rule(("mc:mc",)))
    assert manifest["counts"]["kept"] == len(written(tmp_path / "out")) == 4
    assert once(database, Rule(("mc:mc",))).kept == 3
