"""The paper's lessons measured again: `steplens lessons`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app.cli.console import console, problems, progress_bar
from labeling.lessons.settings import SIZES


@click.command()
@click.option(
    "--out",
    default="lessons",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the run; one that was begun goes on.",
)
@click.option(
    "--size",
    type=click.Choice(list(SIZES)),
    default="full",
    show_default=True,
    help="small shows in minutes that all of it runs, and decides nothing.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default="a process for each core",
    help="How many parts are done at a time; the figures do not depend on it.",
)
def lessons(out: Path, size: str, workers: int) -> None:
    """Measure the paper's findings again on the playground, and write a report.

    PRMs are trained on the same solutions with labels from Monte Carlo, the judge, their consensus
    and the exact checker, and compared (docs/lessons.md). Interrupt or kill it, and the same
    command goes on where it stopped.
    """
    from labeling.lessons.run import run_lessons

    with progress_bar(console, "lessons") as report:
        try:
            file = run_lessons(out, SIZES[size], workers, report)
        except KeyboardInterrupt:
            problems.print("Stopped. What was done is kept; the same command goes on from there.")
            sys.exit(130)
    console.print(f"[bold]{file}[/bold]")
