"""The solutions that the page is about: a PRM's scores beside a reference, loaded once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.ui import address, filters
from app.ui.prm_errors.choice import OF_THE_LIST, Choice, given_filter
from app.ui.prm_errors.sliced import narrowed
from db.engine import Database
from db.lists.filters import SolutionFilter
from db.lists.scores import scores_version
from db.records import AnnotatorRecord
from labeling.evaluation.prm_errors.source import MeasuredOn, Source
from labeling.evaluation.scored import (
    ScoredSolutions,
    in_common,
    places_of,
    scored_solutions,
)
from training.metrics.processbench.scored import verdicts

HELD_OUT, ALL = "held-out problems", "all problems"
KEPT = 6  # loaded sets of scores; 200,000 solutions of 30 steps take 100 MB
NOT_SCORED = -3  # by the other PRM


@dataclass(frozen=True, slots=True)
class Population:
    """The solutions `found`, `n_trained_on` having been left out, and `both`, what is compared.

    `both` are the solutions of `found` as this PRM and as the other one scored them, without
    those that the other one was trained on where such are left out. `other_said` (n,) is
    the other's verdict on each of `found`, NOT_SCORED where there is none. `key` is another one
    whenever anything of it is; `slice` is what the solutions were narrowed to by `sliced`.
    """

    found: ScoredSolutions
    n_trained_on: int
    held_out: bool
    both: tuple[ScoredSolutions, ScoredSolutions] | None
    other_said: np.ndarray
    wanted: SolutionFilter
    key: str
    slice: str | None


def population(
    database: Database, choice: Choice, place: st.delta_generator.DeltaGenerator
) -> Population:
    """What is chosen, after asking in `place` which problems count."""
    wanted = filters.asked_for(database, given_filter())
    every, key = _scores(database, choice.prm, choice.reference, wanted)
    held_out = _ask_which(every, place)
    found = every.only(~every.trained_on) if held_out else every
    key = f"{key} {held_out}"
    found, slice = narrowed(database, choice, found, key)
    key = f"{key} {slice}"
    both = None
    other_said = np.full(len(found), NOT_SCORED)
    if choice.versus is not None:
        other, other_key = _scores(database, choice.versus, choice.reference, wanted)
        key += f" {other_key}"
        places = places_of(found.ids, other.ids)
        said = verdicts(other.scored, other.threshold)
        other_said[places >= 0] = said[places[places >= 0]]
        both = in_common(found, other.only(~other.trained_on) if held_out else other)
    n_left_out = int(every.trained_on.sum()) if held_out else 0
    return Population(found, n_left_out, held_out, both, other_said, wanted, key, slice)


def source(choice: Choice, population: Population, t: float) -> Source:
    """The same as evaluations have it, with the PRM at the threshold `t`."""
    found = population.found
    measured = MeasuredOn(
        annotator=choice.prm.label,
        reference=choice.reference.label,
        dataset=population.wanted.dataset,
        threshold=t,
        solutions=len(found),
        held_out=population.held_out,
        left_out=population.n_trained_on,
        training_data=found.training,
    )
    return Source(found, choice.prm, choice.reference, measured)


def _ask_which(every: ScoredSolutions, place: st.delta_generator.DeltaGenerator) -> bool:
    """Whether what the PRM was trained on is left out: by default, if anything stays."""
    n_seen = int(every.trained_on.sum())
    clean = every.training == "known" and not n_seen
    options = [HELD_OUT, ALL] if n_seen else [ALL]
    first = HELD_OUT if 0 < n_seen < len(every) else ALL
    chosen = place.selectbox(
        "On",
        options,
        format_func=lambda one: f"{one}, held out" if clean and one == ALL else one,
        help="Held-out problems are those that the PRM was not trained on.",
        **address.choice("on", options, first, clears=OF_THE_LIST),
    )
    return chosen == HELD_OUT


def _scores(
    database: Database, prm: AnnotatorRecord, reference: AnnotatorRecord, wanted: SolutionFilter
) -> tuple[ScoredSolutions, str]:
    version = scores_version(database, prm.id, reference.id, wanted)
    key = f"{database.url} {prm.id} {reference.id} {prm.config} {wanted.to_json()} {version}"
    return _loaded(key, database, prm, reference, wanted), key


@st.cache_resource(max_entries=KEPT, show_spinner="Reading scores…")
def _loaded(
    key: str,
    _database: Database,
    _prm: AnnotatorRecord,
    _reference: AnnotatorRecord,
    _wanted: SolutionFilter,
) -> ScoredSolutions:
    return scored_solutions(_database, _prm, _reference, _wanted)
