"""Scores from files as a job: an annotator like any other, whose configuration is the files.

It is read, never reproduced: the configuration has no model, and says from where the scores came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from db.annotators import list_annotators
from db.engine import Database, DatabaseError
from db.imports.labels import Said, insert_labels
from db.imports.matching import find_solutions
from db.records import FROM_FILE, KINDS, REWARD, AnnotatorRecord
from labeling.datasets import require_dataset
from labeling.formats.base import Json
from labeling.formats.fields import BadRow
from labeling.formats.files.hub import given_files
from labeling.formats.reading import Note, Rejection
from labeling.jobs.context import JobContext
from labeling.jobs.importing import CHUNK, Reason, Reasons
from labeling.prm.verdicts import DEFAULT_THRESHOLD
from labeling.scores.annotation import Who, read_annotation
from labeling.scores.evidence import Shape
from labeling.scores.rows import ScoresRow, gives_rewards, read_scores, survey


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files of scores, and how they are to be read.

    `dataset` is that of rows which have an id and do not name one; `names` are the files' own names
    for our fields (ours -> theirs). `threshold` cuts scores; None is the usual one of a PRM, and
    the kind's own rule for others.
    """

    files: tuple[Path, ...]
    kind: str
    name: str
    threshold: float | None = None
    dataset: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


class ScoresReport(TypedDict):
    """What came of files of scores: of `rows`, `matched` are about a solution of the project.

    `solutions` were annotated by them, `known` were so before; `unread` are fields that nothing
    was made of.
    """

    annotator: str
    threshold: float | None
    rows: int
    matched: int
    solutions: int
    known: int
    rejected: int
    rejections: list[Reason]
    noted: int
    notes: list[Reason]
    unread: list[str]


def import_scores(context: JobContext) -> dict[str, Any]:
    """The job: params are those of `Wanted`, with `fields` for its names. Returns a ScoresReport.

    What is there already is left alone, so running it again adds nothing, and a killed import goes
    on. Raises ValueError for a kind that there is not, DatabaseError for a name that has other
    scores, OSError for a file that cannot be read.
    """
    params = context.params
    files = tuple(file for given in params["files"] for file in given_files(given))
    wanted = Wanted(
        files,
        params["kind"],
        params["name"],
        params.get("threshold"),
        params.get("dataset"),
        params.get("fields") or {},
    )
    require_dataset(context.database, wanted.dataset)
    work = _Scores(context, wanted)
    for file in files:
        work.read(file)
    return dict(work.report())


class _Scores:
    """What was read so far, of several files; progress is in bytes on disk."""

    def __init__(self, context: JobContext, wanted: Wanted):
        self._context, self._wanted = context, wanted
        self._who = annotator_of(context.database, wanted)
        self._total = sum(file.stat().st_size for file in wanted.files)
        self._before = self._here = 0
        self._rows = self._matched = self._solutions = self._known = 0
        self._rejections, self._notes = Reasons(), Reasons()
        self._unread: set[str] = set()

    def read(self, file: Path) -> None:
        """Store what a file says, a transaction for each chunk."""
        database = self._context.database
        for chunk in matched_rows(
            database, file, self._wanted, self._who, self._unread, self._advance
        ):
            self._store(file, chunk)
            self._report()
        self._before, self._here = self._before + file.stat().st_size, 0
        self._report()

    def report(self) -> ScoresReport:
        """What came of it."""
        return {
            "annotator": f"{self._who.kind}:{self._who.name}",
            "threshold": self._who.threshold,
            "rows": self._rows,
            "matched": self._matched,
            "solutions": self._solutions,
            "known": self._known,
            "rejected": self._rejections.rows,
            "rejections": self._rejections.kept(),
            "noted": self._notes.rows,
            "notes": self._notes.kept(),
            "unread": sorted(self._unread),
        }

    def _store(self, file: Path, chunk: list[Said | Rejection | Note]) -> None:
        for one in chunk:
            if isinstance(one, Rejection):
                self._rejections.add(file, one.line, one.reason)
            elif isinstance(one, Note):
                self._notes.add(file, one.line, one.reason)
        said = [one for one in chunk if isinstance(one, Said)]
        matched = len({one.line for one in said})
        added = insert_labels(
            self._context.database,
            said,
            job=self._context.job,
            on_note=lambda line, words: self._notes.add(file, line or 0, words),
        )
        self._rows += matched + sum(isinstance(one, Rejection) for one in chunk)
        self._matched += matched
        self._solutions += added
        self._known += len(said) - added

    def _advance(self, position: int) -> None:
        self._here = position

    def _report(self) -> None:
        self._context.report(
            min(self._before + self._here, self._total),
            self._total,
            f"{self._matched:,} matched, {self._rejections.rows:,} not",
        )


def matched_rows(
    database: Database,
    file: Path,
    wanted: Wanted,
    who: Who,
    unread: set[str],
    on_bytes: Callable[[int], None] | None = None,
) -> Iterator[list[Said | Rejection | Note]]:
    """What a file says, in the order of its rows, CHUNK rows at a time; stores nothing.

    A row that is about no solution, or does not fit its own, is a Rejection. `unread` is given the
    fields that nothing is made of.
    """
    chunk: list[ScoresRow | Rejection] = []
    for row in read_scores(file, wanted.names, wanted.dataset, unread, on_bytes):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield _matched(database, file, chunk, who)
            chunk = []
    if chunk:
        yield _matched(database, file, chunk, who)


def _matched(
    database: Database, file: Path, chunk: list[ScoresRow | Rejection], who: Who
) -> list[Said | Rejection | Note]:
    found = iter(
        find_solutions(database, [one.about for one in chunk if isinstance(one, ScoresRow)])
    )
    told: list[Said | Rejection | Note] = []
    for row in chunk:
        if isinstance(row, Rejection):
            told.append(row)
            continue
        match = next(found)
        try:
            if match.reason is not None:
                raise BadRow(match.reason)
            shape = Shape(match.n_steps if row.steps is None else row.steps.given, row.steps)
            read = read_annotation(row.said, who, shape)
        except BadRow as error:
            told.append(Rejection(file, row.line, str(error)))
            continue
        if read.remark is not None:
            told.append(Note(file, row.line, read.remark))
        told.extend(Said(solution_id, read.label, row.line) for solution_id in match.ids)
    return told


def annotator_of(database: Database, wanted: Wanted) -> Who:
    """Whom the files speak for: the annotator whose configuration is just these files, so read.

    Without a threshold it keeps the one it has been given since. Raises DatabaseError for a name
    that stands for other scores: files that have changed are another annotator, as nobody could
    tell afterwards which of its scores came from which.
    """
    if wanted.kind not in KINDS:
        raise ValueError(f"there is no kind {wanted.kind!r}; there are {', '.join(KINDS)}")
    if wanted.threshold is not None and wanted.kind == "human":
        raise ValueError("people's labels have no threshold: they are 1, 0 and -1")
    rewarded = rewards(wanted)
    origin: dict[str, Any] = {
        "source": FROM_FILE,
        "files": [survey(file).origin() for file in wanted.files],
        **({"fields": dict(wanted.names)} if wanted.names else {}),
        **({"scores": REWARD} if rewarded else {}),
    }
    label = f"{wanted.kind}:{wanted.name}"
    there = next((one for one in list_annotators(database) if one.label == label), None)
    threshold = wanted.threshold
    if threshold is None and wanted.kind == "prm" and not rewarded:
        threshold = DEFAULT_THRESHOLD
    if there is not None and _but_threshold(there.config) == origin and wanted.threshold is None:
        threshold = there.config.get("threshold")
    config = origin if threshold is None else {**origin, "threshold": threshold}
    if there is not None and there.config != config:
        raise DatabaseError(_taken(there, origin, threshold))
    return Who(wanted.kind, wanted.name, config, threshold, rewarded)


def rewards(wanted: Wanted) -> bool:
    """Whether the files give a number to each solution, and not to its steps."""
    return any(gives_rewards(file, wanted.names) for file in wanted.files[:1])


def _but_threshold(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "threshold"}


def _taken(there: AnnotatorRecord, origin: dict[str, Json], threshold: float | None) -> str:
    """Why a name cannot have these scores, and what to do."""
    if _but_threshold(there.config) == origin:
        return (
            f"{there.label} is these very scores at the threshold {there.config['threshold']:g}. "
            f"Leave --threshold out to go on with that, or give the scores another --name"
        )
    if not there.from_file:
        return f"{there.label} is another annotator. Give these scores another --name"
    files = ", ".join(f"{one['name']} ({one['rows']:,} rows)" for one in there.config["files"])
    return (
        f"{there.label} is what {files} said, and that file has changed since, or is read "
        "otherwise now. Nothing of it was replaced; give these scores a --name of their own"
    )
