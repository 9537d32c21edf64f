"""The `corrections` of a row: everything that people did on one solution, oldest first."""

from __future__ import annotations

from collections.abc import Iterator

from db.records import CorrectionRecord, SourceCorrection
from labeling.formats import fields
from labeling.formats.base import Json, Remark
from labeling.formats.fields import BadRow

ACTIONS = ("label", "skip", "undo")
MOST_TOKEN, MOST_TYPE = 64, 60  # characters, as the columns have


def read_corrections(value: Json, steps: fields.Steps) -> Iterator[SourceCorrection | Remark]:
    """Each act, or a remark that it is lost and why. Raises BadRow for what is no list."""
    if value is None:
        return
    if not isinstance(value, list):
        raise BadRow(f"corrections must be a list, not {fields.kind(value)}")
    if value and len(steps.texts) != steps.given:
        raise BadRow("corrections of a solution with blank steps cannot be placed")
    for place, one in enumerate(value):
        try:
            yield _act(fields.an_object(one, "it"), len(steps.texts))
        except BadRow as error:
            yield Remark(f"corrections[{place}]: {error}", lost=True)


def write_correction(act: CorrectionRecord, person: str) -> dict[str, Json]:
    """An act as `read_corrections` takes it."""
    return {
        "person": person,
        "token": act.token,
        "action": act.action,
        "labels": None if act.labels is None else list(act.labels),
        "first_error": act.first_error,
        "note": act.note,
        "flags": list(act.flags),
        "error_type": act.error_type,
        "seconds": act.seconds,
        "scores_visible": act.scores_visible,
        "blind": act.blind,
        "first_labels": None if act.first_labels is None else list(act.first_labels),
        "undoes": act.undoes,
        "created_at": act.created_at.isoformat(),
    }


def _act(told: dict[str, Json], n_steps: int) -> SourceCorrection:
    action, given = told.get("action"), told.get("first_error")
    if not isinstance(action, str) or action not in ACTIONS:
        raise BadRow(f"action must be one of {', '.join(ACTIONS)}, not {fields.shown(action)}")
    act = CorrectionRecord(
        token=_short(told.get("token"), "token", MOST_TOKEN) or "",
        solution_id=0,
        annotator_id=0,
        action=action,
        labels=_labels(told.get("labels"), "labels", n_steps),
        first_error=None if given is None else fields.first_error(given, n_steps, "first_error"),
        note=_note(told.get("note")),
        flags=fields.texts(told.get("flags") or [], "flags"),
        seconds=_seconds(told.get("seconds")),
        scores_visible=bool(fields.flag(told.get("scores_visible"), "scores_visible")),
        undoes=_short(told.get("undoes"), "undoes", MOST_TOKEN),
        created_at=fields.time(told.get("created_at"), "created_at"),
        blind=bool(fields.flag(told.get("blind"), "blind")),
        first_labels=_labels(told.get("first_labels"), "first_labels", n_steps),
        error_type=_short(told.get("error_type"), "error_type", MOST_TYPE),
    )
    if not act.token:
        raise BadRow("token is missing, which tells one act from another")
    return SourceCorrection(fields.text(told.get("person"), "person"), act)


def _labels(value: Json, what: str, n_steps: int) -> tuple[int | None, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != n_steps:
        raise BadRow(f"{what} must be a list of {n_steps}, one a step")
    read_all = (fields.rating(one, f"{what}[{at}]") for at, one in enumerate(value))
    return tuple(None if one is None else int(one) for one in read_all)


def _short(value: Json, what: str, most: int) -> str | None:
    found = fields.optional_text(value, what)
    if found is not None and len(found) > most:
        raise BadRow(f"{what} has {len(found)} characters; at most {most} are allowed")
    return found


def _note(value: Json) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadRow(f"note must be text, not {fields.kind(value)}")
    return None if value is None else fields.storable(value, "note")


def _seconds(value: Json) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise BadRow(f"seconds must be a number from 0, not {fields.shown(value)}")
    return float(value)
