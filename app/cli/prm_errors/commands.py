"""`steplens evaluate` biases, calibration, slices and agreement."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import click
from rich.table import Table

from app.cli.console import console, opened, option_group
from app.cli.tables import unknown_training

if TYPE_CHECKING:
    from labeling.evaluation.prm_errors.source import MeasuredOn
    from training.metrics.slices import FigureName

Told = TypeVar("Told")

measured = option_group(
    click.option("--annotator", required=True, help="The PRM, e.g. prm:my-prm."),
    click.option("--reference", required=True, help="Who is right, e.g. human:processbench."),
    click.option("--dataset", help="Only solutions of this data set."),
    click.option("--all", "everything", is_flag=True, help="Also problems it was trained on."),
    click.option("--json", "as_json", is_flag=True, help="Print the stored result as JSON."),
)


@click.command("biases")
@measured
@click.pass_context
def evaluate_biases(
    ctx: click.Context,
    annotator: str,
    reference: str,
    dataset: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """The paper's three biases: flawed right answers, tolerance, lowest score on the last step.

    Beside them what the paper publishes, marked so. Problems that the PRM was trained on are left
    out where they are known.
    """
    from app.cli.prm_errors.tables import biases_tables
    from labeling.evaluation.prm_errors.biases import evaluate_biases as measure

    with opened(ctx) as database:
        result = measure(database, annotator, reference, dataset, everything=everything)
    _say(result, as_json, biases_tables, result.measured)


@click.command("calibration")
@measured
@click.pass_context
def evaluate_calibration(
    ctx: click.Context,
    annotator: str,
    reference: str,
    dataset: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Whether scores are the probabilities that they claim to be, and what length does to them.

    Steps count up to the first error, that one too. ECE over ten bins of equal width, Brier, the
    areas under ROC and precision-recall of a low score as a sign of an error, scores by position
    and length. Problems that the PRM was trained on are left out where they are known.
    """
    from app.cli.prm_errors.tables import calibration_tables
    from labeling.evaluation.prm_errors.calibration import evaluate_calibration as measure

    with opened(ctx) as database:
        result = measure(database, annotator, reference, dataset, everything=everything)
    _say(result, as_json, calibration_tables, result.measured)


@click.command("slices")
@measured
@click.option(
    "--figure",
    type=click.Choice(["f1", "exact", "clean"]),
    default="f1",
    show_default=True,
    help="The figure that slices are sorted by.",
)
@click.pass_context
def evaluate_slices(
    ctx: click.Context,
    annotator: str,
    reference: str,
    dataset: str | None,
    everything: bool,
    as_json: bool,
    figure: str,
) -> None:
    """Where a PRM is worse than on the whole: by steps, place of the error, generator and more.

    The greatest loss comes first, slices of too few solutions last. Problems that the PRM was
    trained on are left out where they are known.
    """
    from app.cli.prm_errors.tables import slices_tables
    from labeling.evaluation.prm_errors.slices import NO_KINDS
    from labeling.evaluation.prm_errors.slices import evaluate_slices as measure

    name = cast("FigureName", figure)
    with opened(ctx) as database:
        result = measure(database, annotator, reference, dataset, everything=everything)
    _say(result, as_json, lambda told: slices_tables(told, name), result.measured)
    if not (as_json or result.kinds_known):
        console.print(NO_KINDS, soft_wrap=True)


@click.command("agreement")
@click.option("--first", required=True, help="One PRM, e.g. prm:my-prm-v1.")
@click.option("--second", required=True, help="The other, e.g. prm:my-prm-v2.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def evaluate_agreement(
    ctx: click.Context, first: str, second: str, dataset: str | None, as_json: bool
) -> None:
    """How far two PRMs agree: the order of their lowest scores, and their first errors.

    Each at its own threshold, on the solutions that both have scored. It takes no reference, and
    says nothing of who is right.
    """
    from app.cli.prm_errors.tables import agreement_table
    from labeling.evaluation.prm_errors.agreement import compare_prms

    with opened(ctx) as database:
        result = compare_prms(database, first, second, dataset)
    _say(result, as_json, lambda told: [agreement_table(told)])


COMMANDS = (evaluate_biases, evaluate_calibration, evaluate_slices, evaluate_agreement)


def _say(
    result: Told, as_json: bool, tables: Callable[[Told], list[Table]], on: MeasuredOn | None = None
) -> None:
    from labeling.evaluation.prm_errors.source import plain

    if as_json:
        click.echo(json.dumps(plain(result), indent=2))
        return
    for table in tables(result):
        console.print(table)
    if on is not None:
        _say_what_counted(on)


def _say_what_counted(on: MeasuredOn) -> None:
    lines = []
    if on.left_out:
        lines.append(f"{on.left_out:,} solutions left out: {on.annotator} was trained on them")
    if on.training_data == "unknown":
        lines.append(unknown_training(on.annotator))
    elif not on.held_out:
        lines.append(f"Problems that {on.annotator} was trained on count here: nothing is held out")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
