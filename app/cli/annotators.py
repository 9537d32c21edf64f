"""Annotators on the command line: who there is, who is compared, renaming and hiding."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from app.cli.console import console, opened


@click.group()
def annotators() -> None:
    """Who there is, who is compared, what they are called, and who is hidden.

    Compared are one Monte Carlo, one judge, one PRM and a reference: queues, lists and the default
    consensus rule speak of those. It is who covers most solutions, unless you choose.
    """


@annotators.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List them: how many solutions each has annotated, and which are compared or hidden.

    Those "from file" brought their scores along: nobody here can make them again.
    """
    from db.annotators import former_labels, list_annotators
    from db.lists.comparison import chosen_kinds, compared_annotators
    from db.lists.counts import coverage

    with opened(ctx) as database:
        compared = set(compared_annotators(database).ids())
        chosen = chosen_kinds(database)
        covered = {one.annotator.id: one.annotated for one in coverage(database)}
        formerly: dict[str, list[str]] = {}
        for old, now in former_labels(database).items():
            formerly.setdefault(now, []).append(old)
        table = Table("annotator", "solutions", "", "formerly", box=None, pad_edge=False)
        for one in list_annotators(database):
            words = "hidden" if one.hidden else ""
            if one.id in compared:
                words = "compared, chosen" if one.kind in chosen else "compared"
            if one.from_file:
                words = ", ".join(filter(None, [words, "from file"]))
            table.add_row(
                escape(one.label),
                f"{covered.get(one.id, 0):,}",
                words,
                escape(", ".join(formerly.get(one.label, []))),
            )
    console.print(table)


@annotators.command()
@click.argument("annotators", nargs=-1, metavar="ANNOTATOR...")
@click.option(
    "--by-coverage", is_flag=True, help="Forget all choices: who covers most is compared."
)
@click.pass_context
def compare(ctx: click.Context, annotators: tuple[str, ...], by_coverage: bool) -> None:
    """Compare each ANNOTATOR (kind:name) from now on, in place of others of its kind.

    That stays until you choose another or hide it.

    \b
    Example:
      steplens annotators compare prm:my-prm-v2
    """
    from db.lists import choice
    from db.lists.comparison import compared_annotators

    if not annotators and not by_coverage:
        raise click.UsageError("Name an annotator, or give --by-coverage.")
    with opened(ctx) as database, console.status("comparing"):
        if by_coverage:
            choice.compare_by_coverage(database)
        for label in annotators:
            choice.compare(database, label)
        everybody = compared_annotators(database).by_role().values()
        labels = [one.label for one in everybody if one is not None]
    console.print(f"compared: {', '.join(labels) or 'nobody yet'}", markup=False)


@annotators.command()
@click.argument("annotator")
@click.argument("name")
@click.pass_context
def rename(ctx: click.Context, annotator: str, name: str) -> None:
    """Call ANNOTATOR (kind:name) NAME. Links, jobs and rules that say the old name still find it.

    \b
    Example:
      steplens annotators rename prm:prm-2 baseline
    """
    from db.annotators import rename_annotator

    with opened(ctx) as database:
        renamed = rename_annotator(database, annotator, name)
    console.print(f"now {renamed.label}", markup=False)


@annotators.command()
@click.argument("annotator")
@click.pass_context
def hide(ctx: click.Context, annotator: str) -> None:
    """Take ANNOTATOR out of lists, queues and what is compared. What it said stays stored."""
    from db.lists import choice

    with opened(ctx) as database, console.status("comparing"):
        hidden = choice.hide(database, annotator)
    console.print(f"{hidden.label} is hidden", markup=False)


@annotators.command()
@click.argument("annotator")
@click.pass_context
def show(ctx: click.Context, annotator: str) -> None:
    """Bring a hidden ANNOTATOR back."""
    from db.lists import choice

    with opened(ctx) as database, console.status("comparing"):
        shown = choice.show(database, annotator)
    console.print(f"{shown.label} is shown", markup=False)
