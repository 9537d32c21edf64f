"""queues, leases, blind labels, text search, and the digest that lists are made of"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.lists import search

revision = "0002"
down_revision = "0001"

CHUNK = 2_000


def upgrade() -> None:
    with op.batch_alter_table("annotation") as table:
        table.add_column(sa.Column("lowest", sa.Double(), nullable=True))
        table.add_column(sa.Column("margin", sa.Double(), nullable=True))
    with op.batch_alter_table("correction") as table:
        table.add_column(
            sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        table.add_column(sa.Column("first_labels", sa.JSON(), nullable=True))
    op.drop_index("ix_annotation_annotator_first_error", "annotation")
    for column in ("first_error", "lowest", "margin"):
        op.create_index(
            f"ix_annotation_annotator_{column}",
            "annotation",
            ["annotator_id", column, "solution_id"],
        )
    op.create_index("ix_correction_undoes", "correction", ["undoes"])
    op.create_table(
        "lease",
        sa.Column("solution_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["solution_id"], ["solution.id"], name="fk_lease_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("solution_id", "holder", name="pk_lease"),
    )
    op.create_index("ix_lease_expires_at", "lease", ["expires_at"])
    op.create_table(
        "digest",
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
            ["solution_id"], ["solution.id"], name="fk_digest_solution_id_solution"
        ),
        sa.PrimaryKeyConstraint("solution_id", name="pk_digest"),
    )
    op.create_index("ix_digest_n_steps", "digest", ["n_steps"])
    op.create_index("ix_digest_disagreement", "digest", ["disagreement"])
    op.create_index("ix_digest_place_solution", "digest", ["place", "solution_id"])
    op.create_table(
        "digest_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lineup", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest_state"),
    )
    search.create(op.get_bind())
    index_words()
    measure_annotations()


def index_words() -> None:
    """Index the solutions that are there already."""
    query = sa.text(
        "SELECT solution.id, problem.text, solution.steps FROM solution "
        "JOIN problem ON problem.id = solution.problem_id "
        "WHERE solution.id > :after ORDER BY solution.id LIMIT :limit"
    ).columns(id=sa.Integer, text=sa.Text, steps=sa.JSON)
    for rows in chunks(query):
        search.add(op.get_bind(), [{"id": i, "body": search.body(t, s)} for i, t, s in rows])


def measure_annotations() -> None:
    """Give every annotation that is there its lowest score and its margin."""
    query = sa.text(
        "SELECT annotation.id, annotator.kind, annotator.config, annotation.scores, "
        "annotation.first_error, annotation.evidence FROM annotation "
        "JOIN annotator ON annotator.id = annotation.annotator_id "
        "WHERE annotation.id > :after ORDER BY annotation.id LIMIT :limit"
    ).columns(id=sa.Integer, config=sa.JSON, scores=sa.JSON, evidence=sa.JSON)
    write = sa.text("UPDATE annotation SET lowest = :lowest, margin = :margin WHERE id = :id")
    for rows in chunks(query):
        values = []
        for id_, kind, config, scores, first_error, evidence in rows:
            seen = [score for score in scores if score is not None]
            margin = margin_of(kind, config, scores, first_error, evidence)
            values.append({"id": id_, "lowest": min(seen, default=None), "margin": margin})
        op.get_bind().execute(write, values)


def chunks(query: sa.TextClause | Any) -> Iterator[list[Any]]:
    """The rows of `query` by id, some at a time."""
    after = 0
    while True:
        rows = op.get_bind().execute(query, {"after": after, "limit": CHUNK}).all()
        if not rows:
            return
        yield list(rows)
        after = rows[-1][0]


def margin_of(
    kind: str, config: Any, scores: Any, first_error: int | None, evidence: Any
) -> float | None:
    """`labeling.uncertainty` as it was when this migration was written."""
    if first_error is None:
        return None
    reach = len(scores) if first_error < 0 else first_error + 1
    if kind == "prm":
        threshold = config.get("threshold", 0.5)
        gaps = [abs(score - threshold) for score in scores[:reach] if score is not None]
        return min(gaps, default=None)
    if kind == "mc" and evidence.get("trials") and evidence.get("successes"):
        counts = zip(evidence["successes"][:reach], evidence["trials"][:reach], strict=False)
        shares = [(k / n if k else n / (n + 1)) for k, n in counts if n]
        return min(shares, default=None)
    return None
