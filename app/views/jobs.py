"""Jobs: start long runs, watch them, stop them, and go on where they stopped."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, charts, formatting, project, project_summary
from app.ui.job_forms import ANNOTATORS, FORMS, say_what_for
from app.ui.pace import time_left
from db.engine import Database, DatabaseError
from db.jobs import get_job, list_jobs, request_cancel
from db.records import JobRecord
from labeling.evaluation.results import too_few
from labeling.jobs.files import job_log
from labeling.jobs.importing import Reason, lines_of
from labeling.jobs.runner import start_job

LOG_LINES = 14
SAID_ELSEWHERE = ("history", "losses", "out", "seconds", "rejections", "notes")


def begin(database: Database, kind: str, params: dict[str, Any]) -> None:
    """Start or resume a job and put it on screen."""
    try:
        job = start_job(database, kind, params)
    except (ValueError, OSError) as error:
        project.complain(error)
    else:
        address.put(job=str(job.id))


def selected(database: Database, jobs: list[JobRecord]) -> JobRecord | None:
    """The job on screen: the one in the address, or the newest."""
    given = address.get("job") or ""
    try:
        return get_job(database, int(given if given.isascii() and len(given) < 16 else ""))
    except (ValueError, DatabaseError):
        return jobs[0] if jobs else None


def job_list(jobs: list[JobRecord], chosen: JobRecord | None) -> None:
    """The newest runs; clicking one shows it below."""
    rows: list[data_table.Row] = []
    beside = address.query(without=("job",))
    for job in jobs:
        word, style = formatting.job_state(job)
        running = formatting.standing(job) == "running"
        rows.append(
            data_table.door(
                [
                    data_table.text(job.id, "muted"),
                    data_table.link(
                        formatting.JOBS.get(job.kind, job.kind),
                        data_table.page_href("jobs", **beside, job=job.id),
                        "main",
                    ),
                    data_table.text(formatting.shorten(about(job), 60), "muted"),
                    data_table.bar(job.done / job.total, formatting.share(job.done, job.total))
                    if running and job.total
                    else data_table.text(word, style),
                    data_table.text(formatting.ago(job.created_at), "muted nowrap"),
                ],
                chosen=chosen is not None and job.id == chosen.id,
            )
        )
    data_table.table(
        [
            data_table.column("", "right"),
            data_table.column("Job", "nowrap"),
            data_table.column("", "clip"),
            data_table.column("State", "nowrap", width="11rem"),
            data_table.column("Started", "right nowrap"),
        ],
        rows,
        key="jobs",
        empty="Nothing has run yet. Choose what to start at the left.",
    )


def about(job: JobRecord) -> str:
    """What tells one run from another of its kind."""
    shown = ("annotator", "reference", "model", "prompt", "export", "format", "files", "problems")
    parts = []
    for name in shown:
        value = job.params.get(name)
        if isinstance(value, list):
            value = ", ".join(Path(str(one)).name for one in value)
        if value not in (None, ""):
            parts.append(f"{value} problems" if name == "problems" else str(value))
    return " · ".join(parts)


def details(database: Database, job: JobRecord) -> None:
    """One job: progress, what it was asked, what came out, its log, and what can be done.

    Each part has its place, filled or not: what comes or goes moves nothing below it.
    """
    head, now, settings, rows, chart, log = (st.container() for _ in range(6))
    word, _ = formatting.job_state(job)
    with head, st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Job {job.id}: {formatting.JOBS.get(job.kind, job.kind)}", width="content")
        st.text(word, width="content")
        buttons(database, job)
    with now:
        progress(job)
    result = job.result or {}
    left, right = settings.columns(2, gap="medium")
    with left:
        only = ", ".join(f"{name} {value}" for name, value in job.params.get("only", {}).items())
        facts("Settings", {**job.params, "only": only}, "asked")
    with right:
        facts("Result", {**outcome(result), "time": spent(job)}, "result")
    with rows:
        reason_table("Rejected", result.get("rejections", []), "rejections")
        reason_table("Read with changes", result.get("notes", []), "notes")
    with chart:
        learning_curve(job)
    # The runner's last line repeats the result.
    lines = [line for line in job_log(database, job.id).splitlines() if line[:6] != "done: "]
    if lines:
        log.code("\n".join(lines[-LOG_LINES:]), language=None, wrap_lines=True)


def learning_curve(job: JobRecord) -> None:
    """Losses and F1 of a training, while it runs and after it.

    The best epoch is marked, and where it stops or stopped for want of a better one.
    """
    history = (job.result or {}).get("history") or job.state.get("history") or []
    losses = job.state.get("losses") or []
    if not history and not losses:
        return
    charts.draw(
        charts.training_course(losses, history, marks(job, history)),
        key=f"history {job.id}",
        alt="Loss and F1 on the validation part, by epoch",
    )


def marks(job: JobRecord, history: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """The best epoch so far, and the one behind which nothing better was or is waited for."""
    if not history:
        return []
    best = max(history, key=lambda one: (one["f1"] or -1.0, -one["validation_loss"]))
    figure = "" if best["f1"] is None else f", F1 {best['f1']:.3f}"
    name = f"best: epoch {best['epoch']}{figure}" if best["epoch"] else f"best: the base{figure}"
    found = [(best["epoch"], name)]
    planned, patience = (job.state.get(one, 0) for one in ("epochs", "patience"))
    last = history[-1]["epoch"]
    if last < planned and formatting.standing(job) == "done":
        found.append((last, "stopped early"))
    elif best["epoch"] + patience < planned and formatting.standing(job) == "running":
        found.append((best["epoch"] + patience, "stops here unless better"))
    return found


def progress(job: JobRecord) -> None:
    """How far a running job is; of another one its last message."""
    if formatting.standing(job) == "running":
        far = f"{job.done:,} of {job.total:,}" if job.total else "starting"
        data_table.table(
            [data_table.column("", width="55%"), "", ""],
            [
                [
                    data_table.bar(job.done / job.total if job.total else 0.0, far),
                    data_table.text(time_left(job), "muted nowrap"),
                    data_table.text(
                        "stopping after this wave" if job.cancel_requested else job.message, "muted"
                    ),
                ]
            ],
            key="progress",
        )
    elif job.message:
        st.text(job.message)


def facts(title: str, values: dict[str, Any], key: str) -> None:
    """A short list of names and values; what is nested or said elsewhere is left out."""
    rows = [
        [
            data_table.text(name.removeprefix("n_").replace("_", " "), "muted"),
            data_table.text(formatting.shorten(shown(value), 160), "wrap"),
        ]
        for name, value in values.items()
        if value not in (None, "", [])
        and not isinstance(value, dict)
        and name not in SAID_ELSEWHERE
    ]
    data_table.table([data_table.column(title, width="42%"), ""], rows, key=key, empty="")


def reason_table(title: str, reasons: list[Reason], key: str) -> None:
    """The rows of an import of which something is to be said: where they are, and why."""
    if not reasons:
        return
    rows = [
        [
            data_table.text(f"{one['rows']:,}", "nowrap"),
            data_table.text(Path(one["file"]).name, "wrap"),
            data_table.text(lines_of(one), "wrap"),
            data_table.text(one["reason"], "wrap"),
        ]
        for one in reasons
    ]
    data_table.table(
        [data_table.column(title, "right nowrap"), "File", "Lines", "Reason"], rows, key=key
    )


def outcome(result: dict[str, Any]) -> dict[str, Any]:
    """A result with an evaluation's figures written out, and a training's best epoch in words."""
    flat = dict(result)
    if flat.get("best_epoch") == 0:
        flat["best_epoch"] = "none was better than the base"
    for name in ("all", "held_out"):
        figures = flat.pop(name, None)
        if isinstance(figures, dict) and isinstance(figures.get("f1"), float):
            span = (figures.get("intervals") or {}).get("f1") or {}
            low, high = span.get("low", math.nan), span.get("high", math.nan)
            where = "held out" if name == "held_out" else "all problems"
            flat[f"F1, {where}"] = f"{figures['f1']:.3f} (95% {low:.3f} to {high:.3f})" + (
                ", too few solutions" if too_few(figures) else ""
            )
            flat[f"F1 by data set, {where}"] = formatting.f1_by_dataset(figures)
            flat[f"exact, {where}"] = (
                f"{figures['error_accuracy']:.1%} of {figures['n_error']:,} wrong"
            )
            flat[f"clean, {where}"] = (
                f"{figures['correct_accuracy']:.1%} of {figures['n_correct']:,} right"
            )
    return flat


def shown(value: Any) -> str:
    """A value in words."""
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def spent(job: JobRecord) -> str:
    """How long it ran."""
    if job.started_at is None or job.finished_at is None:
        return ""
    return formatting.duration((job.finished_at - job.started_at).total_seconds())


def buttons(database: Database, job: JobRecord) -> None:
    """Cancel, resume, and what follows a result."""
    now = formatting.standing(job)
    if now in ("running", "queued") and st.button("Cancel", disabled=job.cancel_requested):
        request_cancel(database, job.id)
        st.rerun(scope="fragment")
    if now in ("failed", "cancelled", "stopped") and st.button("Resume"):
        begin(database, job.kind, job.params)
        st.rerun(scope="fragment")
    result = job.result or {}
    if job.kind == "train" and now == "done" and st.button("Score with it", type="primary"):
        checkpoint = str(result.get("checkpoint", ""))
        begin(database, "annotate_prm", {"model": checkpoint, "name": Path(checkpoint).name})
        st.rerun(scope="fragment")
    if job.kind == "export_project" and now == "done":
        path = str(result.get("file", ""))
        data_table.line(data_table.copy("Copy path", text=path), key="path of the export")
    if job.kind.startswith("annotate") and now == "done":
        label = str(result.get("annotator", ""))
        if job.kind == "annotate_prm":
            st.page_link(
                "views/prm_errors.py",
                label="See where it is wrong",
                query_params=project_summary.beside_earlier(database, label),
            )
        st.page_link("views/browse.py", label="See its verdicts", query_params={"by": label})


@st.fragment(run_every=2)
def watch(database: Database) -> None:
    """The list and the job on screen, kept up to date."""
    jobs = list_jobs(database, 30)
    chosen = selected(database, jobs)
    with st.container(key="live"):
        job_list(jobs, chosen)
        if chosen is not None:
            details(database, chosen)


database = project.project()
st.title("Jobs")
left, right = st.columns([1, 2.2], gap="large")
with left:
    start = st.selectbox(
        "Start", list(FORMS), **address.choice("start", list(FORMS), next(iter(FORMS)))
    )
    if start in ANNOTATORS:
        say_what_for(database)
    asked = FORMS[start](database)
    if asked is not None:
        begin(database, *asked)
with right:
    watch(database)
