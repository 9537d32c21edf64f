"""who works on a job: the token of its claim, and the machine"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("job") as table:
        table.add_column(sa.Column("claim", sa.String(32), nullable=True))
        table.add_column(sa.Column("host", sa.Text(), nullable=True))
