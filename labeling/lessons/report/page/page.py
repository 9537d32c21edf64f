"""The report as one HTML file: figures, light and dark, and no request to anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from plotly.offline import get_plotlyjs

from labeling.lessons.report.contents import sections
from labeling.lessons.report.introduction import TITLE, introduction
from labeling.lessons.report.markdown import address
from labeling.lessons.report.section import Cell, Chart, Code, Link, Section, Table, Told, Verdict
from labeling.look.palette import DARK, LIGHT

# Nothing may be loaded, whatever stands in the report; Plotly saves pictures by way of a blob.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
GLYPHS = {"reproduced": "✓", "not reproduced": "✗"}
CODE, STRESSED = re.compile("`([^`]+)`"), re.compile(r"\*([^*]+)\*")


def page(told: Told) -> str:
    """All of it."""
    shown = sections(told)
    charts = [chart for one in shown for chart in one.charts]
    tables = [one.table for one in shown if one.table is not None]
    body = "\n".join(_section(one, charts, tables) for one in shown)
    contents = "".join(f'<li><a href="#{_id(one)}">{escape(one.title)}</a></li>' for one in shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(TITLE)}</title>
<style>{_asset("report.css")}</style>
</head>
<body>
<main>
<button id="theme" type="button" aria-label="Light or dark">Dark</button>
<header>
<h1>{escape(TITLE)}</h1>
<p class="lead">{marked(introduction(told))}</p>
<div class="meta">{_meta(told)}</div>
<nav aria-label="Contents"><ol>{contents}</ol></nav>
</header>
{body}
</main>
<script type="application/json" id="figures">{_figures(charts)}</script>
<script>{get_plotlyjs()}</script>
<script>{_asset("report.js")}</script>
</body>
</html>
"""


def marked(text: str) -> str:
    """A text of ours as HTML, with its `code` and *stress*."""
    return STRESSED.sub(r"<em>\1</em>", CODE.sub(r"<code>\1</code>", escape(text)))


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _meta(told: Told) -> str:
    facts = (
        f"StepLens {told['versions']['steplens']}",
        f"settings {told['settings_hash']}",
        f"seeds {', '.join(map(str, told['settings']['seeds']))}",
        told["command"],
    )
    return "".join(f"<span>{escape(one)}</span>" for one in facts)


def _figures(charts: Iterable[Chart]) -> str:
    """Each figure in both themes, as JSON that no text in it can end."""
    themes = {"light": LIGHT, "dark": DARK}
    drawn = [
        {name: json.loads(chart.draw(now).to_json()) for name, now in themes.items()}
        for chart in charts
    ]
    for one in drawn:
        for figure in one.values():
            figure["layout"].pop("template", None)
    return json.dumps(drawn, separators=(",", ":")).replace("<", "\\u003c")


def _section(one: Section, charts: list[Chart], tables: list[Table]) -> str:
    points = "".join(f"<li>{marked(point)}</li>" for point in one.points)
    parts = [
        f"<h2>{escape(one.title)}</h2>",
        *(f"<p>{marked(text)}</p>" for text in one.text),
        f"<ul>{points}</ul>" if points else "",
        *(f"<pre>{escape(command)}</pre>" for command in one.commands),
        *(_chart(chart, charts.index(chart)) for chart in one.charts),
        "" if one.table is None else _table(one.table, one.title, tables.index(one.table) + 1),
    ]
    inside = "\n".join(part for part in parts if part)
    return f'<section id="{_id(one)}">\n{inside}\n</section>'


def _chart(chart: Chart, at: int) -> str:
    alt = escape(chart.alt, quote=True)
    return (
        f'<figure><div class="chart" data-figure="{at}" role="img" aria-label="{alt}"></div>'
        f"<figcaption><b>Figure {at + 1}.</b> {escape(chart.alt)}</figcaption></figure>"
    )


def _table(table: Table, title: str, number: int) -> str:
    numbers = [table.is_number(at) for at in range(len(table.head))]
    head = "".join(
        f"<th{_style(its)} scope=col>{escape(words)}</th>"
        for words, its in zip(table.head, numbers, strict=True)
    )
    names = table.names or ("",) * len(table.rows)
    rows = "\n".join(
        f"<tr{_named(name)}>"
        + "".join(
            f"<td{_style(its)}{_headed(words)}>{cell(one)}</td>"
            for one, its, words in zip(row, numbers, table.head, strict=True)
        )
        + "</tr>"
        for name, row in zip(names, table.rows, strict=True)
    )
    kind = ' class="claims"' if table.names else ""
    return (
        f'<div class="scroll" tabindex="0"><table{kind}>'
        f"<caption><b>Table {number}.</b> {escape(title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def cell(one: Cell) -> str:
    """A cell as HTML; what is in it is shown letter by letter."""
    match one:
        case Link():
            return f'<a href="{escape(address(one), quote=True)}">{escape(one.words)}</a>'
        case Code():
            return f"<code>{escape(one.text)}</code>"
        case Verdict():
            kind = one.words.replace(" ", "-")
            words = f"{GLYPHS.get(one.words, '–')} {one.words}"
            return f'<span class="verdict {escape(kind, quote=True)}">{escape(words)}</span>'
        case tuple():
            return ", ".join(map(cell, one))
        case _:
            return escape(one)


def _style(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _named(name: str) -> str:
    return f' id="{escape(name, quote=True)}"' if name else ""


def _headed(words: str) -> str:
    return f' data-head="{escape(words, quote=True)}"' if words else ""


def _id(one: Section) -> str:
    return re.sub("[^a-z0-9]+", "-", one.title.lower()).strip("-")
