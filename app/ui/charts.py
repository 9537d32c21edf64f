"""Figures on a page in the theme on screen, and the chart of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from labeling.look.palette import DARK, LIGHT, Palette, dress


def palette() -> Palette:
    """That of the theme on screen."""
    return DARK if st.context.theme.type == "dark" else LIGHT


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
    """
    dress(figure, palette())
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
