"""The server's entry: the Streamlit app, and beside it the files that browsers load."""

from __future__ import annotations

from pathlib import Path

from streamlit.starlette import App

from app.components import assets

app = App(Path(__file__).with_name("main.py"), routes=[assets.route()])
