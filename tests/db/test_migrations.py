"""Migrations: the schema they give, and that an older project keeps what it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text

from db.corrections import rebuild_projections
from db.engine import Database, DatabaseError, _alembic, _connect, open_database, upgrade
from db.lists import solution_index
from db.lists.browse import solution_ids
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.lists.kinds import BITS
from db.results import Measured, list_evaluations
from db.schema import SolutionIndex, SolutionIndexState
from labeling.consensus.held_out import held_out
from labeling.uncertainty import mc_margin, prm_margin


def project_at(revision: str, file: Path, rows: tuple[str, ...]) -> str:
    """The URL of a project with the schema of a revision and these rows."""
    url = f"sqlite:///{file}"
    old = _connect(url)
    with old.engine.connect() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for line in rows:
            connection.execute(text(line))
        connection.commit()
    old.close()
    return url


def test_an_older_project_is_brought_up_to_date(tmp_path: Path) -> None:
    url = project_at("0001", tmp_path / "old.db", OLD_ROWS)
    with pytest.raises(DatabaseError, match="db upgrade"):
        open_database(url)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    solution_index.ensure(database)
    assert solution_ids(database, SolutionFilter(text="apples")) == [1]
    with database.read() as session:
        told = session.execute(text("SELECT lowest, margin FROM annotation ORDER BY id")).all()
    assert told[0] == (0.2, pytest.approx(mc_margin([4, 0], [5, 8], 1)))
    assert told[1] == (0.1, pytest.approx(prm_margin([0.6, 0.1], 1, 0.4)))
    database.close()


OLD_ROWS = (
    "INSERT INTO problem VALUES (1, 'p', 'Some apples', '7', '2026-01-01')",
    "INSERT INTO solution (id, problem_id, fingerprint, dataset, generator, steps, n_steps, meta, "
    "created_at) VALUES (1, 1, 's', 'd', 'g', '[\"a\", \"b\"]', 2, '{}', '2026-01-01')",
    "INSERT INTO annotator VALUES (1, 'mc', 'm', '{}', 'h1', 0, '2026-01-01')",
    "INSERT INTO annotator VALUES (2, 'prm', 'p', '{\"threshold\"\\: 0.4}', 'h2', 0, '2026-01-01')",
    "INSERT INTO annotation (id, solution_id, annotator_id, scores, first_error, status, evidence, "
    "created_at) VALUES (1, 1, 1, '[0.8, 0.2]', 1, 'ok', "
    "'{\"successes\"\\: [4, 0], \"trials\"\\: [5, 8]}', '2026-01-01')",
    "INSERT INTO annotation (id, solution_id, annotator_id, scores, first_error, status, evidence, "
    "created_at) VALUES (2, 1, 2, '[0.6, 0.1]', 1, 'ok', '{}', '2026-01-01')",
)


def act(number: int, who: int, action: str, undoes: str = "") -> str:
    """A correction as it was stored before there was a mark on the current one."""
    return (
        "INSERT INTO correction (id, token, solution_id, annotator_id, action, flags, "
        "scores_visible, undoes, created_at) VALUES "
        f"({number}, 't{number}', 1, {who}, '{action}', '[]', 1, '{undoes}', '2026-01-01')"
    )


OLD_ACTS = (
    "INSERT INTO annotator VALUES (3, 'human', 'ann', '{}', 'h3', 0, '2026-01-01')",
    "INSERT INTO annotator VALUES (4, 'human', 'bob', '{}', 'h4', 0, '2026-01-01')",
    "INSERT INTO annotator VALUES (5, 'human', 'cy', '{}', 'h5', 0, '2026-01-01')",
    act(1, 3, "label"),
    act(2, 3, "label"),
    act(3, 3, "undo", "t2"),
    act(4, 4, "label"),
    act(5, 4, "skip"),
    act(6, 4, "undo", "t5"),
    act(7, 4, "undo", "t6"),
    act(8, 5, "label"),
    act(9, 5, "undo", "t8"),
)


def test_the_current_acts_of_an_older_log_are_marked(tmp_path: Path) -> None:
    """The last one undone; an undo undone; everything undone. The log itself says the same."""
    url = project_at("0001", tmp_path / "old.db", OLD_ROWS + OLD_ACTS)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    assert marked(database) == ["t1", "t5"]
    for annotator in (3, 4, 5):
        rebuild_projections(database, annotator)
    assert marked(database) == ["t1", "t5"]
    database.close()


def test_what_the_playground_sampled_repeatedly_is_counted_in_a_column(tmp_path: Path) -> None:
    def solution(number: int, generator: str, meta: str) -> str:
        return (
            "INSERT INTO solution (id, problem_id, fingerprint, dataset, generator, steps, "
            f"n_steps, meta, created_at) VALUES ({number}, 1, 's{number}', 'd', '{generator}', "
            f"'[\"a\"]', 1, '{meta}', '2026-01-01')"
        ).replace(":", "\\:")

    rows = (
        solution(2, "playground:policy", '{"multiplicity": 3}'),
        solution(3, "playground:policy", '{"multiplicity": null}'),
        solution(4, "my-model", '{"multiplicity": 5}'),
    )
    url = project_at("0001", tmp_path / "old.db", OLD_ROWS + rows)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    with database.read() as session:
        told = session.scalars(text("SELECT samples FROM solution ORDER BY id"))
        assert list(told) == [1, 3, 1, 1]
    database.close()


def marked(database: Database) -> list[str]:
    with database.read() as session:
        query = text("SELECT token FROM correction WHERE is_current ORDER BY id")
        return list(session.scalars(query))


OLD_INDEX = (
    *OLD_ROWS,
    "INSERT INTO digest VALUES (1, 'd', 'g', NULL, 2, 1, NULL, 1, 'agree', 6)",
    "INSERT INTO digest_state VALUES (1, '[1, null, 2]', '2026-01-01')",
)


def test_the_solution_index_of_an_older_project_is_made_anew(tmp_path: Path) -> None:
    url = project_at("0006", tmp_path / "old.db", OLD_INDEX)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    assert not solution_index.is_current(database)
    solution_index.ensure(database)
    with database.read() as session:
        row = session.scalars(select(SolutionIndex)).one()
        state = session.scalars(select(SolutionIndexState)).one()
    assert (row.problem_id, row.dataset, row.n_steps) == (1, "d", 2)
    assert (row.mc, row.judge, row.prm, row.reference) == (1, None, 1, None)
    assert row.kinds == BITS["agree"]
    assert state.compared == [1, None, 2, None]
    database.close()


OLD_RESULT = (
    '{"dataset"\\: "d", "threshold"\\: 0.4, "held_out"\\: {"n_error"\\: 3, "n_correct"\\: 4}, '
    '"all"\\: {"n_error"\\: 5, "n_correct"\\: 9}}'
)


def test_an_older_evaluation_says_what_is_known_of_it(tmp_path: Path) -> None:
    rows = (
        *OLD_ROWS,
        f"INSERT INTO evaluation VALUES (1, 'processbench', 2, 1, '{OLD_RESULT}', '2026-01-01')",
    )
    url = project_at("0001", tmp_path / "old.db", rows)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    (found,) = list_evaluations(database)
    assert found.measured == Measured(dataset="d", threshold=0.4, held_out=True, n_solutions=7)
    database.close()


EXPORT = (
    "INSERT INTO export (id, path, format, manifest, created_at) "
    "VALUES (1, '/export', 'jsonl', '{}', '2026-01-01')"
)


@pytest.mark.parametrize(("rows", "share"), [((), 0.2), ((EXPORT,), 0)])
def test_nothing_is_held_out_of_exports_that_had_every_problem(
    tmp_path: Path, rows: tuple[str, ...], share: float
) -> None:
    url = project_at("0010", tmp_path / "old.db", rows)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    assert held_out(database).share == share
    database.close()


def test_the_annotations_of_an_older_project_are_counted(tmp_path: Path) -> None:
    url = project_at("0001", tmp_path / "old.db", OLD_ROWS)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    assert [one.label for one in compared_annotators(database).members()] == ["mc:m", "prm:p"]
    database.close()


def test_lists_of_an_older_project_follow_the_cuts_that_were_made_in_it(tmp_path: Path) -> None:
    def cut(number: int, after: int | None) -> str:
        return (
            "INSERT INTO solution (id, problem_id, fingerprint, dataset, generator, steps, "
            "n_steps, samples, meta, created_at, replaced_by) "
            f"VALUES ({number}, 1, 's{number}', 'd', 'g', "
            f"'[\"a\"]', 1, 1, '{{}}', '2026-01-01', {after or 'NULL'})"
        )

    def listed(place: int, solution: int) -> str:
        return f"INSERT INTO listed_solution VALUES ({solution // 10}, {place}, {solution % 10})"

    rows = (
        "INSERT INTO problem VALUES (1, 'p', 'Some apples', '7', '2026-01-01')",
        *(cut(2, 3), cut(3, 4), cut(4, None), cut(5, None)),
        "INSERT INTO solution_list VALUES (1, 't1', 'w', 'browse', '2026-01-01')",
        "INSERT INTO solution_list VALUES (2, 't2', 'w', 'browse', '2026-01-01')",
        *(listed(0, 15), listed(1, 12), listed(0, 22), listed(1, 24)),
    )
    url = project_at("0015", tmp_path / "old.db", rows)
    database = open_database(url, must_be_current=False)
    upgrade(database)
    solution_index.ensure(database)
    found = [
        solution_ids(database, SolutionFilter(listed=one), sort=f"listed:{one}") for one in (1, 2)
    ]
    assert found == [[5, 4], [4]]
    database.close()
