"""The board on the page: threshold curve, outcomes and cross table, and what is done on it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.components.errors_board.errors_board import Board, Dot, errors_board
from app.ui import address, project
from app.ui.prm_errors import chosen as choices
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import Chosen
from app.ui.prm_errors.figures import at_every_threshold, interval_of, report_at, versus_curve
from app.ui.prm_errors.headline import too_few
from app.ui.prm_errors.population import Population
from db.engine import Database
from db.jobs import is_alive, list_jobs
from labeling.jobs.runner import start_job
from training.metrics.processbench.scored import Curve

KIND = "rethreshold"


def show(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """Draw it; another threshold, cell or outcome goes into the address, "use" starts a job."""
    figures = at_every_threshold(population, chosen.t)
    now = errors_board(_board(choice, population, chosen), key="board")
    if now.use:
        use(database, choice, now.t)
    if (now.t, now.cell, now.outcome) == (chosen.t, chosen.cell, chosen.outcome):
        return
    nearest = _at(figures.curve.thresholds, figures.curve, now.t)
    own = population.found.threshold
    cell = choices.to_address(now.cell)
    same = (now.cell, now.outcome) == (chosen.cell, chosen.outcome)
    address.put(
        t=None if nearest == own else f"{nearest:g}",
        cell=cell,
        outcome=now.outcome,
        **dict.fromkeys(() if same else ("change", "picked", "part")),
        **dict.fromkeys(("open", "page")),
    )
    st.rerun()


def _at(values: np.ndarray, curve: Curve, t: float) -> float:
    """The value of a curve at the threshold nearest to `t`."""
    return float(values[np.abs(curve.thresholds - t).argmin()])


def _board(choice: Choice, population: Population, chosen: Chosen) -> Board:
    figures = at_every_threshold(population, chosen.t)
    curve, found = figures.curve, report_at(population, chosen.t)
    versus = versus_curve(population, curve.thresholds)
    own = population.found.threshold
    marks = [Dot("set", own, _at(curve.f1, curve, own))]
    if figures.best is not None:
        marks.append(Dot("best", figures.best, _at(curve.f1, curve, figures.best)))
    if versus is not None and population.both is not None:
        theirs = population.both[1].threshold
        marks.append(Dot("versus", theirs, _at(versus, curve, theirs)))
    interval = interval_of(found)
    return Board(
        thresholds=curve.thresholds.tolist(),
        changes=figures.changes,
        f1=curve.f1.tolist(),
        exact=curve.error_accuracy.tolist(),
        clean=curve.correct_accuracy.tolist(),
        t=chosen.t,
        n_wrong=found.mean.n_error,
        n_right=found.mean.n_correct,
        dots=[dot for dot in marks if dot.f1 == dot.f1],
        interval=None if too_few(found) else (interval.low, interval.high),
        versus=None if versus is None else versus.tolist(),
        versus_name="" if choice.versus is None else choice.versus.name,
        annotator=choice.prm.name,
        reference=choice.reference.name,
        cell=chosen.cell,
        outcome=chosen.outcome,  # type: ignore[arg-type]
    )


def use(database: Database, choice: Choice, t: float) -> None:
    """Make `t` the threshold of this PRM everywhere."""
    if not identity.is_manager():
        project.complain(identity.managers_only())
        return
    try:
        start_job(database, KIND, {"annotator": choice.prm.label, "threshold": t})
    except (ValueError, OSError) as error:
        project.complain(error)
        return
    # The address keeps it until the job has given it to the annotator, and then it is its own.
    address.put(t=f"{t:g}")
    st.rerun()


@st.fragment(run_every=2)
def progress(database: Database, choice: Choice) -> None:
    """How far the job is, while it works; the page runs again at its end."""
    label = choice.prm.label
    jobs = [
        job
        for job in list_jobs(database, 20)
        if job.kind == KIND and job.params.get("annotator") == label
    ]
    running = [job for job in jobs if is_alive(job)]
    before = st.session_state.get("errors rethreshold", False)
    st.session_state["errors rethreshold"] = bool(running)
    if before and not running:
        st.rerun()
    for job in running[:1]:
        words = f"{job.params.get('threshold'):g} becomes the threshold of {choice.prm.name}"
        with st.container(key="live"):
            data_table.line(
                data_table.text(words),
                data_table.bar(
                    job.done / job.total if job.total else 0.0,
                    f"{job.done:,} of {job.total:,}" if job.total else "starting",
                ),
                data_table.link("Log", f"jobs?job={job.id}"),
                key="rethreshold",
            )
