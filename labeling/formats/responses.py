"""Scored responses: the files that Best-of-N reads without a project, see docs/formats.md."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.files.folders import file_stem
from labeling.formats.reading import open_rows
from models.steps import split_steps

_OF_PROBLEM = {"problem", "gold_answer", "dataset"}
_OF_RESPONSE = {
    "response",
    "final_answer",
    "is_correct",
    "scores",
    "reward",
    "samples",
    "generator",
    "id",
    "meta",
}


@dataclass(frozen=True, slots=True)
class ScoredResponse:
    """One response of a file; `scores` of its steps, or `reward` of the whole, or neither.

    `n_steps` are known where it has scores or its text.
    """

    problem: str
    dataset: str
    gold_answer: str | None
    answer: str | None
    is_correct: bool | None
    scores: tuple[float | None, ...] | None
    reward: float | None
    samples: int
    n_steps: int | None


def read_responses(path: Path) -> Iterator[ScoredResponse]:
    """The responses in a file, one after the other.

    Raises ValueError for the first row that cannot be read, naming its line: without it a problem
    would lack a response, and every figure would be of other responses than the file's.
    """
    for value in open_rows(path):
        try:
            if value.error is not None:
                raise fields.BadRow(value.error)
            yield from rows(value.value, file_stem(path))
        except fields.BadRow as error:
            raise ValueError(f"{path}, line {value.line}: {error}") from None


def rows(value: Json, stem: str) -> Iterator[ScoredResponse]:
    """One response a row, or all that a problem has under "responses". Raises BadRow."""
    row = fields.an_object(value, "the row")
    several = row.get("responses")
    if several is None:
        _known(row, _OF_PROBLEM | _OF_RESPONSE)
        yield _response(row, row, stem, "")
        return
    _known(row, _OF_PROBLEM | {"responses", "id", "meta"})
    if not isinstance(several, list) or not several:
        raise fields.BadRow("responses must be a list with at least one response")
    for place, one in enumerate(several):
        where = f"responses[{place}]"
        response = fields.an_object(one, where)
        _known(response, _OF_RESPONSE)
        yield _response(row, response, stem, f"{where}.")


def _known(row: dict[str, Json], names: set[str]) -> None:
    """Refuse a field that is not known: a misspelt "scores" must not pass for none."""
    for name in sorted(row.keys() - names):
        raise fields.BadRow(
            f'unknown field {fields.shown(name)}; put what is yours under "meta". '
            f"Known: {', '.join(sorted(names))}"
        )


def _response(
    problem: dict[str, Json], row: dict[str, Json], stem: str, where: str
) -> ScoredResponse:
    text = fields.optional_text(row.get("response"), f"{where}response")
    steps = split_steps(text) if text is not None else None
    answer = fields.optional_text(row.get("final_answer"), f"{where}final_answer")
    if answer is None and steps is not None:
        answer = extract_answer(steps[-1])
    is_correct = fields.flag(row.get("is_correct"), f"{where}is_correct")
    gold = fields.optional_text(problem.get("gold_answer"), "gold_answer")
    if is_correct is None and gold is None:
        raise fields.BadRow(
            f"{where}is_correct is missing, and there is no gold_answer to grade it by"
        )
    if text is None and "final_answer" not in row:
        raise fields.BadRow(
            f'give {where}final_answer, which is what votes count, or the text as "response" to '
            "find it in; null says that there is none"
        )
    if row.get("scores") is not None and row.get("reward") is not None:
        raise fields.BadRow(f"give {where}scores (one a step) or {where}reward (one), not both")
    scores = _scores(row.get("scores"), f"{where}scores")
    written = scores if scores is not None else steps
    return ScoredResponse(
        problem=fields.text(problem.get("problem"), "problem"),
        dataset=fields.name(problem.get("dataset"), "dataset", stem[: fields.MAX_NAME]),
        gold_answer=gold,
        answer=answer,
        is_correct=is_correct,
        scores=scores,
        reward=_reward(row.get("reward"), f"{where}reward"),
        samples=fields.count(row.get("samples"), f"{where}samples"),
        n_steps=None if written is None else len(written),
    )


def _scores(value: Json, what: str) -> tuple[float | None, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise fields.BadRow(f"{what} must be a list with a score for each step")
    return tuple(fields.fraction(one, f"{what}[{place}]") for place, one in enumerate(value))


def _reward(value: Json, what: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise fields.BadRow(f"{what} must be a number, not {fields.shown(value)}")
    return float(value)
