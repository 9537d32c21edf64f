"""the act of each person that counts on each solution now"""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("correction") as table:
        table.drop_index("ix_correction_undoes")
        table.add_column(
            sa.Column("is_current", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    mark_current_acts()
    op.create_index(
        "ix_correction_current",
        "correction",
        ["annotator_id", "solution_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )


def mark_current_acts() -> None:
    """Mark the last label or skip of each log that no undo took back."""
    log = op.get_bind().execute(
        sa.text(
            "SELECT annotator_id, solution_id, id, token, action, undoes FROM correction "
            "ORDER BY annotator_id, solution_id, id"
        )
    )
    marked = []
    for _, acts in groupby(log.all(), key=lambda act: (act.annotator_id, act.solution_id)):
        undone: set[str] = set()
        for act in reversed(list(acts)):
            if act.token in undone:
                continue
            if act.action != "undo":
                marked.append({"id": act.id})
                break
            undone.add(act.undoes)
    if marked:
        op.get_bind().execute(
            sa.text("UPDATE correction SET is_current = true WHERE id = :id"), marked
        )
