"""Behind a PRM's score in the step table: so far, beside another version, among labelled steps."""

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


def test_a_prms_score_opens_what_is_behind_it(browser: Browser, tmp_path: Path) -> None:
    scored = item(1, STEPS[:3])
    prm = {**scored["annotators"][0], "kind": "prm", "successes": None, "trials": None}
    scored["annotators"] = [
        {**prm, "id": 7, "name": "prm-v2", "scores": [0.9, 0.42, 0.8], "threshold": 0.5},
        {**prm, "id": 8, "name": "prm-v1", "scores": [0.8, 0.6, None], "threshold": 0.5},
    ]
    with served(browser, tmp_path, [scored]) as desk:
        page = desk.page
        page.get_by_role("button", name="prm-v2, step 2: score 0.420").click()
        figures = page.locator(".evidence .figures")
        expect(figures).to_contain_text("lowest so far.42product so far.38")
        expect(figures).to_contain_text("from prm-v1−.18 (.60)")
        expect(figures).to_contain_text(
            "of 1,200 labelled steps 13% score lower; 70% of the 100 nearest are wrong"
        )
        door = page.get_by_role("link", name="✗ .43 · 77, step 2")
        assert (door.get_attribute("href") or "").endswith("solution?id=77")
        # The next step: other figures, and no score in the other version.
        desk.press("j")
        expect(figures).to_contain_text("product so far.30")
        expect(figures).to_contain_text("from prm-v1no score there")
