"""how often a generator wrote just this solution"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

CHUNK = 2_000


def upgrade() -> None:
    with op.batch_alter_table("solution") as table:
        table.add_column(sa.Column("samples", sa.Integer(), server_default="1", nullable=False))
    take_over_playground_counts()


def take_over_playground_counts() -> None:
    """The playground's sampler kept this number in `meta`, which otherwise is the user's own."""
    query = sa.text(
        "SELECT id, meta FROM solution WHERE generator = 'playground:policy' AND id > :after "
        "ORDER BY id LIMIT :limit"
    ).columns(id=sa.Integer, meta=sa.JSON)
    write = sa.text("UPDATE solution SET samples = :samples WHERE id = :id")
    after = 0
    while rows := op.get_bind().execute(query, {"after": after, "limit": CHUNK}).all():
        counts = [{"id": id_, "samples": sampled(meta)} for id_, meta in rows]
        repeated = [count for count in counts if count["samples"] > 1]
        if repeated:
            op.get_bind().execute(write, repeated)
        after = rows[-1][0]


def sampled(meta: Any) -> int:
    """The number in a solution's `meta`, 1 where there is none."""
    number = meta.get("multiplicity") if isinstance(meta, dict) else None
    return number if isinstance(number, int) and number > 1 else 1
