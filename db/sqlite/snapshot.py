"""A compact copy of a SQLite project in one file, fit to be handed to others."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from db.engine import Database, DatabaseError


def write_snapshot(database: Database, file: Path) -> None:
    """Write the project to `file`, without what it says of the machine that it was made on.

    Raises DatabaseError for a database that is not SQLite.
    """
    if not database.is_sqlite:
        raise DatabaseError("only a SQLite project can be written into one file")
    with database.write() as session:
        nobody = "state = '{}', claim = NULL, host = NULL, pid = NULL, pid_started = NULL"
        session.execute(text(f"UPDATE job SET {nobody}"))
    file.unlink(missing_ok=True)
    with database.engine.connect() as connection:
        connection.execute(text("VACUUM INTO :file"), {"file": str(file)})
