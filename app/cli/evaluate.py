"""Evaluation on the command line: an annotator on ProcessBench, and as a chooser among N."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click
from rich.markup import escape
from rich.table import Column, Table

from app.cli.console import console, opened, run_here
from app.cli.prm_errors.commands import COMMANDS
from app.cli.tables import unknown_training
from labeling.evaluation.results import BestOfNJson, ProcessBenchJson, ResponsesJson

if TYPE_CHECKING:
    from training.metrics.error_types import TypeHits


@click.group()
def evaluate() -> None:
    """Measure an annotator against a reference."""


for command in COMMANDS:
    evaluate.add_command(command)


@evaluate.command("processbench")
@click.option("--annotator", required=True, help="Who is measured, e.g. prm:my-prm.")
@click.option("--reference", required=True, help="Who is right, e.g. human:processbench.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.option("--tune-on", help="Also tell what the threshold that is best on this data set gives.")
@click.pass_context
def evaluate_processbench(
    ctx: click.Context, annotator: str, reference: str, dataset: str | None, tune_on: str | None
) -> None:
    """ProcessBench: the share of exact first errors on wrong and on right solutions, and F1.

    F1 is the harmonic mean of those two accuracies. No verdict counts as wrong. Several data
    sets are measured one by one, and the last line is their unweighted mean, as in the paper.
    Below: where the verdicts lie beside the first error, and what other thresholds would give, on
    problems that it was not trained on where these are known.
    """
    with opened(ctx) as database:
        result = run_here(
            database,
            "evaluate",
            "evaluate",
            annotator=annotator,
            reference=reference,
            dataset=dataset,
            tune_on=tune_on,
        )
    _say_processbench(cast(ProcessBenchJson, result))


def _say_processbench(told: ProcessBenchJson) -> None:
    from app.cli.tables import offsets_table, policies_table, processbench_table, training_note

    console.print(processbench_table(told))
    shown = told["held_out"] or told["all"]
    console.print(offsets_table(shown["offsets"]))
    if shown["policies"]:
        console.print(policies_table(shown["policies"], told["tuned_on"]))
    _note(training_note(told))


@evaluate.command("versions")
@click.option("--first", required=True, help="One version, e.g. prm:my-prm-v1.")
@click.option("--second", required=True, help="The other, e.g. prm:my-prm-v2.")
@click.option("--reference", required=True, help="Who is right, e.g. human:processbench.")
@click.option("--dataset", help="Only solutions of this data set.")
@click.pass_context
def evaluate_versions(
    ctx: click.Context, first: str, second: str, reference: str, dataset: str | None
) -> None:
    """McNemar's test: is one of two versions right more often, on the same solutions?

    Only the solutions on which just one of them is right tell them apart. p is the chance of so
    uneven a split if they were equally good. Problems that either was trained on are left out.
    """
    from app.cli.tables import versions_table
    from labeling.evaluation.versions import compare_versions

    with opened(ctx) as database:
        result = compare_versions(database, first, second, reference, dataset)
    console.print(versions_table(result))
    if result["trained_on"]:
        _note(f"{result['trained_on']:,} solutions left out: one of the two was trained on them")
    for who, known in result["training_data"].items():
        _note(unknown_training(who) if known == "unknown" else "")


@evaluate.command("best-of-n")
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--annotator", help="Whose scores choose, e.g. prm:my-prm.")
@click.option("--n", default=8, show_default=True, type=click.IntRange(2, 1024))
@click.option("--dataset", help="Only solutions of this data set.")
@click.pass_context
def evaluate_best_of_n(
    ctx: click.Context, files: tuple[str, ...], annotator: str | None, n: int, dataset: str | None
) -> None:
    """Best-of-N: how often the best-scored of N responses has the right answer.

    Of the project's solutions by --annotator, or of scored responses in FILES, which need no
    project (docs/formats.md). Beside it: voting with the products as weights, plain voting
    (maj@N), a random pick, and whether any is right (pass@N); for 1 to N responses, by data set
    and as their unweighted mean. Below: whether a score picks shorter responses than the right
    ones, and how often each way is right where responses are long. Problems with more than N
    responses count as what N of them, drawn at random, would give. Open answers are graded first.
    Problems that the PRM was trained on, and those of which a grade or a score is missing, are left
    out and counted.
    """
    from labeling.evaluation.best_of_n import best_of_n_of_files

    if bool(files) == (annotator is not None):
        raise click.UsageError("give either --annotator, or files with scored responses")
    if annotator is None:
        if dataset is not None:
            raise click.UsageError("--dataset is for the solutions of a project, not for files")
        _say_best_of_n(best_of_n_of_files(files, n), f"Best-of-{n}")
    else:
        with opened(ctx) as database:
            told = cast(
                BestOfNJson,
                run_here(database, "best_of_n", "grade", annotator=annotator, n=n, dataset=dataset),
            )
        if told["graded"]:
            console.print(f"{told['graded']:,} answers graded that the import had left open")
        _say_best_of_n_of_project(told)


def _say_best_of_n_of_project(told: BestOfNJson) -> None:
    from app.cli.tables import training_note

    _say_best_of_n(told, f"Best-of-{told['n']} by {told['annotator']}")
    _note(training_note(told))


def _say_best_of_n(result: ResponsesJson, title: str) -> None:
    from app.cli import tables

    console.print(tables.best_of_n_table(result, title))
    if len(result["datasets"]) > 1:
        console.print(tables.best_of_n_datasets(result))
    console.print(tables.best_of_n_curve(result))
    for table in tables.pick_lengths_tables(result):
        console.print(table)
    _note(tables.left_out(result))


@evaluate.command("error-types")
@click.option("--annotator", required=True, help="Who is measured, e.g. prm:my-prm.")
@click.pass_context
def evaluate_error_types(ctx: click.Context, annotator: str) -> None:
    """Which types of error it finds, of those that people gave a type in review.

    Their corrections are the reference; an error that two people typed counts twice.
    """
    from labeling.evaluation.error_types import error_type_hits

    with opened(ctx) as database:
        found = error_type_hits(database, annotator)
    if not found:
        console.print(
            f"No error that {annotator} has annotated has a type yet. In Review, e marks a first "
            "error and w says why it is one."
        )
        return
    console.print(_error_types_table(found, annotator))


def _error_types_table(found: list[TypeHits], annotator: str) -> Table:
    from labeling.review.error_types import word_for

    table = Table(
        Column("the step", no_wrap=True),
        "errors",
        "found exactly",
        "95%",
        "flagged",
        title=f"Types of error that {annotator} finds",
        box=None,
        pad_edge=False,
        title_justify="left",
    )
    for one in found:
        low, high = one.exact.interval.low, one.exact.interval.high
        span = "too few" if one.exact.too_few else f"{low:.1%}-{high:.1%}"
        table.add_row(
            escape(word_for(one.error_type)),
            f"{one.exact.n:,}",
            f"{one.exact.value:.1%}",
            span,
            f"{one.flagged.value:.1%}",
        )
    return table


@evaluate.command("list")
@click.option("--annotator", help="Only of this one, e.g. prm:my-prm.")
@click.pass_context
def list_stored(ctx: click.Context, annotator: str | None) -> None:
    """The stored evaluations, the newest first.

    Each names what it was measured on. Below: why those of the same kind and data set cannot be
    compared, where they were not measured on the same solutions.
    """
    from app.cli.tables import evaluations_table
    from db.annotators import list_annotators
    from db.results import list_evaluations
    from labeling.evaluation.stored import warnings

    with opened(ctx) as database:
        labels = {one.id: one.label for one in list_annotators(database)}
        if annotator is not None and annotator not in labels.values():
            raise click.ClickException(f"no annotator {annotator!r}")
        found = [
            one
            for one in list_evaluations(database)
            if annotator in (None, labels.get(one.annotator_id))
        ]
    console.print(evaluations_table(found, labels) if found else "Nothing was evaluated yet.")
    for doubt in warnings(found, labels):
        _note(doubt)


@evaluate.command("show")
@click.argument("number", type=int)
@click.pass_context
def show_stored(ctx: click.Context, number: int) -> None:
    """One stored evaluation, by its number in `steplens evaluate list`."""
    from db.results import get_evaluation
    from labeling.evaluation.stored import BEST_OF_N, PROCESSBENCH

    with opened(ctx) as database:
        found = get_evaluation(database, number)
    if found.kind == PROCESSBENCH:
        _say_processbench(cast(ProcessBenchJson, found.result))
    elif found.kind == BEST_OF_N:
        _say_best_of_n_of_project(cast(BestOfNJson, found.result))
    else:
        console.print_json(data=found.result)


def _note(text: str) -> None:
    if text:
        console.print(text, markup=False, soft_wrap=True)
