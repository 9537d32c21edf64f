"""`step_table_page.py` as the app serves its own pages: with the files that browsers load."""

from __future__ import annotations

from pathlib import Path

from streamlit.starlette import App

from app.components import assets

app = App(Path(__file__).with_name("step_table_page.py"), routes=[assets.route()])
