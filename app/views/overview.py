"""Overview: how far the project is, who agrees with whom, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.ui import filters, formatting, project, project_summary
from app.ui.annotators import compared
from app.ui.counts import counted
from app.ui.evaluation import newest
from app.ui.pace import time_left
from app.ui.queues import opened, wording
from db.engine import Database
from db.jobs import list_jobs
from db.lists.counts import Coverage, project_counts
from db.lists.kinds import KindCounts, count_kinds
from db.records import AGREE, KINDS
from labeling.jobs.runner import start_job

LATEST_JOBS = 6
WHAT_IT_IS = (
    "StepLens shows side by side where Monte Carlo, a judge, PRMs and people see the first error "
    "of a solution, lets you settle the disagreements, and trains a PRM on what is agreed."
)


def empty(database: Database) -> None:
    """A project without solutions: two ways to begin."""
    st.title("An empty project")
    own, playground = st.columns(2, border=True)
    with own:
        st.subheader("Bring your solutions")
        st.markdown(
            "ProcessBench, PRM800K, Math-Shepherd, PRMBench and more are read as they are, and you "
            "see the first rows before anything is stored. Without a policy or a judge: label by "
            "hand, compare labels that came with the data, or score with any PRM."
        )
        start = data_table.page_href("imports")
        data_table.line(data_table.link("Import files", start, "button quiet"), key="import")
        st.code(
            project.command(database, "import processbench gsm8k.json math.json"), language=None
        )
    with playground:
        st.subheader("Or try the playground")
        st.markdown(
            "A small world of word problems with tiny models: annotate, review, train and "
            "evaluate for real, on this machine, without a GPU."
        )
        if st.button(
            "Fill this project from the playground",
            type="primary",
            disabled=not identity.is_manager(),
        ):
            try:
                start_job(database, "sample", {"problems": 100, "solutions": 4, "seed": 0})
            except (ValueError, OSError) as error:
                project.complain(error)
            else:
                st.rerun()
        st.code(
            project.command(database, "playground sample --problems 100 --solutions 4"),
            language=None,
        )


@st.fragment(run_every=2)
def running(database: Database) -> None:
    """The jobs of this moment; the page follows when one ends."""
    jobs = project_summary.running_jobs(database)
    before = st.session_state.get("overview_running")
    st.session_state.overview_running = [job.id for job in jobs]
    if before and before != st.session_state.overview_running:
        st.rerun()
    if not jobs:
        return
    with st.container(key="live"):
        data_table.table(
            [
                "Running now",
                data_table.column("", width="40%"),
                data_table.column("", "right nowrap"),
            ],
            [
                [
                    data_table.link(formatting.JOBS.get(job.kind, job.kind), f"jobs?job={job.id}"),
                    data_table.bar(
                        job.done / job.total if job.total else 0.0,
                        f"{job.done:,} of {job.total:,}" if job.total else "starting",
                    ),
                    data_table.text(time_left(job), "muted"),
                ]
                for job in jobs
            ],
            key="running",
        )


def annotators(
    covered: list[Coverage], pairs: dict[tuple[int, int], tuple[int, int]], solutions: int
) -> None:
    """One row per annotator, with the triangle of agreement at the right."""
    compared = [one.annotator for one in covered][: project_summary.COMPARED]
    columns: list[str | data_table.Column] = [
        "Annotator",
        data_table.column("Solutions", width="22%"),
        data_table.column(
            "Error found", "right", title="Share of verdicts that name a first error"
        ),
        data_table.column(
            "No verdict", "right", title="Unparsed replies, unfinished and failed solutions"
        ),
    ]
    columns += [
        data_table.column(
            f"= {formatting.shorten(one.name, 30)}",
            "right name",
            title=f"Same first error as {one.label}",
        )
        for one in compared[:-1]
    ]
    rows: list[list[data_table.Cell]] = []
    for one in covered:
        who = one.annotator
        cells: list[data_table.Cell] = [
            data_table.kind(
                who.kind,
                who.name,
                title=KINDS[who.kind],
                href=data_table.page_href("browse", by=who.label),
            ),
            data_table.bar(
                one.annotated / max(solutions, 1),
                f"{one.annotated:,}",
                who.kind,
                title=f"{one.annotated:,} of {solutions:,} solutions",
                href=data_table.page_href("browse", by=who.label),
            ),
            data_table.link(
                formatting.share(one.with_error, one.with_verdict),
                data_table.page_href("browse", by=who.label, says="an error"),
                "quiet",
                title=f"{one.with_error:,} of {one.with_verdict:,} verdicts; see them",
            ),
            data_table.link(
                f"{one.annotated - one.with_verdict:,}",
                data_table.page_href("browse", by=who.label, says="no verdict"),
                "quiet muted",
            ),
        ]
        for other in compared[:-1]:
            same, both = pairs.get((who.id, other.id), (0, 0))
            cells.append(
                data_table.link(
                    f"{same / both:.0%}",
                    data_table.page_href("browse", one=who.label, other=other.label),
                    "quiet",
                    title=f"{same:,} of {both:,} solutions; see those on which they differ",
                )
                if both
                else None
            )
        rows.append(cells)
    data_table.table(columns, rows, key="annotators", empty="No annotator has said anything yet.")


def disagreements(kinds: KindCounts, compared_words: Mapping[str, str]) -> None:
    """Each kind of disagreement with its share of what is compared; a row opens its queue.

    A solution may be of several kinds, so the shares add up to more than all.
    """
    compared = kinds.compared
    rows: list[data_table.Row] = []
    for kind, words in compared_words.items():
        count = kinds.of[kind]
        if count and kind != AGREE:
            queue = data_table.page_href("review", queue=kind)
            bar = data_table.bar(
                count / compared,
                f"{count:,}",
                "none",
                title=f"of {compared:,} compared",
                href=data_table.page_href("browse", disagreement=kind),
            )
            rows.append(data_table.door([data_table.link(words, queue, "main quiet"), bar]))
    data_table.table(
        ["How they differ", data_table.column("Solutions", width="55%")],
        rows,
        key="disagreements",
        empty="No disagreements. It takes two annotators of the same solutions to have any.",
    )


def assigned(database: Database) -> None:
    """The queues that are waiting for me, where there are any."""
    mine = counted(
        database,
        f"assigned {identity.reviewer_name()}",
        lambda: list(opened.assigned_to_me(database)),
    )
    waiting: list[data_table.Cell] = [
        data_table.link(
            f"{wording.title(saved, blind=False)}: {left:,} left",
            data_table.page_href("review", queue=saved.token),
        )
        for saved, left in mine
        if left
    ]
    if waiting:
        data_table.line(data_table.text("Assigned to you", "strong"), *waiting, key="assigned")


def latest_jobs(database: Database) -> None:
    """What ran last; a row opens it."""
    rows = [
        data_table.door(
            [
                data_table.link(
                    formatting.JOBS.get(job.kind, job.kind),
                    data_table.page_href("jobs", job=job.id),
                    "main quiet",
                ),
                data_table.text(*formatting.job_state(job)),
                data_table.text(formatting.ago(job.created_at), "muted nowrap"),
            ]
        )
        for job in list_jobs(database, LATEST_JOBS)
    ]
    data_table.table(
        ["Job", "State", data_table.column("Started", "right nowrap")],
        rows,
        key="latest",
        empty="Nothing has run yet.",
    )


database = project.project()
counts = counted(database, "project", lambda: project_counts(database))
if not counts.solutions:
    running(database)
    empty(database)
    st.stop()

covered = counted(database, "coverage", lambda: project_summary.everybody(database))
pairs = counted(
    database,
    "pairs",
    lambda: project_summary.agreements(database, [one.annotator for one in covered]),
)
reviewer = identity.known_reviewer(database, identity.reviewer_name())
next_step = counted(
    database,
    f"advice {None if reviewer is None else reviewer.id}",
    lambda: project_summary.advice(database, reviewer),
)

evaluated = project_summary.newest_evaluations(database)
kinds = counted(database, "kinds", lambda: count_kinds(database))
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.title("Overview", width="content")
    if identity.is_manager():  # Others have no Jobs.
        data_table.line(
            data_table.link(
                formatting.JOBS["export_project"],
                data_table.page_href("jobs", start=formatting.JOBS["export_project"]),
                "button quiet",
                title="Everything in one file, to keep or to go on with elsewhere",
            ),
            key="export project",
        )
st.text(WHAT_IT_IS)
data_table.flow(
    project_summary.loop(
        counts, kinds, covered, project_summary.newest_training(database), evaluated
    ),
    key="loop",
)
with st.container(horizontal=True, vertical_alignment="center", border=True):
    st.text(next_step.sentence, width="content")
    data_table.line(
        data_table.link(
            next_step.button, data_table.page_href(next_step.page, **next_step.query), "button"
        ),
        key="next step",
    )
assigned(database)
running(database)
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Annotators", width="content")
    compared.control(database)
annotators(covered, pairs, counts.solutions)
st.subheader("Evaluations")
newest.table(database, evaluated, {one.annotator.id: one.annotator.kind for one in covered})
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Disagreements")
    disagreements(kinds, filters.kind_words(database))
    data_table.line(data_table.link("All queues", "queues"), key="all queues")
with right:
    st.subheader("Latest jobs")
    latest_jobs(database)
