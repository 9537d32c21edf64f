"""Filling a project on the command line: its schema, imported files, playground samples."""

from __future__ import annotations

import os

import click

from app.cli.console import console, opened, run_here
from app.cli.imports.preview import show_preview
from app.cli.imports.reasons import say_reasons
from app.ui.formatting import number_of
from db.engine import create_database, schema_versions, upgrade
from labeling.formats.catalog import READERS, table
from labeling.formats.files.hub import SCHEME, given_files
from labeling.formats.guess import guess_format
from labeling.formats.preview import preview
from labeling.formats.splitting import Cut
from models.steps import Thinking


@click.group("db")
def db_group() -> None:
    """Create, upgrade and inspect the database."""


@db_group.command("upgrade")
@click.pass_context
def db_upgrade(ctx: click.Context) -> None:
    """Create the database, or bring an older one to this version's schema. Loses nothing."""
    database = create_database(ctx.find_root().obj, must_be_current=False)
    before, _ = schema_versions(database)
    upgrade(database)
    after, _ = schema_versions(database)
    database.close()
    console.print(f"schema {after}" + ("" if before == after else f" (was {before})"))


@click.command(
    "import",
    short_help="Import solutions with or without step labels.",
    epilog="\b\nFormats:\n" + table(READERS),
)
@click.argument("files", nargs=-1, required=True, metavar="[FORMAT] FILES...")
@click.option("--strict", is_flag=True, help="Refuse a whole file if any of its rows is bad.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show what the first rows would become, and store nothing; reads 1,000 of each file.",
)
@click.option(
    "--split",
    metavar="WAY",
    help="How a text is cut into steps (jsonl's solution): blank-lines, lines, numbered, "
    "sentences or regex:PATTERN. LaTeX environments, code blocks and tables stay whole.",
)
@click.option(
    "--thinking",
    type=click.Choice(("block", "split")),
    help="What a reasoning model thinks (<think>…</think>) in such a text: one step (block, the "
    "default), or cut like the rest.",
)
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[str, ...],
    strict: bool,
    dry_run: bool,
    split: str | None,
    thinking: Thinking | None,
) -> None:
    """Import FILES of one FORMAT (docs/formats.md), or the files in a folder; unpacks as it reads.

    Without FORMAT it is the one whose fields the first rows have. Importing twice adds nothing. A
    bad row is left out and reported with its file, line and reason; the good rows go in. Exits
    with 1 where every row of a file is bad.

    \b
    Examples:
      steplens import processbench gsm8k.json math.json
      steplens import --dry-run mine.jsonl
    """
    format = files[0] if files[0] in READERS else None
    given = files if format is None else files[1:]
    if not given:
        raise click.UsageError(f"which files are of the format {format}? Name them after it")
    paths = [file if file.startswith(SCHEME) else os.path.abspath(file) for file in given]
    found = [file for path in paths for file in given_files(path)]  # before a database is created
    if format is None:
        format = guess_format(found)
        console.print(
            f"Looks like {format}; name another with: steplens import FORMAT FILES", markup=False
        )
    if dry_run:
        show_preview(preview(paths, format, Cut(split, thinking or "block")))
        return
    with opened(ctx, create=True) as database:
        result = run_here(
            database,
            "import",
            "import",
            format=format,
            files=paths,
            strict=strict,
            **({"split": split} if split else {}),
            **({"thinking": thinking} if thinking else {}),
        )
    console.print(
        f"{result['matched']:,} of {number_of(result['read'], 'solution')} in the files matched "
        "one that was there"
    )
    console.print(
        f"Added {number_of(result['solutions'], 'solution')} and "
        f"{number_of(result['problems'], 'problem')}, with "
        f"{number_of(result['annotations'], 'annotation')}; "
        f"{result['repeated']:,} repeated in their file "
        f"and counted as samples; {number_of(result['rejected'], 'row')} rejected"
    )
    say_reasons(result)
    if result["unread"]:
        raise click.ClickException(
            f"nothing in {', '.join(result['unread'])} could be read as {format}. docs/formats.md "
            "describes every format"
        )


@click.command(short_help="Grade the final answers that an import left open.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.pass_context
def grade(ctx: click.Context, dataset: str | None) -> None:
    """Grade the final answers that an import left open.

    An import grades what strings and exact numbers settle; the rest goes to math-verify, in
    processes of its own under a wall clock. What cannot be graded stays open.
    """
    with opened(ctx) as database:
        result = run_here(database, "grade", "grade", dataset=dataset)
    console.print(
        f"{result['correct']:,} right, {result['wrong']:,} wrong, "
        f"{result['unknown']:,} could not be graded"
    )


@click.group()
def playground() -> None:
    """A small world of word problems with tiny models: the whole loop without a GPU."""


@playground.command("sample")
@click.option("--problems", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--solutions", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--seed", default=0, show_default=True, help="Another seed gives other problems.")
@click.pass_context
def playground_sample(ctx: click.Context, problems: int, solutions: int, seed: int) -> None:
    """Make PROBLEMS new problems and let the tiny policy write SOLUTIONS to each.

    The exact labels come along as the annotator human:playground-truth, which the review queue
    does not show. Solutions that are word for word the same are stored once.
    """
    with opened(ctx, create=True) as database:
        result = run_here(
            database, "sample", "sample", problems=problems, solutions=solutions, seed=seed
        )
    console.print(
        f"Sampled {number_of(result['sampled'], 'solution')} to "
        f"{number_of(result['problems'], 'new problem')}, {result['correct_share']:.0%} with the "
        f"right answer; stored the {result['solutions']:,} that differ"
    )
