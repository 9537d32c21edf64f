"""Driving the step table in a browser: items to show, a served page, and what it stored."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.browser import ROOT, open_page, streamlit_server

PAGE = Path(__file__).with_name("page_app.py")
THEME = f"--theme.base={ROOT / 'app' / 'theme' / 'steplens.toml'}"


@dataclass(frozen=True, slots=True)
class Desk:
    """A served table: its page, and what its server stored."""

    page: Page
    folder: Path

    def stored(self) -> list[dict[str, Any]]:
        log = self.folder / "log.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def wait_stored(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while len(self.stored()) < count and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        return self.stored()

    def press(self, keys: str) -> None:
        """Press without any delay between the keys."""
        for key in keys.split():
            self.page.keyboard.press(key)

    def focused(self) -> int:
        selected = self.page.locator("tr[aria-selected=true]")
        return int((selected.get_attribute("id") or "").removeprefix("step-"))

    def hold(self, key: str, times: int) -> None:
        """Hold a key down for so many presses, all but the first of them repeats."""
        for _ in range(times):
            self.page.keyboard.down(key)
        self.page.keyboard.up(key)

    def title(self) -> str:
        return self.page.locator(".title").inner_text()


def item(solution_id: int, steps: list[str], **more: Any) -> dict[str, Any]:
    n = len(steps)
    mc = {
        "id": 1,
        "kind": "mc",
        "name": "MC 8",
        "status": "ok",
        "first_error": 1 if n > 1 else -1,
        "scores": [1.0, 0.0, *[None] * (n - 2)][:n],
        "successes": [8, 0, *[0] * (n - 2)][:n],
        "trials": [8, 8, *[0] * (n - 2)][:n],
        "threshold": None,
    }
    judge = {
        **mc,
        "id": 2,
        "kind": "judge",
        "name": "<b>judge</b>",
        "first_error": -1,
        "scores": [1.0] * n,
        "successes": None,
        "trials": None,
    }
    return {
        "solution_id": solution_id,
        "revision": 1,
        "problem": "What is $1 + 1$?",
        "gold": "2",
        "answer": "3",
        "is_correct": False,
        "dataset": "test",
        "generator": "nobody",
        "reason": "MC ≠ judge",
        "steps": steps,
        "annotators": [mc, judge],
        "mine": None,
        **more,
    }


STEPS = [f"Step {n} says $x_{{{n}}} = {n}$." for n in range(1, 13)]


def page_environment(
    folder: Path,
    items: list[dict[str, Any]],
    mode: str = "review",
    data: dict[str, Any] | None = None,
) -> dict[str, str]:
    """What PAGE needs to serve `items`; it keeps what it stores in `folder`."""
    (folder / "items.json").write_text(json.dumps(items))
    return {
        "TEST_PAGE": str(Path(__file__).with_name("step_table_page.py")),
        "STEP_TABLE_ITEMS": str(folder / "items.json"),
        "STEP_TABLE_LOG": str(folder / "log.jsonl"),
        "STEP_TABLE_DEAF": str(folder / "deaf"),
        "STEP_TABLE_MODE": mode,
        "STEP_TABLE_DATA": json.dumps(data or {}),
    }


@contextmanager
def served(
    browser: Browser,
    folder: Path,
    items: list[dict[str, Any]],
    mode: str = "review",
    *,
    data: dict[str, Any] | None = None,
    width: int = 1280,
    height: int = 800,
) -> Iterator[Desk]:
    """The table over `items` in the app's theme; `data` overrides what the server sends."""
    with (
        streamlit_server(PAGE, page_environment(folder, items, mode, data), [THEME]) as url,
        open_page(browser, url, width=width, height=height) as page,
    ):
        page.wait_for_selector("tr[aria-selected=true]")
        yield Desk(page, folder)
        assert page.errors == []  # type: ignore[attr-defined]
