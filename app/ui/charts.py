"""The charts: a training run over its epochs, and where two annotators put the first error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

GREY, BLUE, ORANGE = "#7d8894", "#4a84e0", "#d9722b"
MARGINS = {"l": 8, "r": 8, "t": 30, "b": 8}
FAR = 12  # First errors from this step on share one place on an axis.


def training_history(history: Sequence[Mapping[str, float]], best_epoch: int) -> go.Figure:
    """Losses (left axis, nats per step) and F1 on held-out problems (right axis), by epoch."""
    epochs = [epoch["epoch"] for epoch in history]
    figure = go.Figure()
    for name, label, colour, dash in (
        ("train_loss", "training loss", GREY, "solid"),
        ("validation_loss", "held-out loss", ORANGE, "dash"),
    ):
        figure.add_scatter(
            x=epochs,
            y=[epoch[name] for epoch in history],
            name=label,
            line={"color": colour, "dash": dash},
            mode="lines",
        )
    figure.add_scatter(
        x=epochs,
        y=[epoch["f1"] for epoch in history],
        name="held-out F1",
        line={"color": BLUE},
        mode="lines+markers",
        yaxis="y2",
    )
    figure.add_vline(x=best_epoch, line={"color": BLUE, "dash": "dot", "width": 1})
    figure.update_layout(
        height=240,
        margin=MARGINS,
        legend={"orientation": "h", "y": 1.2},
        xaxis={"title": "epoch", "dtick": 1 if len(epochs) <= 15 else None},
        yaxis={"title": "loss", "rangemode": "tozero"},
        yaxis2={"title": "F1", "overlaying": "y", "side": "right", "range": [0, 1]},
    )
    return figure


def first_error_table(cells: Sequence[tuple[int, int, int]], across: str, down: str) -> go.Figure:
    """A cross table of first errors: a square per pair, its area the number of solutions.

    `cells`: (first error by `across`, by `down`, solutions). Agreement is grey on the diagonal,
    disagreement orange.
    """
    counts: dict[tuple[int, int], int] = {}
    for one, other, count in cells:
        key = (_place(one), _place(other))
        counts[key] = counts.get(key, 0) + count
    last = max((max(key) for key in counts), default=1)
    places = list(range(-1, last + 1))
    largest = max(counts.values(), default=1)
    figure = go.Figure()
    for agree in (True, False):
        chosen = [key for key in counts if (key[0] == key[1]) is agree]
        figure.add_scatter(
            x=[key[0] for key in chosen],
            y=[key[1] for key in chosen],
            mode="markers+text",
            name="same first error" if agree else "different",
            text=[f"{counts[key]:,}" for key in chosen],
            textposition="middle right",
            textfont={"size": 10},
            customdata=[[_words(key[0]), _words(key[1]), counts[key]] for key in chosen],
            hovertemplate=f"{across}: %{{customdata[0]}}<br>{down}: %{{customdata[1]}}<br>"
            "%{customdata[2]:,} solutions<extra></extra>",
            marker={
                "symbol": "square",
                "size": [5 + 17 * (counts[key] / largest) ** 0.5 for key in chosen],
                "color": GREY if agree else ORANGE,
            },
        )
    axis = {"tickvals": places, "ticktext": [_tick(place) for place in places], "zeroline": False}
    figure.update_layout(
        height=110 + 27 * len(places),
        margin=MARGINS,
        legend={"orientation": "h", "y": 1.15},
        xaxis={**axis, "title": f"first error by {across}", "range": [-1.5, last + 0.8]},
        yaxis={**axis, "title": f"by {down}", "range": [last + 0.5, -1.5]},
    )
    return figure


def _place(first_error: int) -> int:
    return min(first_error, FAR - 1)


def _tick(place: int) -> str:
    if place < 0:
        return "none"
    return f"{place + 1}+" if place == FAR - 1 else str(place + 1)


def _words(place: int) -> str:
    return "no error" if place < 0 else f"step {_tick(place)}"
