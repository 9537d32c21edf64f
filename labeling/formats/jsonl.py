"""StepLens' own format: one solution a line, with what is said of it (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, About, ImportRow, SourceCorrection, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import ExportRow, Format, Found, Json, Named, Remark
from labeling.formats.project.annotations import read_annotations
from labeling.formats.project.corrections import read_corrections
from labeling.formats.project.rows import is_about_no_solution, read_row
from labeling.scores.annotation import WRONG, check_agreement, hard_first_error
from labeling.scores.evidence import Shape
from models.steps import split_steps

KNOWN = {
    "labels",
    "rates",
    "first_error",
    "annotator",
    "kind",
    "problem",
    "gold_answer",
    "generator",
    "steps",
    "solution",
    "dataset",
    "id",
    "final_answer",
    "is_correct",
    "samples",
    "meta",
    "annotations",
    "corrections",
    "as_is",
    "solution_id",
}
TEXTS = {"problem", "steps", "solution"}
# What a row may hold that is about a solution which is there already.
NAMING = {*TEXTS, "solution_id", "dataset", "id", "generator", "annotations"}


def rows(value: Json, stem: str, line: int) -> Iterator[Found | Remark]:
    """One solution a row, with what anybody says of it. Raises BadRow.

    A field that is not known is refused: a misspelt "labels" must not import without a word. With
    `as_is`, which an export of a project has, no answer is looked for and none is graded. Such an
    export begins and ends with rows that are about no solution (`formats.project`).
    """
    row = fields.an_object(value, "the row")
    if is_about_no_solution(row):
        yield read_row(row, line)
        return
    unknown = sorted(row.keys() - KNOWN)
    if unknown:
        raise fields.BadRow(
            f'unknown field {fields.shown(unknown[0])}; put what is yours under "meta". '
            f"Known: {', '.join(sorted(KNOWN))}"
        )
    dataset = fields.name(row.get("dataset"), "dataset", stem[: fields.MAX_NAME])
    if row.get("solution_id") is not None or not TEXTS & {name for name in row if row[name]}:
        yield _named(row, dataset, line)
        return
    steps = _steps(row)
    gold = fields.optional_text(row.get("gold_answer"), "gold_answer")
    answer = fields.optional_text(row.get("final_answer"), "final_answer")
    is_correct = fields.flag(row.get("is_correct"), "is_correct")
    as_is = bool(fields.flag(row.get("as_is"), "as_is"))
    if not as_is:
        answer = answer or extract_answer(steps.texts[-1])
        is_correct = fields.answer_is_correct(answer, gold) if is_correct is None else is_correct
    said = list(read_annotations(row.get("annotations"), Shape(steps.given, steps)))
    done = list(read_corrections(row.get("corrections"), steps))
    yield ImportRow(
        problem=fields.text(row.get("problem"), "problem"),
        steps=steps.texts,
        generator=fields.name(row.get("generator"), "generator", UNKNOWN),
        dataset=dataset,
        gold_answer=gold,
        external_id=fields.optional_name(row.get("id"), "id"),
        final_answer=answer,
        is_correct=is_correct,
        labels=(
            *_labels(row, steps, dataset),
            *(one for one in said if isinstance(one, SourceLabel)),
        ),
        corrections=tuple(one for one in done if isinstance(one, SourceCorrection)),
        samples=fields.count(row.get("samples"), "samples"),
        meta=fields.an_object(fields.meta(row.get("meta") or {}), "meta"),
        as_is=as_is,
        line=line,
    )
    yield from (one for one in (*said, *done) if isinstance(one, Remark))
    yield from steps.remarks()


def _named(row: dict[str, Json], dataset: str, line: int) -> Named:
    """A row that says something of a solution which the project has, under our id or the file's."""
    given = row.get("solution_id")
    number = None if given is None else fields.whole(given, "solution_id")
    own = fields.optional_name(row.get("id"), "id")
    if number is None and own is None:
        raise fields.BadRow("problem is missing; a solution that is there is named by its id")
    extra = sorted(name for name in row.keys() - NAMING if row[name] is not None)
    if extra or row.get("annotations") is None:
        raise fields.BadRow(
            'what is said of a solution that is there goes under "annotations"'
            + (f", and {extra[0]} has no place" if extra else "")
        )
    text = fields.optional_text(row.get("problem"), "problem")
    steps = _steps(row) if row.get("steps") or row.get("solution") else None
    about = About(number, dataset, own, text, None if steps is None else steps.texts)

    def read(n_steps: int) -> Iterator[SourceLabel | Remark]:
        shape = Shape(n_steps) if steps is None else Shape(steps.given, steps)
        return read_annotations(row["annotations"], shape)

    return Named(about, read, line)


def _steps(row: dict[str, Json]) -> fields.Steps:
    if (row.get("steps") is None) == (row.get("solution") is None):
        raise fields.BadRow('give either "steps" (a list) or "solution" (a text to split)')
    if row.get("steps") is not None:
        return fields.steps(row["steps"])
    return fields.steps(list(split_steps(fields.text(row["solution"], "solution"))))


def _labels(row: dict[str, Json], steps: fields.Steps, dataset: str) -> tuple[SourceLabel, ...]:
    kind = row.get("kind", "human")
    if kind not in ("human", "mc"):
        raise fields.BadRow(f'kind must be "human" or "mc", not {fields.shown(kind)}')
    wrong = WRONG[kind]
    given, labels, n_steps = row.get("first_error"), row.get("labels"), steps.given
    error = None if given is None else fields.first_error(given, n_steps, "first_error")
    if labels is None and "first_error" not in row:
        return ()
    if labels is None:
        scores = fields.up_to_first_error(error, n_steps)
        scores = tuple(wrong if score == -1 else score for score in scores)
    else:
        if not isinstance(labels, list) or len(labels) != n_steps:
            size = len(labels) if isinstance(labels, list) else fields.kind(labels)
            raise fields.BadRow(f"labels must be a list of {n_steps}, one a step, not {size}")
        read = fields.rating if kind == "human" else fields.fraction
        scores = tuple(read(label, f"labels[{index}]") for index, label in enumerate(labels))
        if "first_error" not in row:
            error = hard_first_error(scores, steps.kept(scores), wrong)
        elif error is not None:
            check_agreement(scores, error, wrong)
    annotator = fields.name(row.get("annotator"), "annotator", dataset)
    error = steps.first_error(error, "first_error")
    said = SourceLabel(annotator, steps.kept(scores), error, kind)
    return (said, *_rates(row.get("rates"), steps, said))


def _rates(given: Json, steps: fields.Steps, said: SourceLabel) -> Iterator[SourceLabel]:
    """Monte Carlo's success rates beside labels that it agrees with, as `row` writes them."""
    if given is None:
        return
    if said.kind != "human" or not isinstance(given, list) or len(given) != steps.given:
        raise fields.BadRow(
            f"rates must be a list of {steps.given}, one a step, beside labels of kind human"
        )
    rates = tuple(fields.fraction(one, f"rates[{index}]") for index, one in enumerate(given))
    yield SourceLabel(said.annotator, steps.kept(rates), said.first_error, "mc")


def row(kept: ExportRow) -> dict[str, Json]:
    """A kept solution, as `rows` reads it: labels and rates of annotators named "consensus".

    The labels' kind stays human, because only human labels may be neutral (0).
    """
    return {
        "id": kept.external_id,
        "problem": kept.problem,
        "gold_answer": kept.gold_answer,
        "generator": kept.generator,
        "dataset": kept.dataset,
        "steps": list(kept.steps),
        "final_answer": kept.final_answer,
        "is_correct": kept.is_correct,
        "labels": list(kept.labels),
        "rates": list(kept.rates) or None,
        "first_error": kept.first_error,
        "annotator": "consensus",
        "meta": {
            "solution_id": kept.solution_id,
            "problem_id": kept.problem_id,
            "decided_by": kept.decided_by,
            **({"error_types": list(kept.error_types)} if kept.error_types else {}),
        },
    }


FORMAT = Format(
    "jsonl",
    "our own: problem, steps, labels (+1, 0, -1), first error",
    read=rows,
    write=row,
    fields=("problem", "steps"),
)
