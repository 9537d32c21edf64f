"""One version beside another: what the one at hand mends, and what it breaks."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.components.data_table import data_table
from app.ui import address, charts
from app.ui.formatting import number_of
from app.ui.navigation import kept_list
from app.ui.prm_errors import mistakes
from app.ui.prm_errors.choice import OF_THE_LIST, Choice
from app.ui.prm_errors.chosen import Chosen, change_in_address, changes, here
from app.ui.prm_errors.population import Population
from db.engine import Database
from labeling.evaluation.scored import ScoredSolutions, places_of
from labeling.look.palette import FONT, faded, plain
from training.metrics.mcnemar import Paired, mcnemar
from training.metrics.processbench.evaluation import NO_ERROR

MOST_POINTS = 4000  # of the scatter; a browser draws more, but nobody sees them apart
QUEUED = ("broken", "fixed")
GROUPS = ("fixed", "broken", "both_wrong", "both_right")  # those that matter first
ROWS = {
    "fixed": "Fixed",
    "broken": "Broken",
    "both_right": "Right in both",
    "both_wrong": "Wrong in both",
}


def show(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """How many solutions each change holds, McNemar's test, and the lowest scores of both."""
    if choice.versus is None or population.both is None:
        st.text("Nothing to compare: choose another PRM at the head of this page.")
        return
    if not len(population.both[0]):
        st.text(f"{choice.versus.name} has scored none of these solutions.")
        return
    groups = changes(population, chosen.t)
    names = choice.prm.name, choice.versus.name
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        _counts(database, choice, population, chosen, groups, names)
    with right:
        _scatter(database, population, chosen.t, population.both, groups, names)


def _counts(
    database: Database,
    choice: Choice,
    population: Population,
    chosen: Chosen,
    groups: dict[str, np.ndarray],
    names: tuple[str, str],
) -> None:
    new, old = names
    n_fixed, n_broken = int(groups["fixed"].sum()), int(groups["broken"].sum())
    st.subheader("Fixed and broken")
    st.text(
        f"{new} gets {number_of(n_fixed, 'solution')} right that {old} gets wrong, and "
        f"{n_broken:,} wrong that {old} gets right."
    )
    wrong = population.found.scored.reference != NO_ERROR
    rows = []
    for name, words in ROWS.items():
        members = groups[name]

        def door(
            which: np.ndarray, erroneous: bool | None = None, style: str = "quiet", name: str = name
        ) -> data_table.Cell:
            n, change = int(which.sum()), change_in_address(name, erroneous)
            if not n:
                return data_table.text("0", "muted")
            return data_table.link(f"{n:,}", here(change=change), style)

        cells: list[data_table.Cell] = [
            data_table.link(words, here(change=name), "main quiet"),
            door(members, style="quiet strong"),
            door(members & wrong, erroneous=True),
            door(members & ~wrong, erroneous=False),
        ]
        rows.append(data_table.door(cells, chosen=chosen.change == name))
    data_table.table(
        [
            "",
            data_table.column("Solutions", "right"),
            data_table.column("With an error", "right"),
            data_table.column("Without one", "right"),
        ],
        rows,
        key="changes",
    )
    st.text(_verdict(mcnemar_of(groups), new, old))
    queued = [
        data_table.pick(f"Queue the {n:,} {name}", QUEUED.index(name))
        for name, n in (("broken", n_broken), ("fixed", n_fixed))
        if n
    ]
    if queued:
        wish = data_table.table([""], [[data_table.inline(*queued)]], key="changes doors")
        if wish is not None:
            _queue(database, choice, population, Chosen(chosen.t, change=QUEUED[wish]))


def _queue(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """Go through what is chosen in Review, the most confident first."""
    ids = mistakes.ordered(population, chosen, mistakes.SORTS[0])
    words = mistakes.words_of_list(choice, population, chosen, mistakes.SORTS[0])
    kept_list.review(kept_list.keep(database, ids, mistakes.PAGE_NAME, words))


def mcnemar_of(groups: dict[str, np.ndarray]) -> Paired:
    """McNemar's test of the four groups."""
    pairs = {
        "both_right": (True, True),
        "fixed": (True, False),
        "broken": (False, True),
        "both_wrong": (False, False),
    }
    counts = {name: int(groups[name].sum()) for name in pairs}
    return mcnemar(pairs[name] for name, n in counts.items() for _ in range(n))


def _verdict(test: Paired, new: str, old: str) -> str:
    changed = test.only_first + test.only_second
    if not changed:
        return f"{new} and {old} are right on the same solutions."
    p = "less than 0.001" if test.p_value < 0.001 else f"{test.p_value:.3f}"
    return (
        f"Were the two equally good, the {changed:,} that changed would split at least this "
        f"unevenly with a probability of {p} (McNemar's exact test)."
    )


def _scatter(
    database: Database,
    population: Population,
    t: float,
    both: tuple[ScoredSolutions, ScoredSolutions],
    groups: dict[str, np.ndarray],
    names: tuple[str, str],
) -> None:
    st.subheader("Lowest scores")
    st.text(
        "Each solution's lowest score from both. Draw around points to list them, or click one."
    )
    places = places_of(both[0].ids, population.found.ids)
    shown = {name: members[places] for name, members in groups.items()}
    drawn = _figure(both, t, shown, names)
    key = f"versions {population.key} {t}"
    sent = st.plotly_chart(
        drawn,
        width="stretch",
        theme=None,
        key=key,
        on_select="rerun",
        selection_mode=("points", "lasso"),
        config={"displayModeBar": False, "scrollZoom": False},
        alt=f"The lowest score of each solution by {names[1]} and {names[0]}",
    )
    ids = sorted({int(_first(point)) for point in sent["selection"]["points"]})
    if ids == st.session_state.get("errors lasso", []):
        return
    st.session_state["errors lasso"] = ids
    if ids:
        kept = kept_list.keep(database, ids, mistakes.PAGE_NAME, "picked among the lowest scores")
        address.put(**{**dict.fromkeys(OF_THE_LIST), "picked": kept.token})
        st.rerun()


def _first(point: dict[str, object]) -> str:
    """The id in a point's custom data, which Streamlit gives as a list or by place."""
    given = point.get("customdata")
    if isinstance(given, dict):
        return str(given["0"])
    return str(given[0]) if isinstance(given, list) else str(given)


def _figure(
    both: tuple[ScoredSolutions, ScoredSolutions],
    t: float,
    groups: dict[str, np.ndarray],
    names: tuple[str, str],
) -> go.Figure:
    """Each solution's lowest scores; `groups` are masks over the solutions of `both`."""
    now = charts.palette()
    mine, other = both
    new, old = map(plain, names)
    looks = {
        "fixed": ("fixed", "triangle-up", now.hues["mc"], 9),
        "broken": ("broken", "x", now.hues["wrong"], 8),
        "both_wrong": ("wrong in both", "circle-open", now.text, 6),
        "both_right": ("right in both", "circle", faded(now.muted, 0.45), 4),
    }
    figure = go.Figure()
    for name in reversed(GROUPS):
        members = np.flatnonzero(groups[name])
        shown = _some(members, MOST_POINTS // len(GROUPS))
        words, symbol, colour, size = looks[name]
        figure.add_scattergl(
            x=_lowest(other, shown),
            y=_lowest(mine, shown),
            mode="markers",
            name=words if len(shown) == len(members) else f"{words} ({len(shown):,} drawn)",
            marker={"symbol": symbol, "color": colour, "size": size},
            customdata=mine.ids[shown][:, None],
            hovertemplate=f"solution %{{customdata[0]}}, {words}<br>{old} %{{x:.2f}}, "
            f"{new} %{{y:.2f}}<extra></extra>",
        )
    line = {"color": now.muted, "width": 1, "dash": "dot"}
    figure.add_hline(y=t, line=line)
    figure.add_vline(x=other.threshold, line=line)
    axis = {"range": [-0.02, 1.02], "gridcolor": now.grid, "zeroline": False, "dtick": 0.25}
    small = {"size": 12, "color": now.muted}
    figure.update_layout(
        height=420,
        margin={"l": 48, "r": 8, "t": 8, "b": 44},
        template="none",
        paper_bgcolor=now.page,
        plot_bgcolor=now.page,
        dragmode="lasso",
        font={"family": FONT, "size": 12, "color": now.text},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={
            **axis,
            "title": {"text": f"lowest by {old}", "font": small},
            "tickfont": small,
        },
        yaxis={
            **axis,
            "title": {"text": f"lowest by {new}", "font": small},
            "tickfont": small,
        },
    )
    return figure


def _some(members: np.ndarray, most: int) -> np.ndarray:
    """All of them, or as many as may be drawn, at random and always the same."""
    if len(members) <= most:
        return members
    return np.sort(np.random.default_rng(0).choice(members, most, replace=False))


def _lowest(these: ScoredSolutions, places: np.ndarray) -> np.ndarray:
    lowest = these.scored.lowest[places]
    return np.where(np.isfinite(lowest), lowest, np.nan)
