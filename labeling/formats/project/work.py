"""The rows at an export's end: new cuts, lists, queues, evaluations, what PRMs were trained on.

They speak of solutions by their fingerprints, and stand behind them so that these are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from dataclasses import fields as columns
from typing import cast

from db.imports.records import (
    SourceEvaluation,
    SourceList,
    SourceQueue,
    SourceRecut,
    SourceRecuts,
    SourceTrainingSet,
    SourceWork,
)
from db.results import Measured
from labeling.evaluation.shapes import check_result
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.fields import BadRow
from labeling.review.queues import QUEUES

SETTINGS = {"name", "instructions", "assigned", "per_item", "blind", "archived"}
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_PROBLEM = 16  # hex digits of a problem's fingerprint
_ADDRESS = re.compile(r"[a-z][a-z_-]*(\?\S*)?")  # of a page, as a kept list has it
_TOKEN = re.compile(r"[0-9a-f]{12,16}")


def read_work(what: str, value: Json, line: int) -> SourceWork:
    """The row `{what: value}`. Raises BadRow."""
    return replace(READERS[what](fields.an_object(value, what)), line=line)


def write_work(told: SourceWork) -> dict[str, Json]:
    """The row that `read_work` reads."""
    match told:
        case SourceTrainingSet():
            return {"training_set": {**_plain(told), "problems": told.problems.hex()}}
        case SourceRecuts():
            return {
                "recuts": {"acts": [_plain(a) for a in told.acts], "instead": {**told.replaced_by}}
            }
        case SourceList():
            whole = told.total == len(told.solutions)
            part = ("start", "total") if whole else ()
            return {"list": {k: value for k, value in _plain(told).items() if k not in part}}
        case SourceQueue():
            return {"queue": _plain(told)}
        case SourceEvaluation():
            return {"evaluation": {**_plain(told), "measured": asdict(told.measured)}}


def _plain(told: SourceWork | SourceRecut) -> dict[str, Json]:
    values = {one.name: getattr(told, one.name) for one in columns(told) if one.name != "line"}
    if "created_at" in values:
        values["created_at"] = values["created_at"].isoformat()
    return values


def _training_set(told: dict[str, Json]) -> SourceTrainingSet:
    problems = told.get("problems")
    if not isinstance(problems, str) or len(problems) % _PROBLEM:
        raise BadRow(f"training_set.problems must be text, {_PROBLEM} hex digits a problem")
    try:
        packed = bytes.fromhex(problems)
    except ValueError as error:
        raise BadRow("training_set.problems has other signs than hex digits") from error
    size, export = told.get("n_solutions"), told.get("export")
    return SourceTrainingSet(
        _short(told, "revision", 64),
        packed,
        None if size is None else fields.count(size, "training_set.n_solutions"),
        None if export is None else _short(told, "export", 64),
    )


def _recuts(told: dict[str, Json]) -> SourceRecuts:
    acts = _list_of(told.get("acts"), "recuts.acts")
    stands = fields.an_object(told.get("instead") or {}, "recuts.instead")
    return SourceRecuts(
        tuple(_recut(fields.an_object(one, f"recuts.acts[{at}]")) for at, one in enumerate(acts)),
        {_fingerprint(old): _fingerprint(new) for old, new in stands.items()},
    )


def _recut(told: dict[str, Json]) -> SourceRecut:
    return SourceRecut(
        token=_short(told, "token", 64),
        solution=_fingerprint(told.get("solution")),
        made=_fingerprint(told.get("made")),
        person=fields.text(told.get("person"), "person"),
        undoes=None if told.get("undoes") is None else _short(told, "undoes", 64),
        created_at=fields.time(told.get("created_at"), "created_at"),
    )


def _list(told: dict[str, Json]) -> SourceList:
    origin = fields.text(told.get("origin"), "list.origin")
    if not _ADDRESS.fullmatch(origin):
        raise BadRow(f"list.origin must be the address of a page, not {fields.shown(origin)}")
    solutions = _list_of(told.get("solutions"), "list.solutions")
    return SourceList(
        key=_short(told, "key", 64),
        solutions=tuple(map(_fingerprint, solutions)),
        words=fields.text(told.get("words"), "list.words"),
        origin=origin,
        start=fields.whole(told.get("start", 0), "list.start"),
        total=fields.whole(told.get("total", len(solutions)), "list.total"),
    )


def _queue(told: dict[str, Json]) -> SourceQueue:
    holds, token = told.get("holds"), told.get("token")
    if holds not in QUEUES:
        raise BadRow(f"queue.holds must be one of {', '.join(QUEUES)}, not {fields.shown(holds)}")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise BadRow(f"queue.token must be 12 hex digits, not {fields.shown(token)}")
    history = _list_of(told.get("history"), "queue.history")
    return SourceQueue(
        token=token,
        name=None if told.get("name") is None else _short(told, "name", 80),
        holds=str(holds),
        wanted=_stored(told.get("wanted"), "queue.wanted"),
        listed=None if told.get("listed") is None else _short(told, "listed", 64),
        sort=fields.text(told.get("sort"), "queue.sort"),
        reference=fields.optional_text(told.get("reference"), "queue.reference"),
        per_item=_per_item(told.get("per_item")),
        blind=bool(fields.flag(told.get("blind"), "queue.blind")),
        archived=bool(fields.flag(told.get("archived"), "queue.archived")),
        instructions=fields.storable(str(told.get("instructions") or ""), "queue.instructions"),
        assigned=fields.texts(told.get("assigned") or [], "queue.assigned"),
        history=tuple(_change(one, f"queue.history[{at}]") for at, one in enumerate(history)),
        made_by=fields.storable(str(told.get("made_by") or ""), "queue.made_by"),
        created_at=fields.time(told.get("created_at"), "queue.created_at"),
    )


def _change(value: Json, what: str) -> dict[str, Json]:
    told = _stored(value, what)
    was = fields.an_object(told.get("was"), f"{what}.was")
    if not was.keys() <= SETTINGS:
        raise BadRow(f"{what}.was has a setting that there is not")
    undoes = told.get("undoes")
    return {
        "at": fields.time(told.get("at"), f"{what}.at").isoformat(),
        "by": str(told.get("by") or ""),
        "was": was,
        "undoes": None if undoes is None else fields.whole(undoes, f"{what}.undoes"),
    }


def _evaluation(told: dict[str, Json]) -> SourceEvaluation:
    kind = fields.text(told.get("kind"), "evaluation.kind")
    result = _stored(told.get("result"), "evaluation.result")
    try:
        check_result(kind, result)
    except ValueError as error:
        raise BadRow(f"evaluation.{error}") from error
    return SourceEvaluation(
        kind=kind,
        annotator=fields.text(told.get("annotator"), "evaluation.annotator"),
        reference=fields.optional_text(told.get("reference"), "evaluation.reference"),
        measured=_measured(fields.an_object(told.get("measured"), "evaluation.measured")),
        result=result,
        created_at=fields.time(told.get("created_at"), "evaluation.created_at"),
    )


def _measured(told: dict[str, Json]) -> Measured:
    unknown = sorted(told.keys() - {one.name for one in columns(Measured)})
    if unknown:
        raise BadRow(f"evaluation.measured has an unknown field {fields.shown(unknown[0])}")

    def number(name: str) -> int | None:
        value = told.get(name)
        found = None if value is None else fields.whole(value, f"evaluation.measured.{name}")
        if found is not None and found < 0:
            raise BadRow(f"evaluation.measured.{name} must be 0 or more")
        return found

    def text(name: str, most: int) -> str | None:
        return None if told.get(name) is None else _short(told, name, most)

    return Measured(
        dataset=text("dataset", fields.MAX_NAME),
        threshold=fields.fraction(told.get("threshold"), "evaluation.measured.threshold"),
        held_out=bool(fields.flag(told.get("held_out"), "evaluation.measured.held_out")),
        n_solutions=number("n_solutions"),
        solutions=text("solutions", 32),
        n_training=number("n_training"),
        training_export=text("training_export", 64),
    )


READERS: dict[str, Callable[[dict[str, Json]], SourceWork]] = {
    "training_set": _training_set,
    "recuts": _recuts,
    "list": _list,
    "queue": _queue,
    "evaluation": _evaluation,
}


def _per_item(value: Json) -> int | None:
    found = None if value is None else fields.whole(value, "queue.per_item")
    if found is not None and found < 1:
        raise BadRow("queue.per_item must be 1 or more: at least one person labels an item")
    return found


def _stored(value: Json, what: str) -> dict[str, Json]:
    """A JSON object that both databases store."""
    return cast(dict[str, Json], fields.meta(fields.an_object(value, what), what))


def _list_of(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise BadRow(f"{what} must be a list, not {fields.kind(value)}")
    return value


def _fingerprint(value: Json) -> str:
    if not isinstance(value, str) or not _FINGERPRINT.fullmatch(value):
        raise BadRow(f"a solution is told by 32 hex digits here, not {fields.shown(value)}")
    return value


def _short(told: dict[str, Json], name: str, most: int) -> str:
    found = fields.text(told.get(name), name)
    if len(found) > most:
        raise BadRow(f"{name} has {len(found)} characters; at most {most} are allowed")
    return found
