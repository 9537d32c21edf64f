"""The cross table of two annotators' first errors, of which every number opens its solutions."""

from __future__ import annotations

from collections.abc import Sequence

from app.components.data_table import data_table
from app.ui.formatting import first_error_words, number_of
from app.ui.navigation import beside

FAR = 12  # First errors from step 12 on share a row or a column.


def cross_table(
    cells: Sequence[tuple[int, int, int]],
    across: str,
    down: str,
    *,
    key: str,
    dataset: str | None = None,
) -> None:
    """Draw `cells`: (first error by `across`, by `down`, solutions), both 0-based, -1 for none.

    `across` and `down` are annotators' labels. Agreement lies on the diagonal, in grey.
    """
    counts: dict[tuple[int, int], int] = {}
    for one, other, count in cells:
        place = (min(one, FAR - 1), min(other, FAR - 1))
        counts[place] = counts.get(place, 0) + count
    places = range(-1, max((max(place) for place in counts), default=0) + 1)
    heads: list[str | data_table.Column] = [
        data_table.column("", "muted nowrap"),
        *(
            data_table.column(_head(place), "right", title=f"{across}: {_words(place)}")
            for place in places
        ),
    ]

    def cell(one: int, other: int) -> data_table.Cell:
        count = counts.get((one, other))
        if count is None:
            return None
        title = f"{across}: {_words(one)}. {down}: {_words(other)}. {number_of(count, 'solution')}"
        style = "muted" if one == other else "warn strong"
        link = data_table.page_href(
            "browse",
            of=across,
            against=down,
            cell=beside.cell_in_address(one, other, (one == FAR - 1, other == FAR - 1)),
            dataset=dataset,
        )
        return data_table.link(f"{count:,}", link, f"{style} quiet", title=title)

    rows = [
        [data_table.text(_words(other), "nowrap"), *(cell(one, other) for one in places)]
        for other in places
    ]
    data_table.line(
        data_table.text(f"First error: across, by {across}; down, by {down}", "muted"),
        key="cross table heading",
    )
    data_table.table(heads, rows, key=key)


def _head(place: int) -> str:
    return "none" if place < 0 else f"{place + 1}+" if place == FAR - 1 else str(place + 1)


def _words(place: int) -> str:
    return first_error_words(place) + ("+" if place == FAR - 1 else "")
