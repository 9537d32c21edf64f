"""the solution index has a reference, every kind of disagreement, and the problem"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # Its rows are made anew when the project is opened: they compare a reference now.
    op.drop_table("solution_index")
    op.create_table(
        "solution_index",
        sa.Column("solution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(length=200), nullable=False),
        sa.Column("generator", sa.String(length=200), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("n_steps", sa.Integer(), nullable=False),
        sa.Column("mc", sa.Integer(), nullable=True),
        sa.Column("judge", sa.Integer(), nullable=True),
        sa.Column("prm", sa.Integer(), nullable=True),
        sa.Column("reference", sa.Integer(), nullable=True),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["solution.id"], name="fk_solution_index_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("solution_id", name="pk_solution_index"),
    )
    op.create_index("ix_solution_index_n_steps", "solution_index", ["n_steps"])
    op.create_index("ix_solution_index_place_solution", "solution_index", ["place", "solution_id"])
    op.create_index(
        "ix_solution_index_problem_solution", "solution_index", ["problem_id", "solution_id"]
    )
    op.execute("DELETE FROM solution_index_state")
