"""Browse and Review on a project of a million solutions: how long a page's queries take.

    python -m benchmarks.million [--solutions 1000000] [--keep FILE]

The baseline of the ratio is to compare the annotators of every solution while asking, which is
what a page does that has no solution index. Three annotators, text search included; making the
project takes some minutes and 2 GB for a million solutions.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, text

from db.annotators import count_annotations, ensure_annotator, ensure_reviewer
from db.engine import Database, create_database
from db.lists import search, solution_index
from db.lists.browse import SORTS, SORTS_BY, count_solutions, list_solutions
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.lists.kinds import ComparedVerdicts
from db.review.leases import next_items, queue_state
from db.review.queues import Queue
from db.schema import Solution
from labeling.review.queues import QUEUES

CHUNK = 20_000
WORDS = ["apple", "bus", "card", "dollar", "egg", "fish", "garden", "hour", "ink", "jar", "kilo"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="keep the project in this file, or use it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = given.keep or Path(folder) / "million.db"
        fresh = not file.exists()
        database = create_database(f"sqlite:///{file}")
        if fresh:
            timed("make the project", lambda: fill(database, given.solutions))
            timed("make the solution index", lambda: solution_index.ensure(database), once=True)
        measure(database)
        database.close()


def measure(database: Database) -> None:
    """Time each query of the pages, the second time of two, and print it."""
    compared = compared_annotators(database)
    assert compared.mc is not None
    ann = ensure_reviewer(database, "ann")
    live = timed("baseline: compare all while asking", lambda: compare_everything(database))
    slowest = 0.0
    ids = [one.id for one in compared.members()]
    filters = {
        "everything": SolutionFilter(),
        "data set and answer": SolutionFilter(dataset="d3", answer="wrong"),
        "kind of disagreement": SolutionFilter(disagreement="location"),
        "one annotator's verdict": SolutionFilter(annotator=compared.mc.id, verdict=2),
        "two differ after a step": SolutionFilter(differ=(ids[0], ids[1]), differ_after=3),
        "an outcome": SolutionFilter(outcome=("early", ids[2], ids[1])),
        "steps and text": SolutionFilter(steps_from=8, text="apple garden"),
        "a rare text": SolutionFilter(text="rareword"),
    }
    sorts = [*SORTS, *(f"{word}:{ids[-1]}" for word in SORTS_BY)]
    for name, wanted in filters.items():
        for sort in sorts:
            seconds = timed(
                f"{name}, {sort}",
                partial(list_solutions, database, wanted, sort=sort, annotators=ids),
                quiet=True,
            )
            slowest = max(slowest, seconds)
            if seconds > 0.3:
                print(f"{seconds:8.3f} s  {name}, {sort}")
        seconds = timed(f"count: {name}", partial(count_solutions, database, wanted))
    last = max(0, count_solutions(database, SolutionFilter()) - 50)
    timed("the last page", lambda: list_solutions(database, SolutionFilter(), offset=last))
    for name, one in QUEUES.items():
        queue = Queue(one.members, reference=compared.mc.id)
        timed(f"next items: {name}", partial(next_items, database, queue, ann, 6))
        timed(f"state: {name}", partial(queue_state, database, queue, ann))
    print(
        f"slowest page of Browse {slowest:.3f} s; the baseline took {live / slowest:.0f} times that"
    )


def timed(
    name: str, work: Callable[[], object], *, quiet: bool = False, once: bool = False
) -> float:
    """Seconds that `work` takes when what it reads was read before."""
    began = time.perf_counter()
    work()
    first = time.perf_counter() - began
    if first < 5 and not once:
        began = time.perf_counter()
        work()
    seconds = time.perf_counter() - began
    if not quiet:
        print(f"{seconds:8.3f} s  {name}", flush=True)
    return seconds


def compare_everything(database: Database) -> object:
    comparison = ComparedVerdicts(compared_annotators(database))
    place = comparison.place()
    query = comparison.join(select(place, func.count()).select_from(Solution))
    with database.read() as session:
        return session.execute(query.group_by(place)).all()


def fill(database: Database, n: int) -> None:
    """`n` solutions, four to a problem, with MC, a judge and a PRM on nearly all of them."""
    chance = random.Random(0)
    who = {
        kind: ensure_annotator(database, kind, kind, {"threshold": 0.5}).id
        for kind in ("mc", "judge", "prm")
    }
    for start in range(1, n + 1, CHUNK):
        rows = [solution(i, chance) for i in range(start, min(start + CHUNK, n + 1))]
        said = [one for row in rows for one in spoken(row, who, chance)]
        counted = Counter(one["annotator_id"] for one in said)
        with database.write() as session:
            session.execute(text(PROBLEM), rows[::4])  # a problem's first solution
            session.execute(text(SOLUTION), rows)
            session.execute(text(ANNOTATION), said)
            search.add(
                session, [{"id": r["id"], "body": f"{r['problem']}{r['steps']}"} for r in rows]
            )
            # Who is compared is chosen by how much each has; rows of our own are not counted there.
            for annotator in who.values():
                count_annotations(session, annotator, counted[annotator])


PROBLEM = (
    "INSERT INTO problem (id, fingerprint, text, gold_answer, created_at) "
    "VALUES (:problem_id, :fingerprint, :problem, '7', '2026-01-01')"
)
SOLUTION = (
    "INSERT INTO solution (id, problem_id, fingerprint, dataset, generator, steps, n_steps, "
    "final_answer, is_correct, meta, created_at) VALUES (:id, :problem_id, :fingerprint, "
    ":dataset, :generator, :steps, :n_steps, '7', :is_correct, '{}', '2026-01-01')"
)
ANNOTATION = (
    "INSERT INTO annotation (solution_id, annotator_id, scores, first_error, status, lowest, "
    "margin, evidence, created_at) VALUES (:solution_id, :annotator_id, :scores, :first_error, "
    "'ok', :lowest, :margin, '{}', '2026-01-01')"
)


def solution(i: int, chance: random.Random) -> dict[str, object]:
    n_steps = chance.randint(2, 12)
    rare = " rareword" if i % 50_000 == 7 else ""
    steps = [" ".join(chance.choices(WORDS, k=12)) + rare for _ in range(n_steps)]
    problem = (i - 1) // 4 + 1
    return {
        "id": i,
        "problem_id": problem,
        "fingerprint": f"{chance.getrandbits(128):032x}",
        "problem": f"Problem {problem}: " + " ".join(chance.choices(WORDS, k=20)),
        "dataset": f"d{i % 5}",
        "generator": f"generator-{i % 7}",
        "steps": json.dumps(steps),
        "n_steps": n_steps,
        "is_correct": chance.random() < 0.6,
    }


def spoken(
    row: dict[str, object], who: dict[str, int], chance: random.Random
) -> list[dict[str, object]]:
    n_steps = int(str(row["n_steps"]))
    truth = -1 if row["is_correct"] else chance.randrange(n_steps)
    made = []
    for kind, annotator in who.items():
        if chance.random() < 0.03:
            continue
        first = truth if chance.random() < 0.75 else chance.randint(-1, n_steps - 1)
        scores = [round(chance.random(), 3) for _ in range(n_steps)]
        made.append(
            {
                "solution_id": row["id"],
                "annotator_id": annotator,
                "scores": json.dumps(scores),
                "first_error": first,
                "lowest": min(scores),
                "margin": None if kind == "judge" else round(chance.random(), 4),
            }
        )
    return made


if __name__ == "__main__":
    main()
