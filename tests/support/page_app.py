"""A page of the tests as the app serves its own: with the files that browsers load.

TEST_PAGE in the environment names its script.
"""

from __future__ import annotations

import os

from streamlit.starlette import App

from app.components import assets

app = App(os.environ["TEST_PAGE"], routes=[assets.route()])
