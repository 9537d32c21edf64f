"""who is compared is chosen; annotators count their annotations and keep their former names"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("annotator") as table:
        table.add_column(
            sa.Column("n_annotations", sa.Integer(), nullable=False, server_default="0")
        )
        table.add_column(sa.Column("chosen", sa.Boolean(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE annotator SET n_annotations = (SELECT count(*) FROM annotation "
        "WHERE annotation.annotator_id = annotator.id AND annotation.status <> 'failed')"
    )
    op.create_index(
        "ix_annotator_chosen",
        "annotator",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("chosen"),
        postgresql_where=sa.text("chosen"),
    )
    op.create_table(
        "former_name",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name="fk_former_name_annotator_id_annotator"
        ),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_former_name"),
    )
    op.add_column("solution_index_state", sa.Column("renewed_to", sa.Integer(), nullable=True))
