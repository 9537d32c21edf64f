"""people choose whose columns they see, page by page"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "column_choice",
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("annotators", sa.JSON(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "page", name="pk_column_choice"),
    )
