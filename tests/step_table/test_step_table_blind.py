"""Blind review in a browser: nothing of what machines say is there before the first verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.step_table import STEPS, item, served

pytestmark = pytest.mark.browser

# Everything that ever stands in the page, as text or as an attribute, from the first node on.
WATCH = """() => {
  window.seen = [];
  const note = (node) => {
    if (node.nodeType === 3) window.seen.push(node.data);
    if (node.nodeType !== 1) return;
    for (const {value} of node.attributes) window.seen.push(value);
    node.childNodes.forEach(note);
  };
  const watch = (root) => {
    note(root);
    root.childNodes.forEach(note);
    new MutationObserver((changes) => changes.forEach((change) => {
      change.addedNodes.forEach(note);
      if (change.type === "characterData") note(change.target);
      if (change.type === "attributes")
        window.seen.push(change.target.getAttribute(change.attributeName) ?? "");
    })).observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (how) {
    const root = attach.call(this, how);
    watch(root);
    return root;
  };
  watch(document);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def secretive(solution_id: int, digits: str, **more: Any) -> dict[str, Any]:
    """An item whose machines say things that stand nowhere else: `digits` and words with them."""
    made = item(solution_id, STEPS, reason=f"reason{digits}", queue_reason="Chosen by chance")
    prm = {
        **made["annotators"][1],
        "id": 3,
        "kind": "prm",
        "name": "prm",
        "scores": [float(f"0.{digits}")] * len(STEPS),
        "first_error": int(digits) % 7,
        "threshold": 0.5,
    }
    judge = {**made["annotators"][1], "votes": {"share": 1.0, "n": int(digits)}}
    outcome = {"gold": f"gold{digits}", "answer": "12", "is_correct": False}
    return {**made, "annotators": [prm, judge], **outcome, **more}


def leaked(page: Page, digits: str) -> list[str]:
    seen: list[str] = page.evaluate("() => window.seen")
    secrets = (f".{digits}", f"reason{digits}", f"{digits}/{digits} votes", f"gold{digits}")
    return [text for text in seen if any(secret in text for secret in secrets)]


def test_no_score_is_in_the_page_before_the_first_verdict(browser: Browser, tmp_path: Path) -> None:
    items = [secretive(1, "37"), secretive(2, "83"), secretive(3, "61")]
    with served(browser, tmp_path, items, data={"blind": True}) as desk:
        page = desk.page
        page.add_init_script(f"({WATCH})()")
        page.reload()
        page.wait_for_selector("tr[aria-selected=true]")
        message = page.locator(".message")
        expect(page.locator(".pill.why")).to_have_text("Chosen by chance")
        expect(page.locator(".pill.blind")).to_be_visible()
        expect(message).to_contain_text("Where is the first error?")
        # What would show scores or evidence says why it does not.
        for key, what in (("m", "Scores stay"), ("v", "Evidence stays")):
            desk.press(key)
            expect(message).to_contain_text(f"{what} hidden until you have a verdict")
        desk.press("j j 3 k k t t")
        page.wait_for_timeout(300)
        assert leaked(page, "37") == []
        assert page.locator("td.score .door").count() == 0
        # What the solution itself says is there; whether that is right is not.
        expect(page.locator(".answers")).to_have_text("answer12")
        # A verdict opens it all, and the labels of that moment are kept.
        desk.press("j j e")
        expect(page.locator(".pill.reason")).to_have_text("reason37")
        expect(page.locator("#step-0 .door").first).to_contain_text(".37")
        assert leaked(page, "37") != []
        expect(page.locator(".answers")).to_contain_text("gold37")
        expect(page.locator(".answers")).to_contain_text("wrong answer")
        expect(page.locator(".pill.blind")).to_be_hidden()
        desk.press("a Enter")
        (first,) = desk.wait_stored(1)
        assert first["blind"] is True
        assert first["first_labels"] == [1, 1, -1, *[None] * 9]
        assert first["labels"] == [1] * 12
        assert first["scores_visible"] is False
        # The next one is held back again, from its first paint on.
        assert desk.title() == "Solution 2"
        page.wait_for_timeout(300)
        assert leaked(page, "83") == []
        expect(page.locator(".answers")).to_have_text("answer12")
        desk.press("s")
        skipped = desk.wait_stored(2)[1]
        assert (skipped["blind"], skipped["first_labels"]) == (True, None)
        assert desk.title() == "Solution 3"
        assert leaked(page, "83") + leaked(page, "61") == []


def test_a_reload_neither_opens_nor_closes_what_is_blind(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [secretive(1, "37")], data={"blind": True}) as desk:
        page = desk.page
        doors = page.locator("td.score .door")
        desk.press("j 3")
        page.reload()
        expect(page.locator(".message")).to_contain_text("Draft from your last visit")
        expect(doors).to_have_count(0)
        desk.press("e")
        expect(doors).to_have_count(24)
        # Not even with every mark undone.
        desk.press("u 0")
        expect(page.locator(".mark.on")).to_have_count(0)
        page.reload()
        expect(doors).to_have_count(24)
        desk.press("a Enter")
        (commit,) = desk.wait_stored(1)
        assert commit["first_labels"] == [1, -1, *[None] * 10]
        assert commit["scores_visible"] is False


def test_what_this_person_labelled_is_open_at_once(browser: Browser, tmp_path: Path) -> None:
    mine = {"labels": [1, -1, *[None] * 10], "note": "", "flags": []}
    items = [secretive(1, "37", mine=mine)]
    with served(browser, tmp_path, items, data={"blind": True}) as desk:
        expect(desk.page.locator("td.score .door")).to_have_count(24)
        expect(desk.page.locator(".pill.reason")).to_have_text("reason37")
        desk.press("a Enter")
        (commit,) = desk.wait_stored(1)
        assert (commit["blind"], commit["scores_visible"]) == (False, True)
