"""Printing what an import would make of files."""

from __future__ import annotations

from app.cli.console import console, problems
from app.ui.formatting import number_of
from db.records import ImportRow, SourceLabel
from labeling.formats.preview import Preview
from labeling.jobs.importing import Reasons, in_words

LONGEST = 100  # characters of a text


def show_preview(found: Preview) -> None:
    """The first solutions step by step, the counts, and why rows would not be read."""
    for row in found.rows:
        _say(f"{row.dataset} {row.external_id or '(no id)'}, by {row.generator}")
        _say(f"  problem  {_short(row.problem)}")
        answer = "none found" if row.final_answer is None else _short(row.final_answer)
        right = {True: "right", False: "wrong", None: "not graded"}[row.is_correct]
        _say(f"  answer   {answer} ({right})")
        for label in row.labels:
            _say(f"  says     {label.kind}:{label.annotator}: {_verdict(label)}")
        for number, step in enumerate(row.steps):
            _say(f"  {number + 1:>3}  {_scores(row, number)}{_short(step)}")
        _say("")
    for entries in (found.rejections, found.notes):
        reasons = Reasons()
        for one in entries:
            reasons.add(one.path, one.line, one.reason)
        for reason in reasons.kept():
            problems.print(in_words(reason), markup=False, soft_wrap=True)
    about = f", {found.named:,} only named" if found.named else ""
    part = "" if found.complete else " in the first rows; the files go on"
    _say(
        f"{number_of(found.solutions, 'solution')} as {found.format}, {found.labelled:,} with "
        f"labels{about}; {number_of(len(found.rejections), 'row')} rejected{part}. Nothing was "
        "stored"
    )


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _verdict(label: SourceLabel) -> str:
    if label.first_error is None:
        return "no verdict"
    return "no error" if label.first_error < 0 else f"first error in step {label.first_error + 1}"


def _scores(row: ImportRow, step: int) -> str:
    told = [label.scores[step] for label in row.labels]
    return "".join(f"{'' if one is None else format(one, '.3g'):>6}  " for one in told)


def _short(text: str) -> str:
    """A text on one line, without what a terminal would obey."""
    line = "".join(mark if mark.isprintable() else " " for mark in " ".join(text.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
