"""A project of a million solutions, and how long its pages' queries take.

    python -m benchmarks.million [--solutions 1000000] [--keep URL]

The project has three machines on nearly every solution, 200 people with 50,000 acts, and the text
search; making one takes some minutes and 2.5 GB for a million solutions. It is made in SQLite, and
also on the PostgreSQL server that STEPLENS_TEST_POSTGRES names, in a database of its own; `--keep`
uses the project at that URL, or makes it there and leaves it. The figures are of the server alone,
without Streamlit and without the network, and of rows that were read before. The baseline of the
ratio is to compare the annotators of every solution while asking, as without a solution index.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles
from uuid import uuid4

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from app.ui import project_summary
from benchmarks.people import PEOPLE, fill_people
from db.annotations import annotations_of
from db.annotators import count_annotations, ensure_annotator, ensure_reviewer, list_annotators
from db.corrections import correction_log
from db.engine import Database, create_database
from db.lists import search, solution_index
from db.lists.agreement import work_of_people
from db.lists.browse import SORTS, SORTS_BY, count_solutions, list_solutions
from db.lists.comparison import compared_annotators
from db.lists.counts import project_counts
from db.lists.filters import SolutionFilter
from db.lists.kinds import ComparedVerdicts, count_kinds
from db.records import AnnotatorRecord
from db.review.leases import next_items, pace, queue_state
from db.review.queues import Queue
from db.schema import Solution, utcnow
from db.solutions import get_solution, sibling_solutions
from labeling.evaluation.scored import scored_solutions
from labeling.review.commits import accept_commits
from labeling.review.items import review_items
from labeling.review.queues import QUEUES

CHUNK = 20_000
WORDS = ["apple", "bus", "card", "dollar", "egg", "fish", "garden", "hour", "ink", "jar", "kilo"]
GOAL, GOAL_OF_PAGES = 0.1, 1.0  # seconds that 95 of 100 take at most
Work = Callable[[], object]


def main() -> None:
    """Fill and measure each kind of database there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=int, default=1_000_000)
    parser.add_argument("--keep", metavar="URL", help="keep the project there, or use it")
    given = parser.parse_args()
    if given.keep:
        try_one(given.keep, given.solutions)
        return
    with tempfile.TemporaryDirectory() as folder:
        try_one(f"sqlite:///{folder}/million.db", given.solutions)
    if server := os.environ.get("STEPLENS_TEST_POSTGRES"):
        with own_database(server) as url:
            try_one(url, given.solutions)


def try_one(url: str, solutions: int) -> None:
    """Make the project unless it is there, and measure it."""
    database = create_database(url)
    if not project_counts(database).solutions:
        name = database.engine.dialect.name
        timed(f"make the project, {name}", lambda: fill(database, solutions), once=True)
        timed("make the solution index", lambda: solution_index.ensure(database), once=True)
        timed("people's labels", lambda: fill_people(database, solutions), once=True)
    measure(database)
    database.close()


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The URL of a new database on that server, dropped afterwards."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"steplens_{uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def measure(database: Database) -> None:
    """Time what pages ask, and print how long 95 of 100 take at most."""
    chance = random.Random(1)
    people = [ensure_reviewer(database, f"person {n}") for n in range(PEOPLE)]
    solutions = project_counts(database).solutions
    machines = compared_annotators(database).members()

    def somebody() -> AnnotatorRecord:
        return chance.choice(people)

    def some() -> int:
        return chance.randint(1, solutions)

    report(
        "open a solution",
        [partial(open_solution, database, some(), somebody()) for _ in range(100)],
    )
    for name, one in QUEUES.items():
        queue = Queue(one.members, reference=machines[0].id)
        report(
            f"next in queue: {name}",
            [partial(next_items, database, queue, somebody(), 6) for _ in range(20)],
        )
        report(
            f"state of queue: {name}",
            [partial(queue_state, database, queue, somebody()) for _ in range(5)],
        )
    report("save", [partial(save, database, somebody(), some()) for _ in range(100)])
    report("a person's pace", [partial(pace, database, somebody(), utcnow()) for _ in range(20)])
    slowest = browse(database, [one.id for one in machines], people[0])
    covered = project_summary.everybody(database)
    parts: dict[str, Work] = {
        "counts": lambda: project_counts(database),
        "coverage": lambda: project_summary.everybody(database),
        "agreement of the first": lambda: project_summary.agreements(
            database, [one.annotator for one in covered]
        ),
        "advice": lambda: project_summary.advice(database, people[0]),
        "kinds": lambda: count_kinds(database),
    }
    for name, part in parts.items():
        report(f"Overview: {name}", [part] * 3, GOAL_OF_PAGES)
    report("Overview", [lambda: [part() for part in parts.values()]] * 5, GOAL_OF_PAGES)
    report(
        "Agreement: people's work", [lambda: work_of_people(database, utcnow())] * 5, GOAL_OF_PAGES
    )
    prm, reference = machines[-1], machines[0]
    report(
        "PRM errors: scores",
        [lambda: scored_solutions(database, prm, reference)] * 3,
        GOAL_OF_PAGES,
    )
    live = timed("baseline: compare all while asking", lambda: compare_everything(database))
    print(f"the baseline took {live / slowest:.0f} times the slowest page of Browse")


def browse(database: Database, ids: list[int], person: AnnotatorRecord) -> float:
    """Pages 1 to 3 of every filter in every order; returns the seconds of the slowest."""
    filters = {
        "everything": SolutionFilter(),
        "data set and answer": SolutionFilter(dataset="d3", answer="wrong"),
        "generator": SolutionFilter(generator="generator-3"),
        "kind of disagreement": SolutionFilter(disagreement="location"),
        "one annotator's verdict": SolutionFilter(annotator=ids[0], verdict=2),
        "without a verdict": SolutionFilter(annotator=ids[0], verdict="not_annotated"),
        "two differ after a step": SolutionFilter(differ=(ids[0], ids[1]), differ_after=3),
        "an outcome": SolutionFilter(outcome=("early", ids[2], ids[1])),
        "steps and text": SolutionFilter(steps_from=8, text="apple garden"),
        "a rare text": SolutionFilter(text="rareword"),
        "labelled by people": SolutionFilter(reviewed="labelled"),
        "not labelled by people": SolutionFilter(reviewed="not_labelled"),
        "flagged by people": SolutionFilter(reviewed="flagged"),
        "labelled by several": SolutionFilter(reviewed="by_several"),
        "labelled by one person": SolutionFilter(did=("labelled", person.id)),
    }
    sorts = [*SORTS, *(f"{word}:{ids[-1]}" for word in SORTS_BY)]
    every: list[float] = []
    for name, wanted in filters.items():
        took: dict[str, list[float]] = {}
        for sort in sorts:
            page = partial(list_solutions, database, wanted, sort=sort, annotators=ids)
            page()
            took[sort] = [seconds(partial(page, offset=50 * n)) for n in range(3)]
            every += took[sort]
        worst = max(sorts, key=lambda sort: max(took[sort]))
        said(
            f"Browse: {name} (slowest order {worst})",
            [one for each in took.values() for one in each],
        )
        report(
            f"Browse: number of {name}",
            [partial(count_solutions, database, wanted)] * 3,
            GOAL_OF_PAGES,
        )
    said("Browse, every filter and order", every)
    last = max(0, count_solutions(database, SolutionFilter()) - 50)
    report(
        "Browse: the last page",
        [partial(list_solutions, database, SolutionFilter(), offset=last)] * 3,
    )
    return max(every)


def open_solution(database: Database, solution_id: int, person: AnnotatorRecord) -> None:
    """What the page Solution reads."""
    solution = get_solution(database, solution_id)
    everybody = {one.id: one for one in list_annotators(database)}
    shown = [everybody[one.annotator_id] for one in annotations_of(database, [solution_id])]
    compared = compared_annotators(database).members()
    review_items(database, [solution_id], shown, person, compared=compared)
    correction_log(database, solution_id)
    sibling_solutions(database, solution.problem_id)


def save(database: Database, person: AnnotatorRecord, solution_id: int) -> None:
    """A label as the step table sends it."""
    n_steps = len(get_solution(database, solution_id).steps)
    label = {"labels": [1] * n_steps, "first_error": -1, "seconds": 9.0}
    commit = {"token": uuid4().hex, "solution_id": solution_id, "action": "label", **label}
    assert accept_commits(database, person, [commit]).acked


def report(name: str, works: Sequence[Work], goal: float = GOAL) -> None:
    """Time each, the first once before."""
    works[0]()
    said(name, [seconds(work) for work in works], goal)


def said(name: str, took: Sequence[float], goal: float = GOAL) -> None:
    """Print the median and what 95 of 100 take at most; fewer than 20 have the longest for it."""
    most = quantiles(took, n=20)[-1] if len(took) >= 20 else max(took)
    missed = "  MISSED" if most > goal else ""
    print(f"{1000 * median(took):9.1f} {1000 * most:9.1f} ms  {name}{missed}", flush=True)


def seconds(work: Work) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def timed(name: str, work: Work, *, quiet: bool = False, once: bool = False) -> float:
    """Seconds that `work` takes when what it reads was read before."""
    took = seconds(work)
    if took < 5 and not once:
        took = seconds(work)
    if not quiet:
        print(f"{took:8.3f} s  {name}", flush=True)
    return took


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
    if not database.is_sqlite:
        with database.write() as session:
            for table in ("problem", "solution"):
                highest = f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"
                session.execute(text(highest))


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
