"""Cutting the steps of a solution anew, on its page: a text with a line between the steps."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.ui import address, project
from app.ui.review_table import reviewer_trouble
from db.annotators import ensure_reviewer
from db.corrections import current_acts
from db.engine import Database, DatabaseError
from db.records import AnnotatorRecord, SolutionRecord
from db.review.recuts import BAD_SPLIT, lineages, recut, replacement, undo_recut

WORDS = (
    "Move, add or delete lines of dashes: each is where a step ends. Another solution with these "
    "steps then stands in this one's place, with people's labels; what machines said stays with "
    "this one."
)


def lineage(database: Database, solution_id: int) -> None:
    """Whether another cut stands in this one's place, or this one in another's: a line on top."""
    now, before = replacement(database, solution_id), _origin(database, solution_id)
    cells: list[data_table.Cell] = []
    if now is not None:
        cells += [
            data_table.text("Set aside: its steps were cut anew as", "warn"),
            data_table.link(f"solution {now}", data_table.page_href("solution", id=now)),
        ]
    elif before is not None:
        cells += [
            data_table.text("Cut anew from", "muted"),
            data_table.link(f"solution {before}", data_table.page_href("solution", id=before)),
            data_table.text("which has what machines said of the old cut", "muted"),
        ]
    if cells:
        data_table.line(*cells, key="lineage")


def cut_anew(database: Database, solution: SolutionRecord) -> None:
    """The form; open where the reviewer has flagged the split. Nothing for a solution set aside."""
    if replacement(database, solution.id) is not None:
        return
    name = identity.reviewer_name()
    me = identity.known_reviewer(database, name)
    acts = {} if me is None else current_acts(database, [solution.id], me.id)
    flagged = any(BAD_SPLIT in act.flags for act in acts.values())
    with st.expander("Cut the steps anew", expanded=flagged):
        trouble = reviewer_trouble(database, name)
        if trouble:
            st.text(trouble)
            return
        st.text(WORDS)
        rule = _rule(solution.steps)
        typed = st.text_area(
            "Steps",
            f"\n{rule}\n".join(solution.steps),
            height=320,
            key=f"recut {solution.id}",
            label_visibility="collapsed",
        )
        with st.container(horizontal=True):
            if st.button("Cut", type="primary"):
                _go(
                    database,
                    lambda who, token: recut(
                        database, solution.id, _steps(typed, rule), who, token
                    ),
                    name,
                )
            before = _origin(database, solution.id)
            if before is not None and st.button(f"Put solution {before} back"):
                _go(
                    database, lambda who, token: undo_recut(database, solution.id, who, token), name
                )


def _origin(database: Database, solution_id: int) -> int | None:
    """The solution that this one was cut from."""
    return next(iter(lineages(database, [solution_id])[solution_id]), None)


def _go(database: Database, act: Callable[[AnnotatorRecord, str], int], name: str) -> None:
    """Do it, and lead on to the solution that stands now; say why where it cannot be done."""
    try:
        standing = act(ensure_reviewer(database, name), uuid.uuid4().hex)
    except (DatabaseError, ValueError) as error:
        project.complain(error)
    else:
        address.put(id=str(standing))
        st.rerun()


def _rule(steps: Sequence[str]) -> str:
    """A line of dashes that no step has."""
    longest = max(
        (len(line) for step in steps for line in step.split("\n") if _is_rule(line)), default=0
    )
    return "-" * max(10, longest + 1)


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip().strip("-")


def _steps(typed: str, rule: str) -> list[str]:
    """The texts between the lines of dashes; a line that was shortened to none is no cut."""
    steps: list[list[str]] = [[]]
    for line in typed.split("\n"):
        if _is_rule(line) and len(line.strip()) >= len(rule):
            steps.append([])
        else:
            steps[-1].append(line)
    return [text for lines in steps if (text := "\n".join(lines).strip())]
