"""Every page's frame: opens the project, draws what surrounds a page, and hands over to it.

The pages are in views/, because Streamlit takes a folder `pages` beside this file for an app of
its older kind: the first visitor after a start would then get a page without this frame.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.auth import identity
from app.ui import address, project
from db.annotators import former_labels

HERE = Path(__file__).parent
PAGES = (
    ("overview", "Overview"),
    ("imports", "Import"),
    ("browse", "Browse"),
    ("review", "Review"),
    ("queues", "Queues"),
    ("consensus", "Consensus"),
    ("agreement", "Agreement"),
    ("prm_errors", "PRM errors"),
    ("evaluation", "Evaluation"),
    ("lessons", "Lessons"),
    ("jobs", "Jobs"),
    ("solution", "Solution"),
)
HIDDEN = ("queues", "solution")  # Reached from other pages: Review, and any list of solutions.
MANAGING = ("Import", "Consensus", "Jobs")  # Pages that start jobs and write exports.

st.set_page_config(
    page_title="StepLens",
    page_icon=str(HERE / "theme" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=210,
)
st.html(HERE / "theme" / "app.css")
st.logo(str(HERE / "theme" / "logo.svg"), size="small")

open_here = identity.may_read()
hidden = HIDDEN if project.lessons_folder() else (*HIDDEN, "lessons")
page = st.navigation(
    [
        st.Page(
            HERE / "views" / f"{name}.py",
            title=title,
            url_path="" if name == "overview" else name,
            default=name == "overview",
            visibility="hidden" if name in hidden else "visible",
        )
        for name, title in PAGES
    ],
    position="sidebar" if open_here else "hidden",
)
address.arrive()
if not open_here:
    identity.sign_in_page()
    st.stop()
database = project.project()
address.rename(former_labels(database))
with st.sidebar:
    identity.ask_reviewer(database)
    st.caption("Project", help="Set with steplens --db, or STEPLENS_DB.")
    st.text(project.project_name(database))
if identity.is_manager() or page.title not in MANAGING:
    page.run()
else:
    st.title(page.title)
    st.text(identity.managers_only())
