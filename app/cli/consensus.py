"""Consensus and export on the command line: keep what is agreed, write it to disk."""

from __future__ import annotations

import click
from rich.table import Table

from app.cli.console import console, opened, progress_bar
from app.ui.formatting import number_of
from labeling.formats.catalog import WRITERS, table
from training.data_files import DATA_FILES, recorded_data


@click.command("consensus", short_help="Keep what the annotators agree on.")
@click.argument("annotators", nargs=-1, required=True, metavar="ANNOTATOR...")
@click.option("--human-overrides/--no-human-overrides", default=True, show_default=True)
@click.pass_context
def consensus_command(
    ctx: click.Context, annotators: tuple[str, ...], human_overrides: bool
) -> None:
    """Keep the solutions on whose first error every ANNOTATOR agrees; say why others drop.

    An ANNOTATOR is named kind:name. The rule is the paper's (3.1.3), and a correction by a person
    decides alone. It is remembered: `steplens export consensus` uses the last one.

    \b
    Example:
      steplens consensus mc:policy-k8-scan judge:judge-playground
    """
    from labeling.consensus.rule import Rule
    from labeling.consensus.run import run_consensus

    with opened(ctx) as database:
        with console.status("comparing"):
            summary = run_consensus(
                database, Rule(annotators=annotators, human_overrides=human_overrides)
            )
    table = Table("", "solutions", "share", box=None, pad_edge=False)
    total = max(summary.total, 1)

    def line(what: str, count: int) -> None:
        table.add_row(what, f"{count:,}", f"{count / total:.1%}")

    line("[bold]kept[/bold]", summary.kept)
    line("  without an error", summary.kept_without_error)
    line("  with a first error", summary.kept_with_error)
    line("  decided by a person", summary.by_human)
    for reason, count in summary.dropped.items():
        line(f"dropped: {reason}", count)
    console.print(table)


@click.command("held-out", short_help="What no export holds, to evaluate on.")
@click.option(
    "--share", type=click.FloatRange(0, 1, max_open=True), help="Of the problems, 0.2 for 20%."
)
@click.option("--seed", type=int, help="Another seed, other problems.  [default: 0]")
@click.option("--after-exports", is_flag=True, help="Change it although something was exported.")
@click.pass_context
def held_out_command(
    ctx: click.Context, share: float | None, seed: int | None, after_exports: bool
) -> None:
    """Say which part of the problems no export holds, or choose it before the first export.

    A PRM that is trained on an export is evaluated on the part that it left out: what a consensus
    dropped is not trained on either, but it is the hardest there is. A hash of its text decides on
    which side a problem falls, for good.
    """
    from labeling.consensus.held_out import held_out, hold_out, is_settled
    from training.data import HeldOut

    with opened(ctx) as database:
        part = held_out(database)
        if share is not None or seed is not None:
            part = HeldOut(
                part.share if share is None else share, part.seed if seed is None else seed
            )
            hold_out(database, part, after_exports=after_exports)
        settled = is_settled(database)
    console.print(
        f"{part.share:.0%} of the problems (seed {part.seed}) are held out of every export"
        + ("" if settled else "; nothing was exported yet, so you can still choose")
    )


@click.group()
def export() -> None:
    """Write data sets to disk."""


@export.command("consensus", epilog="\b\nFormats:\n" + table(WRITERS))
@click.argument("out_dir", type=click.Path())
@click.option("--format", type=click.Choice(list(WRITERS)), default="jsonl", show_default=True)
@click.option(
    "--as",
    "file",
    type=click.Choice(list(DATA_FILES)),
    default="jsonl",
    show_default=True,
    help="The kind of file that the rows are in: data.jsonl, data.parquet and so on.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT_DIR if it exists.")
@click.pass_context
def export_consensus(
    ctx: click.Context, out_dir: str, format: str, file: str, overwrite: bool
) -> None:
    """Write what the last consensus rule keeps to OUT_DIR, with a manifest; whole or not at all."""
    from labeling.consensus.run import export_consensus as write

    with opened(ctx) as database:
        with console.status("writing"):
            manifest = write(database, out_dir, format, file=file, overwrite=overwrite)
    rows = recorded_data(manifest)[1]["rows"]
    console.print(f"{number_of(rows, 'solution')} in {out_dir} ({format})")
    if manifest["left_out"]:
        console.print(
            f"{manifest['left_out']:,} left out, which {format} cannot hold, such as those with "
            "steps that nobody judged; jsonl holds all"
        )


@export.command("project", short_help="Write the whole project to one file.")
@click.argument("file", type=click.Path())
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.pass_context
def export_project(ctx: click.Context, file: str, overwrite: bool) -> None:
    """Write the whole project to one FILE, compressed if it ends in .gz, .bz2, .xz or .zst.

    It has every solution, annotation with its evidence, correction, queue and evaluation, and
    `steplens import jsonl FILE` makes the same project of it (docs/formats.md).

    \b
    Example:
      steplens export project my-project.jsonl.gz
    """
    from labeling.project import export_project as write

    with opened(ctx) as database, progress_bar(console, "writing") as report:
        exported = write(database, file, overwrite=overwrite, report=report)
    console.print(
        f"{number_of(exported.solutions, 'solution')}, "
        f"{number_of(exported.annotations, 'annotation')} and "
        f"{number_of(exported.corrections, 'correction')} by "
        f"{number_of(exported.annotators, 'annotator')} in {file}",
        markup=False,
        soft_wrap=True,
    )
