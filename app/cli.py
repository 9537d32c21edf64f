"""The command line: `steplens`. Every long command is a job that a second call resumes."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from app.cli_training import consensus_command, evaluate, export, train
from app.console import console, opened, problems, progress_bar, run_here
from db.engine import DEFAULT_URL, open_database, schema_versions, upgrade
from labeling.montecarlo import STRATEGIES

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


@main.group()
def annotate() -> None:
    """Let a machine say where solutions first go wrong: mc, judge or prm."""


def _engine_options(command: Any) -> Any:
    for option in (
        click.option("--gpus", type=click.FloatRange(0.0), help="ray: GPUs to each copy (1)."),
        click.option(
            "--replicas",
            type=click.IntRange(1),
            help="ray: copies of the model. Default: what fits, one to each GPU or core.",
        ),
        click.option(
            "--engine",
            type=click.Choice(("here", "ray")),
            help="here: in this process (the default). ray: in copies over the Ray cluster that "
            "RAY_ADDRESS names, or over this machine's GPUs or cores; the same labels.",
        ),
    ):
        command = option(command)
    return command


def _annotation_options(command: Any) -> Any:
    for option in (
        click.option("--dataset", help="Only solutions of this data set."),
        click.option("--name", help="The annotator's name; made from the model if left out."),
        click.option("--max-tokens", type=click.IntRange(1), help="Longest reply, in tokens."),
    ):
        command = option(command)
    return command


@annotate.command("mc")
@click.option("--model", required=True, help="The policy, e.g. playground:policy.")
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
    help="Completions of a step asked for together (1). More make fewer waves, and cost tokens.",
)
@click.option(
    "--stop-mass",
    type=click.FloatRange(0.5, 1.0),
    help="adaptive: how sure of the first error it stops (0.92). 1 keeps to K samples.",
)
@click.option(
    "--soft",
    is_flag=True,
    default=None,
    help="Refuse a strategy whose shares of successes are no soft labels.",
)
@click.option("--temperature", type=click.FloatRange(0.0), help="Default: the model's own, or 1.")
@click.option("--top-p", type=click.FloatRange(0.0, 1.0, min_open=True), help="Nucleus sampling.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Complete 32 solutions, and tell what each strategy would cost. Stores nothing.",
)
@click.option(
    "--wave",
    type=click.IntRange(1),
    help="Completions asked for together and stored together (512).",
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
@click.option("--model", required=True, help="The judge, e.g. playground:judge.")
@click.option(
    "--prompt",
    default="paper",
    show_default=True,
    help="paper, processbench, playground, or the path of your own (docs/judge.md).",
)
@click.option("--seed", default=0, show_default=True)
@_annotation_options
@click.option(
    "--votes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Replies to each solution; the first error that most of them name is the verdict.",
)
@click.option("--temperature", type=click.FloatRange(0.0), help="Default: the prompt's.")
@_engine_options
@click.pass_context
def annotate_judge(ctx: click.Context, **options: Any) -> None:
    """LLM-as-a-judge: a model reads each step and names the first wrong one.

    A reply that does not keep the prompt's output contract is stored as unparsed, never
    taken for a verdict.
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
    default=0.5,
    show_default=True,
    type=click.FloatRange(0.0, 1.0),
    help="The first step that scores under it is the first error.",
)
@_engine_options
@click.pass_context
def annotate_prm(ctx: click.Context, **options: Any) -> None:
    """Score every step of every solution with a PRM."""
    _annotate(ctx, "annotate_prm", "PRM", options)


def _estimate_mc(ctx: click.Context, options: dict[str, Any]) -> None:
    from labeling.mc_estimate import estimate_mc

    with opened(ctx) as database:
        found = estimate_mc(database, _given(options))
    spent = found["spent"]
    if not found["solutions"]:
        console.print("Nothing to annotate: it is done, or no solution has a gold answer.")
        return
    console.print(
        f"{found['solutions']:,} solutions to annotate. Tried on a few: {spent['rollouts']:,} "
        f"completions, {spent['tokens_generated']:,} tokens, {spent['seconds']:.0f} s"
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
        f"[bold]{result['annotator']}[/bold]: {result['solutions']:,} solutions annotated, "
        f"{result['tokens_generated']:,} tokens generated, {result['seconds']:.0f} s"
    )


for command in (consensus_command, export, train, evaluate):
    main.add_command(command)


def _serving_options(command: Any) -> Any:
    for option in (
        click.option(
            "--secrets",
            type=click.Path(exists=True, dir_okay=False),
            help="TOML file with the [auth] section for sign-in. Without it "
            ".streamlit/secrets.toml is looked for, here and in your home folder.",
        ),
        click.option(
            "--public-name",
            "public_names",
            multiple=True,
            metavar="NAME",
            help="Host name under which people reach the app, e.g. that of a reverse proxy. "
            "Needs sign-in. Repeatable.",
        ),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            metavar="ADDRESS",
            help="Address to listen on. One that other machines reach needs sign-in and "
            "--public-name.",
        ),
        click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535)),
    ):
        command = option(command)
    return command


def _where(options: dict[str, Any]) -> Any:
    from app.serve import Where

    secrets = options["secrets"]
    return Where(
        options["port"],
        options["host"],
        tuple(options["public_names"]),
        None if secrets is None else Path(secrets),
    )


@main.command("app")
@_serving_options
@click.pass_context
def app_command(ctx: click.Context, **options: Any) -> None:
    """Serve the app on http://localhost:PORT, for this machine only.

    Other machines are let in with sign-in (docs/team.md):

    \b
      steplens app --host 0.0.0.0 --public-name steplens.example.org --secrets secrets.toml
    """
    from app.serve import checked_sign_in, serve

    where = _where(options)
    checked_sign_in(where)  # A refusal comes before the database is touched.
    with opened(ctx) as database:
        url = database.url
    serve(url, where)


@main.command()
@click.option("--file", default="playground.db", show_default=True, type=click.Path())
@_serving_options
def demo(file: str, **options: Any) -> None:
    """Open a prepared playground project in the app: every button works on it for real.

    The project is made the first time; what you change in it stays.
    """
    from app.serve import checked_sign_in, serve
    from labeling.demo import prepare_demo

    where = _where(options)
    checked_sign_in(where)
    with progress_bar(console, "prepare the playground project") as report:
        url = prepare_demo(file, report)
    serve(url, where)


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what is installed and what works: packages, GPU, vLLM, Chromium, database."""
    from app.doctor import examine

    table = Table("", "what", "state", box=None, pad_edge=False)
    checks = examine(ctx.find_root().obj)
    for check in checks:
        mark = {"ok": "[green]✓[/green]", "off": "[dim]–[/dim]", "bad": "[red]✗[/red]"}[check.state]
        table.add_row(mark, check.what, escape(check.detail))
    console.print(table)
    if any(check.state == "bad" for check in checks):
        sys.exit(1)


if __name__ == "__main__":
    main()
