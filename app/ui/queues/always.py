"""The queues that are always there, by what they are for, with how much each holds."""

from __future__ import annotations

from functools import partial

from app.auth import identity
from app.components.data_table import data_table
from app.ui.counts import counted
from db.annotators import list_annotators
from db.engine import Database
from db.lists.comparison import compared_annotators
from db.review.leases import QueueState, queue_state
from db.review.queues import Queue
from labeling.review.queues import GROUPS, ReviewQueue


def show(database: Database) -> None:
    """A row for each, which opens it in Review."""
    compared = compared_annotators(database)
    rows: list[data_table.Row] = []
    for group, queues in GROUPS.items():
        for queue in queues:
            state = _state(database, queue)
            style = "" if state.total else "muted"
            words = compared.named(queue.words)
            rows.append(
                data_table.door(
                    [
                        data_table.text(group if queue is queues[0] else "", "muted"),
                        data_table.link(
                            words,
                            data_table.page_href("review", queue=queue.name),
                            f"main {style}",
                            title="" if state.total else queue.needs,
                        ),
                        data_table.text(f"{state.total:,}", style),
                        data_table.text(f"{state.left:,}", style),
                        None,
                    ]
                )
            )
    data_table.table(
        [
            data_table.column("", width="18%"),
            data_table.column("Always there", width="34%"),
            data_table.column("Solutions", "right", width="12%"),
            data_table.column("Left for you", "right", width="12%"),
            "",
        ],
        rows,
        key="always",
    )


def _state(database: Database, queue: ReviewQueue) -> QueueState:
    me = identity.known_reviewer(database, identity.reviewer_name())
    known = next((one.id for one in list_annotators(database) if one.came_with_data), None)
    asked = Queue(queue.members, reference=known)
    name = f"queue {asked} {None if me is None else me.id}"
    return counted(database, name, partial(queue_state, database, asked, me))
