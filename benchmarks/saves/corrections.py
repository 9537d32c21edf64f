"""What it costs a key press that a correction is on disk before the page says saved.

    python -m benchmarks.saves.corrections [--folder .] [--labels 400]

Labels are stored one by one as the step table sends them, half with a commit that waits for the
disk and half without, in turn, in a project in `--folder`: the disk below it decides.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy.orm import Session

from db.annotators import ensure_reviewer
from db.engine import Database, Lock, create_database
from db.ingest import insert_rows
from db.records import ImportRow
from labeling.review.commits import accept_commits


class Relaxed(Database):
    """Never waits for the disk."""

    @contextmanager
    def write(
        self, *, durable: bool = False, among: Sequence[tuple[Lock, int]] | None = None
    ) -> Iterator[Session]:
        """As `Database.write`, whatever is asked for."""
        with super().write() as session:
            yield session


def main() -> None:
    """Print the milliseconds of a stored label, with and without waiting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--labels", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        durable = create_database(f"sqlite:///{folder}/project.db")
        relaxed = Relaxed(durable.url, durable.engine)
        steps = tuple(f"step {n}" for n in range(8))
        insert_rows(
            durable, [ImportRow(f"problem {n}", steps, "g", "d") for n in range(options.labels)]
        )
        reviewer = ensure_reviewer(durable, "ann")
        spent: dict[str, list[float]] = {"waits for the disk": [], "does not": []}
        for n in range(options.labels):
            name, database = [("waits for the disk", durable), ("does not", relaxed)][n % 2]
            commit = {
                "token": f"token-{n:06}",
                "solution_id": n + 1,
                "action": "label",
                "labels": [1] * 8,
                "first_error": -1,
            }
            began = time.perf_counter()
            assert accept_commits(database, reviewer, [commit]).acked
            spent[name].append(1000 * (time.perf_counter() - began))
        durable.close()
    for name, times in spent.items():
        print(f"{name:20} median {median(times):6.2f} ms, 95% {quantiles(times, n=20)[-1]:6.2f} ms")


if __name__ == "__main__":
    main()
