"""Which solutions of the project the rows of a file are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import IN_LIST, Database, stable_hash
from db.records import About, ImportRow
from db.schema import Problem, Solution


class Found(NamedTuple):
    """The solutions that a row is about, or why there is none.

    They are several only where generators wrote the same text: what is said of it is said of each.
    """

    ids: tuple[int, ...]
    n_steps: int = 0
    reason: str | None = None


class _Candidate(NamedTuple):
    id: int
    dataset: str
    external_id: str | None
    generator: str
    steps: list[str]
    problem: str  # its fingerprint


def problem_fingerprint(text: str) -> str:
    """Identifies a problem by its text alone, blanks at the ends apart."""
    return stable_hash(text.strip())


def find_solutions(database: Database, rows: Sequence[About]) -> list[Found]:
    """What each row is about, in their order."""
    with database.read() as session:
        by_id = _by_id(session, rows)
        by_name = _by_name(session, rows)
        by_problem = _by_problem(session, rows)
    return [_found(row, by_id, by_name, by_problem) for row in rows]


def same_text(session: Session, rows: Sequence[ImportRow]) -> list[tuple[int, ...]]:
    """The solutions that have the problem and steps of each row, whoever wrote them.

    Of several, that of the row's data set and id alone, where there is one.
    """
    abouts = [About(problem=row.problem, steps=row.steps) for row in rows]
    by_problem = _by_problem(session, abouts)
    found: list[tuple[int, ...]] = []
    for row in rows:
        candidates = by_problem.get(problem_fingerprint(row.problem), [])
        same = [one for one in candidates if one.steps == list(row.steps)]
        name = (row.dataset, row.external_id)
        own = [one for one in same if row.external_id and (one.dataset, one.external_id) == name]
        found.append(tuple(one.id for one in own or same))
    return found


def _found(
    row: About,
    by_id: dict[int, list[_Candidate]],
    by_name: dict[tuple[str, str], list[_Candidate]],
    by_problem: dict[str, list[_Candidate]],
) -> Found:
    has_text = row.problem is not None and row.steps is not None
    candidates: list[_Candidate] = []
    reason = "it says neither which solution it is about, nor its problem and steps"
    if row.solution_id is not None:
        candidates = by_id.get(row.solution_id, [])
        if not candidates:
            return Found((), 0, f"there is no solution {row.solution_id} in this project")
    elif row.dataset is not None and row.external_id is not None:
        candidates = by_name.get((row.dataset, row.external_id), [])
        reason = f"no solution of the data set {row.dataset} has the id {row.external_id}"
    elif row.external_id is not None and not has_text:
        reason = "its id is not enough without the data set: name that too"
    if not candidates and has_text:
        candidates = by_problem.get(problem_fingerprint(row.problem or ""), [])
        reason = "no solution has this problem and these steps"
        candidates = [one for one in candidates if one.steps == list(row.steps or ())]
    if not candidates:
        return Found((), 0, reason)
    fitting = [one for one in candidates if _fits(row, one)]
    if not fitting:
        return Found((), 0, "the solution of this id has another problem or other steps")
    return _narrowed(row, fitting)


def _narrowed(row: About, candidates: list[_Candidate]) -> Found:
    """Those by the row's generator, if it wrote one of them; all must have the same text."""
    named = [one for one in candidates if one.generator == row.generator]
    chosen = named or candidates
    if any((one.problem, one.steps) != (chosen[0].problem, chosen[0].steps) for one in chosen):
        return Found(
            (),
            0,
            f"{len(chosen)} solutions of the data set {row.dataset} have the id "
            f"{row.external_id}: give their problem and steps, or their generator, too",
        )
    return Found(tuple(one.id for one in chosen), len(chosen[0].steps))


def _fits(row: About, candidate: _Candidate) -> bool:
    """Whether the text that a row gives is the solution's."""
    return (row.steps is None or list(row.steps) == candidate.steps) and (
        row.problem is None or problem_fingerprint(row.problem) == candidate.problem
    )


def _by_id(session: Session, rows: Iterable[About]) -> dict[int, list[_Candidate]]:
    wanted = sorted({row.solution_id for row in rows if row.solution_id is not None})
    found: dict[int, list[_Candidate]] = defaultdict(list)
    for one in _candidates(session, Solution.id, [id for id in wanted if 0 < id < 1 << 63]):
        found[one.id].append(one)
    return found


def _by_name(session: Session, rows: Iterable[About]) -> dict[tuple[str, str], list[_Candidate]]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.dataset is not None and row.external_id is not None and row.solution_id is None:
            wanted[row.dataset].add(row.external_id)
    found: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for dataset, names in wanted.items():
        for one in _candidates(session, Solution.external_id, sorted(names)):
            if one.dataset == dataset and one.external_id is not None:
                found[dataset, one.external_id].append(one)
    return found


def _by_problem(session: Session, rows: Iterable[About]) -> dict[str, list[_Candidate]]:
    wanted = {
        problem_fingerprint(row.problem)
        for row in rows
        if row.problem is not None and row.steps is not None
    }
    found: dict[str, list[_Candidate]] = defaultdict(list)
    for one in _candidates(session, Problem.fingerprint, sorted(wanted)):
        found[one.problem].append(one)
    return found


def _candidates(session: Session, column: Any, values: Sequence[int | str]) -> Iterable[_Candidate]:
    """The solutions whose `column` is one of `values`, by id for each part of them."""
    for start in range(0, len(values), IN_LIST):
        query = (
            select(
                Solution.id,
                Solution.dataset,
                Solution.external_id,
                Solution.generator,
                Solution.steps,
                Problem.fingerprint,
            )
            .join(Problem, Problem.id == Solution.problem_id)
            .where(column.in_(values[start : start + IN_LIST]))
            .order_by(Solution.id)
        )
        yield from (_Candidate(*row) for row in session.execute(query))
