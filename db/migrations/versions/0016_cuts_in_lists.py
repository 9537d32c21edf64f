"""kept lists follow steps that are cut anew; what is held out says whether exports left it out"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # Plain numbers: SQLite would have to copy the whole table to add a foreign key.
    op.add_column("listed_solution", sa.Column("kept_id", sa.Integer(), nullable=True))
    op.create_index("ix_listed_solution_solution_id", "listed_solution", ["solution_id"])
    op.add_column(
        "held_out", sa.Column("exported", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # A list from before steps could be cut anew, or a cut from before lists followed it.
    op.execute(
        """
        WITH RECURSIVE aside(id, stands) AS (
            SELECT id, replaced_by FROM solution WHERE replaced_by IS NOT NULL
            UNION
            SELECT aside.id, solution.replaced_by FROM aside
            JOIN solution ON solution.id = aside.stands WHERE solution.replaced_by IS NOT NULL
        ), last(id, stands) AS (
            SELECT aside.id, aside.stands FROM aside
            JOIN solution ON solution.id = aside.stands WHERE solution.replaced_by IS NULL
        )
        UPDATE listed_solution SET kept_id = solution_id, solution_id = (
            SELECT stands FROM last WHERE last.id = listed_solution.solution_id
        )
        WHERE solution_id IN (SELECT id FROM last) AND NOT EXISTS (
            SELECT 1 FROM listed_solution AS there
            JOIN last ON last.stands = there.solution_id
            WHERE there.list_id = listed_solution.list_id AND last.id = listed_solution.solution_id
        )
        """
    )
