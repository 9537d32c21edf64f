"""Training a PRM on the command line; needs no database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

from app.cli.console import console, progress_bar
from db.engine import NoDatabaseError, open_database
from labeling.formats.catalog import READERS
from training.config import LABELS, LOSSES, PRECISIONS, TREES
from training.settings import PRESETS

COUNT = click.IntRange(1)


@click.command(short_help="Train a PRM on exports or labelled files.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--base", required=True, help="A language model or a PRM to go on from, e.g. playground:prm."
)
@click.option("--out", required=True, type=click.Path(), help="Folder for the checkpoint.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(READERS)),
    help="Of the files that are no exports.  [default: by their fields]",
)
@click.option(
    "--config",
    "file",
    type=click.Path(),
    help="Settings as TOML (docs/training.md); options go over them.",
)
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="steplens",
    show_default=True,
    help="Settings to start from.",
)
@click.option("--epochs", type=COUNT, help="At most so many passes over the data.")
@click.option("--batch-size", type=COUNT, help="Solutions of an optimizer step.")
@click.option("--device-tokens", type=COUNT, help="Padded tokens that a device computes at once.")
@click.option("--learning-rate", type=float, help="Of the backbone.")
@click.option("--head-learning-rate", type=float, help="Of the head.")
@click.option("--weight-decay", type=click.FloatRange(0))
@click.option("--warmup", type=click.FloatRange(0, 1), help="Share of steps in which rates rise.")
@click.option("--dropout", type=click.FloatRange(0, 1), help="Of what the head reads.")
@click.option("--class-balance", type=click.FloatRange(0, 1), help="0: steps count alike.")
@click.option("--wrong-share", type=click.FloatRange(0, 1), help="Of solutions with an error.")
@click.option("--patience", type=COUNT, help="Epochs without a better F1 before it stops.")
@click.option("--validation-fraction", type=click.FloatRange(0, 1), help="Of the problems.")
@click.option("--max-length", type=COUNT, help="Tokens; later steps are left out.")
@click.option("--separator", help="The token behind each step.")
@click.option("--system-prompt", help="Of the chat; empty leaves it to the template.")
@click.option("--head", type=click.Choice(["mlp", "linear"]), help="What a language model gets.")
@click.option("--loss", type=click.Choice(LOSSES), help="mse: of the probability of a right step.")
@click.option(
    "--labels",
    type=click.Choice(LABELS),
    help="soft: Monte Carlo's success rates, where the export has them.",
)
@click.option("--head-epochs", type=click.IntRange(0), help="Of the head alone, first.")
@click.option("--lora", type=click.IntRange(0), help="Rank of adapters; 0 trains every weight.")
@click.option("--lora-alpha", type=COUNT, help="Adapters count alpha / rank.")
@click.option("--keep-adapter", is_flag=True, default=None, help="Save the adapters apart too.")
@click.option(
    "--gradient-checkpointing",
    is_flag=True,
    default=None,
    help="Less memory for a third more time.",
)
@click.option(
    "--trees",
    type=click.Choice(TREES),
    help="Compute what solutions share once; auto does where it saves half of all tokens.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    help="Of products; auto measures which is faster. Weights that are learnt stay float32.",
)
@click.option("--save-minutes", type=click.FloatRange(0), help="The most that a kill loses.")
@click.option("--device", help="cpu, where there is a GPU too.")
@click.option("--report-to", help="tensorboard, wandb, trackio... (docs/training.md).")
@click.option("--seed", type=int)
@click.option(
    "--leak-check",
    "evaluation_files",
    multiple=True,
    metavar="FILE",
    help="To evaluate on later: its problems are left out. Any import format; may be repeated.",
)
@click.option("--refuse-leaks", is_flag=True, help="Stop where any would be left out.")
@click.option(
    "--dry-run", is_flag=True, help="Say what it would learn from and take; writes nothing."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.pass_context
def train(
    ctx: click.Context,
    sources: tuple[str, ...],
    base: str,
    out: str,
    format_: str | None,
    file: str | None,
    preset: str,
    report_to: str | None,
    evaluation_files: tuple[str, ...],
    refuse_leaks: bool,
    dry_run: bool,
    overwrite: bool,
    **given: Any,
) -> None:
    """Train a PRM on every SOURCE: an export, or a file that import reads. Needs no database.

    A SOURCE may end in a weight: with `more.jsonl:0.5` an epoch draws half of its solutions.
    A base that is a PRM already goes on learning, at a tenth of the rates. The best epoch on the
    export's validation part is kept, as safetensors: a Qwen2 in the layout that Qwen2.5-Math-PRM
    has and vLLM serves. A run that was killed goes on when the command is given again.

    Where there is a project (--db), its held-out problems and imported benchmarks are left out.
    """
    from app.cli.training.tables import dry_run_summary, training_summary
    from labeling.formats.problems import problems_by_set
    from labeling.sources import read_sources
    from training.beginning import of_sources
    from training.settings import configured
    from training.train import train as train_prm

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    console.quiet = os.environ.get("RANK", "0") != "0"  # of several processes the first speaks
    config = configured(file, preset, given)
    if report_to:
        config.trainer["report_to"] = report_to
    data = read_sources(sources, config.labels, format_)
    sets = {
        **_of_project(ctx.find_root().obj, {example.problem for example in data.examples}),
        **problems_by_set(evaluation_files),
    }
    if dry_run:
        from training.dry_run.run import dry_run as try_out

        for line in of_sources(data.sources):
            say(line)
        with console.status("counting, and training on a few batches"):
            found = try_out(data, base, config, sets, refuse_leaks)
        console.print(dry_run_summary(found), markup=False)
        return
    with progress_bar(console, "train") as report:
        outcome = train_prm(
            data,
            base,
            out,
            config,
            progress=report,
            overwrite=overwrite,
            evaluation_sets=sets,
            refuse_leaks=refuse_leaks,
            say=say,
        )
    console.print(training_summary(outcome), markup=False)
    console.print(f"[bold]{out}[/bold]: score with `steplens annotate prm --model {out}`")


def _of_project(url: str, learnt: Iterable[str]) -> dict[str, list[str]]:
    """The problems to evaluate on of the project at `url`, by set; {} where there is none."""
    from labeling.consensus.held_out import evaluation_sets

    try:
        database = open_database(url)
    except NoDatabaseError:
        return {}
    try:
        return evaluation_sets(database, learnt)
    finally:
        database.close()
