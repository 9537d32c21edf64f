"""Alembic's entry point: runs migrations on the connection that db.engine hands over."""

from alembic import context
from sqlalchemy import text

from db.lists.search import is_search_table
from db.review import tables  # noqa: F401  (they belong to Base, too)
from db.schema import Base

connection = context.config.attributes["connection"]
is_sqlite = connection.dialect.name == "sqlite"
if is_sqlite:
    # A batch copy drops and recreates tables, which foreign keys would refuse.
    connection.execute(text("PRAGMA foreign_keys=OFF"))
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=is_sqlite,
    compare_type=True,
    include_name=lambda name, kind, _parents: kind != "table" or not is_search_table(name),
)
with context.begin_transaction():
    context.run_migrations()
if is_sqlite:
    connection.execute(text("PRAGMA foreign_keys=ON"))
