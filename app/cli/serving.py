"""Serving the app from the command line: a project of one's own, or the prepared one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.console import console, opened, option_group, progress_bar

if TYPE_CHECKING:
    from app.serve import Where


_serving_options = option_group(
    click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535)),
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="Address to listen on. One that other machines reach needs sign-in and --public-name.",
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
        "--secrets",
        type=click.Path(exists=True, dir_okay=False),
        help="TOML file with the [auth] section for sign-in. Default: "
        ".streamlit/secrets.toml, here or in your home folder.",
    ),
)


def _where(port: int, host: str, public_names: tuple[str, ...], secrets: str | None) -> Where:
    from app.serve import Where

    return Where(port, host, public_names, None if secrets is None else Path(secrets))


@click.command("app")
@_serving_options
@click.pass_context
def app_command(ctx: click.Context, **options: Any) -> None:
    """Serve the app on http://localhost:PORT, for this machine only.

    Other machines are let in with sign-in (docs/team.md):

    \b
      steplens app --host 0.0.0.0 --public-name steplens.example.org --secrets secrets.toml
    """
    from app.serve import checked_sign_in, serve

    where = _where(**options)
    checked_sign_in(where)  # A refusal comes before the database is touched.
    with opened(ctx) as database:
        url = database.url
    serve(url, where)


@click.command()
@click.option("--file", default="playground.db", show_default=True, type=click.Path())
@_serving_options
def demo(file: str, **options: Any) -> None:
    """Open a prepared playground project in the app: every button works on it for real.

    The project is made the first time; what you change in it stays.
    """
    from app.serve import checked_sign_in, serve
    from labeling.demo.prepare import prepare_demo

    where = _where(**options)
    checked_sign_in(where)
    with progress_bar(console, "prepare the playground project") as report:
        url = prepare_demo(file, report)
    serve(url, where)
