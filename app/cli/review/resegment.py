"""Cutting the steps of a solution anew on the command line."""

from __future__ import annotations

import uuid

import click

from app.cli.console import console, opened
from db.annotators import ensure_reviewer
from db.engine import Database
from db.review.recuts import recut, undo_recut
from db.review.steps import merge_step, split_step
from db.solutions import get_solution


@click.command()
@click.argument("solution", type=click.IntRange(1))
@click.option("--as", "person", required=True, help="Who cuts: a reviewer's name.")
@click.option(
    "--split",
    "splits",
    type=(click.IntRange(1), str),
    multiple=True,
    metavar="STEP TEXT",
    help="Cut this step in two, before the first place where it says TEXT.",
)
@click.option(
    "--merge",
    "merges",
    type=click.IntRange(2),
    multiple=True,
    metavar="STEP",
    help="Join this step to the one before it.",
)
@click.option("--undo", is_flag=True, help="Put back the solution that SOLUTION was cut from.")
@click.pass_context
def resegment(
    ctx: click.Context,
    solution: int,
    person: str,
    splits: tuple[tuple[int, str], ...],
    merges: tuple[int, ...],
    undo: bool,
) -> None:
    """Cut SOLUTION into other steps, numbered from 1 as they are now.

    Another solution stands in its place from then on, with people's labels as far as the new cut
    lets them be carried over: the parts of a wrong step are unmarked. The old one is set aside
    with all that was said of it; what machines said is of the old cut, so annotate again. Nothing
    is lost, and --undo puts the old one back.

    \b
    Examples:
      steplens resegment 12 --as ann --merge 3
      steplens resegment 12 --as ann --split 2 "So x = 7"
      steplens resegment 57 --as ann --undo
    """
    if undo == bool(splits or merges):
        raise click.UsageError("say --split and --merge, or --undo")
    with opened(ctx) as database:
        who, token = ensure_reviewer(database, person), uuid.uuid4().hex
        if undo:
            back = undo_recut(database, solution, who, token)
            console.print(f"Solution {back} stands in its place again; {solution} is set aside")
            return
        made = recut(database, solution, new_steps(database, solution, splits, merges), who, token)
    console.print(
        f"Solution {made} stands in the place of {solution}, which is set aside with what "
        "machines said of it"
    )


def new_steps(
    database: Database,
    solution: int,
    splits: tuple[tuple[int, str], ...],
    merges: tuple[int, ...],
) -> tuple[str, ...]:
    """The steps as the options say; from the last on, so that numbers stay those of now.

    Raises ValueError for a step that is not there, or does not say what it is to be cut before.
    """
    steps = get_solution(database, solution).steps
    n = len(steps)
    acts = [(step, text) for step, text in splits] + [(step, None) for step in merges]
    for step, text in sorted(acts, key=lambda act: (-act[0], act[1] is None)):
        if step > n:
            raise ValueError(f"solution {solution} has {n} steps, and no step {step}")
        if text is None:
            steps = merge_step(steps, step - 1)
            continue
        at = steps[step - 1].find(text)
        if at < 0:
            raise ValueError(f"step {step} does not say {text!r}")
        steps = split_step(steps, step - 1, at)
    return steps
