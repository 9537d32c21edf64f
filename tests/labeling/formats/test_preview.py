"""Before an import: which format it is, and what the rows would become."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeling.formats.guess import UnknownFormat, guess_format
from labeling.formats.preview import preview
from tests.labeling.formats.test_import_job import command
from tests.labeling.formats.test_rows import GOOD, write_rows
from tests.support.data import shared_data


@pytest.mark.parametrize("format", sorted(GOOD))
def test_a_format_is_known_by_its_rows(format: str, tmp_path: Path) -> None:
    assert guess_format([write_rows(tmp_path / "rows.jsonl", *[GOOD[format]] * 3)]) == format


@pytest.mark.parametrize(
    ("format", "path"),
    [
        ("processbench", "processbench/gsm8k.json"),
        ("prm800k", "prm800k_phase1/test.jsonl.gz"),
        ("stepverify", "stepverify/dataset.json"),
        ("prm800k", "formats/samples_prm800k.jsonl"),
        ("math-shepherd", "formats/samples_math-shepherd.jsonl"),
        ("scan", "formats/SCAN-Pro.train-100.jsonl"),
        ("omegaprm", "formats/samples_math-aps-tree.jsonl"),
    ],
)
def test_published_files_are_known(format: str, path: str) -> None:
    assert guess_format([shared_data(path)]) == format


def test_what_is_not_known_says_what_was_seen(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"query": "p", "reply": "a"})
    with pytest.raises(UnknownFormat, match="'query', 'reply', which no one format has"):
        guess_format([path])
    both = GOOD["scan"] | GOOD["mr-gsm8k"]
    with pytest.raises(UnknownFormat, match="they look like mr-gsm8k and scan"):
        guess_format([write_rows(path, both)])
    with pytest.raises(UnknownFormat, match="no row"):
        guess_format([write_rows(path)])
    apart = [write_rows(tmp_path / f"{name}.jsonl", GOOD[name]) for name in ("scan", "prmbench")]
    with pytest.raises(UnknownFormat, match=r"by itself: .*looks like scan; .* like prmbench$"):
        guess_format([*apart, path])


def test_a_preview_counts_and_keeps_what_is_wrong(tmp_path: Path) -> None:
    good = GOOD["jsonl"]
    path = write_rows(tmp_path / "rows.jsonl", good, {**good, "labels": [7]}, *[good] * 10)
    found = preview([path], shown=2)
    assert (found.format, found.guessed, found.complete) == ("jsonl", True, True)
    assert (len(found.rows), found.solutions, found.labelled) == (2, 11, 11)
    assert [(one.line, "labels[0]" in one.reason) for one in found.rejections] == [(2, True)]
    part = preview([path], "jsonl", at_most=5)
    assert (part.solutions, part.complete, part.guessed) == (5, False, False)


def test_the_command_shows_and_stores_nothing(tmp_path: Path) -> None:
    hostile = "It is \x1b[2J[red]2[/red]."
    row = GOOD["jsonl"] | {"steps": [hostile, "So 3."], "labels": [1, -1]}
    path = write_rows(tmp_path / "rows.jsonl", row, {"problem": "p"})
    result = command(tmp_path, "import", "--dry-run", str(path))
    assert result.exit_code == 0, result.output
    assert "Looks like jsonl" in result.output
    assert "human:rows: first error in step 2" in result.output
    assert "[red]2[/red]" in result.output
    assert "\x1b[2J" not in result.output
    assert 'line 2: give either "steps"' in result.output
    assert "1 solution as jsonl, 1 with labels; 1 row rejected. Nothing was stored" in result.output
    assert not (tmp_path / "cli.db").exists()


def test_an_import_without_a_format_goes_by_the_rows(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "gsm8k.json", GOOD["processbench"])
    result = command(tmp_path, "import", str(path))
    assert result.exit_code == 0, result.output
    assert "Looks like processbench" in result.output
    assert "Added 1 solution and 1 problem, with 1 annotation;" in result.output
    unknown = command(tmp_path, "import", str(write_rows(tmp_path / "x.jsonl", {"query": "p"})))
    assert unknown.exit_code == 1
    assert "which no one format has" in unknown.output
    assert command(tmp_path, "import", "jsonl").exit_code == 2
