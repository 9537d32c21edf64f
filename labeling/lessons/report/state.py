"""A run as it stands: which parts are done, whether it is at work, and what it tells by now."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeling.lessons.parts import SETTINGS, Part, identities, is_done
from labeling.lessons.report.section import Told
from labeling.lessons.report.told import told_by
from labeling.lessons.run import every_part
from labeling.lessons.settings import SIZES, Settings


@dataclass(frozen=True, slots=True)
class State:
    """The parts of a run in their order, the names of those that are done, and what it tells."""

    parts: list[Part]
    done: frozenset[str]
    is_at_work: bool
    told: Told

    @property
    def share(self) -> float:
        """How much of the work is done, from 0 to 1, by what the parts cost."""
        cost = {part.name: part.cost for part in self.parts}
        return sum(cost[name] for name in self.done) / sum(cost.values())

    @property
    def is_finished(self) -> bool:
        """Whether every part is done."""
        return len(self.done) == len(self.parts)


def state_of(folder: Path) -> State:
    """The run in a folder. Raises ValueError for one of another version of StepLens."""
    settings = read_settings(json.loads((folder / SETTINGS).read_text("utf-8")))
    parts = every_part(settings)
    wanted = identities(parts)
    done = frozenset(one.name for one in parts if is_done(folder, one.name, wanted[one.name]))
    return State(parts, done, _is_at_work(folder), told_by(folder, settings, parts))


def read_settings(kept: dict[str, Any]) -> Settings:
    """Settings as they are kept; what is newer than the run is as its size has it.

    Raises ValueError for those of a newer version.
    """
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
    }
    try:
        return replace(SIZES[str(kept.get("size"))], **given)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this run was begun by another version of StepLens: {error}") from None


def _is_at_work(folder: Path) -> bool:
    """Whether a process does the run now; it holds a lock on the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
