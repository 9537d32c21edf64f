"""Scored responses, for Best-of-N: several to a problem, with somebody's scores or rewards.

They are measured without a project (`evaluation/best_of_n.py`) or imported into one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from db.records import FROM_FILE, REWARD, UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark
from labeling.prm.verdicts import DEFAULT_THRESHOLD
from labeling.scores.annotation import Who, read_annotation
from labeling.scores.evidence import Shape
from models.steps import split_steps

_OF_PROBLEM = {"problem", "gold_answer", "dataset", "annotator"}
_OF_RESPONSE = {
    "response",
    "steps",
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


def scored_responses(value: Json, stem: str) -> Iterator[ScoredResponse]:
    """What Best-of-N needs of each response of a row. Raises BadRow."""
    for one in _responses(value):
        yield _scored(one, stem)


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """Each response as a solution, with its scores or reward as a PRM's. Raises BadRow.

    A reward speaks of the whole response and may have any size. It is kept as evidence, by which
    Best-of-N goes; the last step is shown the probability that it is the logit of.
    """
    for one in list(_responses(value)):
        dataset = fields.name(one.problem.get("dataset"), "dataset", stem[: fields.MAX_NAME])
        steps = _steps(one)
        gold = fields.optional_text(one.problem.get("gold_answer"), "gold_answer")
        answer = fields.optional_text(one.row.get("final_answer"), f"{one.where}final_answer")
        if "final_answer" not in one.row:
            answer = extract_answer(steps.texts[-1])
        is_correct = fields.flag(one.row.get("is_correct"), f"{one.where}is_correct")
        said: tuple[SourceLabel, ...] = ()
        lost: str | None = None
        try:
            said = _labels(one, dataset, steps)
        except fields.BadRow as error:
            lost = f"the response is read, its scores are not: {error}"
        graded = fields.answer_is_correct(answer, gold) if is_correct is None else is_correct
        yield ImportRow(
            problem=fields.text(one.problem.get("problem"), "problem"),
            steps=steps.texts,
            generator=fields.name(one.row.get("generator"), f"{one.where}generator", UNKNOWN),
            dataset=dataset,
            gold_answer=gold,
            external_id=fields.optional_name(one.row.get("id"), f"{one.where}id"),
            final_answer=answer,
            is_correct=graded,
            labels=said,
            samples=fields.count(one.row.get("samples"), f"{one.where}samples"),
            meta=fields.an_object(fields.meta(one.row.get("meta") or {}), "meta"),
            line=line,
        )
        if lost is not None:
            yield Remark(lost, lost=True)
        yield from steps.remarks()


class _Response(NamedTuple):
    """One response of a row; `where` begins the names of its fields in messages."""

    problem: dict[str, Json]
    row: dict[str, Json]
    where: str


def _responses(value: Json) -> Iterator[_Response]:
    """One response a row, or all that a problem has under "responses". Raises BadRow."""
    row = fields.an_object(value, "the row")
    several = row.get("responses")
    if several is None:
        _known(row, _OF_PROBLEM | _OF_RESPONSE | {"responses"})
        yield _Response(row, row, "")
        return
    _known(row, _OF_PROBLEM | {"responses", "id", "meta"})
    if not isinstance(several, list) or not several:
        raise fields.BadRow("responses must be a list with at least one response")
    for place, one in enumerate(several):
        response = fields.an_object(one, f"responses[{place}]")
        _known(response, _OF_RESPONSE)
        yield _Response(row, response, f"responses[{place}].")


def _steps(one: _Response) -> fields.Steps:
    if one.row.get("steps") is not None:
        return fields.steps(one.row["steps"], f"{one.where}steps")
    if one.row.get("response") is None:
        raise fields.BadRow(
            f"{one.where}response is missing: without its text there are no steps to look at. "
            "What has answers and scores alone is measured by: steplens evaluate best-of-n FILES"
        )
    text = fields.text(one.row["response"], f"{one.where}response")
    return fields.steps(list(split_steps(text)))


def _labels(one: _Response, dataset: str, steps: fields.Steps) -> tuple[SourceLabel, ...]:
    name = fields.name(one.problem.get("annotator"), "annotator", dataset)
    config: dict[str, Json] = {"source": FROM_FILE, "name": name}
    said = {"scores": one.row.get("scores"), "reward": one.row.get("reward")}
    if said["scores"] is None and said["reward"] is None:
        return ()
    rewarded = said["reward"] is not None
    config |= {"scores": REWARD} if rewarded else {"threshold": DEFAULT_THRESHOLD}
    who = Who("prm", name, config, gives_rewards=rewarded)
    told = read_annotation(said, who, Shape(steps.given, steps))
    return (replace(told.label, by_name=True),)


def _known(row: dict[str, Json], names: set[str]) -> None:
    """Refuse a field that is not known: a misspelt "scores" must not pass for none."""
    for name in sorted(row.keys() - names):
        raise fields.BadRow(
            f'unknown field {fields.shown(name)}; put what is yours under "meta". '
            f"Known: {', '.join(sorted(names))}"
        )


def _scored(one: _Response, stem: str) -> ScoredResponse:
    problem, row, where = one
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
        reward=fields.finite(row.get("reward"), f"{where}reward"),
        samples=fields.count(row.get("samples"), f"{where}samples"),
        n_steps=None if written is None else len(written),
    )


def _scores(value: Json, what: str) -> tuple[float | None, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise fields.BadRow(f"{what} must be a list with a score for each step")
    return tuple(fields.fraction(one, f"{what}[{place}]") for place, one in enumerate(value))


FORMAT = Format(
    "responses",
    "problems with several responses, their answers, and scores or rewards",
    read=rows,
    fields=("problem", "response"),
)
