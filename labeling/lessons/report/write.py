"""Writing the report of a run beside its project: report.md, report.html, report.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labeling.lessons.parts import Part, write_json, write_text
from labeling.lessons.report.markdown import markdown
from labeling.lessons.report.page.page import page
from labeling.lessons.report.told import told_by
from labeling.lessons.settings import Settings

MARKDOWN, HTML, JSON = "report.md", "report.html", "report.json"


def write_report(folder: Path, settings: Settings, parts: Sequence[Part]) -> Path:
    """Write the reports of a run whose parts are all done; returns the Markdown."""
    told = told_by(folder, settings, parts)
    write_json(folder / JSON, told)
    write_text(folder / HTML, page(told))
    file = folder / MARKDOWN
    write_text(file, markdown(told))
    return file
