"""Import as a job: files in, solutions stored chunk by chunk, bad rows reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from db.ingest import insert_rows, solution_fingerprint
from db.records import ImportRow, IngestCount
from labeling.formats.reading import Rejection, read_rows
from labeling.jobs.context import JobContext

CHUNK = 500  # Rows in one transaction: what a kill -9 can cost.
KEPT_REJECTIONS = 1000  # Kept with the job; all are counted.


class ImportRefused(ValueError):
    """A strict import met a bad row; nothing of the file was stored."""


def run_import(context: JobContext) -> dict[str, Any]:
    """Import params["files"] in params["format"]; params["strict"] refuses a file with bad rows.

    Running it again adds nothing twice, which is also how a killed import goes on.
    Raises ImportRefused (strict), OSError for a file that cannot be read.
    """
    files = [Path(file) for file in context.params["files"]]
    check_files(files)
    progress = _Bytes(context, files)
    count, n_rejected, n_repeated = IngestCount(), 0, 0
    rejections: list[dict[str, Any]] = []
    for file in files:
        if context.params.get("strict"):
            _refuse_bad_rows(context.params["format"], file)
        chunk: list[ImportRow] = []
        repeats = _Repeats()
        for row in read_rows(context.params["format"], file, on_bytes=progress.advance):
            if isinstance(row, Rejection):
                n_rejected += 1
                if len(rejections) < KEPT_REJECTIONS:
                    rejections.append(
                        {"file": str(row.path), "line": row.line, "reason": row.reason}
                    )
                continue
            chunk.append(repeats.counted(row))
            if len(chunk) == CHUNK:
                count += insert_rows(context.database, chunk)
                chunk = []
                progress.report(count, n_rejected)
        if chunk:
            count += insert_rows(context.database, chunk)
        n_repeated += repeats.number
        progress.finish_file(file)
        progress.report(count, n_rejected)
    return {
        "problems": count.problems,
        "solutions": count.solutions,
        "annotations": count.annotations,
        "repeated": n_repeated,
        "duplicates": count.duplicates - n_repeated,
        "rejected": n_rejected,
        "rejections": rejections,
    }


def check_files(files: Iterable[str | Path]) -> None:
    """Raise FileNotFoundError for the first that is not there."""
    for file in files:
        if not Path(file).is_file():
            raise FileNotFoundError(f"there is no file {file}")


def _refuse_bad_rows(format: str, file: Path) -> None:
    bad: Iterator[Rejection] = (
        row for row in read_rows(format, file) if isinstance(row, Rejection)
    )
    first = next(bad, None)
    if first is not None:
        more = sum(1 for _ in bad)
        raise ImportRefused(
            f"{first.path}, line {first.line}: {first.reason}"
            + (f" (and {more:,} more bad rows)" if more else "")
            + ". Nothing of this file was imported; mend it, or import without --strict to keep "
            "the good rows."
        )


class _Repeats:
    """Counts the rows of one file that say the same: samples of one solution.

    Rows with the labels of different annotators are counted apart: they are about one sample.
    Counts start anew with each file and the largest is stored, so a file that is imported twice,
    or that has grown since, adds nothing to what was counted before.
    """

    def __init__(self) -> None:
        self.number = 0
        self._once: set[int] = set()  # 8 bytes for each row: a file may have millions
        self._samples: dict[int, int] = {}  # of those that are more than one sample

    def counted(self, row: ImportRow) -> ImportRow:
        """The row, with as many samples as it and its repetitions have until here."""
        solution = solution_fingerprint(row.problem, row.generator, row.steps)
        key = hash((solution, *sorted((label.kind, label.annotator) for label in row.labels)))
        repeated = key in self._once
        self._once.add(key)
        self.number += repeated
        samples = row.samples + (self._samples.get(key, 1) if repeated else 0)
        if samples > 1:
            self._samples[key] = samples
        return replace(row, samples=samples)


class _Bytes:
    """Progress in bytes over several files."""

    def __init__(self, context: JobContext, files: list[Path]):
        self._context = context
        self._total = sum(file.stat().st_size for file in files)
        self._before = 0
        self._here = 0

    def advance(self, position: int) -> None:
        self._here = position

    def finish_file(self, file: Path) -> None:
        self._before += file.stat().st_size
        self._here = 0

    def report(self, count: IngestCount, rejected: int) -> None:
        self._context.report(
            min(self._before + self._here, self._total),
            self._total,
            f"{count.solutions:,} new solutions, {count.duplicates:,} known, {rejected:,} rejected",
        )
