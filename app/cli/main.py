"""The command line: `steplens`. Every long command is a job that a second call resumes."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from app.cli.annotate import annotate
from app.cli.annotators import annotators
from app.cli.consensus import consensus_command, export, held_out_command
from app.cli.console import console
from app.cli.data import db_group, grade, import_, playground
from app.cli.evaluate import evaluate
from app.cli.imports.scores import import_scores
from app.cli.lessons import lessons
from app.cli.review.resegment import resegment
from app.cli.serving import app_command, demo
from app.cli.training.commands import train
from db.engine import DEFAULT_URL


class _Steplens(click.Group):
    """Turns expected errors into one line; STEPLENS_DEBUG=1 shows the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("STEPLENS_DEBUG"):
            return super().invoke(ctx)
        try:
            return super().invoke(ctx)
        except (ValueError, OSError, ImportError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Steplens, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--db",
    "url",
    envvar="STEPLENS_DB",
    default=DEFAULT_URL,
    show_default=True,
    help="Database URL: sqlite:///file.db or postgresql://user:password@host/name. "
    "Also read from STEPLENS_DB.",
)
@click.version_option(package_name="steplens")
@click.pass_context
def main(ctx: click.Context, url: str) -> None:
    """See, correct and train process reward models.

    \b
    A first tour without a GPU or network, on the playground:
      steplens playground sample --problems 100 --solutions 4
      steplens annotate mc --model playground:policy
      steplens annotate judge --model playground:judge --prompt playground
      steplens consensus mc:NAME judge:NAME
      steplens export consensus my-export
      steplens train my-export --base playground:prm --out my-prm
      steplens annotate prm --model my-prm --name my-prm
      steplens app

    Or see a prepared project at once: steplens demo
    """
    # What is started from here, grading processes and engines of models too, finds no module in the
    # working folder: a signal.py or models.py there would be taken for another one.
    os.environ["PYTHONSAFEPATH"] = "1"
    ctx.obj = url


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what is installed and what works: packages, GPU, vLLM, Chromium, database."""
    from app.cli.doctor import examine

    table = Table("", "what", "state", box=None, pad_edge=False)
    checks = examine(ctx.find_root().obj)
    for check in checks:
        mark = {"ok": "[green]✓[/green]", "off": "[dim]–[/dim]", "bad": "[red]✗[/red]"}[check.state]
        table.add_row(mark, check.what, escape(check.detail))
    console.print(table)
    if any(check.state == "bad" for check in checks):
        sys.exit(1)


for command in (
    db_group,
    import_,
    import_scores,
    grade,
    playground,
    annotate,
    annotators,
    resegment,
    held_out_command,
    consensus_command,
    export,
    train,
    evaluate,
    lessons,
    app_command,
    demo,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
