"""Scores and verdicts out of files on the command line."""

from __future__ import annotations

import os

import click

from app.cli.console import console, opened, problems, run_here
from app.cli.imports.reasons import say_reasons
from app.ui.formatting import number_of
from db.records import KINDS
from labeling.formats.files.hub import SCHEME
from labeling.formats.files.renaming import parsed
from labeling.scores.rows import KNOWN


@click.command(short_help="Import what a PRM, judge or person said of solutions.")
@click.argument("files", nargs=-1, required=True)
@click.option("--kind", required=True, type=click.Choice(KINDS), help="Who gave the scores.")
@click.option("--name", required=True, help="What the annotator is called: KIND:NAME.")
@click.option("--dataset", help="The data set of rows that have an id and do not name one.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="The first step that scores less is the first error; 0.5 for a PRM.",
)
@click.option(
    "--field",
    "given",
    multiple=True,
    metavar="OURS=THEIRS",
    help="What the file calls a field of ours, such as scores=step_rewards. Repeatable.",
)
@click.pass_context
def import_scores(
    ctx: click.Context,
    files: tuple[str, ...],
    kind: str,
    name: str,
    dataset: str | None,
    threshold: float | None,
    given: tuple[str, ...],
) -> None:
    """Import scores, first errors and their evidence for solutions that the project has.

    A row names its solution: our solution_id, or the id it was imported with and its data set, or
    its problem and steps (docs/bring-your-own.md). What finds none, or does not fit its solution,
    is reported with its line. Importing twice adds nothing. Exits with 1 where no row matched.

    \b
    Example:
      steplens import-scores rewards.parquet --kind prm --name r-prm --dataset gsm8k \\
        --field scores=step_rewards --field id=idx
    """
    try:
        names = parsed(given, KNOWN)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--field") from error
    with opened(ctx) as database:
        result = run_here(
            database,
            "import_scores",
            "import",
            files=[file if file.startswith(SCHEME) else os.path.abspath(file) for file in files],
            kind=kind,
            name=name,
            threshold=threshold,
            dataset=dataset,
            fields=names,
        )
    cut = "" if result["threshold"] is None else f", threshold {result['threshold']:g}"
    console.print(
        f"{result['matched']:,} of {number_of(result['rows'], 'row')} matched a solution; "
        f"{result['rejected']:,} rejected\n"
        f"{result['annotator']} (from file{cut}): {number_of(result['solutions'], 'solution')} "
        f"added, {result['known']:,} already there",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    say_reasons(result)
    if result["unread"]:
        problems.print(f"Fields not read: {', '.join(result['unread'])}", markup=False)
    if not result["matched"]:
        raise click.ClickException(
            "no row matched a solution. Import the solutions first, or say how the rows name them "
            "(--dataset, --field; docs/bring-your-own.md)"
        )
