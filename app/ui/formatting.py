"""The words and small formats that the pages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from db.jobs import is_alive
from db.records import AnnotatorRecord, JobRecord

JOBS = {
    "annotate_mc": "Monte Carlo",
    "annotate_judge": "Judge",
    "annotate_prm": "PRM scores",
    "rethreshold": "New threshold",
    "train": "Train a PRM",
    "evaluate": "Evaluate",
    "best_of_n": "Best-of-N",
    "import": "Import",
    "import_scores": "Import scores",
    "export_project": "Export the project",
    "grade": "Grade answers",
    "sample": "Playground",
}


STATES = {
    "queued": ("waiting", "muted"),
    "running": ("running", ""),
    "done": ("✓ done", "good"),
    "failed": ("✗ failed", "bad"),
    "cancelled": ("– cancelled", "muted"),
    "stopped": ("? stopped", "warn"),
}


def names(annotators: Iterable[AnnotatorRecord]) -> dict[str, str]:
    """Labels -> names, with the kind where two have the same one."""
    every = list(annotators)
    times = Counter(one.name for one in every)
    return {one.label: one.name if times[one.name] == 1 else one.label for one in every}


def first_error_words(first_error: int | None) -> str:
    """`step 3`, `no error` or `no verdict`; people count steps from 1."""
    if first_error is None:
        return "no verdict"
    return "no error" if first_error < 0 else f"step {first_error + 1}"


def number_of(count: int, noun: str) -> str:
    """`1 problem`, `2,157 problems`: for nouns that take an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def sentence(text: object) -> str:
    """A message as a sentence on a page: errors begin small, as they do on the command line."""
    words = str(text).strip()
    first = words.split(" ", 1)[0]
    if first.isascii() and first.replace("'", "").isalpha():
        words = words[0].upper() + words[1:]
    return words if not words or words[-1] in ".?!…:" else f"{words}."


def shorten(text: str, length: int = 160) -> str:
    """One line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def share(part: int, whole: int) -> str:
    """A percentage, or a dash where there is nothing to divide."""
    return f"{part / whole:.0%}" if whole else "–"


def duration(seconds: float) -> str:
    """`8 s`, `3 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def ago(moment: datetime) -> str:
    """How long ago, in words."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 5400:
        return f"{duration(seconds)} ago"
    if seconds < 86400 * 2:
        return f"{seconds / 3600:.0f} h ago"
    return f"{moment:%Y-%m-%d}"


def standing(job: JobRecord) -> str:
    """Its status, but `stopped` for one that waits or runs and whose process is gone."""
    waits = job.status in ("queued", "running")
    return "stopped" if waits and not is_alive(job) else job.status


def job_state(job: JobRecord) -> tuple[str, str]:
    """How a job stands: (words, style)."""
    return STATES[standing(job)]


def which_problems(result: Mapping[str, object]) -> str:
    """Which problems an evaluation's figures are of, as far as training is concerned."""
    if result.get("held_out"):
        return "held-out problems"
    known = str(result.get("training_data"))
    return {
        "known": "all: it was trained on them",
        "not trained": "all",
    }.get(known, "all: not known what it was trained on")


def f1_by_dataset(figures: Mapping[str, Any]) -> str:
    """The F1s that an evaluation's F1 is the mean of; empty for one data set."""
    datasets = figures.get("datasets") or {}
    if len(datasets) < 2:
        return ""
    f1s = {name: one["f1"] for name, one in datasets.items()}
    return ", ".join(f"{name} {'–' if f1 is None else f'{f1:.3f}'}" for name, f1 in f1s.items())


def midnight() -> datetime:
    """When today began where the server is, with its zone."""
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
