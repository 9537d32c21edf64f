"""Pages of the app as Streamlit runs them, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Database

MAIN = Path(__file__).parents[2] / "app" / "main.py"


def open_page(
    database: Database, monkeypatch: pytest.MonkeyPatch, page: str, /, **query: str
) -> AppTest:
    """The page as a visitor finds it who opens its address first."""
    monkeypatch.setenv("STEPLENS_DB", database.url)
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.session_state.reviewer = "Ada"
    for name, value in query.items():
        test.query_params[name] = value
    if page != "overview":
        test.switch_page(f"views/{page}.py")
    return test.run()


def shown(test: AppTest, key: str) -> dict[str, Any]:
    """What a component of ours was given to draw."""
    found = [element.proto for element in test.get("bidi_component") if key in element.proto.id]
    assert found, f"nothing was drawn as {key}"
    return json.loads(found[0].json)  # type: ignore[no-any-return]


def words_of(test: AppTest) -> str:
    return " ".join(element.value for element in [*test.text, *test.title, *test.subheader])
