"""Colours, letters and axes of figures, in light and in dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of figures in one theme, those of app/theme/steplens.toml.

    Text has a contrast of 4.5 to 1 or more on the page, lines and marks 3 to 1 (WCAG 2.1).
    """

    text: str
    muted: str
    grid: str
    page: str
    hues: Mapping[str, str]  # by kind of annotator; "wrong" is that of mistakes


LIGHT = Palette(
    "#1d2530",
    "#5c6673",
    "#dde2e8",
    "#ffffff",
    {"mc": "#0b7f76", "judge": "#7446c9", "prm": "#2560c4", "human": "#a86a00", "wrong": "#cc4a14"},
)
DARK = Palette(
    "#dfe4ea",
    "#98a3b0",
    "#2c343e",
    "#14181d",
    {"mc": "#35b3a4", "judge": "#a886ec", "prm": "#6fa2f2", "human": "#dba53c", "wrong": "#f0824e"},
)
TEXT_SIZE = 13  # pixels; ticks too
FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'


def faded(colour: str, alpha: float) -> str:
    """A colour of the palette, let through to `alpha`: for bands."""
    parts = ", ".join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return f"rgba({parts}, {alpha})"


def plain(text: str) -> str:
    """`text` as Plotly shows it letter by letter: it would take tags for its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def dress(figure: go.Figure, now: Palette) -> None:
    """Give a figure its letters, axes and background.

    The background is the page's own, so that what is saved is as legible as what is seen.
    """
    axis = {
        "gridcolor": now.grid,
        "linecolor": now.muted,
        "zeroline": False,
        "separatethousands": True,
        "tickfont": {"size": TEXT_SIZE, "color": now.muted},
        "title_font": {"size": TEXT_SIZE, "color": now.muted},
    }
    figure.update_layout(
        template="none",
        paper_bgcolor=now.page,
        plot_bgcolor=now.page,
        font={"family": FONT, "size": TEXT_SIZE, "color": now.text},
        legend_font={"size": TEXT_SIZE, "color": now.text},
        hoverlabel={"font": {"family": FONT, "size": TEXT_SIZE}},
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
