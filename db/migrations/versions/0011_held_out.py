"""a part of the problems is held out of every export"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "held_out",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_held_out"),
    )
    # What was exported held every problem: nothing can be called held out of it afterwards.
    op.execute(
        "INSERT INTO held_out (id, share, seed, created_at) "
        "SELECT 1, 0.0, 0, CURRENT_TIMESTAMP FROM export LIMIT 1"
    )
