"""Solutions are found by the id that their data set gives them.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index solutions by their external id."""
    op.create_index(op.f("ix_solution_external_id"), "solution", ["external_id"])


def downgrade() -> None:
    """Drop that index."""
    op.drop_index(op.f("ix_solution_external_id"), "solution")
