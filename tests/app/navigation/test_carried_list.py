"""A solution opened from a list goes on through that list."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import expect

from db.engine import Database
from labeling.consensus.held_out import hold_out
from tests.app.test_pages import fill
from tests.support import pages
from tests.support.browser import ROOT, chromium, open_page, streamlit_server
from training.data import HeldOut


def carried(database: Database, monkeypatch: pytest.MonkeyPatch, href: str) -> list[Any]:
    page, _, query = href.partition("?")
    test = pages.open_page(database, monkeypatch, page, **dict(parse_qsl(query)))
    assert not test.exception
    (row,) = pages.shown(test, "carried")["rows"]
    return list(row["cells"][0]["cells"])


def test_the_list_of_browse_is_walked_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    query = {"answer": "Wrong answer", "sort": "newest"}
    browse = pages.open_page(database, monkeypatch, "browse", **query)
    rows = pages.shown(browse, "solutions")["rows"]
    back, before, place, after = carried(database, monkeypatch, rows[0]["cells"][1]["href"])
    assert place["value"] == "1 of 4"
    assert dict(parse_qsl(back["href"].partition("?")[2])) == query
    assert before["kind"] == "text"  # nothing comes before the first one
    seen = [rows[0]["cells"][1]["value"]]
    while after["kind"] == "link":
        seen.append(dict(parse_qsl(after["href"].partition("?")[2]))["id"])
        _, before, place, after = carried(database, monkeypatch, after["href"])
    assert seen == ["11", "8", "5", "2"]
    assert place["value"] == "4 of 4"
    assert "id=5&" in before["href"]


def test_a_list_that_changed_says_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 3)
    back, words = carried(database, monkeypatch, "solution?id=1&list=browse&at=3")
    assert back["href"] == "browse"
    assert words["value"] == "no longer at this place in the list"


def test_the_examples_of_consensus_are_a_list(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    hold_out(database, HeldOut(0.0, 0))
    page = pages.open_page(database, monkeypatch, "consensus")
    (links,) = [
        row["cells"][3]["cells"]
        for row in pages.shown(page, "summary")["rows"]
        if row["cells"][0]["value"] == "first errors differ"
    ]
    ids = [cell["value"] for cell in links[:-1]]
    assert links[-1]["href"].startswith("review?queue=filter&consensus=first+errors+differ&rule=")
    back, _, place, after = carried(database, monkeypatch, links[1]["href"])
    assert place["value"] == f"2 of {len(ids)}"
    assert back["href"].startswith("browse?consensus=first+errors+differ&rule=")
    assert f"id={ids[2]}&" in after["href"]


@pytest.mark.browser
def test_brackets_go_through_the_list_and_back_returns(database: Database) -> None:
    fill(database, 12)
    environment = {"STEPLENS_DB": database.url, "USER": "ann", "LOGNAME": "ann"}
    with (
        streamlit_server(ROOT / "app" / "asgi.py", environment) as url,
        chromium() as browser,
        open_page(browser, f"{url}/browse?answer=Wrong+answer") as page,
    ):
        page.get_by_role("link", name="5", exact=True).click()
        expect(page.get_by_text("2 of 4", exact=True)).to_be_visible()
        page.keyboard.press("]")
        expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile("id=8&"))
        page.keyboard.press("[")
        expect(page.get_by_text("2 of 4", exact=True)).to_be_visible()
        page.go_back()
        expect(page.get_by_text("3 of 4", exact=True)).to_be_visible()
        page.get_by_role("link", name="Browse", exact=True).last.click()
        expect(page.get_by_text("4 solutions")).to_be_visible()
        assert page.errors == []  # type: ignore[attr-defined]
