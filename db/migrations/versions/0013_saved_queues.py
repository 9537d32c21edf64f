"""queues are saved, named and assigned; lists of solutions are kept as they were shown"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "solution_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_solution_list"),
        sa.UniqueConstraint("token", name="uq_solution_list_token"),
    )
    op.create_table(
        "listed_solution",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("solution_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["solution_list.id"], name="fk_listed_solution_list_id_solution_list"
        ),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["solution.id"], name="fk_listed_solution_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("list_id", "place", name="pk_listed_solution"),
    )
    op.create_table(
        "saved_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("holds", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("sort", sa.String(length=40), nullable=False),
        sa.Column("reference_id", sa.Integer(), nullable=True),
        sa.Column("per_item", sa.Integer(), nullable=True),
        sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("instructions", sa.Text(), server_default="", nullable=False),
        sa.Column("assigned", sa.JSON(), nullable=False),
        sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["annotator.id"], name="fk_saved_queue_reference_id_annotator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_queue"),
        sa.UniqueConstraint("token", name="uq_saved_queue_token"),
        sa.UniqueConstraint("name", name="uq_saved_queue_name"),
    )
