"""A page for the tests: the errors board over scores made up here, and what the page heard of it.

The verdicts are counted as training/ does it. How often the script ran is on the page.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import streamlit as st

from app.components.errors_board.errors_board import Board, Dot, changes_of, errors_board
from training.metrics.processbench.evaluation import first_error_from_scores, harmonic_mean

SET = 0.5


@st.cache_data
def solutions(seed: int) -> list[tuple[list[float], int]]:
    """(scores, reference) of 600 solutions: a PRM that is right more often than not."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(600):
        steps = int(random.integers(2, 11))
        reference = int(random.integers(0, steps)) if random.random() < 0.4 else -1
        scores = random.beta(9, 2, steps)
        if reference >= 0:
            scores[reference] = random.beta(2, 3)
        made.append(([float(one) for one in scores], reference))
    return made


@st.cache_data
def measured(seed: int, t: float) -> tuple[list[tuple[int | None, int, int]], float, float, float]:
    """(cells, exact, clean, F1) at the threshold t."""
    pairs = [(first_error_from_scores(scores, t), r) for scores, r in solutions(seed)]
    wrong = [p == r for p, r in pairs if r >= 0]
    right = [p == r for p, r in pairs if r < 0]
    exact, clean = float(np.mean(wrong)), float(np.mean(right))
    cells = [(p, r, n) for (p, r), n in sorted(Counter(pairs).items())]  # type: ignore[type-var]
    return cells, exact, clean, harmonic_mean(exact, clean)


st.set_page_config(layout="wide")
st.html(Path(__file__).parents[2] / "app" / "theme" / "app.css")
st.title("PRM errors")
st.sidebar.text("StepLens")
st.session_state.runs = st.session_state.get("runs", 0) + 1
t = float(st.query_params.get("t", SET))
outcome = st.query_params.get("outcome")
cell = st.query_params.get("cell")
thresholds = sorted({*(n / 200 for n in range(201)), t})
curves = [measured(0, one) for one in thresholds]
f1 = [one[3] for one in curves]
other = [measured(7, one)[3] for one in thresholds]
best = int(np.argmax(f1))
here = thresholds.index(t)
wrong = sum(reference >= 0 for _, reference in solutions(0))
state = errors_board(
    Board(
        thresholds=thresholds,
        changes=changes_of([one[0] for one in curves]),
        f1=f1,
        exact=[one[1] for one in curves],
        clean=[one[2] for one in curves],
        t=t,
        n_wrong=wrong,
        n_right=len(solutions(0)) - wrong,
        dots=[
            Dot("set", SET, f1[thresholds.index(SET)]),
            Dot("best", thresholds[best], f1[best]),
            Dot("versus", SET, other[thresholds.index(SET)]),
        ],
        interval=(f1[here] - 0.03, f1[here] + 0.03),
        versus=other,
        versus_name="prm-v1",
        annotator="prm-v2",
        reference="truth",
        cell=None if cell is None else tuple(int(one) for one in cell.split("_")),  # type: ignore[arg-type]
        outcome=outcome,  # type: ignore[arg-type]
    ),
    key="board",
)
now = {
    "t": None if state.t == SET else f"{state.t:g}",
    "outcome": state.outcome,
    "cell": None if state.cell is None else "_".join(map(str, state.cell)),
}
before = {name: st.query_params.get(name) for name in now}
if state.use:
    st.session_state.used = state.t
if now != before:
    st.query_params.from_dict({name: value for name, value in now.items() if value is not None})
    st.rerun()
st.text(f"runs {st.session_state.runs}")
st.text(f"t {t:g}, cell {cell}, outcome {outcome}, used {st.session_state.get('used')}")
counts = Counter(
    {(p, r): n for p, r, n in curves[here][0]} if cell is None and outcome is None else {}
)
st.text(f"missed {sum(n for (p, r), n in counts.items() if p == -1 and r >= 0)}")
