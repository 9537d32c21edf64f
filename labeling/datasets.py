"""The data sets of a project, as an option names them."""

from __future__ import annotations

from db.engine import Database
from db.lists.browse import filter_choices


def require_dataset(database: Database, dataset: str | None) -> None:
    """Raise ValueError for the name of a data set that the project does not have."""
    if dataset is None:
        return
    known, _ = filter_choices(database)
    if dataset not in known:
        there = f"There are: {', '.join(known)}." if known else "Nothing was imported yet."
        raise ValueError(f"there is no data set {dataset!r}. {there}")
