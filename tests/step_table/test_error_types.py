"""Why a first error is one, said in the step table by key and by mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import chromium
from tests.support.step_table import STEPS, item, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_an_error_is_given_its_type_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    types = [
        *({"name": f"type{n}", "word": f"is of type {n}"} for n in range(1, 10)),
        {"name": "unit slip", "word": "unit slip"},
    ]
    items = [item(n, STEPS) for n in (1, 2, 3)]
    with served(browser, tmp_path, items, data={"error_types": types}) as desk:
        page = desk.page
        menu, chip = page.locator(".type-menu"), page.locator(".chip.why")
        # Without an error there is nothing to say; with one a digit says it, and the menu closes.
        desk.press("w")
        expect(page.locator(".message")).to_contain_text("Mark the first error first")
        desk.press("j j e w")
        expect(menu).to_be_visible()
        desk.press("0 s")  # nothing happens behind it
        assert desk.focused() == 2
        desk.press("3")
        expect(menu).to_be_hidden()
        expect(chip).to_have_text("is of type 3×")
        # Undo and redo, and a reload keeps the draft.
        desk.press("u")
        expect(chip).to_have_count(0)
        desk.press("y")
        expect(chip).to_have_count(1)
        page.reload()
        expect(chip).to_have_text("is of type 3×")
        desk.press("Enter")
        (first,) = desk.wait_stored(1)
        assert (first["first_error"], first["error_type"]) == (2, "type3")
        # A project's own has a letter, which labels nothing here.
        desk.press("e w a Enter")
        second = desk.wait_stored(2)[1]
        assert (second["first_error"], second["error_type"]) == (0, "unit slip")
        # By mouse, and taken away again.
        desk.press("e")
        page.locator("[data-key=why]").click()
        page.get_by_role("button", name="is of type 1").click()
        chip.click()
        desk.press("Enter")
        assert desk.wait_stored(3)[2]["error_type"] is None
