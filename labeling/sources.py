"""What training learns from, on a command line: exports, and files in any import format.

A file's labels become targets by the consensus of the one annotator that a row has: the same rule
that exports are made by, so an import and an export of a file teach what the file itself does.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from db.records import ImportRow, SourceLabel
from labeling.consensus.rule import Candidate, Dropped, Kept, Rule, Verdict, decide
from labeling.formats.base import Json, Reader
from labeling.formats.catalog import READERS, WRITERS
from labeling.formats.files.folders import files_of
from labeling.formats.guess import guess_format
from labeling.formats.reading import Note, Rejection, read_rows
from labeling.montecarlo.planner import has_whole_steps
from training.data import (
    NO_RATES,
    OWN,
    Example,
    HeldOut,
    Row,
    RowReader,
    Said,
    example_of,
)
from training.data_files import DATA_FILES, MANIFEST, ExportError
from training.sources import Source, TrainingData, combined, labelled_steps, of_export, weighted

FAULTS = 5  # told of each source
UNREAD = "cannot be read"
REPEATED = "again the same solution with the same labels"
SEVERAL = "labels of several annotators: import the file, and export their consensus"
UNLABELLED = "no labels"
_WEIGHTED = re.compile(r"(?P<path>.+):(?P<weight>[0-9.]+(?:e-?[0-9]+)?)")


def read_sources(
    given: Sequence[str | Path], labels: str = "hard", format: str | None = None
) -> TrainingData:
    """The data of exports, files and folders, each a path that may end in `:WEIGHT`.

    `labels` are "hard" or "soft"; `format` is that of all files that are no exports, None to go by
    their fields. Raises ExportError where nothing could be learnt, guess.UnknownFormat, ValueError
    and OSError.
    """
    return combined([_read(*_path_and_weight(str(one)), labels, format) for one in given])


def _path_and_weight(given: str) -> tuple[Path, float]:
    found = _WEIGHTED.fullmatch(given)
    if found is None or Path(given).exists():
        return Path(given), 1.0
    try:
        weight = float(found["weight"])
    except ValueError:
        weight = 0.0
    if not (math.isfinite(weight) and weight > 0):
        raise ValueError(f"{given}: a weight is a number above 0, as in {found['path']}:0.5")
    return Path(found["path"]), weight


def _read(path: Path, weight: float, labels: str, format: str | None) -> TrainingData:
    folder = path.parent if path.name in DATA_FILES.values() else path
    if (folder / MANIFEST).is_file():
        return of_export(folder, labels, weight, EXPORTED)
    files = files_of(path)
    format = format or guess_format(files)
    left_out: Counter[str] = Counter()
    faults: list[str] = []
    examples: dict[Example, bool] = {}  # and whether its labels are soft
    for file in files:
        for row in read_rows(format, file):
            if isinstance(row, Rejection):
                left_out[UNREAD] += 1
                if len(faults) < FAULTS:
                    faults.append(f"{row.path}, line {row.line}: {row.reason}")
            elif isinstance(row, ImportRow):
                kept = _kept(row)
                if isinstance(kept, Dropped):
                    left_out[kept.reason] += 1
                    continue
                rates = kept.rates if labels == "soft" else ()
                example = example_of(row.problem, row.steps, kept.labels, kept.first_error, rates)
                if example in examples:
                    left_out[REPEATED] += 1
                examples[example] = bool(rates)
            elif not isinstance(row, Note):
                left_out[SEVERAL] += 1  # a project's own rows
    if not examples:
        why = "; ".join(f"{reason} ({count:,})" for reason, count in left_out.items())
        first = f". The first that {UNREAD}: {faults[0]}" if faults else ""
        raise ExportError(
            f"{path} ({format}) has nothing to learn from: {why or 'it has no row'}{first}"
        )
    if labels == "soft" and not any(examples.values()):
        raise ExportError(NO_RATES.format(path))
    source = Source(
        path=str(path),
        format=format,
        sha256=_sum(files),
        weight=weight,
        solutions=len(examples),
        steps=labelled_steps(list(examples)),
        soft=sum(examples.values()),
        left_out=dict(left_out.most_common()),
        faults=faults,
    )
    return TrainingData(weighted(list(examples), weight), (source,), HeldOut(0.0))


def _reader(format: Reader) -> RowReader:
    """Reads the one solution of an export's row as its file would be read."""

    def read(row: Row) -> Said:
        found = list(format(cast(Json, row), "export", 1))
        rows = [one for one in found if isinstance(one, ImportRow)]
        if len(found) != 1 or not rows:
            raise ValueError(
                "the row is not one solution and nothing else, as an export's rows are"
            )
        kept = _kept(rows[0])
        if isinstance(kept, Dropped):
            raise ValueError(kept.reason)
        return Said(rows[0].problem, rows[0].steps, kept.labels, kept.first_error)

    return read


# A row of ours has its labels as training takes them, rates among them.
EXPORTED = {name: _reader(READERS[name]) for name in WRITERS} | OWN


def _kept(row: ImportRow) -> Kept | Dropped:
    """What the row's one annotator says, as a consensus of it alone keeps it.

    Rates beside labels, of Monte Carlo by the same name, belong to them (formats.jsonl).
    """
    said = {f"{one.kind}:{one.annotator}": one for one in row.labels}
    if not said:
        return Dropped(SEVERAL if row.corrections else UNLABELLED)
    kinds = sorted(one.kind for one in said.values())
    one_name = len({one.annotator for one in said.values()}) == 1
    if row.corrections or not (one_name and (len(kinds) == 1 or kinds == ["human", "mc"])):
        return Dropped(SEVERAL)
    verdicts = {name: _verdict(label) for name, label in said.items()}
    return decide(Rule(tuple(said), human_overrides=False), Candidate(len(row.steps), verdicts))


def _verdict(label: SourceLabel) -> Verdict:
    status = label.status or ("unfinished" if label.first_error is None else "ok")
    are_rates = label.kind == "mc" and has_whole_steps(label.config or {})
    return Verdict(status, label.first_error, label.scores, are_rates)


def _sum(files: Sequence[Path]) -> str:
    """The SHA-256 of the file, or of the sums of several."""
    sums = []
    for file in files:
        with file.open("rb") as stream:
            sums.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()
