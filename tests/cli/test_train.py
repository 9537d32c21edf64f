"""`steplens train` as several processes, with its settings, and with reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.engine import Database
from db.ingest import insert_rows
from db.records import ImportRow, SourceLabel
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule

ROOT = Path(__file__).parents[2]
LENGTH = ("--max-length", "128")
# Of several processors on one machine accelerate makes none of its own without MPI.
ONE_CPU = ("--cpu", "--num_processes", "1", "--num_machines", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("train")
    save_tiny_policy(made / "base")
    write_export(made / "export", visible_rule(120, seed=1))
    return made


def run(folder: Path, launcher: list[str], *arguments: str) -> str:
    steplens = str(Path(sys.executable).with_name("steplens"))
    done = subprocess.run(
        [
            *launcher,
            steplens,
            "train",
            "export",
            "--base",
            "base",
            "--max-length",
            "128",
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def settings(folder: Path, out: str) -> dict:
    return json.loads((folder / out / "steplens.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "launcher",
    [
        ["torch.distributed.run", "--standalone", "--no-python", "--nproc-per-node", "2"],
        ["accelerate.commands.launch", *ONE_CPU, "--no_python"],
    ],
    ids=["torchrun", "accelerate"],
)
def test_several_processes_write_one_checkpoint_and_say_so_once(
    folder: Path, launcher: list[str]
) -> None:
    out = f"by-{launcher[0]}"
    said = run(folder, [sys.executable, "-m", *launcher], "--out", out, "--epochs", "1")
    for line in (f"{out}: score with", "\ntraining: ", "\nvalidation: ", "\nepoch 1: loss "):
        assert said.count(line) == 1, said
    assert len(settings(folder, out)["report"]["history"]) == 1
    assert not list(folder.glob(".by-*"))


def test_options_a_file_and_a_preset_reach_the_checkpoint(
    folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPLENS_DB", database.url)
    marked = (SourceLabel("processbench", (1.0,), -1),)
    insert_rows(database, [ImportRow("tom 1 1?", ("a",), "g", "d", labels=marked)])
    (folder / "run.toml").write_text("epochs = 3\nbatch_size = 8\n", "utf-8")
    arguments = ("--config", "run.toml", "--epochs", "1", "--preset", "pure", "--lora", "2")
    later = {"problem": "TOM 1 0.", "steps": ["a"], "labels": [1]}
    (folder / "later.jsonl").write_text(json.dumps(later) + "\n", "utf-8")
    said = run(folder, [], "--out", "set", *arguments, "--leak-check", "later.jsonl")
    # Without a terminal a progress bar leaves nothing behind.
    assert said.startswith("export (jsonl): 120 solutions, ")
    for name in ("human:processbench", "later.jsonl"):
        assert f"\nleft out: 1 problem of {name}, to evaluate on\n" in said
    assert said.index("\ntraining: ") < said.index("\nepoch 1: loss ") < said.index("best epoch")
    used = settings(folder, "set")["config"]
    found = [used[name] for name in ("epochs", "batch_size", "head_epochs", "lora")]
    assert found == [1, 8, 3, 2]


def test_curves_go_to_tensorboard(folder: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run(folder, [], "--out", "told", "--epochs", "2", "--report-to", "tensorboard")
    logs = folder / "told.runs"
    (events,) = logs.rglob("events.out.tfevents.*")
    read = EventAccumulator(str(events))
    read.Reload()
    tags = set(read.Tags()["scalars"])
    assert {"train/loss", "train/learning_rate", "eval/loss", "eval/f1"} <= tags
    assert len(read.Scalars("eval/loss")) == 2
