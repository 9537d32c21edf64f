"""The second half of the loop on the command line: consensus, export, train, evaluate."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from app.cli.console import console, opened, progress_bar, run_here

EXPORT_FORMATS = ("jsonl", "trl", "processbench")


class ManyValues(click.Command):
    """Lets `--annotators a b c` take every value up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each value an option of its own, as click wants it."""
        spread: list[str] = []
        inside = False
        for argument in args:
            if argument == "--annotators":
                inside = True
            elif argument.startswith("-"):
                inside = False
                spread.append(argument)
            elif inside:
                spread += ["--annotators", argument]
            else:
                spread.append(argument)
        return super().parse_args(ctx, spread)


@click.command("consensus", cls=ManyValues, short_help="Keep what the annotators agree on.")
@click.option(
    "--annotators", required=True, multiple=True, help="kind:name of each that must agree."
)
@click.option("--human-overrides/--no-human-overrides", default=True, show_default=True)
@click.pass_context
def consensus_command(
    ctx: click.Context, annotators: tuple[str, ...], human_overrides: bool
) -> None:
    """Keep the solutions whose annotators agree on the first error; say why others drop.

    The rule of the paper (3.1.3). A correction by a person decides alone. The rule is
    remembered: `steplens export consensus` uses the last one.

    \b
    Example:
      steplens consensus --annotators mc:policy-k8-scan judge:judge-playground
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


@click.group()
def export() -> None:
    """Write data sets to disk."""


@export.command("consensus")
@click.argument("out_dir", type=click.Path())
@click.option("--format", type=click.Choice(EXPORT_FORMATS), default="jsonl", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace OUT_DIR if it exists.")
@click.pass_context
def export_consensus(ctx: click.Context, out_dir: str, format: str, overwrite: bool) -> None:
    """Write what the last consensus rule keeps to OUT_DIR, with a manifest; whole or not at all.

    \b
    jsonl         our own: problem, steps, labels (+1, 0, -1), first error
    trl           stepwise supervision: prompt, completions, boolean labels
    processbench  problem, steps, first error
    """
    from labeling.consensus.run import export_consensus as write

    with opened(ctx) as database:
        with console.status("writing"):
            manifest = write(database, out_dir, format, overwrite=overwrite)
    rows = manifest["files"]["data.jsonl"]["rows"]
    console.print(f"{rows:,} solutions in {out_dir} ({format})")


@click.command(short_help="Train a PRM on an export.")
@click.argument("export_dir", type=click.Path())
@click.option("--base", required=True, help="The backbone, e.g. playground:policy.")
@click.option("--out", required=True, type=click.Path(), help="Folder for the checkpoint.")
@click.option("--epochs", type=click.IntRange(1), help="At most so many passes over the data.")
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--learning-rate", type=float)
@click.option("--seed", default=0, show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def train(export_dir: str, base: str, out: str, overwrite: bool, **options: Any) -> None:
    """Train a PRM on EXPORT_DIR (made by `steplens export`). Needs no database.

    The best epoch on held-out problems is kept, as safetensors in the layout that
    Qwen2.5-Math-PRM has and vLLM serves.
    """
    from app.cli.tables import training_summary
    from training.train import TrainConfig
    from training.train import train as train_prm

    given = {name: value for name, value in options.items() if value is not None}
    with progress_bar(console, "train") as report:
        outcome = train_prm(
            export_dir, base, out, TrainConfig(**given), progress=report, overwrite=overwrite
        )
    console.print(training_summary(outcome), markup=False)
    console.print(f"[bold]{out}[/bold]: score with `steplens annotate prm --model {out}`")


@click.group()
def evaluate() -> None:
    """Measure an annotator against a reference."""


@evaluate.command("processbench")
@click.option("--annotator", required=True, help="Who is measured, e.g. prm:my-prm.")
@click.option("--reference", required=True, help="Who is right, e.g. human:processbench.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.pass_context
def evaluate_processbench(
    ctx: click.Context, annotator: str, reference: str, dataset: str | None
) -> None:
    """ProcessBench: the share of exact first errors on wrong and on right solutions, and F1.

    F1 is the harmonic mean of those two accuracies. No verdict counts as wrong.
    """
    from app.cli.tables import processbench_table

    with opened(ctx) as database:
        result = run_here(
            database,
            "evaluate",
            "evaluate",
            annotator=annotator,
            reference=reference,
            dataset=dataset,
        )
    console.print(processbench_table(result))


@evaluate.command("best-of-n")
@click.option("--annotator", required=True, help="Whose scores choose, e.g. prm:my-prm.")
@click.option("--n", default=8, show_default=True, type=click.IntRange(2, 1024))
@click.option("--dataset", help="Only solutions of this data set.")
@click.pass_context
def evaluate_best_of_n(ctx: click.Context, annotator: str, n: int, dataset: str | None) -> None:
    """Best-of-N: how often the best-scored of N responses has the right answer.

    Beside it: voting with the products as weights, plain voting (maj@N), a random pick, and
    whether any is right (pass@N). Problems that the PRM was trained on are left out.
    """
    from app.cli.tables import best_of_n_table
    from labeling.evaluation.processbench import evaluate_best_of_n as measure

    with opened(ctx) as database:
        console.print(best_of_n_table(measure(database, annotator, n, dataset)))
