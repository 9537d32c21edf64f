"""Opening a database by URL, and the two kinds of session everything uses."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from db.sqlite.turns import Turns, begin_immediate

DEFAULT_URL = "sqlite:///steplens.db"
BUSY_TIMEOUT_MS = 30_000
# Connections that a process may have. Streamlit runs the script of every open page in a thread of
# its own, and a run has two at the most, one that a query streams through and one beside it: enough
# for twenty people at the same moment, and for two such servers where PostgreSQL takes 100.
CONNECTIONS = 40
KEPT_OPEN = 10  # of them; the others are closed after use
IN_LIST = 500  # SQLite refuses very long IN lists.
TURN = 7370  # PostgreSQL's advisory locks: any numbers that nobody else's have
_upgrading = threading.Lock()  # Alembic's context is one for the whole process.


class Lock(IntEnum):
    """What writers that do not exclude each other may still need for themselves.

    Taken in this order, so that no two wait for each other.
    """

    ANNOTATOR = 7371  # what one annotator says: its annotations, acts and count
    LEASES = 7372  # who looks at what
    INDEX = 7373  # the solution index; the last, held to the end


class DatabaseError(ValueError):
    """The database cannot be used as it is; the message says what to do."""


class NoDatabaseError(DatabaseError):
    """There is no database of ours at that URL."""


class Database:
    """An engine with its sessions. `read()` and `write()` give one short session each."""

    def __init__(self, url: str, engine: Engine):
        self.url = url
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._turns = Turns()

    @property
    def is_sqlite(self) -> bool:
        """True for SQLite, whose writers must be serialised by us."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server or a database in memory."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries; nothing is committed."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """The database as it is now: all that is read through it is of one moment.

        For reading in one thread. Writers go on meanwhile, and are not seen.
        """
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():  # One that is the connection's, not the first session's.
                if self.is_sqlite:
                    connection.execute(text("BEGIN"))
                yield _Snapshot(self.url, self.engine, connection)

    @contextmanager
    def write(
        self, *, durable: bool = False, among: Sequence[tuple[Lock, int]] | None = None
    ) -> Iterator[Session]:
        """A session in one transaction, committed at the end or rolled back whole.

        When it is `durable`, it is on disk before this returns, with all that was written before
        it: what a person did cannot be done again. Otherwise SQLite may lose the last
        transactions (never a part of one) when the power fails, and a job does them again.

        Writers take turns. On SQLite (`db.sqlite.turns`) it begins IMMEDIATE: a deferred
        transaction that reads and then writes fails at once when another writer came between,
        whatever the busy time-out. Who waits there holds no connection.
        On PostgreSQL a lock does the same, so that looking whether a row is there and adding it
        is one act on either. There a writer that says what it needs, as `among`, excludes only
        those that need the same, and those that say nothing; [] is for a writer of rows that it
        locks itself. Who waits for BUSY_TIMEOUT_MS gets an OperationalError, on either.
        """
        if not self.is_sqlite:
            with self._sessions() as session:
                _take_turn(session, among)
                yield session
                session.commit()
            return
        with (
            self._turns.one(BUSY_TIMEOUT_MS / 1000, again=not durable) as until,
            self._sessions() as session,
        ):
            session.execute(text(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}"))
            begin_immediate(session, until, BUSY_TIMEOUT_MS)
            yield session
            session.commit()

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()


class _Snapshot(Database):
    """A database read through one connection, in one transaction that is never committed."""

    def __init__(self, url: str, engine: Engine, connection: Connection):
        super().__init__(url, engine)
        self._sessions = sessionmaker(connection, expire_on_commit=False)

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """This moment again."""
        yield self

    def write(
        self, *, durable: bool = False, among: Sequence[tuple[Lock, int]] | None = None
    ) -> NoReturn:
        """Raise TypeError: what is written must follow from what is there, not from what was."""
        raise TypeError("a snapshot is for reading; write to the database itself")


def open_database(url: str, *, must_be_current: bool = True) -> Database:
    """Open the database at `url`. Creates nothing.

    Raises NoDatabaseError where there is none, and DatabaseError for a URL that cannot be used or,
    when it `must_be_current`, for a schema older or newer than this version's.
    """
    return _open(url, create=False, must_be_current=must_be_current)


def create_database(url: str, *, must_be_current: bool = True) -> Database:
    """`open_database`, which first creates the database, or the tables in one that is empty.

    For the commands that put something into a project; a mistyped name must not make one.
    """
    return _open(url, create=True, must_be_current=must_be_current)


def _open(url: str, *, create: bool, must_be_current: bool) -> Database:
    database = _connect(url)
    shown = _shown(url)
    file = database.file
    if not create and file is not None and not file.exists():  # Connecting would create it.
        raise NoDatabaseError(
            f"there is no database {file.resolve()}. Check --db and STEPLENS_DB, or create it: "
            f"steplens --db {shown} db upgrade"
        )
    try:
        current, head = schema_versions(database)
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"cannot open the database {shown}: {_reason(error)}. "
            "Check that the path or server exists and that you may write there."
        ) from error
    if current is None:
        if not create:
            database.close()
            raise NoDatabaseError(
                f"the database {shown} has no tables of StepLens. Check --db and STEPLENS_DB, or "
                f"create them: steplens --db {shown} db upgrade"
            )
        upgrade(database)
    elif must_be_current and current != head:
        database.close()
        raise DatabaseError(
            f"the database {shown} has schema {current}, this version needs {head}. "
            f"Run: steplens --db {shown} db upgrade"
        )
    return database


def upgrade(database: Database) -> tuple[str | None, str | None]:
    """Bring the schema to the newest version; returns (version before, version after)."""
    before, head = schema_versions(database)
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if before is not None and before not in known:
        raise DatabaseError(
            f"the database {_shown(database.url)} was written by a newer StepLens "
            f"(schema {before}). Update StepLens."
        )
    with _upgrading, database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({TURN})"))
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    return before, head


def schema_versions(database: Database) -> tuple[str | None, str | None]:
    """(the version the database has, or None; the version this code needs)."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def stable_hash(value: object) -> str:
    """32 hex digits that depend on the value alone, not on key order."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def lock_index(session: Session) -> None:
    """Have the solution index for oneself up to the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({Lock.INDEX}, 0)"))


def _take_turn(session: Session, among: Sequence[tuple[Lock, int]] | None) -> None:
    """PostgreSQL: exclude everybody, or only who needs the same."""
    shared = "" if among is None else "_shared"
    session.execute(
        text(
            f"SELECT set_config('lock_timeout', '{BUSY_TIMEOUT_MS}ms', true), "
            f"pg_advisory_xact_lock{shared}({TURN})"
        )
    )
    for lock, which in sorted(set(among or ())):
        session.execute(text(f"SELECT pg_advisory_xact_lock({lock}, {which})"))


def _connect(url: str) -> Database:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
        if not is_sqlite:
            options = {"pool_pre_ping": True}
        if parsed.database not in (None, "", ":memory:"):  # One in memory has a single connection.
            kept = min(KEPT_OPEN, most := _most_connections())
            options |= {"pool_size": kept, "max_overflow": most - kept}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(
            f"{url!r} is not a database URL. Use sqlite:///file.db or "
            "postgresql://user:password@host/name."
        ) from error
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"{_shown(url)} needs the package {error.name}. Run: pip install 'steplens[postgres]'"
        ) from error
    if is_sqlite:
        _prepare_sqlite(engine)
    return Database(url, engine)


def _most_connections() -> int:
    given = os.environ.get("STEPLENS_CONNECTIONS", str(CONNECTIONS))
    if not given.isdecimal() or int(given) < 2:
        raise DatabaseError(
            f"STEPLENS_CONNECTIONS is {given!r}; it must be a number of connections, 2 or more"
        )
    return int(given)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        # The driver must not begin transactions by itself: write() does, and IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _shown(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
