"""The data of a run: what every source gives, and what no source may hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from training.data import MASKED, Example, HeldOut, RowReader, read_export
from training.data_files import ExportError

HELD_OUT = "held out for evaluation by an export"


@dataclass(frozen=True, slots=True)
class Source:
    """One line of a run's data manifest: an export, or a file or folder in an import format.

    `sha256` is of the data: of an export's data file, of a file, or of the sums of a folder's.
    Of its solutions an epoch draws `weight` times as many as there are. `solutions` are those that
    are left, with `steps` that are labelled, `soft` of the solutions softly; `left_out` has the
    number of the others by the reason, and `faults` the first rows that cannot be read.
    `held_out` is the part of the problems that an export says is not in it.
    """

    path: str
    format: str
    sha256: str
    weight: float
    solutions: int
    steps: int
    soft: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    held_out: HeldOut | None = None  # of an export

    @property
    def words(self) -> list[str | float]:
        """What decides which examples come of it, wherever it lies."""
        return [self.sha256, self.format, self.weight]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The examples of all sources, and the part of the problems that is in none of them."""

    examples: tuple[Example, ...]
    sources: tuple[Source, ...]
    held_out: HeldOut

    @property
    def checksum(self) -> str:
        """The SHA-256 of the export that says what is held out, or of the first source."""
        exports = [one for one in self.sources if one.held_out == self.held_out]
        return (exports or self.sources)[0].sha256

    @property
    def identity(self) -> str:
        """What tells these data from others: the sources' sums, formats and weights, in order."""
        if len(self.sources) == 1 and self.sources[0].held_out and self.sources[0].weight == 1:
            return self.checksum
        words = json.dumps([one.words for one in self.sources])
        return hashlib.sha256(words.encode()).hexdigest()

    def manifest(self) -> list[dict[str, object]]:
        """The sources as JSON, for the record."""
        return [asdict(one) for one in self.sources]


def of_export(
    folder: str | Path,
    labels: str,
    weight: float = 1.0,
    readers: Mapping[str, RowReader] | None = None,
) -> TrainingData:
    """The data of an export alone, in a format of `readers` (see `read_export`).

    Raises ExportError as `read_export` does, and when it holds a problem that its manifest says is
    held out.
    """
    export = read_export(folder, labels, readers)
    part = HeldOut.of_manifest(export.manifest)
    leaked = sum(example.problem in part for example in export.examples)
    if leaked:
        raise ExportError(
            f"{leaked:,} rows belong to problems that the export's manifest says are held out for "
            "evaluation: export again"
        )
    source = Source(
        path=str(folder),
        format=str(export.manifest["format"]),
        sha256=export.checksum,
        weight=weight,
        solutions=len(export.examples),
        steps=labelled_steps(export.examples),
        soft=export.n_soft,
        held_out=part,
    )
    return TrainingData(weighted(export.examples, weight), (source,), part)


def combined(parts: Sequence[TrainingData]) -> TrainingData:
    """The data of several sources as one.

    What an export holds out is left out of the others too, or a PRM could not be measured on it.
    Raises ExportError where exports hold out parts of which neither is within the other.
    """
    told = [one.held_out for part in parts for one in part.sources if one.held_out]
    held_out = max(told, key=lambda one: one.share, default=HeldOut(0.0))
    if any(one.share and one.seed != held_out.seed for one in told):
        raise ExportError(
            "the exports hold out different problems for evaluation, by another seed: train on "
            "exports of which one part holds the other (steplens held-out)"
        )
    cleared = [_without(part, held_out) for part in parts]
    examples = tuple(example for part in cleared for example in part.examples)
    if not examples:
        raise ExportError("nothing is left to learn from: every problem is held out")
    return TrainingData(
        examples, tuple(source for part in cleared for source in part.sources), held_out
    )


def weighted(examples: Sequence[Example], weight: float) -> tuple[Example, ...]:
    """The examples with this weight."""
    if weight == 1:
        return tuple(examples)
    return tuple(replace(example, weight=weight) for example in examples)


def labelled_steps(examples: Sequence[Example]) -> int:
    """How many steps there are to learn from."""
    return sum(target != MASKED for example in examples for target in example.targets)


def _without(part: TrainingData, held_out: HeldOut) -> TrainingData:
    """The data of one source without the problems that are held out."""
    (source,) = part.sources
    kept = tuple(example for example in part.examples if example.problem not in held_out)
    dropped = len(part.examples) - len(kept)
    if not dropped:
        return part
    left = replace(
        source,
        solutions=len(kept),
        steps=labelled_steps(kept),
        left_out={**source.left_out, HELD_OUT: dropped},
    )
    return TrainingData(kept, (left,), part.held_out)
