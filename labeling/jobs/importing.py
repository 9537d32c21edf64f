"""Import as a job: files in, solutions stored chunk by chunk, bad rows reported."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from db.engine import DatabaseError
from db.imports.labels import Said, insert_labels
from db.imports.matching import find_solutions
from db.imports.project import adopt, ensure_from_file
from db.imports.records import SourceList, SourceWork
from db.imports.storing import store_work
from db.ingest import fingerprint_of, insert_rows
from db.jobs import LostJobError
from db.records import ImportRow, IngestCount, SourceAnnotator, SourceProject
from labeling.formats.base import Named, Remark
from labeling.formats.fields import BadRow
from labeling.formats.files.hub import given_files
from labeling.formats.project.lists import ListParts
from labeling.formats.reading import Note, Rejection, read_rows
from labeling.formats.splitting import Cut
from labeling.jobs.context import JobContext

CHUNK = 500  # Rows in one transaction: what a kill -9 can cost.
KEPT_REASONS = 100  # Kept with the job; the rows of all are counted.
FIRST_LINES = 5  # named for each reason

NOT_BY_PEOPLE = (
    "what people did{} is left out, since people sign in here and a file does not; whoever runs "
    "the server imports it with: steplens import"
)
_NUMBER = re.compile(r"\d+")


class ImportRefused(ValueError):
    """A strict import met a bad row; nothing of the file was stored."""


class Reason(TypedDict):
    """Why rows of a file were not read, or what was changed in them; the first lines, from 1."""

    file: str
    reason: str
    rows: int
    lines: list[int]


class Reasons:
    """The rows of which something is to be said, by file and reason.

    Reasons that differ in a number alone ("steps[3] is blank") are one; the first is shown.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._kept: dict[tuple[str, str], Reason] = {}

    def add(self, file: Path, line: int, reason: str) -> None:
        """Count a row."""
        self.rows += 1
        key = (str(file), _NUMBER.sub("0", reason))
        if key not in self._kept:
            if len(self._kept) == KEPT_REASONS:
                return
            self._kept[key] = Reason(file=str(file), reason=reason, rows=0, lines=[])
        kept = self._kept[key]
        kept["rows"] += 1
        if len(kept["lines"]) < FIRST_LINES:
            kept["lines"].append(line)

    def kept(self) -> list[Reason]:
        """The most frequent first."""
        return sorted(self._kept.values(), key=lambda one: -one["rows"])


def in_words(one: Reason) -> str:
    """A reason as a line of text."""
    if one["rows"] == 1:
        return f"{one['file']}, line {one['lines'][0]}: {one['reason']}"
    return f"{one['file']}, {one['rows']:,} rows (lines {lines_of(one)}): {one['reason']}"


def lines_of(one: Reason) -> str:
    """The first lines that a reason is about."""
    return ", ".join(map(str, one["lines"])) + (", …" if one["rows"] > len(one["lines"]) else "")


def run_import(context: JobContext) -> dict[str, Any]:
    """Import params["files"] in params["format"]; params["strict"] refuses a file with bad rows,
    params["split"] and params["thinking"] say how texts are cut into steps (`formats.splitting`).

    A folder stands for the files in it. With params["people"] false the acts of people stay out.

    The result counts the solutions that were `read`, those of them that `matched` one that was
    there, what was added, and the rows that were rejected or noted; `rejections` and `notes` are
    Reasons, `unread` the files of which every row was rejected.
    Running it again adds nothing twice, which is also how a killed import goes on.
    Raises ImportRefused (strict), OSError for a file that cannot be read.
    """
    files = [file for given in context.params["files"] for file in given_files(given)]
    work = _Import(context, files)
    for file in files:
        if context.params.get("strict"):
            _refuse_bad_rows(context.params["format"], file, work.cut)
        work.read(context.params["format"], file)
    return {
        "problems": work.count.problems,
        "solutions": work.count.solutions,
        "annotations": work.count.annotations,
        "corrections": work.count.corrections,
        "repeated": work.repeated,
        "duplicates": work.count.duplicates - work.repeated,
        "read": work.read_rows,
        "matched": work.count.duplicates - work.repeated + work.matched,
        "rejected": work.rejections.rows,
        "rejections": work.rejections.kept(),
        "noted": work.notes.rows,
        "notes": work.notes.kept(),
        "unread": work.unread,
    }


def _refuse_bad_rows(format: str, file: Path, cut: Cut) -> None:
    bad = (row for row in read_rows(format, file, cut=cut) if isinstance(row, Rejection))
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
        key = hash(
            (fingerprint_of(row), *sorted((label.kind, label.annotator) for label in row.labels))
        )
        repeated = key in self._once
        self._once.add(key)
        self.number += repeated
        samples = row.samples + (self._samples.get(key, 1) if repeated else 0)
        if samples > 1:
            self._samples[key] = samples
        return replace(row, samples=samples)


class _Import:
    """What was read so far, of several files; progress is in bytes on disk."""

    def __init__(self, context: JobContext, files: list[Path]):
        self._context = context
        self._people = context.params.get("people", True)
        self.cut = Cut(context.params.get("split"), context.params.get("thinking", "block"))
        self._total = sum(file.stat().st_size for file in files)
        self._before = 0
        self._here = 0
        self.count = IngestCount()
        self.rejections = Reasons()
        self.notes = Reasons()
        self.unread: list[str] = []
        self.repeated = 0
        self.read_rows = 0
        self.matched = 0  # of the rows that only name their solution
        self._parts, self._lists = ListParts(), dict[str, int]()  # of the file that is read

    def read(self, format: str, file: Path) -> None:
        chunk: list[ImportRow] = []
        named: list[Named] = []
        rejected, rows, repeats = self.rejections.rows, 0, _Repeats()
        self._parts, self._lists = ListParts(), {}
        for row in read_rows(format, file, self._advance, self.cut):
            if isinstance(row, Rejection):
                self.rejections.add(file, row.line, row.reason)
            elif isinstance(row, Note):
                self.notes.add(file, row.line, row.reason)
            elif isinstance(row, SourceProject):
                adopt(self._context.database, row, self._context.job)
            elif isinstance(row, SourceAnnotator):
                if row.is_person and not self._people:
                    continue
                ensure_from_file(self._context.database, row, self._context.job)
            elif isinstance(row, SourceWork):
                self._store(file, chunk)  # It speaks of the solutions before it.
                chunk = []
                self._store_work(file, row)
            elif isinstance(row, Named):
                rows += 1
                named.append(row)
                if len(named) == CHUNK:
                    self._store_named(file, named)
                    named = []
            else:
                rows += 1
                if row.corrections and not self._people:
                    self.notes.add(file, row.line or 0, NOT_BY_PEOPLE.format(" on it"))
                    row = replace(row, corrections=())
                chunk.append(repeats.counted(row))
                if len(chunk) == CHUNK:
                    self._store(file, chunk)
                    chunk = []
        self._before += file.stat().st_size
        self._here = 0
        self._store(file, chunk)
        self._store_named(file, named)
        for part in self._parts.without_end():
            self.rejections.add(file, part.line, "the rest of this list is missing: it is left out")
        self.repeated += repeats.number
        self.read_rows += rows
        if not rows and self.rejections.rows > rejected:
            self.unread.append(str(file))

    def _advance(self, position: int) -> None:
        self._here = position

    def _store_work(self, file: Path, told: SourceWork) -> None:
        if not self._people:
            self.notes.add(file, told.line, NOT_BY_PEOPLE.format(", and what they found,"))
            return
        try:
            whole = self._parts.whole(told) if isinstance(told, SourceList) else told
            if whole is None:
                return
            words = store_work(self._context.database, whole, self._lists, self._context.job)
        except LostJobError:
            raise
        except (BadRow, DatabaseError) as error:
            self.rejections.add(file, told.line, str(error))
        else:
            if words is not None:
                self.notes.add(file, told.line, words)

    def _store_named(self, file: Path, rows: list[Named]) -> None:
        """Store what rows say of solutions that they only name; what names none is rejected."""
        said: list[Said] = []
        found = find_solutions(self._context.database, [one.about for one in rows])
        for row, match in zip(rows, found, strict=True):
            if match.reason is not None:
                self.rejections.add(file, row.line, match.reason)
                continue
            self.matched += 1
            for one in row.read(match.n_steps):
                if isinstance(one, Remark):
                    self.rejections.add(file, row.line, one.text)
                else:
                    said += [Said(solution_id, one, row.line) for solution_id in match.ids]
        if said:
            stored = insert_labels(
                self._context.database,
                said,
                job=self._context.job,
                on_note=lambda line, words: self.notes.add(file, line or 0, words),
            )
            self.count += IngestCount(annotations=stored)

    def _store(self, file: Path, chunk: list[ImportRow]) -> None:
        def note(line: int | None, words: str) -> None:
            self.notes.add(file, line or 0, words)

        if chunk:
            self.count += insert_rows(
                self._context.database,
                chunk,
                job=self._context.job,
                on_note=note,
            )
        self._context.report(
            min(self._before + self._here, self._total),
            self._total,
            f"{self.count.solutions:,} new, {self.count.duplicates:,} known, "
            f"{self.rejections.rows:,} rejected",
        )
