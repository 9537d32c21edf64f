"""What results look like in a terminal."""

from __future__ import annotations

from rich.console import Console

from app.cli.tables import processbench_table
from app.ui.formatting import sentence
from db.engine import Database
from db.ingest import insert_rows
from labeling.evaluation.processbench import evaluate_processbench
from tests.support.rows import machine, row


def test_an_interval_that_is_not_defined_is_one_dash(database: Database) -> None:
    """Without a wrong solution there is no accuracy on wrong ones, and no F1."""
    insert_rows(database, [row(n) for n in range(3)])
    machine(database, "judge", {1: -1, 2: -1, 3: 0})
    machine(database, "mc", {1: -1, 2: -1, 3: -1})
    console = Console(width=200)
    with console.capture() as written:
        console.print(processbench_table(evaluate_processbench(database, "judge:judge", "mc:mc")))
    figures = written.get().splitlines()[-1].split()
    assert figures[:5] == ["all", "–", "0.667", "–", "–"]


def test_an_error_on_a_page_is_a_sentence_and_keeps_what_it_quotes() -> None:
    assert sentence(ValueError("no data set 'x'")) == "No data set 'x'."
    assert sentence("gsm8k.json has no rows") == "gsm8k.json has no rows."
    assert (
        sentence("--strict is for files. Leave it out.") == "--strict is for files. Leave it out."
    )
    assert sentence("Is it there?") == "Is it there?"
