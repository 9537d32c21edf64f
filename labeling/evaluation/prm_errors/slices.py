"""Where in a project a PRM is wrong: its figures by what is known of each solution."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from db.engine import Database
from db.lists.scores import PROBLEM_META, solution_texts, typed_errors
from labeling.evaluation.prm_errors.source import MeasuredOn, load, store
from labeling.evaluation.scored import ScoredSolutions
from labeling.evaluation.stored import SLICES
from labeling.review.error_types import word_for
from training.metrics.biases import PLACES, places
from training.metrics.processbench.evaluation import NO_ERROR
from training.metrics.processbench.scored import verdicts
from training.metrics.slices import Attribute, Figures, Slice, figures, ranges, slices

LATEX = re.compile(r"\$|\\[A-Za-z(\[]")
APART = "\n"  # what LATEX cannot find a part of
# Fixed, so that a slice is the same for every PRM and in every link.
STEPS = (1, 2, 3, 4, 5, 7, 10, 15)
FIRST_ERRORS = (1, 2, 3, 4, 5, 7, 10)
CHARACTERS = (0, 100, 200, 400, 800, 1600, 3200)
OF_PROBLEM = {"kind": "kind of problem", "subject": "subject", "level": "level"}
NO_KINDS = (
    "There are no slices by kind of problem: no solution has a kind, subject or level in its meta."
)
MOST_KINDS = 60  # PRMBench has nine types of error, MR-Ben seven subjects; more are no kinds


@dataclass(frozen=True, slots=True)
class Texts:
    """Of n solutions the `characters` (n,) of all steps, and whether there is `latex` (n,).

    `problems` are the kinds (n,), subjects (n,) and levels (n,) of their problems, "" where the
    data do not say. `typed` (n,) is the step whose error a person gave a type, NO_ERROR for none,
    and `error_types` (n,) which one, in words.
    """

    characters: np.ndarray
    latex: np.ndarray
    problems: dict[str, np.ndarray]
    typed: np.ndarray
    error_types: np.ndarray


@dataclass(frozen=True, slots=True)
class Slices:
    """The figures on all solutions, and on each part of them.

    `kinds_known` is whether the data say of what kind their problems are.
    """

    measured: MeasuredOn
    all: Figures
    slices: list[Slice]
    kinds_known: bool


def evaluate_slices(
    database: Database,
    annotator: str,
    reference: str,
    dataset: str | None = None,
    *,
    everything: bool = False,
) -> Slices:
    """A PRM's figures by slice, beside a reference; stored. Raises as `source.load` does."""
    source = load(database, annotator, reference, dataset, everything=everything)
    found = source.found
    said = verdicts(found.scored, found.threshold)
    parts = attributes(found, texts_of(database, source.prm.id, found.ids))
    expected = found.scored.reference
    result = Slices(
        source.measured,
        figures(said, expected),
        slices(said, expected, parts),
        kinds_known=kinds_known(parts),
    )
    store(database, SLICES, source, result)
    return result


def texts_of(database: Database, prm: int, ids: np.ndarray) -> Texts:
    """What is to be known of the texts of these solutions (n,), which the PRM has scored."""
    place = {solution: at for at, solution in enumerate(ids.tolist())}
    characters, latex = np.zeros(len(ids), dtype=int), np.zeros(len(ids), dtype=bool)
    problems = {name: np.full(len(ids), "", dtype=object) for name in PROBLEM_META}
    for text in solution_texts(database, prm):
        at = place.get(text.solution_id)
        if at is not None:
            joined = APART.join(text.steps)
            characters[at] = len(joined) - len(APART) * max(len(text.steps) - 1, 0)
            latex[at] = LATEX.search(joined) is not None
            for name, words in problems.items():
                if word := getattr(text, name):
                    words[at] = word
    typed, error_types = np.full(len(ids), NO_ERROR), np.full(len(ids), "", dtype=object)
    for one in typed_errors(database, prm):
        at = place.get(one.solution_id)
        if at is not None:
            typed[at], error_types[at] = one.expected, word_for(one.error_type)
    return Texts(characters, latex, problems, typed, error_types)


def attributes(found: ScoredSolutions, texts: Texts) -> dict[str, Attribute]:
    """All that solutions can be parted by, by its name on screen."""
    these = found.scored
    error = these.reference != NO_ERROR
    ends = np.maximum(these.n_steps - 1, 1)
    types = np.where(error & (texts.typed == these.reference), texts.error_types, "")
    lies = np.where(error & (these.n_steps > 1), places(these.reference, ends), -1)
    return {
        "data set": Attribute(found.datasets, found.dataset_names),
        "generator": Attribute(found.generators, found.generator_names),
        "steps": ranges(these.n_steps, STEPS, "{} steps"),
        "first error": ranges(these.reference + 1, FIRST_ERRORS, "error in step {}"),
        "place of the error": Attribute(lies, tuple(f"error in the {one}" for one in PLACES)),
        "error type": _named(types),
        "answer": Attribute(np.array([1, 0, -1])[found.answers], ("right answer", "wrong answer")),
        "length": ranges(texts.characters, CHARACTERS, "{} characters"),
        "LaTeX": Attribute(np.where(texts.latex, 0, 1), ("with LaTeX", "without LaTeX")),
        **{OF_PROBLEM[name]: _named(words) for name, words in texts.problems.items()},
    }


def kinds_known(parts: Mapping[str, Attribute]) -> bool:
    """Whether the data say anything of the kind of their problems."""
    return any(parts[name].names for name in OF_PROBLEM.values())


def _named(words: np.ndarray) -> Attribute:
    """Parts by a word (n,), "" where it is not known; of more than MOST_KINDS there are none."""
    names = tuple(sorted(set(words.tolist()) - {""}))
    if len(names) > MOST_KINDS:
        names = ()
    place = {name: at for at, name in enumerate(names)}
    return Attribute(np.array([place.get(word, -1) for word in words], dtype=int), names)
