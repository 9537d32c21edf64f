"""The command line: `steplens`. Every long command is a job that a second call resumes."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from app.cli.annotate import annotate
from app.cli.console import console, opened, problems, run_here
from app.cli.serving import app_command, demo
from app.cli.train import consensus_command, evaluate, export, train
from db.engine import DEFAULT_URL, open_database, schema_versions, upgrade

FORMATS = ("processbench", "prm800k", "math-shepherd", "jsonl")
SHOWN_REJECTIONS = 20


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
      steplens consensus --annotators mc:NAME judge:NAME
      steplens export consensus my-export
      steplens train my-export --base playground:policy --out my-prm
      steplens annotate prm --model my-prm --name my-prm
      steplens app

    Or see a prepared project at once: steplens demo
    """
    ctx.obj = url


@main.group("db")
def db_group() -> None:
    """Create, upgrade and inspect the database."""


@db_group.command("upgrade")
@click.pass_context
def db_upgrade(ctx: click.Context) -> None:
    """Create the database, or bring an older one to this version's schema. Loses nothing."""
    database = open_database(ctx.find_root().obj, must_be_current=False)
    before, _ = schema_versions(database)
    upgrade(database)
    after, _ = schema_versions(database)
    database.close()
    console.print(f"schema {after}" + ("" if before == after else f" (was {before})"))


@main.command("import", short_help="Import solutions with or without step labels.")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--strict", is_flag=True, help="Refuse a file that has any bad row.")
@click.pass_context
def import_(ctx: click.Context, format: str, files: tuple[str, ...], strict: bool) -> None:
    """Import FILES of one FORMAT (docs/formats.md); .gz files are read as they are.

    Importing twice adds nothing. A bad row is left out and reported with its file, line and
    reason; the good rows go in.

    \b
    Example:
      steplens import processbench gsm8k.json math.json
    """
    paths = [os.path.abspath(file) for file in files]
    with opened(ctx) as database:
        result = run_here(database, "import", "import", format=format, files=paths, strict=strict)
    console.print(
        f"{result['solutions']:,} new solutions to {result['problems']:,} new problems, "
        f"{result['annotations']:,} with labels; {result['duplicates']:,} were there already; "
        f"{result['rejected']:,} rows rejected"
    )
    for bad in result["rejections"][:SHOWN_REJECTIONS]:
        problems.print(f"{bad['file']}, line {bad['line']}: {bad['reason']}", markup=False)
    if result["rejected"] > SHOWN_REJECTIONS:
        problems.print(f"… and {result['rejected'] - SHOWN_REJECTIONS:,} more rejected rows")


@main.group()
def playground() -> None:
    """A small world of word problems with tiny models: the whole loop without a GPU."""


@playground.command("sample")
@click.option("--problems", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--solutions", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--seed", default=0, show_default=True, help="Another seed, other problems.")
@click.pass_context
def playground_sample(ctx: click.Context, problems: int, solutions: int, seed: int) -> None:
    """Make PROBLEMS new problems and let the tiny policy write SOLUTIONS to each.

    The exact labels come along as the annotator human:playground-truth, which the review queue
    does not show. Solutions that are word for word the same are stored once.
    """
    with opened(ctx) as database:
        result = run_here(
            database, "sample", "sample", problems=problems, solutions=solutions, seed=seed
        )
    console.print(
        f"{result['sampled']:,} solutions sampled to {result['problems']:,} new problems, "
        f"{result['correct_share']:.0%} with the right answer; "
        f"{result['solutions']:,} distinct ones stored"
    )


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


for command in (annotate, consensus_command, export, train, evaluate, app_command, demo):
    main.add_command(command)


if __name__ == "__main__":
    main()
