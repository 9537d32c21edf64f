"""An import under way: how far it is, and where its solutions are when it is done."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.ui import formatting
from app.ui.formatting import number_of
from app.ui.pace import time_left
from db.engine import Database
from db.jobs import get_job
from db.records import JobRecord

WHAT_NEXT = (
    "Without a policy or a judge: labels that came with the data are compared as they are, you can "
    "label by hand in Review, and Jobs scores solutions with any PRM, the playground's too."
)


@st.fragment(run_every=1)
def follow(database: Database, job_id: int) -> None:
    """The import, kept up to date until it ends."""
    job = get_job(database, job_id)
    state = formatting.standing(job)
    with st.container(key="live"):
        if state in ("running", "queued"):
            far = formatting.share(job.done, job.total) if job.total else "starting"
            data_table.table(
                [data_table.column("Importing", width="50%"), "", ""],
                [
                    [
                        data_table.bar(job.done / job.total if job.total else 0.0, far),
                        data_table.text(time_left(job), "muted nowrap"),
                        data_table.text(job.message, "muted"),
                    ]
                ],
                key="importing",
            )
        elif state == "done":
            done(job)
        else:
            st.text(formatting.sentence(f"the import {state}: {job.message}"))
        data_table.line(
            data_table.link(
                "The job, with every reason and its log",
                data_table.page_href("jobs", job=job.id),
            ),
            key="job of the import",
        )


def done(job: JobRecord) -> None:
    """What was added, what was there, and the way on."""
    result = job.result or {}
    if job.kind == "import_scores":
        scores_done(job)
        return
    st.text(
        f"Done: {number_of(result.get('solutions', 0), 'new solution')}, "
        f"{result.get('matched', 0):,} matched one that was there, "
        f"{number_of(result.get('rejected', 0), 'row')} rejected."
    )
    data_table.line(
        data_table.link("See the solutions", data_table.page_href("browse"), "strong"),
        data_table.link("Label by hand", data_table.page_href("review")),
        data_table.link("Annotate by a model", data_table.page_href("jobs")),
        key="onwards",
    )
    st.text(WHAT_NEXT)


def scores_done(job: JobRecord) -> None:
    """What came of files of scores, and where to look at them."""
    result = job.result or {}
    label = str(result.get("annotator", ""))
    st.text(
        f"Done: {result.get('matched', 0):,} of {number_of(result.get('rows', 0), 'row')} matched "
        f"a solution; {label} annotated {number_of(result.get('solutions', 0), 'solution')} more, "
        f"{result.get('known', 0):,} were there."
    )
    data_table.line(
        data_table.link("See its solutions", data_table.page_href("browse", by=label), "strong"),
        data_table.link("Compare it with others", data_table.page_href("agreement")),
        data_table.link("Measure it", data_table.page_href("evaluation")),
        key="onwards",
    )
