"""the problems that a PRM was trained on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "training_set",
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("n_problems", sa.Integer(), nullable=False),
        sa.Column("problems", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_training_set"),
    )
