"""The `annotations` of a row: what several annotators say of one solution, with their evidence.

With a `status` an annotation is taken as it was stored, as an export of a project writes it; where
that is "begun" there are rollouts and no annotation yet.
Without one it is read as a row of scores is (docs/bring-your-own.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from db.records import (
    BEGUN,
    FAILED,
    FROM_FILE,
    KINDS,
    REWARD,
    AnnotationRecord,
    AnnotatorRecord,
    RolloutRecord,
    SourceLabel,
)
from labeling.formats import fields
from labeling.formats.base import Json, Remark
from labeling.formats.fields import BadRow
from labeling.prm.verdicts import DEFAULT_THRESHOLD
from labeling.scores.annotation import SAID, Who, read_annotation, says_something
from labeling.scores.evidence import Shape, read_evidence, read_rollouts

STATUSES = ("ok", "unparsed", "unfinished", FAILED, BEGUN)
_KNOWN = {*SAID, "kind", "name", "threshold", "status", "margin"}


def read_annotations(value: Json, shape: Shape) -> Iterator[SourceLabel | Remark]:
    """Each annotation, or a remark that it is lost and why; a bad one costs no other.

    Raises BadRow for what is no list.
    """
    if value is None:
        return
    if not isinstance(value, list):
        raise BadRow(f"annotations must be a list, not {fields.kind(value)}")
    named: set[str] = set()
    for place, one in enumerate(value):
        try:
            label = _label(fields.an_object(one, "it"), shape)
            if label.label in named:
                raise BadRow(f"{label.label} is there twice")
        except BadRow as error:
            yield Remark(f"annotations[{place}]: {error}", lost=True)
            continue
        named.add(label.label)
        yield label


def write_annotation(
    said: AnnotationRecord, annotator: AnnotatorRecord, rollouts: Sequence[RolloutRecord]
) -> dict[str, Json]:
    """An annotation as it is stored, as `read_annotations` takes it."""
    row: dict[str, Json] = {
        "kind": annotator.kind,
        "name": annotator.name,
        "scores": list(said.scores),
        "first_error": said.first_error,
        "status": said.status,
    }
    if said.margin is not None:
        row["margin"] = said.margin
    if said.evidence:
        row["evidence"] = said.evidence
    if rollouts:
        row["rollouts"] = _rollouts(rollouts)
    return row


def write_begun(annotator: AnnotatorRecord, rollouts: Sequence[RolloutRecord]) -> dict[str, Json]:
    """The rollouts of an annotation that a job has not finished, as `read_annotations` takes it."""
    return {
        "kind": annotator.kind,
        "name": annotator.name,
        "scores": [],
        "status": BEGUN,
        "rollouts": _rollouts(rollouts),
    }


def _rollouts(rollouts: Sequence[RolloutRecord]) -> list[Json]:
    return [
        {
            "step": one.step,
            "sample": one.sample,
            "text": one.text,
            "answer": one.answer,
            "outcome": one.outcome,
            "n_tokens": one.n_tokens,
        }
        for one in rollouts
    ]


def _label(told: dict[str, Json], shape: Shape) -> SourceLabel:
    unknown = sorted(told.keys() - _KNOWN)
    if unknown:
        raise BadRow(
            f'unknown field {fields.shown(unknown[0])}; put what is yours under "evidence". '
            f"Known: {', '.join(sorted(_KNOWN))}"
        )
    kind, name = told.get("kind"), fields.name(told.get("name"), "name", "")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadRow(f"kind must be one of {', '.join(KINDS)}, not {fields.shown(kind)}")
    if not name:
        raise BadRow("name is missing: who says this?")
    if not says_something(told):
        raise BadRow("it has neither scores nor first_error")
    config: dict[str, Json] = {"source": FROM_FILE, "name": name}
    if told.get("status") is not None:
        return replace(_as_stored(told, kind, name, shape), config=config, by_name=True)
    threshold = fields.fraction(told.get("threshold"), "threshold")
    if kind == "prm":
        threshold = DEFAULT_THRESHOLD if threshold is None else threshold
        config["threshold"] = threshold
    rewarded = told.get("reward") is not None
    if rewarded:
        config = {"source": FROM_FILE, "name": name, "scores": REWARD}
    label = read_annotation(told, Who(kind, name, config, threshold, rewarded), shape).label
    return replace(label, by_name=True)


def _as_stored(told: dict[str, Json], kind: str, name: str, shape: Shape) -> SourceLabel:
    status = told["status"]
    if status not in STATUSES:
        raise BadRow(f"status must be one of {', '.join(STATUSES)}, not {fields.shown(status)}")
    given, scores = told.get("first_error"), told.get("scores")
    if not isinstance(scores, list) or len(scores) not in (0, shape.given):
        size = len(scores) if isinstance(scores, list) else fields.kind(scores)
        raise BadRow(f"scores must be a list of {shape.given}, one a step, not {size}")
    error = None if given is None else fields.first_error(given, shape.given, "first_error")
    read_one = fields.rating if kind == "human" else fields.fraction
    found = [read_one(one, f"scores[{at}]") for at, one in enumerate(scores)]
    return SourceLabel(
        name,
        tuple(shape.kept(found)) if found else (),
        shape.step(error, "first_error"),
        kind,
        status=str(status),
        margin=fields.fraction(told.get("margin"), "margin"),
        evidence=read_evidence(told, shape),
        rollouts=read_rollouts(told.get("rollouts"), shape),
    )
