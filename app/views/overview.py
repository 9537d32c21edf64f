"""Overview: how far the project is, who agrees with whom, and what to do next."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import glance, identity, sheet, state, words
from db.browse import project_counts
from labeling.runner import start_job


def empty(database: Any) -> None:
    """A project without solutions: two ways to begin."""
    st.title("An empty project")
    own, playground = st.columns(2, border=True)
    with own:
        st.subheader("Bring your solutions")
        st.markdown(
            "ProcessBench, PRM800K, Math-Shepherd and a plain JSONL are read as they are. "
            "Importing a file twice adds nothing."
        )
        if st.button("Import files"):
            st.switch_page("views/jobs.py", query_params={"start": words.JOBS["import"]})
        st.code("steplens import processbench gsm8k.json math.json", language=None)
    with playground:
        st.subheader("Or try the playground")
        st.markdown(
            "A small world of word problems with tiny models: annotate, review, train and "
            "evaluate for real, on this machine, without a GPU."
        )
        if st.button(
            "Fill this project from the playground",
            type="primary",
            disabled=not identity.may_change(),
        ):
            try:
                start_job(database, "sample", {"problems": 100, "solutions": 4, "seed": 0})
            except (ValueError, OSError) as error:
                state.complain(error)
            else:
                st.rerun()
        st.code("steplens playground sample --problems 100 --solutions 4", language=None)


@st.fragment(run_every=2)
def running(database: Any) -> None:
    """The jobs of this moment; the page follows when one ends."""
    jobs = glance.running_jobs(database)
    before = st.session_state.get("overview_running")
    st.session_state.overview_running = [job.id for job in jobs]
    if before and before != st.session_state.overview_running:
        st.rerun()
    if jobs:
        sheet.table(
            ["Running now", sheet.column("", width="40%"), sheet.column("", "right nowrap")],
            [
                [
                    sheet.link(words.JOBS.get(job.kind, job.kind), f"jobs?job={job.id}"),
                    sheet.bar(
                        job.done / job.total if job.total else 0.0,
                        f"{job.done:,} of {job.total:,}" if job.total else "starting",
                    ),
                    sheet.text(words.time_left(job), "muted"),
                ]
                for job in jobs
            ],
            key="running",
        )


def annotators(covered: list[Any], pairs: dict[Any, Any], solutions: int) -> None:
    """One row per annotator, with the triangle of agreement at the right."""
    compared = [one.annotator for one in covered][: glance.COMPARED]
    columns: list[Any] = [
        "Annotator",
        sheet.column("Solutions", width="22%"),
        sheet.column("Error found", "right", title="Share of verdicts that name a first error"),
        sheet.column("No verdict", "right", title="Unparsed replies and unfinished solutions"),
    ]
    columns += [
        sheet.column(f"= {one.name}", "right nowrap", title=f"Same first error as {one.label}")
        for one in compared[:-1]
    ]
    rows: list[Any] = []
    for one in covered:
        who = one.annotator
        cells: list[Any] = [
            sheet.kind(
                who.kind,
                who.name,
                title=words.KIND_WORDS.get(who.kind, who.kind),
                href=sheet.page_href("browse", by=who.label),
            ),
            sheet.bar(
                one.annotated / max(solutions, 1),
                f"{one.annotated:,}",
                who.kind,
                title=f"{one.annotated:,} of {solutions:,} solutions",
            ),
            words.share(one.with_error, one.with_verdict),
            sheet.text(f"{one.annotated - one.with_verdict:,}", "muted"),
        ]
        for other in compared[:-1]:
            same, both = pairs.get((who.id, other.id), (0, 0))
            cells.append(
                sheet.link(
                    f"{same / both:.0%}",
                    sheet.page_href("browse", one=who.label, other=other.label),
                    "quiet",
                    title=f"{same:,} of {both:,} solutions; see those on which they differ",
                )
                if both
                else None
            )
        rows.append(cells)
    sheet.table(columns, rows, key="annotators", empty="No annotator has said anything yet.")


def evaluations(found: list[Any], hues: dict[int, str]) -> None:
    """The newest evaluation of each annotator, with its interval."""
    rows: list[Any] = []
    for one in found[:12]:
        held_out = one.result.get("held_out")
        figures = held_out or one.result.get("all") or {}
        f1 = figures.get("f1")
        if not isinstance(f1, float) or math.isnan(f1):
            f1 = None
        span = (figures.get("intervals") or {}).get("f1") or {}
        hue = hues.get(one.annotator_id, "none")
        rows.append(
            [
                sheet.kind(hue, one.result.get("annotator", "")),
                sheet.text(one.result.get("reference", ""), "muted"),
                sheet.text("–" if f1 is None else f"{f1:.3f}", "strong"),
                sheet.interval(f1, span.get("low", f1), span.get("high", f1), hue)
                if f1 is not None
                else None,
                percent(figures.get("error_accuracy")),
                percent(figures.get("correct_accuracy")),
                f"{figures.get('n_error', 0) + figures.get('n_correct', 0):,}",
                sheet.text("held-out problems" if held_out else "all", "muted"),
            ]
        )
    sheet.table(
        [
            "Annotator",
            "Reference",
            sheet.column("F1", "right", title="Harmonic mean of the two accuracies"),
            sheet.column("95% interval"),
            sheet.column("On wrong", "right", title="Exact first error, solutions with an error"),
            sheet.column("On right", "right", title="No error found, solutions without one"),
            sheet.column("Solutions", "right"),
            "",
        ],
        rows,
        key="evaluations",
        empty="Nothing was evaluated yet.",
    )


def percent(value: Any) -> str:
    """A share as a percentage; a dash where it is not defined."""
    return "–" if not isinstance(value, float) or math.isnan(value) else f"{value:.1%}"


database = state.project()
counts = state.counted(database, "project", lambda: project_counts(database))
if not counts.solutions:
    running(database)
    empty(database)
    st.stop()

covered = state.counted(database, "coverage", lambda: glance.everybody(database))
pairs = state.counted(
    database,
    "pairs",
    lambda: glance.agreements(database, [one.annotator for one in covered]),
)
reviewer = state.known_reviewer(database, state.reviewer_name())
next_step = state.counted(
    database,
    f"advice {None if reviewer is None else reviewer.id}",
    lambda: glance.advice(database, reviewer),
)

st.title("Overview")
sheet.flow(
    [
        {
            "label": label,
            "value": sheet.link(number, page),
            "note": note,
            "state": "done" if reached else "todo",
        }
        for label, number, note, reached, page in glance.funnel(
            counts, covered, glance.newest_training(database)
        )
    ],
    key="funnel",
)
with st.container(horizontal=True, vertical_alignment="center", border=True):
    st.text(next_step.sentence, width="content")
    if st.button(next_step.button, type="primary"):
        st.switch_page(f"views/{next_step.page}.py", query_params=next_step.query)
running(database)
st.subheader("Annotators")
annotators(covered, pairs, counts.solutions)
st.subheader("Evaluations")
evaluations(
    glance.newest_evaluations(database),
    {one.annotator.id: one.annotator.kind for one in covered},
)
