"""What people's acts amount to, everywhere it is asked, against a slow and obvious reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.annotations import annotations_of
from db.annotators import ensure_adjudicator, ensure_reviewer
from db.corrections import current_acts, rebuild_projections
from db.engine import Database
from db.lists.agreement import work_of_people
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.review.leases import next_items, pace, queue_state
from db.review.queues import Queue, chosen, conflicts
from db.schema import utcnow
from labeling.review.commits import accept_commits
from tests.support.rows import fill

REVIEWERS, ADJUDICATOR = ("ann", "bob"), "ann (adjudicator)"
PEOPLE = (*REVIEWERS, ADJUDICATOR)
SOLUTIONS = (1, 2)
LABELS = {-1: [1, 1], 0: [-1, None], 1: [1, -1]}  # first error -> labels of two steps


@dataclass(frozen=True)
class Act:
    token: str
    person: str
    solution: int
    action: str
    first_error: int | None = None
    flags: tuple[str, ...] = ()
    undoes: str | None = None
    seconds: float | None = None

    def commit(self) -> dict[str, object]:
        labels = None if self.first_error is None else LABELS[self.first_error]
        return {
            "token": self.token,
            "solution_id": self.solution,
            "action": self.action,
            "labels": labels,
            "first_error": self.first_error,
            "flags": list(self.flags),
            "undoes": self.undoes,
            "seconds": self.seconds,
        }


@st.composite
def histories(draw: st.DrawFn) -> list[Act]:
    """Labels, skips and undos of several people on two solutions, in the order they happen."""
    acts: list[Act] = []
    for number in range(draw(st.integers(1, 12))):
        act = Act(
            token=f"token-{number:04}",
            person=draw(st.sampled_from(PEOPLE)),
            solution=draw(st.sampled_from(SOLUTIONS)),
            action=draw(st.sampled_from(("label", "skip", "undo", "undo"))),
            flags=draw(st.sampled_from(((), ("unsure",), ("bad_problem", "unsure")))),
            seconds=draw(st.sampled_from((None, 1.5, 3.0, 40.0))),
        )
        if act.action == "undo":
            own = [a for a in acts if (a.person, a.solution) == (act.person, act.solution)]
            if not own:
                continue
            act = replace(act, undoes=draw(st.sampled_from(own)).token)
        elif act.action == "label":
            act = replace(act, first_error=draw(st.sampled_from(tuple(LABELS))))
        acts.append(act)
    return acts


def stands(act: Act, acts: list[Act]) -> bool:
    """Whether no undo that stands takes the act back."""
    return not any(undo.undoes == act.token and stands(undo, acts) for undo in acts)


def amounts_to(acts: list[Act]) -> dict[tuple[str, int], Act]:
    """(person, solution) -> the last label or skip that stands."""
    return {
        (act.person, act.solution): act
        for act in acts
        if act.action != "undo" and stands(act, acts)
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=histories())
def test_every_list_knows_what_counts_now(database: Database, acts: list[Act]) -> None:
    fill(database, len(SOLUTIONS))
    with database.write() as session:
        for table in ("lease", "annotation", "correction"):
            session.execute(text(f"DELETE FROM {table}"))
    who = {name: ensure_reviewer(database, name) for name in REVIEWERS}
    who[ADJUDICATOR] = ensure_adjudicator(database, "ann")
    for act in acts:
        assert accept_commits(database, who[act.person], [act.commit()]).acked == [act.token]

    now = amounts_to(acts)
    said = {key: act for key, act in now.items() if act.action == "label" or act.flags}
    labelled = {act.solution for act in now.values() if act.action == "label"}
    flagged = {act.solution for act in now.values() if act.flags}

    for _ in ("as the acts came in", "as the log gives them again"):
        names = {one.id: name for name, one in who.items()}
        stored = {
            (names[one.annotator_id], one.solution_id): (
                one.first_error,
                tuple(one.evidence["flags"]),
            )
            for one in annotations_of(database, SOLUTIONS)
        }
        assert stored == {key: (act.first_error, act.flags) for key, act in said.items()}
        for name, person in who.items():
            mine = {solution: act.token for (by, solution), act in now.items() if by == name}
            counting = current_acts(database, SOLUTIONS, person.id)
            assert {solution: act.token for solution, act in counting.items()} == mine
        for person in who.values():
            rebuild_projections(database, person.id)

    def found(reviewed: str) -> set[int]:
        return set(solution_ids(database, SolutionFilter(reviewed=reviewed)))

    assert found("labelled") == labelled
    assert found("not_labelled") == set(SOLUTIONS) - labelled
    assert found("flagged") == flagged

    differ = {
        solution
        for solution in SOLUTIONS
        if len({said[name, solution].first_error for name in REVIEWERS if (name, solution) in said}
               - {None}) > 1
        and (ADJUDICATOR, solution) not in said
    }  # fmt: skip
    assert set(next_items(database, Queue(conflicts), None, 9)) == differ

    began = utcnow() - timedelta(hours=1)
    done = {one.person.name: one for one in work_of_people(database, began)}
    assert done.keys() == {name for name, _ in now}
    for name, person in who.items():
        mine_now = [act for (by, _), act in now.items() if by == name]
        labels = [act for act in mine_now if act.action == "label"]
        if name in done:
            work = done[name]
            assert work.labelled == len(labels)
            assert work.skipped == len(mine_now) - len(labels)
            assert work.flagged == sum(bool(act.flags) for act in mine_now)
            assert work.today == len(mine_now)
            times = [act.seconds for act in labels if act.seconds is not None]
            assert work.median == (median(times) if times else None)
        assert pace(database, person, began)[0] == len(mine_now)

        dealt = {act.solution for act in mine_now}
        role = REVIEWERS if name in REVIEWERS else (ADJUDICATOR,)
        by_others = {s for other, s in said if other in role and other != name}
        everybody, one_each = Queue(chosen, per_item=None), Queue(chosen, per_item=1)
        assert set(next_items(database, everybody, person, 9)) == set(SOLUTIONS) - dealt
        left = len(set(SOLUTIONS) - dealt - by_others)
        assert queue_state(database, one_each, person).left == left
