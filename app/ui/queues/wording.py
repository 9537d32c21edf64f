"""A saved queue in words, and its filter as an address says it."""

from __future__ import annotations

from collections.abc import Mapping

from app.ui import filters
from app.ui.navigation import beside
from db.annotators import list_annotators
from db.engine import Database
from db.lists.browse import LISTED
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import get_list
from db.review.saved_queues import Contents, SavedQueue
from labeling.review.queues import FILTER
from labeling.review.saved import held_by


def in_address(database: Database, wanted: SolutionFilter) -> dict[str, str]:
    """The words of an address that `filters.understood` makes this filter of."""
    labels = {one.id: one.label for one in list_annotators(database)}
    said: dict[str, object] = {
        "dataset": wanted.dataset,
        "generator": wanted.generator,
        "answer": _word(filters.ANSWERS, wanted.answer),
        "from": wanted.steps_from,
        "to": wanted.steps_to,
        "disagreement": filters.comparisons(database).get(wanted.disagreement or ""),
        "by": labels.get(wanted.annotator or 0),
        "says": _word(filters.verdict_choices(), wanted.verdict),
        "after": wanted.differ_after,
        "people": _word(filters.PEOPLE, wanted.reviewed),
        "text": wanted.text,
        "ids": ",".join(map(str, wanted.ids)),
    }
    if wanted.differ is not None:
        said["one"], said["other"] = (labels.get(one) for one in wanted.differ)
    if wanted.outcome is not None:
        said["outcome"], of, against = wanted.outcome
        said["of"], said["against"] = labels.get(of), labels.get(against)
    if wanted.cell is not None:
        first_error, expected, of, against = wanted.cell
        said["cell"] = beside.cell_in_address(first_error, expected, wanted.cell_onwards)
        said["of"], said["against"] = labels.get(of), labels.get(against)
    if wanted.did is not None:
        said["did"], said["who"] = wanted.did[0], labels.get(wanted.did[1])
    if wanted.listed is not None:
        said["listed"] = get_list(database, wanted.listed).token
    return {name: str(value) for name, value in said.items() if value not in (None, "")}


def sort_in_address(database: Database, sort: str) -> str | None:
    """The word of an address that `filters.sort_of` makes this order of; None for the oldest."""
    name, _, number = sort.partition(":")
    if name == LISTED:
        return LISTED
    if not number:
        return None if sort == "oldest" else sort
    labels = {str(one.id): one.label for one in list_annotators(database)}
    return f"{name}:{labels[number]}" if number in labels else None


def browse_query(database: Database, contents: Contents) -> dict[str, str]:
    """The address of Browse that shows what the filter leaves, in the queue's order."""
    sort = sort_in_address(database, contents.sort)
    return {**in_address(database, contents.wanted), **({"sort": sort} if sort else {})}


def title(saved: SavedQueue, *, blind: bool) -> str:
    """What a saved queue is called; to a blind reviewer by its number, which tells nothing."""
    if blind or saved.blind or saved.name is None:
        return f"Queue {saved.id}"
    return saved.name


def contents_in_words(database: Database, contents: Contents) -> str:
    """What a queue holds, and in which order."""
    queue = held_by(contents)
    given = in_address(database, contents.wanted)
    parts = [words for _, words in filters.conditions(database, given)]
    if queue is not FILTER:
        parts.insert(0, compared_annotators(database).named(queue.words))
    words = ", ".join(parts) or "all solutions"
    if words.split(" ", 1)[0].isalpha():  # and not a name, as prm-v2 is
        words = words[0].upper() + words[1:]
    sort = sort_in_address(database, contents.sort)
    order = filters.sorts(database, listed=True).get(sort or "")
    if queue is not FILTER or sort is None or order is None:
        return words
    plain = sort in (*filters.SORTS, LISTED)  # The others begin with a name.
    return f"{words}; {order[0].lower() + order[1:] if plain else order}"


def _word(words: Mapping[str, object], meaning: object) -> str | None:
    """The word that stands for this, None for None."""
    found = (word for word, one in words.items() if one == meaning and meaning is not None)
    return next(found, None)
