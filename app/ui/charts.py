"""The look of every figure, and the chart of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st


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


def palette() -> Palette:
    """That of the theme on screen."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def faded(colour: str, alpha: float) -> str:
    """A colour of the palette, let through to `alpha`: for bands."""
    parts = ", ".join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return f"rgba({parts}, {alpha})"


def plain(text: str) -> str:
    """`text` as Plotly shows it letter by letter: it would take tags for its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def draw(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    name: str = "",
    picked: Callable[..., None] | None = None,
) -> None:
    """Put a figure on the page in the app's look; with a `name`, its file's when it is saved.

    `alt` says what it shows to who cannot see it. `picked` is called with a mark's `customdata`
    when the mark is clicked.

    The background is the page's own, so that what is saved is as legible as what is seen.
    """
    now = palette()
    axis = {
        "gridcolor": now.grid,
        "linecolor": now.muted,
        "zeroline": False,
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
    saved = {"format": "png", "scale": 3, "filename": name}
    if picked is not None:
        # What is clicked leads on; nothing stays selected, or is zoomed into.
        figure.update_layout(dragmode=False)
        figure.update_traces(
            selected_marker_opacity=1, unselected_marker_opacity=1, selector={"type": "scatter"}
        )
    st.plotly_chart(
        figure,
        on_select=(lambda: _pick(key, picked)) if picked is not None else "ignore",
        selection_mode="points",
        width="stretch",
        theme=None,
        # Kept out of sight by app.css: the buttons under a figure press the one that saves.
        config={"displayModeBar": bool(name), "displaylogo": False, "toImageButtonOptions": saved},
        key=key,
        alt=alt,
    )


def _pick(key: str, picked: Callable[..., None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    given = points[0].get("customdata") if points else None
    if given:
        picked(*map(str, given.values() if isinstance(given, Mapping) else given))


FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'


def training_course(
    losses: Sequence[Sequence[float]],
    history: Sequence[Mapping[str, float]],
    marks: Sequence[tuple[int, str]] = (),
) -> go.Figure:
    """Losses (left axis, nats per step) and F1 on the validation part (right axis), by epoch.

    `losses` are (epochs, training loss) at every point that was logged; without any, as in older
    results, the training loss is drawn by epoch too. Epoch 0 is the base, if that is judged.
    `marks` are epochs and what to say of them, the best first.
    """
    epochs = [epoch["epoch"] for epoch in history]
    now = palette()
    figure = go.Figure()
    figure.add_scatter(
        x=[one[0] for one in losses] or epochs,
        y=[one[1] for one in losses] or [epoch["train_loss"] for epoch in history],
        name="training loss",
        line={"color": now.muted, "dash": "solid"},
        mode="lines",
    )
    figure.add_scatter(
        x=epochs,
        y=[epoch["validation_loss"] for epoch in history],
        name="validation loss",
        line={"color": now.hues["wrong"], "dash": "dash"},
        mode="lines+markers",
        cliponaxis=False,
    )
    figure.add_scatter(
        x=epochs,
        y=[epoch["f1"] for epoch in history],
        name="validation F1",
        line={"color": now.hues["prm"]},
        mode="lines+markers",
        cliponaxis=False,
        yaxis="y2",
    )
    hues = [now.hues["prm"], now.muted]
    for number, ((epoch, words), hue) in enumerate(zip(marks, hues, strict=False)):
        figure.add_vline(x=epoch, line={"color": hue, "dash": "dot", "width": 1})
        figure.add_annotation(
            x=epoch,
            y=1.11 - 0.11 * number,  # above the lines; two that are close do not cover each other
            yref="paper",
            yanchor="bottom",
            text=words,
            showarrow=False,
            font={"color": hue},
            xanchor="right" if epoch > 0.6 * max([*epochs, *(one for one, _ in marks)]) else "left",
        )
    figure.update_layout(
        height=320,
        margin={"l": 48, "r": 48, "t": 76, "b": 44},
        legend={"orientation": "h", "y": 1.24, "yanchor": "bottom"},
        xaxis={
            "title": "epoch",
            "rangemode": "tozero",
            "dtick": 1 if 1 < len(epochs) <= 15 else None,
        },
        yaxis={"title": "loss", "rangemode": "tozero"},
        yaxis2={
            "title": "F1",
            "overlaying": "y",
            "side": "right",
            "range": [0, 1],
            "tickmode": "linear",
            "dtick": 0.25,
            "showgrid": False,
        },
    )
    return figure
