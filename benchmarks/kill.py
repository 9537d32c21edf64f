"""kill -9 at random moments of `annotate mc` and of `import`: is anything lost or doubled?

    python -m benchmarks.kill [--kills 20] [--seed 0]

Runs each job once undisturbed and once killed at random moments and started again, and compares
every row. Prints one line per job and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, text

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ROWS = {
    "solutions": "SELECT s.fingerprint, p.fingerprint, s.steps, s.dataset FROM solution s "
    "JOIN problem p ON p.id = s.problem_id ORDER BY 1",
    "annotations": "SELECT s.fingerprint, a.name, n.scores, n.first_error, n.evidence "
    "FROM annotation n JOIN solution s ON s.id = n.solution_id "
    "JOIN annotator a ON a.id = n.annotator_id ORDER BY 1, 2",
    "rollouts": "SELECT s.fingerprint, r.step, r.sample, r.text, r.outcome FROM rollout r "
    "JOIN solution s ON s.id = r.solution_id ORDER BY 1, 2, 3",
}


def steplens(file: Path, *arguments: str) -> list[str]:
    """The command line of `steplens` on a database file."""
    return [sys.executable, "-P", "-m", "app.cli", "--db", f"sqlite:///{file}", *arguments]


def run(command: list[str]) -> float:
    """Run to the end; seconds."""
    began = time.monotonic()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def run_with_kills(
    command: list[str], kills: int, seconds: float, idle: float, chance: random.Random
) -> int:
    """Start again and again, killed at a random moment of its work; returns the kills made.

    `seconds` an undisturbed run takes, `idle` of them one that has nothing to do: what a killed
    run did is kept, so each may have only about a part in `kills` of the work.
    """
    killed = 0
    while killed < kills:
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(idle * 0.8 + chance.uniform(0, 1.6) * (seconds - idle) / kills)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    run(command)
    return killed


def contents(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that must come out the same."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in ROWS.items()
        }
    engine.dispose()
    return found


def compare(what: str, calm: Path, rough: Path, killed: int) -> bool:
    """Say whether the two databases hold the same rows."""
    one, other = contents(calm), contents(rough)
    same = one == other
    counts = ", ".join(f"{len(rows):,} {name}" for name, rows in other.items())
    print(f"{what}: {killed} kills; {counts}; {'identical' if same else 'DIFFERENT'}", flush=True)
    return same


def write_rows(file: Path, count: int) -> None:
    """A JSONL file of our own format with `count` labelled solutions."""
    with file.open("w") as stream:
        for number in range(count):
            row = {
                "problem": f"What is {number} + {number}?",
                "gold_answer": str(2 * number),
                "generator": "benchmark",
                "steps": [f"{number} + {number} = {2 * number}.", "So that is the answer."] * 4,
                "first_error": number % 9 - 1,
            }
            stream.write(json.dumps(row) + "\n")


def main() -> None:
    """Kill imports, then annotations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=60_000, help="solutions to import")
    parser.add_argument("--problems", type=int, default=200, help="playground problems to annotate")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        calm, rough = Path(folder) / "calm.db", Path(folder) / "rough.db"
        data = Path(folder) / "rows.jsonl"
        write_rows(data, options.rows)
        seconds = run(steplens(calm, "import", "jsonl", str(data)))
        again = steplens(rough, "import", "jsonl", str(data))
        killed = run_with_kills(again, options.kills, seconds, 0.3, chance)
        same = compare("import", calm, rough, killed)
        for file in (calm, rough):
            file.unlink()
            run(
                steplens(file, "playground", "sample", "--problems", str(options.problems))
                + ["--seed", "7"]
            )
        mc = ("annotate", "mc", "--model", "playground:policy", "--seed", "1", "--wave", "32")
        seconds, idle = run(steplens(calm, *mc)), run(steplens(calm, *mc))
        killed = run_with_kills(steplens(rough, *mc), options.kills, seconds, idle, chance)
        same &= compare("annotate mc", calm, rough, killed)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
