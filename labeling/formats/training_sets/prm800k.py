"""PRM800K: people rated every step offered to them, and chose one to go on from.

Source: arXiv 2305.20050 and github.com/openai/prm800k: `question{problem, ground_truth_answer,
pre_generated_steps, pre_generated_answer}, label{steps[{completions[{text, rating}],
human_completion, chosen_completion}], finish_reason}`. The regrouped phase 1 (`id`, `prefix`,
`question.final_answer_of_solution`, no ground truth) is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import ExportRow, Format, Json, Remark

ANNOTATOR = "prm800k"
FINISH_REASONS = ("solution", "found_error", "bad_problem", "give_up", None)


@dataclass(slots=True)
class _Chain:
    """The chosen steps so far; `settled` as long as each was rated or written by the labeler."""

    steps: list[str]
    scores: list[float | None]
    settled: bool

    def add(self, text: str, score: float | None, settled: bool) -> None:
        self.steps.append(text)
        self.scores.append(score)
        self.settled = self.settled and settled

    def first_error(self) -> int | None:
        return self.scores.index(-1.0) if -1.0 in self.scores else None


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """The trajectory (`meta["trajectory"]` is true), then each rated step it did not choose.

    An alternative is a solution of its own, the chosen steps before it and itself, with a label
    on its last step only: the labels of the shared steps are in the trajectory, and saying them
    again would count them many times. If nothing was chosen at all, the first completion stands
    for the trajectory, so that every row has one. docs/formats.md has the rules for first errors.
    Yields a remark on a part that cannot be placed; raises BadRow where the row is no use.
    """
    row = fields.an_object(value, "the row")
    question = fields.an_object(row.get("question"), "question")
    label = fields.an_object(row.get("label"), "label")
    finish = label.get("finish_reason")
    if not isinstance(finish, str | None) or finish not in FINISH_REASONS:
        raise fields.BadRow(f"label.finish_reason is {fields.shown(finish)}")
    own_id = fields.name(row.get("id"), "id", f"{stem[:150]}-{line}")
    common = ImportRow(
        problem=fields.text(question.get("problem"), "question.problem"),
        steps=(),
        generator=UNKNOWN,
        dataset=f"prm800k-{stem}"[: fields.MAX_NAME],
        gold_answer=fields.optional_text(
            question.get("ground_truth_answer"), "question.ground_truth_answer"
        ),
        external_id=own_id,
        meta={
            "finish_reason": finish,
            "generation": fields.meta(row.get("generation"), "generation"),
            "trajectory": True,
            "trajectory_id": own_id,
        },
        line=line,
    )
    prefix = fields.texts(row.get("prefix") or [], "prefix")
    chain = _Chain(list(prefix), [None] * len(prefix), settled=not prefix)
    generated = fields.texts(question.get("pre_generated_steps") or [], "pre_generated_steps")
    alternatives, faults = _walk(label, finish, generated, chain)
    yield _trajectory(chain, question, generated, finish, common)
    for number, (before, text, score, error) in enumerate(alternatives):
        answer = extract_answer(text)
        yield replace(
            common,
            steps=(*before, text),
            external_id=f"{own_id[:180]}/{len(before)}.{number}",
            final_answer=answer,
            is_correct=fields.answer_is_correct(answer, common.gold_answer),
            labels=(
                SourceLabel(
                    ANNOTATOR,
                    (None,) * len(before) + (score,),
                    None if finish == "bad_problem" else error,
                ),
            ),
            meta={**common.meta, "trajectory": False},
        )
    for fault in faults:
        yield Remark(fault, lost=True)


class _Alternative(NamedTuple):
    """A rated step that was not chosen, the chosen ones before it, and the first error of both."""

    before: tuple[str, ...]
    text: str
    score: float
    first_error: int | None


def _walk(
    label: dict[str, Json], finish: str | None, generated: tuple[str, ...], chain: _Chain
) -> tuple[list[_Alternative], list[str]]:
    """Follow the choices, filling `chain`; returns the alternatives and what has no place."""
    steps = label.get("steps")
    if not isinstance(steps, list) or not steps:
        raise fields.BadRow("label.steps must be a list with at least one step")
    alternatives: list[_Alternative] = []
    faults: list[str] = []
    for index, value in enumerate(steps):
        step = fields.an_object(value, f"label.steps[{index}]")
        ratings = _ratings(step.get("completions"), index, faults)
        text, score = _choice(step, index)
        settled = score is not None
        if text == "" and score != -1:
            # An empty line was accepted: the other completions and the steps after it stay.
            alternatives += _alternatives(chain, ratings)
            chain.settled = chain.settled and settled
            continue
        text = text or None
        if text is None and step.get("human_completion") is not None:
            human = fields.an_object(step["human_completion"], f"steps[{index}].human_completion")
            text = fields.text(human.get("text"), f"steps[{index}].human_completion.text")
            settled = ratings.get(text) != -1
        elif text is None and finish == "found_error":
            text, score = _found_error(ratings, generated, len(chain.steps)), -1.0
        placed = text is not None
        if not placed and not chain.steps and ratings:
            (text, score), settled = next(iter(ratings.items())), False
        alternatives += _alternatives(chain, ratings, chosen=text)
        if text is not None:
            chain.add(text, score, settled)
        if not placed:
            if index < len(steps) - 1:
                faults.append(
                    f"label.steps[{index}] has no chosen or human completion with text, so the "
                    f"{len(steps) - 1 - index} steps after it have no place"
                )
            break
    if not chain.steps and alternatives:
        first = alternatives.pop(0)
        chain.add(first.text, first.score, settled=False)
    if not chain.steps:
        raise fields.BadRow("label.steps has no completion at all")
    return alternatives, faults


def _alternatives(
    chain: _Chain, ratings: dict[str, float | None], chosen: str | None = None
) -> list[_Alternative]:
    return [
        _alternative(chain, text, rating)
        for text, rating in ratings.items()
        if text != chosen and rating is not None
    ]


def _alternative(chain: _Chain, text: str, rating: float) -> _Alternative:
    error = chain.first_error()
    if error is None:
        if rating == -1:
            error = len(chain.steps)
        elif chain.settled:
            error = -1  # Unfinished, but all of the steps that are there were accepted.
    return _Alternative(tuple(chain.steps), text, rating, error)


def _ratings(completions: Json, index: int, faults: list[str]) -> dict[str, float | None]:
    """Rating by text. A text rated twice keeps its rating, or has none if the two differ."""
    if completions is not None and not isinstance(completions, list):
        raise fields.BadRow(f"steps[{index}].completions must be a list or null")
    found: dict[str, float | None] = {}
    torn: set[str] = set()
    for number, value in enumerate(completions or []):
        what = f"steps[{index}].completions[{number}]"
        completion = fields.an_object(value, what)
        rating = fields.rating(completion.get("rating"), f"{what}.rating")
        text = completion.get("text")
        if isinstance(text, str) and not text.strip():
            faults.append(f"{what}.text is blank")
            continue
        text = fields.text(text, f"{what}.text")
        known = found.get(text)
        if known is not None and rating is not None and known != rating:
            torn.add(text)
        found[text] = known if rating is None else rating
    return {text: None if text in torn else rating for text, rating in found.items()}


def _choice(step: dict[str, Json], index: int) -> tuple[str | None, float | None]:
    """The chosen completion with its own rating, whatever an identical one got; "" for a blank."""
    chosen = step.get("chosen_completion")
    if chosen is None:
        return None, None
    completions = step.get("completions")
    completions = completions if isinstance(completions, list) else []
    chosen = fields.whole(chosen, f"steps[{index}].chosen_completion")
    if not 0 <= chosen < len(completions):
        raise fields.BadRow(
            f"steps[{index}].chosen_completion is {fields.shown(chosen)}, of {len(completions)}"
        )
    what = f"steps[{index}].completions[{chosen}]"
    completion = fields.an_object(completions[chosen], what)
    text, rating = completion.get("text"), fields.rating(completion.get("rating"), f"{what}.rating")
    if isinstance(text, str) and not text.strip():
        return "", rating
    return fields.text(text, f"{what}.text"), rating


def _found_error(
    ratings: dict[str, float | None], generated: tuple[str, ...], at: int
) -> str | None:
    """The wrong step that ended the rating: the given solution's own, or the first rated -1."""
    wrong = [text for text, rating in ratings.items() if rating == -1]
    if at < len(generated) and generated[at] in wrong:
        return generated[at]
    return wrong[0] if wrong else None


def _trajectory(
    chain: _Chain,
    question: dict[str, Json],
    generated: tuple[str, ...],
    finish: str | None,
    common: ImportRow,
) -> ImportRow:
    answer = fields.optional_text(
        question.get("final_answer_of_solution"), "question.final_answer_of_solution"
    )
    given = len(chain.steps)
    if generated[:given] == tuple(chain.steps):
        # Phase 2 rated a finished solution up to its first error; the rest belongs to it.
        for text in generated[given:]:
            chain.add(text, None, settled=False)
        answer = answer or fields.optional_text(
            question.get("pre_generated_answer"), "question.pre_generated_answer"
        )
    answer = answer or extract_answer(chain.steps[-1])
    error = chain.first_error()
    if error is None and chain.settled and finish == "solution":
        error = -1
    return replace(
        common,
        steps=tuple(chain.steps),
        final_answer=answer,
        is_correct=fields.answer_is_correct(answer, common.gold_answer),
        labels=(
            SourceLabel(ANNOTATOR, tuple(chain.scores), None if finish == "bad_problem" else error),
        ),
    )


def row(kept: ExportRow) -> dict[str, Json] | None:
    """One completion for each step, rated and chosen; the first error is rated and not chosen.

    As in phase 2 the whole solution stands in `pre_generated_steps`, and the rating ends with the
    first error. A solution without an error needs all of its ratings to say so.
    """
    if kept.first_error < 0 and not kept.is_judged_throughout:
        return None
    end = len(kept.steps) if kept.first_error < 0 else kept.first_error + 1
    rated: list[Json] = [
        {
            "completions": [{"text": kept.steps[at], "rating": kept.labels[at], "flagged": False}],
            "human_completion": None,
            "chosen_completion": None if at == kept.first_error else 0,
        }
        for at in range(end)
    ]
    return {
        "id": kept.external_id or f"{kept.dataset}-{kept.solution_id}",
        "labeler": None,
        "timestamp": None,
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": kept.problem,
            "ground_truth_answer": kept.gold_answer,
            "pre_generated_steps": list(kept.steps),
            "pre_generated_answer": kept.final_answer,
        },
        "label": {
            "steps": rated,
            "total_time": None,
            "finish_reason": "solution" if kept.first_error < 0 else "found_error",
        },
    }


FORMAT = Format(
    "prm800k",
    "the completions offered for each step, rated and chosen",
    read=rows,
    write=row,
    fields=("question", "label"),
)
