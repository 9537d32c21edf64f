"""The rows at the head of an export: the project's own, and one for each annotator.

An annotator's configuration says how its annotations can be made again. Of a machine's that have
travelled in a file, which anybody can write, that is no longer known: it is marked as read from
one, and the rest of its configuration stays as a record.
"""

from __future__ import annotations

from collections.abc import Sequence

from db.annotators import reviewer_config
from db.records import (
    FROM_FILE,
    KINDS,
    AnnotatorRecord,
    SourceAnnotator,
    SourceConsensus,
    SourceProject,
)
from labeling.consensus.rule import Rule, RuleError
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.fields import BadRow

PROJECT, ANNOTATOR = "project", "annotator"
VERSION = 1  # of the layout
MOST_TYPE = 60  # characters of a type of error, as the column has
_KNOWN = {"kind", "name", "config", "hidden", "chosen", "former_names"}


def read_head(row: dict[str, Json]) -> SourceProject | SourceAnnotator:
    """What such a row tells. Raises BadRow, for a project of a newer version too."""
    return _project(row[PROJECT]) if PROJECT in row else _annotator(row[ANNOTATOR])


def write_project(
    created_at: str,
    steplens_version: str,
    solutions: int,
    error_types: Sequence[str],
    held_out: dict[str, Json] | None,
    consensus: dict[str, Json] | None,
) -> dict[str, Json]:
    """The first row of an export; only what was decided is read again."""
    return {
        PROJECT: {
            "version": VERSION,
            "created_at": created_at,
            "steplens_version": steplens_version,
            "solutions": solutions,
            "error_types": [*error_types],
            "held_out": held_out,
            "consensus": consensus,
        }
    }


def write_annotator(
    annotator: AnnotatorRecord, chosen: bool, former_names: Sequence[str]
) -> dict[str, Json]:
    """An annotator's row, as `read_head` takes it."""
    return {
        ANNOTATOR: {
            "kind": annotator.kind,
            "name": annotator.name,
            "config": annotator.config,
            "hidden": annotator.hidden,
            "chosen": chosen,
            "former_names": [*former_names],
        }
    }


def _project(value: Json) -> SourceProject:
    told = fields.an_object(value, PROJECT)
    if told.get("version") != VERSION:
        raise BadRow(
            f"this project was exported in version {fields.shown(told.get('version'))} of the "
            f"layout, and {VERSION} is known here: update StepLens"
        )
    types = fields.texts(told.get("error_types") or [], "project.error_types")
    if max(map(len, types), default=0) > MOST_TYPE:
        raise BadRow(f"project.error_types has a name of more than {MOST_TYPE} characters")
    return SourceProject(types, _held_out(told.get("held_out")), _consensus(told.get("consensus")))


def _held_out(value: Json) -> tuple[float, int, bool] | None:
    """Where it is not said whether something was exported, it is safer to think so."""
    if value is None:
        return None
    part = fields.an_object(value, "project.held_out")
    share = fields.fraction(part.get("share"), "project.held_out.share")
    if share is None or share == 1:
        raise BadRow("project.held_out.share must be from 0 to below 1")
    exported = fields.flag(part.get("exported", True), "project.held_out.exported")
    return share, fields.whole(part.get("seed"), "project.held_out.seed"), bool(exported)


def _consensus(value: Json) -> SourceConsensus | None:
    if value is None:
        return None
    what = "project.consensus"
    told = fields.an_object(fields.meta(value, what), what)
    counts = fields.an_object(told.get("counts"), f"{what}.counts")
    fields.whole(counts.get("kept"), f"{what}.counts.kept")
    try:
        rule = Rule.from_json(fields.an_object(told.get("rule"), f"{what}.rule"))
    except RuleError as error:
        raise BadRow(f"{what}.rule: {error}") from error
    at = fields.time(told.get("created_at"), f"{what}.created_at")
    return SourceConsensus(rule.to_json(), counts, at)


def _annotator(value: Json) -> SourceAnnotator:
    told = fields.an_object(value, ANNOTATOR)
    unknown = sorted(told.keys() - _KNOWN)
    if unknown:
        raise BadRow(f"unknown field {fields.shown(unknown[0])} of an annotator")
    kind, name = told.get("kind"), fields.name(told.get("name"), "annotator.name", "")
    if not isinstance(kind, str) or kind not in KINDS or not name:
        raise BadRow(f"an annotator has a name and one of the kinds {', '.join(KINDS)}")
    former = fields.texts(told.get("former_names") or [], "annotator.former_names")
    return SourceAnnotator(
        kind,
        name,
        _config(told.get("config"), kind, name),
        hidden=bool(fields.flag(told.get("hidden"), "annotator.hidden")),
        chosen=bool(fields.flag(told.get("chosen"), "annotator.chosen")),
        former_names=tuple(fields.name(one, "annotator.former_names", "") for one in former),
    )


def _config(value: Json, kind: str, name: str) -> dict[str, Json]:
    config = fields.an_object(fields.meta(value or {}, "annotator.config"), "annotator.config")
    fields.fraction(config.get("threshold"), "annotator.config.threshold")
    source = config.get("source")
    if kind != "human":
        return {**config, "source": FROM_FILE}
    if source in ("review", "adjudication"):
        person = config.get("person")
        shown = name if source == "review" else name.removesuffix(" (adjudicator)")
        if person != shown or config != {**reviewer_config(shown), "source": source}:
            raise BadRow(f"human:{name} has the configuration of another person")
        return config
    return {**config, "source": source if source == "dataset" else FROM_FILE}
