"""what each evaluation was measured on, and how much a PRM was trained on"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("training_set") as table:
        table.add_column(sa.Column("n_solutions", sa.Integer(), nullable=True))
        table.add_column(sa.Column("export", sa.String(64), nullable=True))
    with op.batch_alter_table("evaluation") as table:
        table.alter_column("reference_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("dataset", sa.String(200), nullable=True))
        table.add_column(sa.Column("threshold", sa.Double(), nullable=True))
        table.add_column(
            sa.Column("held_out", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        table.add_column(sa.Column("n_solutions", sa.Integer(), nullable=True))
        table.add_column(sa.Column("solutions", sa.String(32), nullable=True))
        table.add_column(sa.Column("n_training", sa.Integer(), nullable=True))
        table.add_column(sa.Column("training_export", sa.String(64), nullable=True))
        table.create_foreign_key("fk_evaluation_job_id_job", "job", ["job_id"], ["id"])
        table.create_unique_constraint("uq_evaluation_job_id", ["job_id"])
    take_over_from_results()


def take_over_from_results() -> None:
    """The columns that stored results tell; which solutions they were of, none does."""
    query = sa.text("SELECT id, result FROM evaluation").columns(id=sa.Integer, result=sa.JSON)
    write = sa.text(
        "UPDATE evaluation SET dataset = :dataset, threshold = :threshold, held_out = :held_out, "
        "n_solutions = :n_solutions WHERE id = :id"
    )
    for id_, result in op.get_bind().execute(query).all():
        op.get_bind().execute(write, {"id": id_, **told(result)})


def told(result: Any) -> dict[str, Any]:
    """What a ProcessBench result says of itself."""
    held_out = bool(result.get("held_out"))
    headline = result.get("held_out") or result.get("all") or {}
    counts = [headline.get(name) for name in ("n_error", "n_correct")]
    return {
        "dataset": result.get("dataset"),
        "threshold": result.get("threshold"),
        "held_out": held_out,
        "n_solutions": None if None in counts else sum(counts),
    }
