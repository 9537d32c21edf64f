"""Writes the command-line reference, docs/cli.md, from the commands' own help: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from app.cli.main import main  # noqa: E402

WIDTH = 96
FILE = ROOT / "docs" / "cli.md"
HEAD = """# Commands

Written by `make docs` from what `--help` says; a test holds the two together. Options of `steplens`
itself, such as `--db`, come before the command.
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, context in commands(
        click.Context(main, info_name="steplens", **main.context_settings)
    ):
        help_text = context.command.get_help(context)
        parts.append(f"## {name}\n\n```text\n{help_text}\n```\n")
    return "\n".join(parts)


def commands(context: click.Context) -> Iterator[tuple[str, click.Context]]:
    """Every command by its whole name, a group before what is in it."""
    context.terminal_width = context.max_content_width = WIDTH
    yield context.command_path, context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from commands(click.Context(command, info_name=name, parent=context))


if __name__ == "__main__":
    FILE.write_text(reference(), "utf-8")
