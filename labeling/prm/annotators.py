"""The annotator of what scores steps: the one of its configuration, at its threshold of today."""

from __future__ import annotations

from typing import Any

from db.annotators import ensure_annotator, list_annotators
from db.engine import Database
from db.records import AnnotatorRecord
from labeling.prm.verdicts import DEFAULT_THRESHOLD


def scoring_annotator(
    database: Database,
    kind: str,
    name: str | None,
    config: dict[str, Any],
    threshold: float | None,
    *,
    default_name: str,
) -> AnnotatorRecord:
    """The annotator with this configuration.

    Without a threshold it is that of the annotator of this name, if it scores with just this: it
    may have been given another one since it was made.
    """
    if threshold is None:
        known = (
            one.config["threshold"]
            for one in list_annotators(database)
            if one.label == f"{kind}:{name or default_name}"
            and _but_threshold(one.config) == config
        )
        threshold = next(known, DEFAULT_THRESHOLD)
    return ensure_annotator(
        database, kind, name, {**config, "threshold": threshold}, default_name=default_name
    )


def _but_threshold(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "threshold"}
