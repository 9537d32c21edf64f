"""Numbers open what they count."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from db.annotators import find_annotator
from db.engine import Database
from tests.app.test_pages import fill
from tests.support.pages import open_page, shown, words_of


def test_a_number_of_the_cross_table_opens_just_its_solutions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    test = open_page(database, monkeypatch, "agreement")
    test.multiselect[0].set_value(["mc:mc", "judge:j"]).run()
    assert not test.exception
    one, other = (find_annotator(database, label).id for label in ("mc:mc", "judge:j"))
    table = shown(test, f"cells {one} {other}")
    doors = [cell for row in table["rows"] for cell in row["cells"] if cell and cell.get("href")]
    assert sum(int(cell["value"]) for cell in doors) == 8  # of 12, a third has no verdict
    for cell in doors:
        page, _, query = cell["href"].partition("?")
        behind = open_page(database, monkeypatch, page, **dict(parse_qsl(query)))
        assert re.search(rf"\b{cell['value']} solutions", words_of(behind)), cell
