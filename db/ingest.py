"""Storing imported or sampled solutions: one transaction a chunk, adding nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.annotators import count_annotations, ensure_in_session
from db.engine import IN_LIST, Database, stable_hash
from db.jobs import check_claim
from db.lists import search, solution_index
from db.records import ImportRow, IngestCount, JobRecord, SourceLabel, lowest
from db.schema import Annotation, Problem, Solution, utcnow

Score = float | None
OnContradiction = Callable[[ImportRow, SourceLabel], None]


def problem_fingerprint(text: str) -> str:
    """Identifies a problem by its text alone, blanks at the ends apart."""
    return stable_hash(text.strip())


def solution_fingerprint(problem: str, generator: str, steps: Sequence[str]) -> str:
    """Identifies a solution by problem, generator and steps."""
    return stable_hash([problem.strip(), generator, list(steps)])


def insert_rows(
    database: Database,
    rows: Sequence[ImportRow],
    *,
    job: JobRecord | None = None,
    hidden_annotators: frozenset[str] = frozenset(),
    on_contradiction: OnContradiction | None = None,
) -> IngestCount:
    """Add `rows` in one transaction; what is there already is left alone.

    A gold answer fills in a problem that had none, and a larger number of samples replaces a
    smaller one. Labels of an annotator in `hidden_annotators` are kept out of the review queue.
    `on_contradiction` is told of labels that are not stored because their annotator has said
    otherwise of the solution before. Raises LostJobError, and stores nothing, when `job` is no
    longer this process's.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        problems, new_problems = _problems(session, rows)
        solutions, new_solutions = _solutions(session, rows, problems)
        annotations = _labels(session, rows, solutions, hidden_annotators, on_contradiction)
        solution_index.update(session, solutions.values())
    return IngestCount(new_problems, new_solutions, annotations, len(rows) - new_solutions)


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
        key = solution_fingerprint(row.problem, row.generator, row.steps)
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


def _labels(
    session: Session,
    rows: Sequence[ImportRow],
    solutions: dict[str, int],
    hidden: frozenset[str],
    on_contradiction: OnContradiction | None,
) -> int:
    first: dict[tuple[int, int], SourceLabel] = {}
    told: list[tuple[tuple[int, int], ImportRow, SourceLabel]] = []
    annotators: dict[tuple[str, str], int] = {}
    for row in rows:
        solution_id = solutions[solution_fingerprint(row.problem, row.generator, row.steps)]
        for label in row.labels:
            who = (label.kind, label.annotator)
            if who not in annotators:
                annotators[who] = ensure_in_session(
                    session,
                    *who,
                    {"source": "dataset", "name": label.annotator},
                    hidden=label.annotator in hidden,
                ).id
            key = (solution_id, annotators[who])
            told.append((key, row, label))
            first.setdefault(key, label)
    known = _annotated(session, list(first))
    if on_contradiction is not None:
        for key, row, label in told:
            kept = known.get(key) or (first[key].scores, first[key].first_error)
            if _contradicts(label, *kept):
                on_contradiction(row, label)
    new = [_annotation(*key, label) for key, label in first.items() if key not in known]
    if new:
        session.execute(insert(Annotation), new)
    for annotator_id, count in Counter(who for _, who in first.keys() - known.keys()).items():
        count_annotations(session, annotator_id, count)
    return len(new)


def _annotation(solution_id: int, annotator_id: int, label: SourceLabel) -> dict[str, object]:
    return {
        "solution_id": solution_id,
        "annotator_id": annotator_id,
        "scores": list(label.scores),
        "first_error": label.first_error,
        "status": "ok" if label.first_error is not None else "unfinished",
        "lowest": lowest(label.scores),
        "margin": None,
        "evidence": {},
        "created_at": utcnow(),
    }


def _contradicts(label: SourceLabel, scores: Sequence[Score], first_error: int | None) -> bool:
    """Whether both say something of the same thing, and not the same; silence contradicts none."""
    pairs = [(label.first_error, first_error), *zip(label.scores, scores, strict=False)]
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _annotated(
    session: Session, keys: list[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Sequence[Score], int | None]]:
    """The stored scores and first errors of these solutions, by solution and annotator."""
    found: dict[tuple[int, int], tuple[Sequence[Score], int | None]] = {}
    ids = sorted({solution_id for solution_id, _ in keys})
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        query = select(
            Annotation.solution_id,
            Annotation.annotator_id,
            Annotation.scores,
            Annotation.first_error,
        ).where(Annotation.solution_id.in_(part))
        for solution_id, annotator_id, scores, first_error in session.execute(query):
            found[solution_id, annotator_id] = (scores, first_error)
    return found
