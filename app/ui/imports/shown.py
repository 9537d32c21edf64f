"""What an import would make of files: counts, the first solutions, and the rows it would refuse."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from app.components.data_table import data_table
from app.components.step_table.step_table import step_table
from app.ui.formatting import number_of
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow, SolutionRecord
from labeling.formats.preview import Preview
from labeling.formats.reading import Note, Rejection
from labeling.jobs.importing import Reasons, lines_of
from labeling.review.items import Item, review_item

# What a spreadsheet takes for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show(found: Preview) -> None:
    """All that is known before anything is stored."""
    st.text(summary(found))
    refused(found.rejections, found.notes)
    if found.rows:
        first_solutions(found.rows)


def refused(rejections: Sequence[Rejection], notes: Sequence[Note]) -> None:
    """Why rows would not be read, also as a download, and what would be changed in others."""
    if rejections:
        reason_table("Rejected", rejections, "rejected")
        st.download_button(
            "Rejected rows as CSV",
            lambda: as_csv(rejections),
            "rejected.csv",
            "text/csv",
            icon=":material/download:",
            type="tertiary",
        )
    if notes:
        reason_table("Read with changes", notes, "noted")


def summary(found: Preview) -> str:
    """The counts as one sentence, and of how much of the files they are."""
    what = (
        f"{number_of(found.solutions, 'solution')} as {found.format}"
        f"{', recognised by its fields' if found.guessed else ''}; {found.labelled:,} with labels, "
        f"{f'{found.named:,} rows about solutions that are there, ' if found.named else ''}"
        f"{number_of(len(found.rejections), 'row')} rejected."
    )
    if found.complete:
        return what
    return f"{what} These are the first rows; the import reads the rest."


def first_solutions(rows: Sequence[ImportRow]) -> None:
    """One of the first solutions, as Solution will show it."""
    names = [str(number) for number in range(1, len(rows) + 1)]
    chosen = st.segmented_control("Solution", names, default="1", key="previewed") or "1"
    # A choice outlives the files it was made among.
    place = min(int(chosen), len(rows))
    step_table(
        key="preview",
        data={
            "mode": "read",
            "queue": f"preview {place}",
            "scope": "preview",
            "items": [as_item(rows[place - 1], place)],
            "acked": [],
            "refused": {},
            "evidence": {},
            "progress": None,
        },
        height="content",
    )


def as_item(row: ImportRow, place: int) -> Item:
    """A row as the step table takes it; nothing of it is in the database."""
    solution = SolutionRecord(
        place,
        place,
        row.problem,
        row.gold_answer,
        row.steps,
        row.dataset,
        row.generator,
        row.final_answer,
        row.is_correct,
        f"{place:08x}",
    )
    labels = list(enumerate(row.labels, 1))
    annotators = [
        AnnotatorRecord(number, one.kind, one.annotator, {}, False) for number, one in labels
    ]
    said = [
        AnnotationRecord(place, number, one.scores, one.first_error, "ok", {})
        for number, one in labels
    ]
    return review_item(solution, said, annotators, reason=None, mine=None)


def reason_table(title: str, entries: Sequence[Rejection | Note], key: str) -> None:
    """Why rows are refused or changed, the most frequent reason first, with their lines."""
    reasons = Reasons()
    for one in entries:
        reasons.add(one.path, one.line, one.reason)
    rows = [
        [
            data_table.text(f"{one['rows']:,}", "nowrap"),
            data_table.text(lines_of(one), "wrap"),
            data_table.text(one["reason"], "wrap"),
        ]
        for one in reasons.kept()
    ]
    data_table.table([data_table.column(title, "right nowrap"), "Lines", "Reason"], rows, key=key)


def as_csv(entries: Sequence[Rejection | Note]) -> str:
    """Every entry with its file, line and reason; what a spreadsheet would compute is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "line", "reason"])
    for one in entries:
        writer.writerow([_plain(one.path.name), one.line, _plain(one.reason)])
    return text.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
