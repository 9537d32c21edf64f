"""the digest is called what it is: the solution index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "solution_index",
        sa.Column("solution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=False),
        sa.Column("generator", sa.String(length=200), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("n_steps", sa.Integer(), nullable=False),
        sa.Column("mc", sa.Integer(), nullable=True),
        sa.Column("judge", sa.Integer(), nullable=True),
        sa.Column("prm", sa.Integer(), nullable=True),
        sa.Column("disagreement", sa.String(length=24), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["solution.id"], name="fk_solution_index_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("solution_id", name="pk_solution_index"),
    )
    op.create_table(
        "solution_index_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("compared", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_solution_index_state"),
    )
    columns = (
        "solution_id, dataset, generator, is_correct, n_steps, mc, judge, prm, disagreement, place"
    )
    op.execute(f"INSERT INTO solution_index ({columns}) SELECT {columns} FROM digest")
    op.execute(
        "INSERT INTO solution_index_state (id, compared, made_at) "
        "SELECT id, lineup, made_at FROM digest_state"
    )
    op.drop_table("digest")
    op.drop_table("digest_state")
    op.create_index("ix_solution_index_n_steps", "solution_index", ["n_steps"])
    op.create_index("ix_solution_index_disagreement", "solution_index", ["disagreement"])
    op.create_index("ix_solution_index_place_solution", "solution_index", ["place", "solution_id"])
