"""Numbers open what they count."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from db.annotators import find_annotator
from db.engine import Database
from labeling.consensus.export import SOLUTIONS
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from tests.app.test_pages import fill
from tests.support.pages import open_page, shown, words_of
from training.data_files import recorded_data


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


@pytest.mark.parametrize(
    ("format", "file"),
    [("jsonl", "jsonl.gz"), ("jsonl", "parquet"), ("prm800k", "jsonl"), ("trl", "arrow")],
)
def test_the_number_of_an_export_opens_what_it_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format: str, file: str
) -> None:
    fill(database, 12)
    rule = Rule(("mc:mc", "judge:j"))
    manifest = export_consensus(database, tmp_path / "kept", format, rule, file=file)
    n = recorded_data(manifest)[1]["rows"]
    assert 0 < n < 12
    test = open_page(database, monkeypatch, "consensus")
    (row,) = shown(test, "exports")["rows"]
    assert row["cells"][3]["value"] == str(n)
    test.session_state["exports"] = {"picked": row["cells"][3]["id"]}
    test.run()
    page, _, query = shown(test, "follow")["href"].partition("?")
    behind = open_page(database, monkeypatch, page, **dict(parse_qsl(query)))
    assert re.search(rf"\b{n} solution", words_of(behind))
    (tmp_path / "kept" / SOLUTIONS).unlink()
    test = open_page(database, monkeypatch, "consensus")
    test.session_state["exports"] = {"picked": 0}
    test.run()
    assert not test.exception
    assert "No such file" in words_of(test)
