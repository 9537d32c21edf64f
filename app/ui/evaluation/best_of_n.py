"""Best-of-N: curves over the number of responses, with voting, chance and the best beside."""

from __future__ import annotations

from statistics import median_low

import plotly.graph_objects as go
import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import address, charts, formatting, project
from app.ui.counts import counted
from app.ui.evaluation import pick_lengths
from app.ui.evaluation.matrix import number
from app.ui.figures.figure import bounds, figure
from db.annotators import list_annotators
from db.engine import Database
from db.jobs import is_alive, list_jobs
from db.records import AnnotatorRecord
from db.results import EvaluationRecord, list_evaluations
from db.solutions import responses_per_problem
from labeling.evaluation.matrix import in_families
from labeling.evaluation.results import CurvesJson, PickJson
from labeling.evaluation.stored import BEST_OF_N, basis, warning
from labeling.jobs.runner import start_job
from labeling.look.palette import TEXT_SIZE, faded
from training.metrics.few import FEW

SENTENCE = (
    "How often the chosen response has the right answer, by the number of responses to choose "
    "from. It is chosen by a score, by a vote, at random, or by who knows the answer (pass@N). "
    "Bands are 95% intervals over problems. A score is worth computing where it beats maj@N."
)
ALL = "Mean of all"
# Dash, width and whether it has a band, so that the lines can be told apart in grey.
LOOKS: dict[str, tuple[str, float, bool]] = {
    "product": ("solid", 2.4, True),
    "reward": ("solid", 2.4, True),
    "min": ("dash", 1.8, False),
    "last": ("dot", 1.8, False),
    "mean": ("longdash", 1.8, False),
    "weighted vote": ("dashdot", 1.8, False),
    "maj@N": ("solid", 2.0, True),
    "random": ("dot", 1.4, False),
    "pass@N": ("dash", 1.4, False),
}


def draw(database: Database) -> None:
    """The curves of one annotator, a table of all, and a form that measures another."""
    newest: dict[int, EvaluationRecord] = {}
    for one in list_evaluations(database, BEST_OF_N):
        newest.setdefault(one.annotator_id, one)
    scorers = in_families(
        one
        for one in list_annotators(database, with_work=True)
        if (one.kind == "prm" or one.has_threshold) and not one.hidden
    )
    measured = [one for one in scorers if one.id in newest]
    if not scorers:
        st.text("Best-of-N takes a PRM that has scored several responses to each problem.")
        st.page_link(
            "views/jobs.py", label="Score with a PRM", query_params={"start": "PRM scores"}
        )
        return
    if measured:
        left, right, _ = st.columns([1.2, 1.2, 1], gap="small")
        labels = [one.label for one in measured]
        label = left.selectbox(
            "Annotator",
            labels,
            format_func=formatting.names(measured).__getitem__,
            **address.choice("prm", labels, labels[-1]),
        )
        chosen = newest[next(one.id for one in measured if one.label == label)]
        names = [ALL, *chosen.result["datasets"]] if len(chosen.result["datasets"]) > 1 else [ALL]
        dataset = right.selectbox("Data set", names, **address.choice("dataset", names, ALL))
        curves_of(label, chosen, None if dataset == ALL else dataset)
        pick_lengths.draw(label, chosen, None if dataset == ALL else dataset)
        everybody(measured, newest)
    _measure(database, scorers)


def curves_of(label: str, stored: EvaluationRecord, dataset: str | None) -> None:
    """One annotator's figure."""
    result = stored.result
    part = result if dataset is None else result["datasets"][dataset]
    few = part["problems"] < FEW
    where = dataset or (
        f"mean of {len(result['datasets'])} data sets" if len(result["datasets"]) > 1 else
        next(iter(result["datasets"]))
    )  # fmt: skip
    words = formatting.number_of(part["problems"], "problem")
    words += f" with {result['n']} responses or more ({where})"
    words += ", none of which it was trained on" if stored.measured.held_out else ""
    figure(
        "Best-of-N",
        f"{SENTENCE} Scored by {label.partition(':')[2]}, over {words}."
        + (" Too few problems for an interval." if few else ""),
        chart(part["curves"], result["sizes"], few=few),
        numbers(part["curves"], result["sizes"], few=few),
        f"best-of-n-{label}-{where}",
    )


def chart(curves: CurvesJson, sizes: list[int], *, few: bool) -> go.Figure:
    """A line for each way to choose, named at its end."""
    now = charts.palette()
    drawn = go.Figure()
    n = sizes[-1]
    ends = _apart({way: picks[-1]["accuracy"] for way, picks in curves.items()})
    for way, picks in curves.items():
        dash, width, band = LOOKS.get(way, ("solid", 1.8, False))
        scored = way in ("product", "min", "last", "mean", "weighted vote", "reward")
        colour = now.hues["prm"] if scored else now.muted
        spans = [bounds(one["interval"]["low"], one["interval"]["high"]) for one in picks]
        if band and not few and all(spans):
            inside = [one for one in spans if one is not None]
            drawn.add_scatter(
                x=[*sizes, *reversed(sizes)],
                y=[high for _, high in inside] + [low for low, _ in reversed(inside)],
                mode="none",
                fill="toself",
                fillcolor=faded(colour, 0.13),
                hoverinfo="skip",
                showlegend=False,
            )
        drawn.add_scatter(
            x=sizes,
            y=[one["accuracy"] for one in picks],
            mode="lines+markers" if len(sizes) < 20 else "lines",
            line={"color": colour, "dash": dash, "width": width},
            marker={"size": 5},
            name=way,
            hovertemplate=f"{way.replace('N', '%{x}')}: %{{y:.3f}}<extra></extra>",
            showlegend=False,
        )
        drawn.add_annotation(
            x=1.0,
            xref="paper",
            y=ends[way],
            text=f"{way.replace('N', str(n))} {number(picks[-1]['accuracy'])}",
            showarrow=False,
            xanchor="left",
            xshift=10,
            font={"color": colour, "size": TEXT_SIZE},
        )
    drawn.update_layout(height=400, margin={"l": 24, "r": 150, "t": 12, "b": 48})
    ticks = sizes if len(sizes) <= 10 else [one for one in sizes if one & (one - 1) == 0]
    drawn.update_xaxes(
        title="responses to choose from", tickvals=ticks, type="log" if n > 16 else "linear"
    )
    drawn.update_yaxes(
        title={"text": "right answers", "standoff": 14}, tickformat=".0%", automargin=True
    )
    return drawn


def _apart(ends: dict[str, float]) -> dict[str, float]:
    """Places of the names at the lines' ends, moved so that none covers another."""
    spread = max(ends.values()) - min(ends.values())
    gap = max(spread, 0.04) / 14
    placed: dict[str, float] = {}
    before = -1.0
    for way, y in sorted(ends.items(), key=lambda one: one[1]):
        before = max(y, before + gap)
        placed[way] = before
    return placed


def numbers(curves: CurvesJson, sizes: list[int], *, few: bool) -> Numbers:
    """The figure as a table, a row for each way and number of responses."""
    rows = []
    for way, picks in curves.items():
        for size, pick in zip(sizes, picks, strict=True):
            span = (None, None) if few else (pick["interval"]["low"], pick["interval"]["high"])
            rows.append([way, size, pick["accuracy"], *span])
    return Numbers(("chosen by", "n", "right answers", "low", "high"), rows)


def everybody(measured: list[AnnotatorRecord], newest: dict[int, EvaluationRecord]) -> None:
    """All annotators at their largest N, with the problems behind it."""
    rows: list[list[data_table.Cell]] = []
    ways = [way for way in LOOKS if any(way in newest[one.id].result["curves"] for one in measured)]
    for one in measured:
        stored = newest[one.id]
        result = stored.result
        picks: dict[str, PickJson] = {way: curve[-1] for way, curve in result["curves"].items()}
        rows.append(
            [
                data_table.kind("prm", one.name, title=one.label),
                str(result["n"]),
                *(_accuracy(way, picks.get(way)) for way in ways),
                data_table.link(
                    f"{result['problems']:,}", data_table.page_href("browse", by=one.label)
                ),
                data_table.text(_left_out(result["left_out"]), "muted wrap"),
            ]
        )
    columns: list[str | data_table.Column] = ["Annotator", data_table.column("N", "right")]
    columns += [data_table.column(way, "right nowrap") for way in ways]
    data_table.table(
        [*columns, data_table.column("Problems", "right"), "Left out"], rows, key="everybody"
    )
    doubt = warning({one.label: basis(newest[one.id]) for one in measured})
    if doubt:
        data_table.line(data_table.text(f"? {doubt}", "warn wrap"), key="best-of-n-doubt")


def _accuracy(way: str, pick: PickJson | None) -> data_table.Cell:
    """How often a way to choose is right, if it is the annotator's: a reward has no product."""
    if pick is None:
        return data_table.text("–", "muted")
    return data_table.text(
        number(pick["accuracy"]),
        "strong" if way in ("product", "reward") else "",
        title=f"{pick['above_majority']:+.3f} above maj@N",
    )


def _left_out(reasons: dict[str, int]) -> str:
    return ", ".join(f"{n:,}: {reason}" for reason, n in reasons.items())


def _measure(database: Database, scorers: list[AnnotatorRecord]) -> None:
    """The form that starts a measurement; only for those who may."""
    if not identity.is_manager():
        return
    usual = counted(database, "responses", lambda: _usual(responses_per_problem(database)))
    if usual < 2:
        st.text(
            "No problem here has more than one response. Import or sample several to each, or "
            "measure files of responses: steplens evaluate best-of-n FILE."
        )
        st.page_link("views/imports.py", label="Import responses")
        return
    with st.form("best-of-n"), st.container(horizontal=True, vertical_alignment="bottom"):
        names = formatting.names(scorers)
        who = st.selectbox(
            "Measure", list(names), index=len(scorers) - 1, format_func=names.__getitem__
        )
        n = st.number_input("Responses, up to", 2, 1024, min(usual, 8), width=160)
        sent = st.form_submit_button("Measure Best-of-N")
    if sent:
        try:
            params = {"annotator": who, "n": int(n), "dataset": None}
            st.session_state.best_of_n = start_job(database, "best_of_n", params).id
        except (ValueError, OSError) as error:
            project.complain(error)
    _follow(database)


@st.fragment(run_every=2)
def _follow(database: Database) -> None:
    """The measurement that was started here, until it ends."""
    wanted = st.session_state.get("best_of_n")
    job = next((one for one in list_jobs(database, 50) if one.id == wanted), None)
    if job is None:
        return
    if is_alive(job):
        st.text("Measuring …")
    elif job.status == "done":
        del st.session_state.best_of_n
        st.rerun()
    else:
        st.text(job.message or "The measurement stopped.")
        st.page_link("views/jobs.py", label="Its job", query_params={"job": str(job.id)})


def _usual(counts: list[int]) -> int:
    """As many responses as half of the problems with several have, or more; 0 without any."""
    several = [n for n in counts if n > 1]
    return median_low(several) if several else 0
