"""The README's commands in order, timed: `python -m benchmarks.tour [--problems 200] [--runs 1]`.

With --runs 2 the tour is made twice and every label and score compared: the same seed must give
the same ones. --busy 1 makes it once more beside a process that keeps one core busy, and fails
when that takes more than 2.5 times as long.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

ROOT = Path(__file__).parent.parent
MOST_BESIDE_A_BUSY_CORE = 2.5  # times as long as without
LABELS = (
    "SELECT s.fingerprint, a.kind, a.name, n.scores, n.first_error, n.status FROM annotation n "
    "JOIN solution s ON s.id = n.solution_id JOIN annotator a ON a.id = n.annotator_id "
    "ORDER BY 1, 2, 3"
)


def commands(problems: int) -> list[list[str]]:
    """The tour, as the README has it."""
    db = ["--db", "sqlite:///loop.db"]
    names = ["mc:policy-k8-scan", "judge:judge-playground"]
    truth = "human:playground-truth"
    mc = ["--samples", "8", "--strategy", "scan", "--seed", "1"]
    return [
        [*db, "db", "upgrade"],
        [*db, "playground", "sample", f"--problems={problems}", "--solutions=4", "--seed=1"],
        [*db, "annotate", "mc", "--model", "playground:policy", *mc],
        [*db, "annotate", "judge", "--model", "playground:judge", "--prompt", "playground"],
        [*db, "consensus", *names],
        [*db, "export", "consensus", "my-export", "--format", "jsonl"],
        ["train", "my-export", "--base", "playground:policy", "--out", "my-prm"],
        [*db, "annotate", "prm", "--model", "my-prm", "--name", "my-prm"],
        [*db, "evaluate", "processbench", "--annotator", "prm:my-prm", "--reference", truth],
    ]


def tour(folder: Path, problems: int) -> tuple[list[tuple[object, ...]], float]:
    """Run every command, print its time and what it says; returns all labels, and the seconds."""
    total = 0.0
    for arguments in commands(problems):
        began = time.monotonic()
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "app.cli", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        total += seconds
        print(f"{seconds:6.1f} s  steplens {' '.join(arguments)}")
        print("".join(f"          {line}\n" for line in answer.stdout.splitlines()), end="")
        if answer.returncode:
            sys.exit(answer.stderr)
    print(f"{total:6.1f} s  in all", flush=True)
    engine = create_engine(f"sqlite:///{folder / 'loop.db'}")
    with engine.connect() as connection:
        labels = [tuple(row) for row in connection.execute(text(LABELS))]
    engine.dispose()
    return labels, total


@contextlib.contextmanager
def busy(cores: int) -> Iterator[None]:
    """The time in which other processes keep this many cores busy."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def main() -> None:
    """Make the tour once or twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="cores that another tour does without")
    options = parser.parse_args()
    made = []
    for cores in [0] * options.runs + [options.busy] * bool(options.busy):
        print(f"beside {cores} busy core(s); load of this machine {os.getloadavg()[0]:.1f}")
        with tempfile.TemporaryDirectory() as folder, busy(cores):
            made.append(tour(Path(folder), options.problems))
    if any(labels != made[0][0] for labels, _ in made):
        sys.exit("the same seed gave different labels")
    print(f"{len(made[0][0]):,} annotations; {len(made)} run(s) with the same labels")
    if options.busy:
        ratio = made[-1][1] / min(seconds for _, seconds in made[:-1])
        print(f"beside {options.busy} busy core(s): {ratio:.2f} times as long")
        if ratio > MOST_BESIDE_A_BUSY_CORE:
            sys.exit(f"more than {MOST_BESIDE_A_BUSY_CORE} times")


if __name__ == "__main__":
    main()
