"""What a run tells: settings, versions and hashes, and the results of the parts done."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from labeling.consensus.export import own_version
from labeling.lessons.parts import Part, identities, is_done, record_of
from labeling.lessons.plan import settings_hash
from labeling.lessons.report.section import Told
from labeling.lessons.settings import Settings

VERSIONS = ("torch", "transformers", "numpy")
# The results of these parts are told as they are.
RESULTS = ("labels", "thresholds", "figures", "noise", "cost", "people")


def told_by(folder: Path, settings: Settings, parts: Sequence[Part]) -> Told:
    """All that the report says, of the parts that are done by now."""
    wanted = identities(parts)
    records = {
        part.name: record_of(folder, part.name)
        for part in parts
        if is_done(folder, part.name, wanted[part.name])
    }
    revisions = {
        name: record["result"]["revision"]
        for name, record in records.items()
        if "revision" in record["result"]
    }
    bases = [
        record["result"]["base_revision"]
        for record in records.values()
        if "base_revision" in record["result"]
    ]
    base = {settings.base: bases[0]} if bases else {}
    return {
        "settings": asdict(settings),
        "settings_hash": settings_hash(settings),
        "command": command_of(settings),
        "versions": {"steplens": own_version(), **{name: version(name) for name in VERSIONS}},
        "machine": platform.machine(),
        "revisions": base | revisions,
        **{name: records[name]["result"] for name in RESULTS if name in records},
        "spent": {"core_seconds": round(sum(one["core_seconds"] for one in records.values()))},
    }


def command_of(settings: Settings) -> str:
    """What makes just this report again."""
    return f"steplens lessons --size {settings.size}"
