"""What an annotator was trained on, as far as its checkpoint says."""

from __future__ import annotations

import json
from pathlib import Path

from db.records import AnnotatorRecord


def training_problems(annotator: AnnotatorRecord) -> frozenset[str]:
    """Fingerprints of the problems a PRM of ours was trained on; empty where unknown."""
    from models.names import resolve_checkpoint

    if annotator.kind != "prm":
        return frozenset()
    try:
        file = Path(resolve_checkpoint(annotator.config["model"])) / "steplens.json"
        provenance = json.loads(file.read_text("utf-8"))
        # The validation problems chose the best epoch, so they are not held out either.
        return frozenset(provenance["training_problems"] + provenance["validation_problems"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
