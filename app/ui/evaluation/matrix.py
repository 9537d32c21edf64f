"""Annotators by data sets: F1 with its interval, and a button for what was not measured."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts, formatting, project
from app.ui.evaluation.doors import on_prm_errors
from app.ui.evaluation.project import OUTDATED, Shown
from app.ui.figures.figure import bounds, figure, go_to
from db.jobs import is_alive, list_jobs
from db.records import AnnotatorRecord, JobRecord
from labeling.evaluation.matrix import MEAN, Cell
from labeling.evaluation.stored import warning
from labeling.jobs.runner import start_job
from labeling.look.dots import Dot, Series, dots, published_series
from training.metrics.intervals import UNKNOWN
from training.metrics.processbench.evaluation import Interval
from training.metrics.processbench.published import PROCESSBENCH, Published, subset_of

BESIDE = ("Qwen2.5-Math-PRM-72B", "Qwen2.5-Math-PRM-7B", "Qwen2.5-Math-7B-PRM800K")
SENTENCE = (
    "F1, the harmonic mean of two accuracies: naming the exact first error of a wrong solution, "
    "and none in a right one. Lines are 95% intervals; a hollow mark rests on fewer than 30 "
    "solutions of a class."
)
LEGEND = (
    "F1, and under it the share of wrong solutions whose first error is named exactly, and of "
    "right ones in which none is seen. Each number opens its solutions."
)
BESIDE_WORDS = (
    " Diamonds are published figures of the same solutions (arXiv 2501.07301, table of "
    "ProcessBench results), not measured here."
)


def draw(found: Shown) -> None:
    """The table of numbers, and the figure with the same rows."""
    _table_and_jobs(found)
    if any(cell.figures.get("f1") is not None for cell in found.cells.values()):
        published = published_rows(found)
        figure(
            "First errors found, by data set",
            SENTENCE + (BESIDE_WORDS if published else ""),
            chart(found, published),
            numbers(found, published),
            f"f1-{found.reference.name}",
            picked=go_to,
        )


@st.fragment(run_every=2)
def _table_and_jobs(found: Shown) -> None:
    """The table, kept up to date while evaluations run."""
    running = measuring(found)
    if st.session_state.get("measuring") and not running:
        st.session_state.measuring = False
        st.rerun()  # What was measured belongs into the figures as well.
    st.session_state.measuring = bool(running)
    table(found, {str(job.params.get("annotator")) for job in running})


def measuring(found: Shown) -> list[JobRecord]:
    """The evaluations against this reference that run now."""
    jobs = [job for job in list_jobs(found.database, 20) if job.kind == "evaluate"]
    return [
        job
        for job in jobs
        if job.params.get("reference") == found.reference.label and is_alive(job)
    ]


def measure(found: Shown, annotators: list[AnnotatorRecord]) -> None:
    """Start the evaluations, each of all data sets."""
    for one in annotators:
        params = {"annotator": one.label, "reference": found.reference.label, "dataset": None}
        try:
            start_job(found.database, "evaluate", params)
        except (ValueError, OSError) as error:
            project.complain(error)


def table(found: Shown, running: set[str]) -> None:
    """F1s with the accuracies under them; each number opens its solutions."""
    columns: list[str | data_table.Column] = [data_table.column("Annotator", width="15rem")]
    shows_mean = len(found.datasets) > 1
    columns += [
        data_table.column(formatting.shorten(name, 24), "right nowrap", title=name, width="9rem")
        for name in found.datasets
    ]
    if shows_mean:
        columns.append(
            data_table.column(
                "Mean", "right nowrap", title="Unweighted, as the paper", width="6rem"
            )
        )
    columns.append(data_table.column("", "nowrap"))
    rows = []
    for place, one in enumerate(found.annotators):
        names = [*found.datasets, MEAN] if shows_mean else found.datasets
        cells = [cell(found, one, name, place, one.label in running) for name in names]
        who = data_table.kind(one.kind, one.name, title=one.label)
        said, job = note(found, one), job_of(found, one)
        about = data_table.sentence(said, "·", job) if said and job else said or job
        rows.append([who, *cells, about])
    picked = data_table.table(columns, rows, key="matrix", empty="Nobody can be measured yet.")
    if found.cells:
        data_table.line(data_table.text(LEGEND, "muted"), key="matrix-legend")
    for doubt in doubts(found):
        data_table.line(data_table.text(f"? {doubt}", "warn wrap"), key=f"doubt {doubt}")
    missing = [one for one in found.missing() if one.label not in running]
    if picked is not None:
        measure(found, [found.annotators[picked]])
        st.rerun(scope="fragment")
    if missing and identity.is_manager():
        words = formatting.number_of(len(missing), "annotator")
        if st.button(f"Measure what is missing ({words})", type="primary"):
            measure(found, missing)
            st.rerun(scope="fragment")


def cell(
    found: Shown, one: AnnotatorRecord, dataset: str, place: int, running: bool
) -> data_table.Cell:
    """A figure with its accuracies, or how to get it."""
    told = found.cells.get((one.id, dataset))
    if told is None or told.figures.get("f1") is None:
        if running:
            return data_table.text("measuring …", "muted")
        if dataset != MEAN and found.lacks(one, dataset):
            if identity.is_manager():
                n = found.common[one.id, dataset]
                return data_table.pick("measure", place, title=f"On {n:,} solutions")
            return data_table.text("not measured", "muted")
        return data_table.text("–", "muted", title=why_none(told))
    f1 = number(told.figures["f1"])
    again = f", on {told.n:,} solutions" + (
        f". It is {OUTDATED}: measure again" if found.outdated(told) else ""
    )
    style = "muted" if told.few else "strong"
    words = "too few: " if told.few else ""
    query = {"of": one.label, "against": found.reference.label}
    if dataset != MEAN:
        query["dataset"] = dataset
    if told.held_out:
        query["held_out"] = one.label
    title = f"{words}F1 {f1}{span(told)}{again}"
    top = data_table.link(f1, _behind(found, one, dataset), style, title=title)
    parts = [
        data_table.link(
            percent(told.figures["error_accuracy"]),
            data_table.page_href("browse", outcome="exact", **query),
            "muted",
            title=f"Exact first error: of {told.figures['n_error']:,} with an error",
        ),
        data_table.link(
            percent(told.figures["correct_accuracy"]),
            data_table.page_href("browse", outcome="right", **query),
            "muted",
            title=f"No error seen: of {told.figures['n_correct']:,} without one",
        ),
    ]
    return data_table.stack(top, data_table.inline(*parts))


def _behind(found: Shown, one: AnnotatorRecord, dataset: str) -> str:
    """Where the solutions behind an F1 are: a PRM's errors, or what somebody else said."""
    where = {} if dataset == MEAN else {"dataset": dataset}
    if not one.has_threshold:
        return data_table.page_href("browse", by=one.label, **where)
    return on_prm_errors(found, one.label, **where)


def note(found: Shown, one: AnnotatorRecord) -> data_table.Cell:
    """What is to be known of an annotator's figures."""
    mine = [cell for (who, _), cell in found.cells.items() if who == one.id]
    if not mine:
        return None
    newest = max(mine, key=lambda cell: cell.evaluation.id)
    if any(cell.trained_on_these for cell in mine):
        return data_table.text("! trained on these", "warn", title=TRAINED)
    words = ["held out"] if newest.held_out else []
    if one.kind == "prm" and newest.training == "unknown":
        words.append("? training not known")
    if any(found.outdated(cell) for cell in mine):
        words.append(OUTDATED)
    if any(cell.few for cell in mine):
        words.append("too few")
    return data_table.text(", ".join(words), "muted") if words else None


def job_of(found: Shown, one: AnnotatorRecord) -> data_table.Cell:
    """The job that measured an annotator last."""
    mine = [cell.evaluation for (who, _), cell in found.cells.items() if who == one.id]
    job = max(mine, key=lambda stored: stored.id).job_id if mine else None
    return None if job is None else data_table.link("job", data_table.page_href("jobs", job=job))


TRAINED = "It was trained on some of these problems, which flatters it"


def doubts(found: Shown) -> list[str]:
    """Why figures in one column cannot be compared; a reason once, with its data sets."""
    told: dict[str, list[str]] = {}
    names = formatting.names(found.annotators)
    for dataset in found.datasets:
        bases = {
            names[cell.annotator.label]: cell.basis
            for (_, name), cell in found.cells.items()
            if name == dataset and cell.figures.get("f1") is not None
        }
        doubt = warning(bases)
        if doubt is not None:
            told.setdefault(doubt, []).append(dataset)
    return [f"{', '.join(names)}: {doubt}" for doubt, names in told.items()]


def why_none(told: Cell | None) -> str:
    """Why there is no F1."""
    if told is None:
        return "They share no solution here"
    return "F1 takes solutions with an error and solutions without one"


def published_rows(found: Shown) -> dict[str, dict[str, float]]:
    """Published name -> its F1 by data set here, for whole subsets of ProcessBench."""
    here: dict[str, str] = {}
    for cell in found.cells.values():
        everything = (cell.evaluation.result["all"].get("datasets") or {}).get(cell.dataset)
        if everything and found.reference.came_with_data:
            sizes = (everything["n_error"], everything["n_correct"])
            subset = subset_of(cell.dataset, *sizes)
            if subset is not None:
                here[cell.dataset] = subset
    if not here:
        return {}
    rows: list[Published] = [one for one in PROCESSBENCH if one.name in BESIDE]
    rows.sort(key=lambda one: BESIDE.index(one.name))
    return {
        one.name: {dataset: one.figures[subset][2] / 100 for dataset, subset in here.items()}
        for one in rows
    }


def chart(found: Shown, published: dict[str, dict[str, float]]) -> go.Figure:
    """A panel for each data set over one scale of F1, a row for each annotator."""
    names = [*found.datasets, MEAN] if len(found.datasets) > 1 else list(found.datasets)
    who = [one for one in found.annotators if any((one.id, n) in found.cells for n in names)]
    mine, paper = [], []
    for name in names:
        for one in who:
            told = found.cells.get((one.id, name))
            if told is None or told.figures.get("f1") is None:
                continue
            interval = told.figures["intervals"]["f1"]
            inside = bounds(interval["low"], interval["high"])
            mine.append(
                Dot(
                    row_name(found, one),
                    float(told.figures["f1"] or 0.0),
                    UNKNOWN if inside is None else Interval(*inside),
                    f"{told.n:,} solutions",
                    (_behind(found, one, name),),
                    few=told.few,
                    hue=one.kind,
                    panel=panel(name),
                )
            )
        paper += [
            Dot(label, f1s[name], panel=panel(name), note="published")
            for label, f1s in published.items()
            if name in f1s
        ]
    panels = [panel(name) for name in names]
    return dots(
        charts.palette(),
        [Series("here", "prm", "circle", mine), published_series(paper)],
        axis="F1 (95% interval)",
        panels=panels,
        percent=False,
    )


def panel(dataset: str) -> str:
    """The heading over a data set."""
    return formatting.shorten(dataset, 28) if dataset else "Mean"


def row_name(found: Shown, one: AnnotatorRecord) -> str:
    """What a figure calls an annotator: its name, with its kind where two have one name."""
    same = [other for other in found.annotators if other.name == one.name]
    return formatting.shorten(one.name if len(same) == 1 else one.label, 32)


def numbers(found: Shown, published: dict[str, dict[str, float]]) -> Numbers:
    """The figure as a table, a row for each mark."""
    columns = ("annotator", "data set", "F1", "low", "high", "error accuracy", "correct accuracy")
    rows: list[list[str | float | int | None]] = []
    for one in found.annotators:
        for name in (*found.datasets, MEAN):
            told = found.cells.get((one.id, name))
            if told is None or told.figures.get("f1") is None:
                continue
            figures = told.figures
            interval = figures["intervals"]["f1"]
            low, high = (None, None) if told.few else (interval["low"], interval["high"])
            rows.append(
                [one.label, name or "mean", figures["f1"], low, high]
                + [figures["error_accuracy"], figures["correct_accuracy"]]
                + [figures["n_error"], figures["n_correct"], "held out" if told.held_out else "all"]
            )
    for label, by_dataset in published.items():
        for name, f1 in by_dataset.items():
            rows.append([f"{label} (published)", name, f1, None, None, None, None, None, None, ""])
    return Numbers((*columns, "with an error", "without one", "problems"), rows)


def number(value: float | None) -> str:
    """Three decimals without the leading zero, or a dash."""
    if value is None:
        return "–"
    return f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"


def percent(value: float | None) -> str:
    """A share without decimals, or a dash."""
    return "–" if value is None else f"{value:.0%}"


def span(told: Cell) -> str:
    """The interval in brackets; nothing where there is none to show."""
    interval = told.figures["intervals"]["f1"]
    inside = None if told.few else bounds(interval["low"], interval["high"])
    return "" if inside is None else f" [{number(inside[0])} to {number(inside[1])}]"
