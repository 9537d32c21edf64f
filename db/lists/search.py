"""Text search: the words of every problem and its steps, in whatever index the database has.

SQLite keeps them in an FTS5 table without the text itself, PostgreSQL in a table with an index
over its text vector. Either is called `solution_text`, and its `rowid` is the solution's id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, Text, cast, or_, text
from sqlalchemy.orm import Session

from db.annotations import replace_unstorable
from db.schema import Problem, Solution

TABLE = "solution_text"
MOST_TEXT = 200_000  # Characters of one solution that are indexed; PostgreSQL takes 1 MB at most.
CHUNK = 2_000
_PHRASES = re.compile(r'"([^"]*)"|(\S+)')
_WORDS = re.compile(r"[^\W_]+")


def create(connection: Connection) -> None:
    """Make the table, empty."""
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE {TABLE} USING fts5("
                "body, content='', tokenize='unicode61 remove_diacritics 2')"
            )
        )
        return
    connection.execute(text(f"CREATE TABLE {TABLE} (rowid INTEGER PRIMARY KEY, body TEXT)"))
    connection.execute(
        text(f"CREATE INDEX ix_{TABLE}_body ON {TABLE} USING gin (to_tsvector('simple', body))")
    )


def is_search_table(name: str | None) -> bool:
    """Whether a table of this name belongs to the search, and so not to `db.schema`."""
    return name is not None and name.startswith(TABLE)


def add(session: Session | Connection, words: Sequence[Mapping[str, Any]]) -> None:
    """Index new solutions, each {"id", "body"}."""
    for start in range(0, len(words), CHUNK):
        session.execute(
            text(f"INSERT INTO {TABLE} (rowid, body) VALUES (:id, :body)"),
            list(words[start : start + CHUNK]),
        )


def body(problem: str, steps: Sequence[Any]) -> str:
    """What is indexed of a solution: its words without accents."""
    return _plain("\n".join([problem, *map(str, steps)])[:MOST_TEXT])


def matching(wanted: str, dialect: str) -> Select[int]:
    """Ids of the solutions whose problem and steps contain every word of `wanted`.

    Words in double quotes must stand together; the last word without them may go on.
    """
    if dialect == "sqlite":
        match, query = f"{TABLE} MATCH :words", _fts5(_phrases(wanted))
    else:
        match = "to_tsvector('simple', body) @@ to_tsquery('simple', :words)"
        query = _ts(_phrases(wanted))
    found = text(f"SELECT rowid FROM {TABLE} WHERE {match}").bindparams(words=query)
    return found.columns(rowid=Integer).subquery().select()


def has_words(wanted: str) -> bool:
    """Whether there is anything in `wanted` that the index knows; a sign such as + is not."""
    return bool(_phrases(wanted))


def contains_sign(wanted: str) -> ColumnElement[bool]:
    """The condition, over Problem and Solution, that either contains exactly this."""
    sign = replace_unstorable(wanted.strip())
    return or_(
        Problem.text.contains(sign, autoescape=True),
        cast(Solution.steps, Text).contains(sign, autoescape=True),
    )


def _phrases(wanted: str) -> list[tuple[list[str], bool]]:
    """(words that stand together, whether the last of them may go on), in order."""
    found = []
    for match in _PHRASES.finditer(_plain(wanted)):
        quoted, bare = match.groups()
        words = _WORDS.findall(quoted if quoted is not None else bare)
        if words:
            found.append((words, False))
    if found and not wanted.rstrip().endswith('"'):
        found[-1] = (found[-1][0], True)
    return found


def _plain(words: str) -> str:
    """Without accents, so that cafe finds café on either kind of database."""
    letters = unicodedata.normalize("NFKD", words)
    return "".join(one for one in letters if not unicodedata.combining(one))


def _fts5(phrases: Sequence[tuple[list[str], bool]]) -> str:
    return " AND ".join(
        f'"{" ".join(words)}"{"*" if open_end else ""}' for words, open_end in phrases
    )


def _ts(phrases: Sequence[tuple[list[str], bool]]) -> str:
    parts = []
    for words, open_end in phrases:
        quoted = [f"'{word}'" for word in words]
        parts.append(f"({' <-> '.join(quoted)}{':*' if open_end else ''})")
    return " & ".join(parts)
