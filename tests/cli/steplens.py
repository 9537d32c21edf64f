"""The command line, run in the test's own process."""

from __future__ import annotations

import contextlib
from pathlib import Path

from click.testing import CliRunner, Result

from app.cli.main import main


def steplens(folder: Path, *arguments: str, check: bool = True, db: str = "") -> Result:
    """Run a command in `folder`: a process of its own would take longer to start than to work.

    `db` is the database's URL, where the arguments do not name one. With `check`, an exit code
    other than 0 fails the test with what the command said.
    """
    environment = {"COLUMNS": "200", **({"STEPLENS_DB": db} if db else {})}
    with contextlib.chdir(folder):
        answer = CliRunner().invoke(main, arguments, env=environment)
    if check:
        assert answer.exit_code == 0, f"{arguments}\n{answer.output}{answer.exception!r}"
    return answer
