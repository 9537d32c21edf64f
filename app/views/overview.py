"""Overview: how far the project is, who agrees with whom, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.components.follow.follow import follow
from app.ui import compared, filters, formatting, project, project_summary
from app.ui.counts import counted
from app.ui.pace import time_left
from app.ui.queues import opened, wording
from db.engine import Database
from db.jobs import list_jobs
from db.lists.counts import Coverage, project_counts
from db.lists.kinds import KindCounts, count_kinds
from db.records import AGREE, KINDS
from db.results import EvaluationRecord
from labeling.evaluation.results import too_few
from labeling.evaluation.stored import basis, warning
from labeling.jobs.runner import start_job

LATEST_JOBS = 6
WHAT_IT_IS = (
    "StepLens puts side by side where Monte Carlo, a judge, PRMs and people see a solution's first "
    "error, lets you settle the disagreements, and trains a PRM on what is agreed."
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
        if st.button("Import files"):
            st.switch_page("views/imports.py")
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
            ),
            formatting.share(one.with_error, one.with_verdict),
            data_table.text(f"{one.annotated - one.with_verdict:,}", "muted"),
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


def errors_href(one: EvaluationRecord) -> str:
    """Where the mistakes behind an evaluation are: a PRM's own page, else all evaluations."""
    who, reference = str(one.result.get("annotator")), one.result.get("reference")
    if who.startswith("prm:"):
        return data_table.page_href("prm_errors", prm=who, ref=reference)
    return data_table.page_href("evaluation")


def evaluations(found: list[EvaluationRecord], hues: dict[int, str]) -> None:
    """The newest evaluation of each annotator, with its interval."""
    rows: list[list[data_table.Cell]] = []
    for one in found[:12]:
        held_out = one.result.get("held_out")
        figures = held_out or one.result.get("all") or {}
        f1 = figures.get("f1")
        if not isinstance(f1, float) or math.isnan(f1):
            f1 = None
        hue = hues.get(one.annotator_id, "none")
        rows.append(
            [
                data_table.kind(
                    hue,
                    one.result.get("annotator", ""),
                    href=data_table.page_href("browse", by=one.result.get("annotator")),
                ),
                data_table.text(one.result.get("reference", ""), "muted"),
                data_table.link(
                    "–" if f1 is None else f"{f1:.3f}",
                    errors_href(one),
                    "strong quiet",
                    title=formatting.f1_by_dataset(figures),
                ),
                interval(figures, f1, hue),
                percent(figures.get("error_accuracy")),
                percent(figures.get("correct_accuracy")),
                f"{figures.get('n_error', 0) + figures.get('n_correct', 0):,}",
                data_table.text(formatting.which_problems(one.result), "muted"),
            ]
        )
    data_table.table(
        [
            "Annotator",
            "Reference",
            data_table.column(
                "F1",
                "right",
                title="Harmonic mean of the two accuracies; the mean over several data sets",
            ),
            data_table.column("95% interval"),
            data_table.column(
                "On wrong", "right", title="Exact first error, on solutions with an error"
            ),
            data_table.column(
                "On right", "right", title="No error found, on solutions without one"
            ),
            data_table.column("Solutions", "right"),
            "",
        ],
        rows,
        key="evaluations",
        empty="Nothing has been evaluated yet.",
    )
    beside = [one for one in found[:12] if one.measured.dataset is None]
    for reference in dict.fromkeys(str(one.result.get("reference")) for one in beside):
        same = [one for one in beside if one.result.get("reference") == reference]
        doubt = warning({str(one.result.get("annotator")): basis(one) for one in same})
        if doubt:
            data_table.line(data_table.text(f"? {doubt}", "warn wrap"), key=f"doubt {reference}")


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
                count / compared, f"{count:,}", "none", title=f"of {compared:,} compared"
            )
            rows.append(data_table.door([data_table.link(words, queue, "main quiet"), bar]))
    data_table.table(
        ["How they differ", data_table.column("Solutions to review", width="55%")],
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


def interval(figures: dict[str, Any], f1: float | None, hue: str) -> data_table.Cell | None:
    """The 95% interval of F1 as a bar; in words where there are too few solutions for one."""
    if f1 is None:
        return None
    span = (figures.get("intervals") or {}).get("f1") or {}
    low, high = span.get("low"), span.get("high")
    if low is None or high is None:
        return None
    if too_few(figures):
        return data_table.text(f"too few ({low:.2f} to {high:.2f})", "muted")
    return data_table.interval(f1, low, high, hue)


def percent(value: object) -> str:
    """A share as a percentage; a dash where it is not defined."""
    return "–" if not isinstance(value, float) or math.isnan(value) else f"{value:.1%}"


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
st.title("Overview")
st.text(WHAT_IT_IS)
data_table.flow(
    project_summary.loop(
        counts, kinds, covered, project_summary.newest_training(database), evaluated
    ),
    key="loop",
)
with st.container(horizontal=True, vertical_alignment="center", border=True):
    st.text(next_step.sentence, width="content")
    if st.button(next_step.button, type="primary"):
        follow(data_table.page_href(next_step.page, **next_step.query))
assigned(database)
running(database)
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Annotators", width="content")
    compared.control(database)
annotators(covered, pairs, counts.solutions)
st.subheader("Evaluations")
evaluations(evaluated, {one.annotator.id: one.annotator.kind for one in covered})
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Disagreements")
    disagreements(kinds, filters.kind_words(database))
    data_table.line(data_table.link("All queues", "queues"), key="all queues")
with right:
    st.subheader("Latest jobs")
    latest_jobs(database)
