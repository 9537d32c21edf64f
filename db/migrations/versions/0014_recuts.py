"""a solution may be cut into steps anew: another stands in its place, and every such act is kept"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # A plain number: SQLite would have to copy the whole table to add a foreign key.
    op.add_column("solution", sa.Column("replaced_by", sa.Integer(), nullable=True))
    op.create_table(
        "recut",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("solution_id", sa.Integer(), nullable=False),
        sa.Column("made_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("undoes", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name="fk_recut_annotator_id_annotator"
        ),
        sa.ForeignKeyConstraint(["made_id"], ["solution.id"], name="fk_recut_made_id_solution"),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["solution.id"], name="fk_recut_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recut"),
        sa.UniqueConstraint("token", name="uq_recut_token"),
    )
    op.create_index("ix_recut_made_id", "recut", ["made_id"])
    op.create_index("ix_recut_solution_id", "recut", ["solution_id"])
