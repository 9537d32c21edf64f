"""The step table on a page: takes in what the browser saved, answers it, shows what is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypedDict

import streamlit as st

from app.auth import identity
from app.components.step_table.step_table import step_table
from app.ui import project
from db.annotators import ensure_adjudicator, ensure_reviewer, list_annotators
from db.engine import Database, DatabaseError, stable_hash
from db.records import AnnotatorRecord
from db.solutions import get_solution
from labeling.review.commits import Accepted, accept_commits
from labeling.review.error_types import error_types
from labeling.review.items import Evidence, Item, evidence, revision
from labeling.review.scores import LabelledSteps, labelled_steps

ANSWERS_KEPT = 500


class Progress(TypedDict, total=False):
    """How far a reviewer is: `position` (from 1) of `total`, and how fast, in words."""

    position: int
    total: int
    left: int
    label: str
    today: int
    pace: str


class Sent(NamedTuple):
    """A commit as the browser sent it: its token, its solution, and the one then on screen.

    `position` is None where the browser had no other solution yet.
    """

    token: str
    solution_id: int | None
    position: int | None


@dataclass(slots=True)
class Answers:
    """What the server said of acts, by their tokens: None for what is on disk, else why not.

    `cuts`: the solution that stands since a cut. `carried`: the solution that a label went on to.
    """

    answers: dict[str, str | None] = field(default_factory=dict)
    cuts: dict[str, dict[str, int]] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)

    def add(self, database: Database, accepted: Accepted) -> None:
        """Note them; of very many the oldest are forgotten."""
        self.answers |= dict.fromkeys(accepted.acked) | accepted.refused
        self.carried |= accepted.carried
        for token, solution_id in accepted.cuts.items():
            solution = get_solution(database, solution_id)
            self.cuts[token] = {"solution_id": solution.id, "revision": revision(solution)}
        for held in (self.answers, self.cuts, self.carried):
            for token in list(held)[:-ANSWERS_KEPT]:
                del held[token]  # type: ignore[attr-defined]


Load = Callable[[AnnotatorRecord | None], tuple[list[Item], Progress | None]]


def review_table(
    database: Database,
    *,
    key: str,
    mode: str,
    queue: str,
    annotators: Sequence[AnnotatorRecord],
    load: Load,
    nothing: Callable[[], str] = str,
    blind: bool = False,
    adjudicating: bool = False,
    on_cut: Callable[[], None] | None = None,
) -> None:
    """Mount the step table; `load(reviewer)` gives (items, progress) AFTER saves were taken in.

    `annotators` are those whose evidence may be asked for. `nothing` says
    what may be done about an empty queue. `adjudicating` stores what is said
    apart from the person's own opinion. `on_cut` is called when steps were cut anew, or back.
    The table must stay outside fragments: inside one, what a browser sends after a server restart
    is dropped.
    """
    name = identity.reviewer_name()
    trouble = reviewer_trouble(database, name)
    if adjudicating and not trouble and not identity.is_manager():
        trouble = identity.managers_only()
    if trouble:
        mode = "read"
        project.complain(trouble)
    # The name is part of the key: what one person saved is never stored under another's name.
    key = _key(key, name, adjudicating)
    ensure = ensure_adjudicator if adjudicating else ensure_reviewer
    told: Answers = st.session_state.setdefault(f"{key} answers", Answers())
    reviewer = None
    if not trouble:
        reviewer = ensure(database, name)
        _take_in(database, reviewer, _sent(key, "outbox"), told, on_cut)
    items, progress = load(reviewer)
    step_table(
        key=key,
        data={
            "mode": mode,
            "queue": queue,
            "blind": blind,
            "scope": f"{stable_hash(database.url)[:8]}/{reviewer.name if reviewer else name}",
            "items": items,
            "nothing": "" if items else nothing(),
            "acked": [token for token, why in told.answers.items() if why is None],
            "refused": {token: why for token, why in told.answers.items() if why is not None},
            "cuts": told.cuts,
            "carried": told.carried,
            "evidence": _wanted_evidence(database, _sent(key, "wants"), items, annotators),
            "progress": progress,
            "error_types": error_types(database),
        },
    )
    if reviewer and _take_in(database, reviewer, _sent(key, "outbox"), told, on_cut):
        st.rerun()
    heartbeat()


@st.fragment(run_every=20)
def heartbeat() -> None:
    """Makes the browser notice a restarted server, and send again what that one never got."""


def sent_at(key: str) -> Sent | None:
    """The newest commit that the table of this page has sent, None before any."""
    key = _key(key, identity.reviewer_name(), False)
    outbox, position = _sent(key, "outbox"), _sent(key, "position")
    newest = outbox[-1] if isinstance(outbox, list) and outbox else None
    if not isinstance(newest, Mapping):
        return None
    solution_id = newest.get("solution_id")
    return Sent(
        str(newest.get("token")),
        solution_id if isinstance(solution_id, int) else None,
        position if isinstance(position, int) else None,
    )


def _key(key: str, name: str, adjudicating: bool) -> str:
    return f"{key} {name}{' adjudicating' if adjudicating else ''}"


def reviewer_trouble(database: Database, name: str) -> str:
    """Why corrections cannot be stored under this name; "" when they can."""
    if not name:
        return identity.how_to_sign()
    taken = any(
        one.kind == "human" and one.name == name and not identity.is_reviewer(one)
        for one in list_annotators(database)
    )
    cure = "" if identity.needs_sign_in() else " Choose another one."
    return f"{name} is the name of a data set's labels.{cure}" if taken else ""


def _take_in(
    database: Database,
    reviewer: AnnotatorRecord,
    outbox: object,
    told: Answers,
    on_cut: Callable[[], None] | None,
) -> bool:
    """Store what was not answered yet, and note the answers; whether there was any."""
    if not isinstance(outbox, list):
        return False
    new = [
        one for one in outbox if isinstance(one, Mapping) and one.get("token") not in told.answers
    ]
    if not new:
        return False
    try:
        accepted = accept_commits(database, reviewer, new)
    except DatabaseError as error:
        project.complain(error)
        return False
    told.add(database, accepted)
    if accepted.cuts and on_cut is not None:
        on_cut()
    return bool(accepted.acked or accepted.refused)


def _wanted_evidence(
    database: Database,
    wants: object,
    items: Sequence[Item],
    annotators: Sequence[AnnotatorRecord],
) -> dict[str, Evidence]:
    if not isinstance(wants, Mapping):
        return {}
    solution_id = wants.get("solution_id")
    annotator = next((one for one in annotators if one.id == wants.get("annotator_id")), None)
    shown = {item["solution_id"] for item in items}
    if annotator is None or not isinstance(solution_id, int) or solution_id not in shown:
        return {}
    kept = partial(_labelled, database)
    return {f"{solution_id}:{annotator.id}": evidence(database, solution_id, annotator, kept)}


def _labelled(database: Database, annotator: AnnotatorRecord) -> LabelledSteps:
    """The scores of labelled steps; a percentile may be some minutes old."""
    return _read_labelled(database.url, annotator.id, database)


@st.cache_resource(max_entries=8, ttl=300, show_spinner=False)
def _read_labelled(url: str, annotator_id: int, _database: Database) -> LabelledSteps:
    return labelled_steps(_database, annotator_id)


def _sent(key: str, name: str) -> Any:
    """What the component mounted under `key` has set `name` to; None before it set any."""
    sent = st.session_state.get(key)
    return None if sent is None else sent.get(name)
