"""What browsers load: which files, under which address, and that they come."""

from __future__ import annotations

import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.components import assets
from tests.support.browser import ROOT, chromium, open_page, streamlit_server
from tests.support.step_table import PAGE, STEPS, item, page_environment

BASE = "/team/steps"
LOADED_FONT = """() => [...document.fonts].some(
  (font) => font.family === "KaTeX_Main" && font.status === "loaded")"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another folder of files, with nothing of it remembered."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    for cached in (assets.files, assets.digest):
        cached.cache_clear()
    yield tmp_path
    for cached in (assets.files, assets.digest):
        cached.cache_clear()


def test_modules_styles_and_fonts_are_served_and_nothing_else_is() -> None:
    names = set(assets.files())
    assert {"step_table/step_table.js", "data_table/data_table.js"} <= names
    assert {"katex/katex.mjs", "katex/katex.min.css"} <= names
    assert not [name for name in names if Path(name).suffix not in assets.TYPES]
    fonts = {name for name in names if name.endswith(".woff2")}
    sheet = assets.files()["katex/katex.min.css"].read_text()
    assert fonts == {name for name in fonts if Path(name).name in sheet}
    assert len(fonts) == sheet.count("woff2)")


def test_the_vendored_katex_is_the_version_it_is_said_to_be() -> None:
    """Three files name it: the one that runs, the one for readers, and the one npm updates."""
    folder = ROOT / "app" / "components" / "katex"
    version = json.loads((ROOT / "package.json").read_text())["devDependencies"]["katex"]
    assert f'version = "{version}"' in (folder / "katex.mjs").read_text()
    assert f"KaTeX {version}," in (folder / "README.md").read_text()


def test_an_installed_app_has_every_file() -> None:
    """An install holds what pyproject.toml names, an editable one the folder itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["app"]
    app = ROOT / "app"
    packed = {path for pattern in patterns for path in app.glob(pattern) if path.is_file()}
    assert set(assets.files().values()) <= packed
    assert app / "components" / "katex" / "LICENSE" in packed


def test_the_address_changes_with_the_content(folder: Path) -> None:
    (folder / "one.js").write_text("export const one = 1;")
    before = assets.address("one.js")
    assets.files.cache_clear()
    assets.digest.cache_clear()
    (folder / "one.js").write_text("export const one = 2;")
    assert assets.address("one.js") != before
    with pytest.raises(ValueError, match=r"two\.js"):
        assets.address("two.js")


@pytest.mark.browser
def test_below_a_path_too_every_file_comes_and_may_be_kept(tmp_path: Path) -> None:
    environment = page_environment(tmp_path, [item(1, STEPS)])
    with chromium() as browser, streamlit_server(PAGE, environment, base=BASE) as url:
        with open_page(browser, "about:blank") as page:
            answers = []
            page.on("response", lambda answer: answers.append(answer))
            page.goto(f"{url}/")
            page.wait_for_selector(".katex")
            page.wait_for_function(LOADED_FONT)
            ours = [answer for answer in answers if "/steplens/" in answer.url]
            assert {answer.status for answer in ours} == {200}
            names = {answer.url.split(f"{assets.digest()}/")[1] for answer in ours}
            assert {"step_table/rules/reducer.js", "katex/katex.mjs"} <= names
            assert any(name.endswith(".woff2") for name in names)
            for answer in ours:
                assert "immutable" in (answer.header_value("cache-control") or "")
                name = answer.url.rsplit("/", 1)[1]
                kind = assets.TYPES[Path(name).suffix]
                assert (answer.header_value("content-type") or "").startswith(kind)
        for hidden in ("assets.py", "step_table/step_table.py", "../main.py", "no.js"):
            with pytest.raises(urllib.error.HTTPError, match="40[04]"):
                urllib.request.urlopen(f"{url}/steplens/{assets.digest()}/{hidden}")
