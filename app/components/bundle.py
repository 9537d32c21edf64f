"""What the browser gets: the step table's script and style, and where Streamlit keeps KaTeX."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import streamlit as st

# Dependencies first; the last one holds the component's default export.
SCRIPTS = (
    "dom.js",
    "rules/doc.js",
    "rules/reducer.js",
    "rules/reading.js",
    "rules/names.js",
    "view/tex.js",
    "keys.js",
    "sync.js",
    "view/table.js",
    "view/dock.js",
    "view/toolbar.js",
    "view/flags.js",
    "view/help.js",
    "view/progress.js",
    "view/frame.js",
    "step_table.js",
)
STYLES = ("step_table.css", "edges.css")
IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)


@cache
def module(names: tuple[str, ...] = SCRIPTS) -> str:
    """The scripts as ONE ES module, which is what an inline component may be.

    Each file is a module of its own with one-line imports, so that editors and tests read it;
    here the imports go, and `export` goes from all but the last file. Top-level names are
    therefore unique across the files.
    """
    parts = [_read(name) for name in names]
    joined = [EXPORT.sub("", part) for part in parts[:-1]] + parts[-1:]
    return "\n".join(IMPORT.sub("", part) for part in joined)


@cache
def style() -> str:
    """The step table's style sheet."""
    return "\n".join(_read(name) for name in STYLES)


def _read(name: str) -> str:
    return files("app.components.step_table").joinpath(name).read_text(encoding="utf-8")


@cache
def katex() -> dict[str, str | bool] | None:
    """Addresses of the KaTeX that Streamlit ships, or None when a release no longer does.

    The names carry a hash of the content, so they are looked up in the installed package.
    `prefixed`: Streamlit 1.67 ships two releases of KaTeX, and the script that can be imported
    (0.18) writes `katex-sizing` where its one style sheet (0.16) knows `sizing`. The browser
    then drops the prefix.
    """
    static = Path(st.__file__).parent / "static" / "static"
    script = next(static.glob("js/katex.*.js"), None)
    sheets = {path: path.read_text(encoding="utf-8") for path in sorted(static.glob("css/*.css"))}
    sheet = next((path for path, rules in sheets.items() if ".katex" in rules), None)
    if script is None or sheet is None:
        return None
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    root = f"/{base}/static" if base else "/static"
    prefixed = "katex-sizing" in script.read_text(encoding="utf-8")
    return {
        "js": f"{root}/js/{script.name}",
        "css": f"{root}/css/{sheet.name}",
        "prefixed": prefixed and "katex-sizing" not in sheets[sheet],
    }
