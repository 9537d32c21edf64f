"""Who is compared, renamed and hidden, and what is held out, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db.engine import create_database
from tests.support.rows import fill, machine


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A project with one Monte Carlo and one judge."""
    url = f"sqlite:///{tmp_path}/project.db"
    database = create_database(url)
    ids = fill(database, 30)
    machine(database, "mc", dict.fromkeys(ids, -1))
    machine(database, "judge", dict.fromkeys(ids[:4], -1))
    database.close()
    return url


def said(url: str, *arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(main, ["--db", url, *arguments])
    assert (result.exit_code != 0) == fails, result.output
    return " ".join(result.output.split())


def test_annotators_are_listed_renamed_hidden_and_shown(url: str) -> None:
    assert "mc:mc 30 compared" in said(url, "annotators", "list")
    assert "now judge:reader" in said(url, "annotators", "rename", "judge:judge", "reader")
    assert "judge:reader 4 compared judge:judge" in said(url, "annotators", "list")
    said(url, "annotators", "hide", "judge:judge")  # found by the name it had
    assert "judge:reader 4 hidden" in said(url, "annotators", "list")
    assert "hidden. Show it first" in said(url, "annotators", "compare", "judge:reader", fails=True)
    said(url, "annotators", "show", "judge:reader")
    compared = said(url, "annotators", "compare", "judge:reader")
    assert compared == "compared: mc:mc, judge:reader"
    assert "judge:reader 4 compared, chosen" in said(url, "annotators", "list")
    said(url, "annotators", "compare", "--by-coverage")
    assert "chosen" not in said(url, "annotators", "list")
    assert "Name an annotator" in said(url, "annotators", "compare", fails=True)


def test_what_is_held_out_is_said_and_chosen(url: str, tmp_path: Path) -> None:
    assert "20% of the problems" in said(url, "held-out")
    assert "10% of the problems (seed 5)" in said(url, "held-out", "--share", "0.1", "--seed", "5")
    assert "held out for evaluation" in said(url, "consensus", "mc:mc")
    said(url, "export", "consensus", str(tmp_path / "export"))
    assert "--after-exports" in said(url, "held-out", "--share", "0.3", fails=True)
    assert "can still choose" not in said(url, "held-out")
    assert "30%" in said(url, "held-out", "--share", "0.3", "--after-exports")
    assert "share" in said(url, "held-out", "--share", "1", fails=True)
