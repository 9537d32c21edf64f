"""Storing imported or sampled solutions: one transaction a chunk, adding nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.engine import IN_LIST, Database, stable_hash
from db.imports.corrections import Done, store_corrections
from db.imports.labels import OnNote, Said, store_labels
from db.imports.matching import problem_fingerprint, same_text
from db.jobs import check_claim
from db.lists import search, solution_index
from db.records import ImportRow, IngestCount, JobRecord
from db.schema import Problem, Solution, utcnow


def solution_fingerprint(problem: str, generator: str, steps: Sequence[str]) -> str:
    """Identifies a solution by problem, generator and steps."""
    return stable_hash([problem.strip(), generator, list(steps)])


def fingerprint_of(row: ImportRow) -> str:
    """The fingerprint of the solution that a row is."""
    return solution_fingerprint(row.problem, row.generator, row.steps)


def insert_rows(
    database: Database,
    rows: Sequence[ImportRow],
    *,
    job: JobRecord | None = None,
    hidden_annotators: frozenset[str] = frozenset(),
    on_note: OnNote | None = None,
) -> IngestCount:
    """Add `rows` in one transaction; what is there already is left alone.

    A row whose file does not say who wrote the solution is about those that have its problem and
    steps, and a new solution only where there is none. A gold answer fills in a problem that had
    none, and a larger number of samples replaces a smaller one. Labels of an annotator in
    `hidden_annotators` are kept out of the review queue. `on_note` is told of what is not stored
    because its annotator has said otherwise of the solution before, or is at work here. Raises
    LostJobError, and stores nothing, when `job` is no longer this process's.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        problems, new_problems = _problems(session, rows)
        solutions, new_solutions = _solutions(
            session, [row for row in rows if not row.is_anybodys], problems
        )
        anybodys = [row for row in rows if row.is_anybodys]
        there = dict(zip(map(fingerprint_of, anybodys), same_text(session, anybodys), strict=True))
        more, more_new = _solutions(
            session, [row for row in anybodys if not there[fingerprint_of(row)]], problems
        )
        solutions, new_solutions = solutions | more, new_solutions + more_new

        def places(row: ImportRow) -> tuple[int, ...]:
            """The solutions that the row is about: several only where they have the same text."""
            key = fingerprint_of(row)
            return (row.is_anybodys and there[key]) or (solutions[key],)

        said = [
            Said(place, label, row.line)
            for row in rows
            for label in row.labels
            for place in places(row)
        ]
        annotations = store_labels(session, said, hidden_annotators, on_note)
        done = [
            Done(place, one, row.line)
            for row in rows
            for one in row.corrections
            for place in places(row)
        ]
        corrections = store_corrections(session, done, on_note)
        solution_index.update(session, {place for row in rows for place in places(row)})
    return IngestCount(
        new_problems, new_solutions, annotations, len(rows) - new_solutions, corrections
    )


def _existing(
    session: Session, table: type[Problem] | type[Solution], fingerprints: list[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(fingerprints), IN_LIST):
        part = fingerprints[start : start + IN_LIST]
        query = select(table.fingerprint, table.id).where(table.fingerprint.in_(part))
        found.update(session.execute(query).all())
    return found


def _problems(session: Session, rows: Sequence[ImportRow]) -> tuple[dict[str, int], int]:
    wanted: dict[str, ImportRow] = {}
    gold: dict[str, str] = {}
    for row in rows:
        key = problem_fingerprint(row.problem)
        wanted.setdefault(key, row)
        if row.gold_answer is not None:
            gold.setdefault(key, row.gold_answer)
    known = _existing(session, Problem, list(wanted))
    new = [
        {
            "fingerprint": key,
            "text": row.problem.strip(),
            "gold_answer": gold.get(key),
            "created_at": utcnow(),
        }
        for key, row in wanted.items()
        if key not in known
    ]
    if new:
        session.execute(insert(Problem), new)
    for key in known.keys() & gold.keys():
        session.execute(
            update(Problem)
            .where(Problem.id == known[key], Problem.gold_answer.is_(None))
            .values(gold_answer=gold[key])
        )
    return (_existing(session, Problem, list(wanted)) if new else known), len(new)


def _solutions(
    session: Session, rows: Sequence[ImportRow], problems: dict[str, int]
) -> tuple[dict[str, int], int]:
    wanted: dict[str, ImportRow] = {}
    samples: dict[str, int] = {}
    for row in rows:
        key = fingerprint_of(row)
        wanted.setdefault(key, row)
        samples[key] = max(row.samples, samples.get(key, 1))
    known = _existing(session, Solution, list(wanted))
    for key in known:
        if samples[key] > 1:
            session.execute(
                update(Solution)
                .where(Solution.id == known[key], Solution.samples < samples[key])
                .values(samples=samples[key])
            )
    new: list[dict[str, object]] = [
        {
            "fingerprint": key,
            "problem_id": problems[problem_fingerprint(row.problem)],
            "dataset": row.dataset,
            "generator": row.generator,
            "external_id": row.external_id,
            "steps": list(row.steps),
            "n_steps": len(row.steps),
            "final_answer": row.final_answer,
            "is_correct": row.is_correct,
            "samples": samples[key],
            "meta": row.meta,
            "created_at": utcnow(),
        }
        for key, row in wanted.items()
        if key not in known
    ]
    if not new:
        return known, 0
    session.execute(insert(Solution), new)
    stored = _existing(session, Solution, list(wanted))
    search.add(
        session,
        [
            {"id": stored[key], "body": search.body(row.problem, row.steps)}
            for key, row in wanted.items()
            if key not in known
        ],
    )
    return stored, len(new)
