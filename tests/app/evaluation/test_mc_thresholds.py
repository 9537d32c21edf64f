"""Monte Carlo's thresholds on Evaluation: every mark and number opens what it counts."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from app.ui.filters import NotUnderstood, in_words, understood
from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.lists.browse import count_solutions
from db.records import AnnotationRecord
from tests.app.evaluation.test_page import PEOPLE, SIZE, fill, plots, words_in
from tests.support.pages import open_page, shown, words_of


@pytest.mark.parametrize(
    ("strategy", "words"), [("exhaustive", None), ("scan", "say nothing above 0")]
)
def test_monte_carlo_labels_at_every_threshold_where_its_shares_allow_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, strategy: str, words: str | None
) -> None:
    fill(database)
    mc = ensure_annotator(database, "mc", "m", {"samples": 4, "strategy": strategy})
    records = [
        AnnotationRecord(id, mc.id, (0.5, 1.0) if id % 2 else (0.25, 0.0), -1, "ok", {})
        for id in range(1, 4 * SIZE + 1)
    ]
    save_wave(database, mc.id, None, records)
    test = open_page(database, monkeypatch, "evaluation", show="Monte Carlo")
    assert not test.exception
    if words:
        assert words in words_of(test)
        return
    drawn = [one for one in plots(test)[0]["data"] if one.get("customdata")]
    lines = {one["name"]: one for one in drawn}
    # Wrong ones err in step 1, of which a quarter succeeds; half do in the right ones.
    assert (lines["mean"]["x"], lines["mean"]["y"]) == ([0, 0.25, 0.5, 0.75], [0, 1, 0, 0])
    # Every mark and number opens what it counts.
    doors = [
        (href, says.partition(" of ")[0])
        for one in lines.values()
        for (href,), says in zip(one["customdata"], one["text"], strict=True)
    ]
    assert len(doors) == 3 * 4
    rows = shown(test, f"mc {mc.id}")["rows"]
    doors += [(cell["href"], cell["value"]) for row in rows for cell in row["cells"][2:-1]]
    assert len(doors) == (3 + 6) * 4
    assert [words_in(cell) for cell in rows[2]["cells"][:-1]] == [
        "2/4", ".000", "80", "0", "0", "0", "0", "80"
    ]  # fmt: skip
    for href, says in doors:
        query = dict(parse_qsl(href.partition("?")[2]))
        assert count_solutions(database, understood(database, query)) == int(says), href
    assert in_words(database, query) == (
        "false alarm by mc:m against human:people, a step wrong up to a share of 0.75"
    )
    alone = {"of": "mc:m", "against": PEOPLE, "share": "much"}
    with pytest.raises(NotUnderstood, match="A share of completions: choose an outcome"):
        understood(database, alone)
