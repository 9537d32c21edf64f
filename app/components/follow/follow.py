"""Going to an address of this app that only the server knows, such as that of something just made.

`st.switch_page` with query parameters leaves a step in the browser's history that never was: the
page left behind, with the parameters of the one gone to. Back then leads there.
"""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from app.components import assets

_component = st.components.v2.component("steplens_follow", js=assets.loader("follow/follow.js"))


def follow(href: str) -> NoReturn:
    """Go to an address made with `data_table.page_href`; the rest of the page is not drawn."""
    _component(key="follow", data={"href": href})
    st.stop()
