"""A figure on the page: what it shows in a sentence, the figure, and the buttons that save it."""

from __future__ import annotations

import re
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from app.components.figure.downloads import Numbers, downloads
from app.components.follow.follow import follow
from app.ui import charts

GO_TO = "go to"
SENTENCE_WIDTH = 820  # pixels: lines that the eye finds its way back from


def figure(
    title: str,
    sentence: str,
    chart: go.Figure,
    numbers: Numbers,
    name: str,
    picked: Callable[..., None] | None = None,
) -> None:
    """Draw it; `name` is that of the saved files, `numbers` what the figure shows.

    A name that a user gave belongs into the sentence: a title would be read as markup. `picked` is
    that of `charts.draw`, or `go_to` where `customdata` is an address.
    """
    if href := st.session_state.pop(GO_TO, None):
        follow(href)
    st.subheader(title)
    st.text(sentence, width=SENTENCE_WIDTH)
    key = "figure-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    with st.container(key=key):
        alt = f"{title}. {sentence}"
        charts.draw(chart, key=f"{key}-chart", name=name, alt=alt, picked=picked)
    downloads(key, name, numbers, key=f"{key}-save")


def go_to(href: str) -> None:
    """What a click on a mark asks for; `figure` goes there, as a callback cannot."""
    st.session_state[GO_TO] = href


def bounds(low: float | None, high: float | None) -> tuple[float, float] | None:
    """An interval, None where it is not defined."""
    return None if low is None or high is None else (low, high)
