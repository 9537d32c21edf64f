"""What the commands of `steplens` share: the terminal, the database, running a job in sight."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from db.engine import Database, create_database, open_database
from db.jobs import create_job
from db.lists import solution_index
from labeling.jobs.context import JobCancelled
from labeling.jobs.runner import run_job
from models.names import refuse_secrets

Decorated = TypeVar("Decorated", bound=Callable[..., object])

# Names are shown as they are: prm:x: is no emoji.
console = Console(emoji=False)
problems = Console(stderr=True, emoji=False)


def option_group(*chosen: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, in this order in --help."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate


@contextmanager
def opened(ctx: click.Context, *, create: bool = False) -> Iterator[Database]:
    """The database that --db names, for the time of one command; `create` it if it is not there."""
    database = (create_database if create else open_database)(ctx.find_root().obj)
    try:
        solution_index.ensure(database)
        yield database
    finally:
        database.close()


def run_here(database: Database, kind: str, title: str, /, **params: Any) -> dict[str, Any]:
    """Run (or resume) a job in this process with a progress bar."""
    refuse_secrets(str(params.get("model", "")))
    job = create_job(database, kind, params)
    if job.started_at is not None:
        console.print(f"[dim]resuming job {job.id} where it stopped[/dim]")
    with progress_bar(console, title) as report:
        try:
            return run_job(database, job.id, report)
        except (JobCancelled, KeyboardInterrupt):
            problems.print("Stopped. What was done is kept; the same command goes on from there.")
            sys.exit(130)


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar that is moved by calling report(done, total, message)."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}[/dim]"),
        console=console,
    ) as progress:
        task = progress.add_task(title, total=None, note="")

        def report(done: int, total: int, message: str = "") -> None:
            progress.update(task, completed=done, total=total, note=message)

        yield report
