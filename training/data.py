"""Reads an export into training examples, checks it, and splits problems: validation, held out."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from training.data_files import MANIFEST, ExportError, recorded_data, rows_in
from training.spelling import same_text

MASKED = -100.0  # the target of a step that is not trained on; the Trainer leaves it uncounted
Row = dict[str, object]  # a line of data.jsonl, not checked yet
NO_RATES = (
    "{} has no success rates to be soft labels. A consensus keeps them as it exports jsonl, where "
    "one of its annotators is Monte Carlo that gave every step all its samples (steplens annotate "
    "mc --samples 8 --chunk 8). Export such a consensus, or train with --labels hard"
)


@dataclass(frozen=True, slots=True)
class Example:
    """One solution to train on.

    `targets` has for each step the probability that it is right, or MASKED where it is not trained
    on: unmarked, or after the first error. With hard labels that is 1.0 for no error and 0.0 for
    the first, with soft ones Monte Carlo's success rate. `first_error` is 0-based, -1 for none.
    An epoch draws `weight` times as many of the examples of this weight as there are.
    """

    problem: str
    steps: tuple[str, ...]
    targets: tuple[float, ...]
    first_error: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The part of the problems that is never trained on: `share` of them, from 0 to below 1.

    A hash of its text and the `seed` decides, so a problem is on the same side in every project,
    and one that comes later falls on one side for good. A larger share holds all that a smaller
    one of the same seed holds. Raises ValueError for a share outside.
    """

    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ValueError(f"the share that is held out is from 0 to below 1, not {self.share}")

    def __contains__(self, problem: str) -> bool:
        """Whether the problem of this text is held out."""
        return self.holds(fingerprint(problem))

    def holds(self, problem: str) -> bool:
        """Whether the problem of this fingerprint (`training.data.fingerprint`) is held out."""
        digest = hashlib.sha256(f"{self.seed}:{problem}".encode()).digest()
        return int.from_bytes(digest[:8]) < self.share * 2**64

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> HeldOut:
        """What an export left out; nothing, of one that was written before anything was."""
        told = manifest.get("held_out") or {}
        return cls(float(told.get("share", 0)), int(told.get("seed", 0)))


@dataclass(frozen=True, slots=True)
class Export:
    """The examples of an export, the SHA-256 of its data file, and its manifest.

    `n_soft` of the examples have soft labels.
    """

    examples: tuple[Example, ...]
    checksum: str
    manifest: dict[str, object]
    n_soft: int = 0


class Said(NamedTuple):
    """What a row says of a solution, as `example_of` takes it."""

    problem: str
    steps: Sequence[str]
    labels: Sequence[int | None]
    first_error: int
    rates: Sequence[float | None] = ()


# What a row of a format says; raises KeyError for a field that is missing, ValueError otherwise.
RowReader = Callable[[Row], Said]


def fingerprint(problem: str) -> str:
    """16 hex digits of the SHA-256 of a problem's text: tells leaks without the text."""
    return hashlib.sha256(problem.encode()).hexdigest()[:16]


def read_export(
    folder: str | Path, labels: str = "hard", readers: Mapping[str, RowReader] | None = None
) -> Export:
    """Read and verify an export: its manifest, and its data in whatever file they are.

    Of the formats that `readers` know, by their names; without them of ours. With "soft" `labels`
    a step's target is its success rate, where the export has one. Raises ExportError for a missing
    file, a checksum or row count that is not the manifest's, for a bad row with its file and line,
    and for soft labels without any rate.
    """
    root = Path(folder)
    readers = OWN if readers is None else readers
    recorded = _recorded(root, readers)
    data = root / recorded.name
    if not data.is_file():
        raise ExportError(f"{root} has no {data.name}: the export is incomplete, export again")
    content = data.read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    if recorded.sha256 != checksum:
        raise ExportError(
            f"{data} is not the file that {MANIFEST} describes (its SHA-256 is {checksum[:12]}..., "
            f"recorded is {recorded.sha256[:12]}...): it was changed or cut short; export again"
        )
    read = tuple(_examples(rows_in(content, data), readers[recorded.format], data, labels))
    examples = tuple(example for example, _ in read)
    if recorded.rows not in (None, len(examples)):
        raise ExportError(
            f"{data} has {len(examples)} rows where {MANIFEST} records {recorded.rows}"
        )
    if not examples:
        raise ExportError(f"{data} has no rows: nothing was agreed on, so nothing can be learnt")
    n_soft = sum(is_soft for _, is_soft in read)
    if labels == "soft" and not n_soft:
        raise ExportError(NO_RATES.format(data))
    return Export(examples, checksum, recorded.manifest, n_soft)


def split_by_problem(
    examples: tuple[Example, ...], fraction: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """Training and validation examples that share no problem, in another spelling neither.

    `fraction` of the problems (at least one) go to validation; which, `seed` decides.
    Raises ExportError when all examples belong to one problem.
    """
    spellings: dict[str, str] = {}  # the one of several that stands for the problem
    for problem in sorted({example.problem for example in examples}, key=fingerprint):
        spellings.setdefault(same_text(problem), fingerprint(problem))
    problems = sorted(spellings.values())
    if len(problems) < 2:
        raise ExportError(
            "All rows belong to one problem; validation needs problems that training never saw"
        )
    random.Random(seed).shuffle(problems)
    held_out = set(problems[: min(max(1, math.ceil(fraction * len(problems))), len(problems) - 1)])
    training: list[Example] = []
    validation: list[Example] = []
    for example in examples:
        apart = spellings[same_text(example.problem)] in held_out
        (validation if apart else training).append(example)
    return training, validation


class _Recorded(NamedTuple):
    """What a manifest says of its data file."""

    format: str
    name: str
    sha256: str
    rows: object  # None where an older manifest does not say
    manifest: dict[str, object]


def _recorded(root: Path, formats: Collection[str]) -> _Recorded:
    file = root / MANIFEST
    if not file.is_file():
        raise ExportError(f"{root} is not an export: it has no {MANIFEST}")
    try:
        manifest: object = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ExportError(f"{file} is not readable JSON: {error}") from error
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or form not in tuple(formats):
        raise ExportError(f"{file}: the format is {form!r}; known are {', '.join(formats)}")
    name, data = recorded_data(manifest)
    if not data:
        raise ExportError(f"{file} records no checksum for {name}")
    return _Recorded(form, name, str(data.get("sha256")), data.get("rows"), manifest)


def example_of(
    problem: str,
    steps: Sequence[str],
    labels: Sequence[int | None],
    first_error: int,
    rates: Sequence[float | None] = (),
) -> Example:
    """An example of +1, 0 (neutral), -1 or None per step; a rate, where there is one, goes over it.

    Neutral is not an error, as in Qwen's use of PRM800K and in ProcessBench
    (arXiv 2501.07301 section 3.1; 2412.06559 section 3). Steps after the first error are masked:
    the paper removes them (2501.07301, 2.1). At it a rate stays what it is, 0 with the paper's
    threshold, and more where a consensus used a higher one.
    """
    targets = [MASKED if label is None else float(label >= 0) for label in labels]
    for step, rate in enumerate(rates):
        if rate is not None and targets[step] != MASKED:
            targets[step] = float(rate)
    if first_error >= 0:
        targets[first_error + 1 :] = [MASKED] * (len(targets) - first_error - 1)
    return Example(problem, tuple(steps), tuple(targets), first_error)


def _examples(
    rows: Iterable[tuple[int, object]], read: RowReader, file: Path, labels: str
) -> Iterator[tuple[Example, bool]]:
    """The examples of a data file, and whether each has soft labels.

    Raises ExportError that names the line of a bad row.
    """
    for number, row in rows:
        try:
            said = read(_object(row, "the row"))
            soft = labels == "soft" and bool(said.rates)
            yield example_of(*said[:4], said.rates if soft else ()), soft
        except KeyError as error:
            raise ExportError(f"{file}:{number}: the row has no field {error}") from error
        except ValueError as error:
            raise ExportError(f"{file}:{number}: {error}") from error


def _from_labels(row: Row) -> Said:
    """Our own rows: +1, 0 (neutral), -1 or null per step, and perhaps a rate."""
    problem, steps = _texts(row, "problem", "steps")
    labels, first = row["labels"], row["first_error"]
    if not isinstance(labels, list) or any(
        label is not None and (isinstance(label, bool) or label not in (1, 0, -1))
        for label in labels
    ):
        raise ValueError("labels must be a list of 1, 0, -1 or null")
    if len(labels) != len(steps):
        raise ValueError(f"{len(steps)} steps have {len(labels)} labels")
    first = _index(first, len(steps), "first_error")
    marked = labels.index(-1) if -1 in labels else -1
    if marked != first:
        raise ValueError(f"first_error is {first}, but the first label of -1 is at {marked}")
    return Said(problem, steps, labels, first, _rates(row.get("rates"), len(steps)))


def _rates(value: object, n_steps: int) -> list[float | None]:
    if value is None:
        return []
    if (
        not isinstance(value, list)
        or len(value) != n_steps
        or any(one is not None and not _is_share(one) for one in value)
    ):
        raise ValueError(f"rates must be null or a list of {n_steps} numbers from 0 to 1, or nulls")
    return value


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _object(value: object, name: str) -> Row:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no JSON object")
    return value


def _texts(row: Row, problem_key: str, steps_key: str) -> tuple[str, list[str]]:
    problem, steps = row[problem_key], row[steps_key]
    if not isinstance(problem, str) or not problem.strip():
        raise ValueError(f"{problem_key} must be a non-empty text")
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        raise ValueError(f"{steps_key} must be a non-empty list of texts")
    return problem, steps


def _index(value: object, n_steps: int, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value < n_steps:
        raise ValueError(f"{name} must be -1 or the index of one of {n_steps} steps, not {value!r}")
    return value


# The format that training reads by itself; readers of others are given to `read_export`.
OWN: dict[str, RowReader] = {"jsonl": _from_labels}
