"""The whole loop by its commands, on the real playground models, and what kill -9 does to it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.cli.steplens import steplens
from tests.test_docs import commands

STEPLENS = [sys.executable, "-m", "app.cli"]
ROOT = Path(__file__).parents[2]


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


LABELS = (
    "SELECT s.fingerprint, a.name, n.scores, n.first_error, n.status, n.evidence "
    "FROM annotation n JOIN solution s ON s.id = n.solution_id "
    "JOIN annotator a ON a.id = n.annotator_id ORDER BY 1, 2"
)
ROLLOUTS = (
    "SELECT s.fingerprint, r.step, r.sample, r.text, r.outcome FROM rollout r "
    "JOIN solution s ON s.id = r.solution_id ORDER BY 1, 2, 3"
)


SMALLER = {"200": "40", "4": "3", "my-export": "out-jsonl"}  # what the README says -> what is run


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The README's commands, in order, on a smaller project; returns its folder."""
    folder = tmp_path_factory.mktemp("loop")
    said = ""
    for _, arguments in commands(ROOT / "README.md"):
        if "sqlite:///loop.db" not in arguments and arguments[0] != "train":
            continue
        if arguments[-1] == "app":  # It serves until it is stopped: test_serve.
            continue
        smaller = [SMALLER.get(one, one) for one in arguments]
        epochs = ["--epochs", "2"] if arguments[0] == "train" else []
        said += steplens(folder, *smaller, *epochs).stdout
    for told in ("kept", "dropped: ", "F1"):
        assert told in said
    db = ("--db", "sqlite:///loop.db")
    for format in ("trl", "processbench"):
        steplens(folder, *db, "export", "consensus", f"out-{format}", "--format", format)
    return folder


def test_the_loop_ends_in_a_measured_prm(loop: Path) -> None:
    answer = steplens(
        loop, "--db", "sqlite:///loop.db", "evaluate", "processbench", "--annotator", "prm:my-prm",
        "--reference", "human:playground-truth",
    )  # fmt: skip
    assert "F1" in answer.stdout
    assert "held-out 20% of problems" in answer.stdout
    stored = rows(loop / "loop.db", "SELECT result FROM evaluation")[-1][0]
    result = json.loads(str(stored))
    assert result["all"]["n_error"] + result["all"]["n_correct"] == len(
        rows(loop / "loop.db", "SELECT id FROM solution")
    )


def test_every_solution_is_annotated_by_everybody(loop: Path) -> None:
    counts = rows(
        loop / "loop.db",
        "SELECT a.kind, count(*) FROM annotation n JOIN annotator a ON a.id = n.annotator_id "
        "GROUP BY a.kind",
    )
    solutions = len(rows(loop / "loop.db", "SELECT id FROM solution"))
    assert sorted(counts) == [(kind, solutions) for kind in ("human", "judge", "mc", "prm")]


def test_all_three_formats_train(loop: Path) -> None:
    from labeling.sources import read_sources

    sizes = {
        format: len(read_sources([loop / f"out-{format}"]).examples)
        for format in ("jsonl", "trl", "processbench")
    }
    assert len(set(sizes.values())) == 1, sizes


def test_errors_are_one_line_and_say_what_to_do(loop: Path, tmp_path: Path) -> None:
    db = ("--db", "sqlite:///loop.db")
    for arguments, message in [
        ((*db, "export", "consensus", "out-jsonl"), "overwrite"),
        ((*db, "annotate", "mc", "--model", "nowhere/model"), "nowhere/model"),
        ((*db, "annotate", "prm", "--model", "playground:policy"), "PRM"),
        ((*db, "consensus", "mc:nobody", "judge:x"), "Known:"),
        ((*db, "evaluate", "processbench", "--annotator", "x", "--reference", "y"), "kind:name"),
        (("train", "no-such-export", "--base", "playground:policy", "--out", "z"), "no-such"),
        (("--db", "what", "db", "upgrade"), "database URL"),
        ((*db, "import", "jsonl", "missing.jsonl"), "missing.jsonl"),
    ]:
        answer = steplens(loop, *arguments, check=False)
        assert answer.exit_code != 0, arguments
        assert isinstance(answer.exception, SystemExit), arguments
        assert "Traceback" not in answer.stderr, answer.stderr
        assert message in answer.stderr, (arguments, answer.stderr)


def begin(folder: Path) -> None:
    steplens(
        folder, "--db", "sqlite:///p.db", "playground", "sample", "--problems", "24",
        "--solutions", "3", "--seed", "5",
    )  # fmt: skip


def annotate(folder: Path) -> list[str]:
    return [
        *STEPLENS, "--db", f"sqlite:///{folder / 'p.db'}", "annotate", "mc",
        "--model", "playground:policy", "--samples", "8", "--strategy", "scan", "--seed", "1",
        "--wave", "16",
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_labels_also_after_kill_9(tmp_path: Path) -> None:
    """benchmarks/kill.py does the same with 20 kills, and for imports."""
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    begin(calm)
    shutil.copytree(calm, rough)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    steplens(calm, *annotate(calm)[len(STEPLENS) :])
    kills, chance = 0, random.Random(0)
    for _ in range(3):
        process = subprocess.Popen(
            annotate(rough), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_rollouts(rough / "p.db", process, more=chance.randint(1, 60))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    subprocess.run(annotate(rough), check=True, env=environment, capture_output=True, timeout=300)
    assert kills == 3
    assert rows(rough / "p.db", LABELS) == rows(calm / "p.db", LABELS)
    assert rows(rough / "p.db", ROLLOUTS) == rows(calm / "p.db", ROLLOUTS)
    assert rows(rough / "p.db", "SELECT status FROM job WHERE kind = 'annotate_mc'") == [("done",)]


def wait_for_rollouts(file: Path, process: subprocess.Popen[bytes], more: int) -> None:
    """Until `more` rollouts were stored since now, or the process ended."""
    count = "SELECT count(*) FROM rollout"
    ((before,),) = rows(file, count)
    while process.poll() is None and rows(file, count)[0][0] < before + more:  # type: ignore
        time.sleep(0.02)
