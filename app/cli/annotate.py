"""Annotating by machine on the command line: Monte Carlo, a judge, a PRM."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import click
from rich.table import Table

from app.cli.console import console, opened, option_group, run_here
from app.ui.formatting import number_of
from labeling.montecarlo.planner import STRATEGIES

SERVERS = (
    " openai:MODEL@URL is one behind a server, openai:MODEL@URL,URL behind several that share the "
    "work (docs/generators.md)."
)


@click.group()
def annotate() -> None:
    """Have a machine find where solutions first go wrong: mc, judge or prm."""


_engine_options = option_group(
    click.option(
        "--engine",
        type=click.Choice(("here", "ray")),
        help="here: in this process (the default). ray: in copies over the Ray cluster that "
        "RAY_ADDRESS names, or over this machine's GPUs or cores; the same labels.",
    ),
    click.option(
        "--replicas",
        type=click.IntRange(1),
        help="ray: copies of the model. Default: what fits, one to each GPU or core.",
    ),
    click.option("--gpus", type=click.FloatRange(0.0), help="ray: GPUs to each copy (1)."),
)
_annotation_options = option_group(
    click.option("--max-tokens", type=click.IntRange(1), help="Longest reply, in tokens."),
    click.option("--name", help="The annotator's name; made from the model if left out."),
    click.option("--dataset", help="Only solutions of this data set."),
)


@annotate.command("mc")
@click.option("--model", required=True, help=f"The policy, e.g. playground:policy.{SERVERS}")
@click.option("--samples", default=8, show_default=True, type=click.IntRange(1, 1024))
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    default="scan",
    show_default=True,
    help="scan stops a step at its first success and a solution at its first step without one: "
    "the same hard labels for a fraction of the tokens. exhaustive samples every step in full. "
    "bisect and adaptive spend less still, and let a success vouch for the steps before it "
    "(docs/montecarlo.md).",
)
@click.option(
    "--chunk",
    type=click.IntRange(1),
    help="Completions of a step requested at a time (1). More means fewer waves and more tokens.",
)
@click.option(
    "--stop-mass",
    type=click.FloatRange(0.5, 1.0),
    help="adaptive: stops once it is this sure of the first error (0.92). 1 takes all K samples.",
)
@click.option(
    "--soft",
    is_flag=True,
    default=None,
    help="Insist on soft labels: refuse a strategy that stops before K samples.",
)
@click.option("--temperature", type=click.FloatRange(0.0), help="Default: the model's own, or 1.")
@click.option("--top-p", type=click.FloatRange(0.0, 1.0, min_open=True), help="Nucleus sampling.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Try 32 solutions and estimate what each strategy would cost. Stores nothing.",
)
@click.option(
    "--wave",
    type=click.IntRange(1),
    help="Completions requested and stored in one go (512).",
)
@_annotation_options
@_engine_options
@click.pass_context
def annotate_mc(ctx: click.Context, dry_run: bool, **options: Any) -> None:
    """Monte Carlo: a step is correct if a completion from it reaches the gold answer.

    \b
    Examples:
      steplens annotate mc --model playground:policy --dry-run
      steplens annotate mc --model playground:policy --samples 8 --strategy scan --seed 1
    """
    if dry_run:
        _estimate_mc(ctx, options)
        return
    _annotate(ctx, "annotate_mc", "Monte Carlo", options)


@annotate.command("judge")
@click.option("--model", required=True, help=f"The judge, e.g. playground:judge.{SERVERS}")
@click.option(
    "--prompt",
    default="paper",
    show_default=True,
    help="paper, processbench, playground, or with --score logprob genprm or thinkprm; or the path "
    "of your own (docs/judge.md).",
)
@click.option(
    "--score",
    type=click.Choice(("verdict", "logprob")),
    help="verdict: the first error that a reply names. logprob: P(yes) of each step, from the "
    "log-probabilities of its verdict, as a generative PRM scores. Default: as the prompt is for.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0.0, 1.0),
    help="logprob: the first step under it is the first error. Default: what the annotator of "
    "this name has, or 0.5.",
)
@click.option("--seed", default=0, show_default=True)
@_annotation_options
@click.option(
    "--votes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Replies to each solution; the first error that most of them name is the verdict. "
    "logprob: the mean of their P(yes).",
)
@click.option("--temperature", type=click.FloatRange(0.0), help="Default: the prompt's.")
@_engine_options
@click.pass_context
def annotate_judge(ctx: click.Context, **options: Any) -> None:
    """LLM-as-a-judge: a model reads each step and names the first wrong one.

    A reply that does not keep the prompt's output contract is stored as unparsed, never
    taken for a verdict.

    \b
    Examples:
      steplens annotate judge --model playground:judge --prompt playground
      steplens annotate judge --model vllm:Qwen/Qwen3-8B --prompt genprm --score logprob
    """
    _annotate(ctx, "annotate_judge", "judge", options)


@annotate.command("prm")
@click.option(
    "--model", required=True, help="A PRM: a folder, transformers:HUB_ID, or playground:prm."
)
@click.option(
    "--scheme",
    help="How the PRM is read, where its files do not say: steplens, qwen, math-shepherd, "
    "rlhflow, skywork, pure, trl, trl-blank-line (docs/prms.md).",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    help="What it computes in; else float32 on a CPU and bfloat16 on a GPU. bfloat16 is much "
    "faster on CPUs that have instructions for it, and changes scores a little.",
)
@click.option("--name", help="The annotator's name; made from the model if left out.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.option(
    "--threshold",
    type=click.FloatRange(0.0, 1.0),
    help="The first step that scores below it is the first error. Default: what the annotator of "
    "this name has, or 0.5.",
)
@_engine_options
@click.pass_context
def annotate_prm(ctx: click.Context, **options: Any) -> None:
    """Score every step of every solution with a PRM."""
    _annotate(ctx, "annotate_prm", "PRM", options)


@annotate.command("rethreshold")
@click.option(
    "--annotator",
    required=True,
    help="A PRM, or a judge by log-probabilities, that has scored, e.g. prm:prm-v2.",
)
@click.option(
    "--threshold",
    required=True,
    type=click.FloatRange(0.0, 1.0),
    help="The first step that scores below it is the first error.",
)
@click.pass_context
def annotate_rethreshold(ctx: click.Context, annotator: str, threshold: float) -> None:
    """Give a PRM or judge another threshold: its verdicts are derived again from its stored scores.

    Nothing is scored. The annotator keeps its name; evaluations and exports say which threshold
    they were made with.
    """
    with opened(ctx) as database:
        result = run_here(
            database, "rethreshold", "threshold", annotator=annotator, threshold=threshold
        )
    console.print(
        f"[bold]{result['annotator']}[/bold]: threshold {result['threshold']:g}, before "
        f"{result['threshold_before']:g}; {result['changed']:,} of {result['solutions']:,} "
        "verdicts changed"
    )


def _estimate_mc(ctx: click.Context, options: dict[str, Any]) -> None:
    from labeling.montecarlo.estimate import estimate_mc

    with opened(ctx) as database:
        found = estimate_mc(database, _given(options))
    spent = found["spent"]
    if not found["solutions"]:
        console.print("Nothing to annotate: everything is done, or no solution has a gold answer.")
        return
    console.print(
        f"{number_of(found['solutions'], 'solution')} to annotate. The trial took "
        f"{number_of(spent['rollouts'], 'completion')}, {spent['tokens_generated']:,} tokens and "
        f"{spent['seconds']:.0f} s."
    )
    table = Table("strategy", "tokens generated", "95% interval", "tokens prompted", "time")
    for strategy, cost in found["strategies"].items():
        table.add_row(
            strategy,
            f"{cost['tokens_generated']:,}",
            f"{cost['low']:,} to {cost['high']:,}",
            f"{cost['tokens_prompted']:,}",
            str(timedelta(seconds=round(cost["seconds"]))),
        )
    console.print(table)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """A job's parameters from what was said on the command line."""
    params = {name: value for name, value in options.items() if value is not None}
    if params.get("engine") != "ray" and params.keys() & {"replicas", "gpus"}:
        raise click.UsageError("--replicas and --gpus belong to --engine ray")
    if os.path.isdir(params["model"]):
        params["model"] = os.path.abspath(params["model"])
    return params


def _annotate(ctx: click.Context, kind: str, title: str, options: dict[str, Any]) -> None:
    params = _given(options)
    with opened(ctx) as database:
        result = run_here(database, kind, title, **params)
    console.print(
        f"[bold]{result['annotator']}[/bold]: "
        f"{number_of(result['solutions'], 'solution')} annotated, "
        f"{result['tokens_generated']:,} tokens generated, {result['seconds']:.0f} s"
    )
    if warning := result.get("warning"):
        console.print(f"[yellow]{warning}[/yellow]")
    if later := result.get("came_later"):
        console.print(f"{later:,} of them were added after this job first started.")
    if failed := result.get("failed"):
        console.print(
            f"[yellow]{number_of(failed, 'solution')} failed[/yellow], each stored with its "
            "reason. Run the same command to try just these again."
        )
