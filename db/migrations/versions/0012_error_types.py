"""a correction says which type its first error is of; a project has types of its own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("correction", sa.Column("error_type", sa.String(length=60), nullable=True))
    op.create_table(
        "error_type",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_error_type"),
        sa.UniqueConstraint("name", name="uq_error_type_name"),
    )
