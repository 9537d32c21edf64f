"""Evaluations of an annotator in the database, and what the command line says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, ImportRow, SourceLabel
from labeling.evaluation.processbench import evaluate_processbench
from labeling.evaluation.results import too_few


def labelled(dataset: str, number: int, first_error: int) -> ImportRow:
    scores = (1.0, 1.0) if first_error < 0 else (-1.0, None)
    return ImportRow(
        problem=f"{dataset} {number}",
        steps=("a", "b"),
        generator="g",
        dataset=dataset,
        labels=(SourceLabel("people", scores, first_error),),
    )


def fill(database: Database, sizes: dict[str, tuple[int, int, int]]) -> None:
    """(wrong, found, right) solutions of each data set; every right one is found right."""
    rows, verdicts = [], []
    for dataset, (wrong, found, right) in sizes.items():
        rows += [labelled(dataset, n, 0) for n in range(wrong)]
        verdicts += [0] * found + [-1] * (wrong - found)
        rows += [labelled(dataset, wrong + n, -1) for n in range(right)]
        verdicts += [-1] * right
    insert_rows(database, rows)
    judge = ensure_annotator(database, "judge", "j", {"model": "j"})
    save_wave(
        database,
        judge.id,
        None,
        [
            AnnotationRecord(place, judge.id, (), verdict, "ok", {})
            for place, verdict in enumerate(verdicts, start=1)
        ],
    )


def test_each_data_set_has_its_figures_and_the_headline_is_their_mean(database: Database) -> None:
    fill(database, {"large": (90, 0, 10), "small": (2, 2, 2)})
    found = evaluate_processbench(database, "judge:j", "human:people")["all"]
    assert {name: one["f1"] for name, one in found["datasets"].items()} == {"large": 0, "small": 1}
    assert found["f1"] == 0.5
    assert (found["n_error"], found["n_correct"]) == (92, 12)
    alone = evaluate_processbench(database, "judge:j", "human:people", "small")["all"]
    assert alone["f1"] == 1


def test_a_misspelt_data_set_is_named_with_those_there_are(
    database: Database, tmp_path: Path
) -> None:
    fill(database, {"gsm8k": (1, 1, 1), "math": (1, 1, 1)})
    with pytest.raises(ValueError, match="no data set 'gms8k'. There are: gsm8k, math"):
        evaluate_processbench(database, "judge:j", "human:people", "gms8k")
    for command in (
        ["processbench", "--annotator", "judge:j", "--reference", "human:people"],
        ["best-of-n", "--annotator", "judge:j"],
    ):
        told = CliRunner().invoke(
            main, ["--db", database.url, "evaluate", *command, "--dataset", "gms8k"]
        )
        assert told.exit_code == 1
        assert "There are: gsm8k, math" in told.output


def test_the_command_line_shows_each_data_set_and_their_mean(database: Database) -> None:
    fill(database, {"large": (90, 0, 10), "small": (2, 2, 2)})
    told = CliRunner().invoke(
        main,
        ["--db", database.url, "evaluate", "processbench"]
        + ["--annotator", "judge:j", "--reference", "human:people"],
        env={"COLUMNS": "160"},
    )
    assert told.exit_code == 0, told.output
    lines = {line.split("  ")[0].strip(): line for line in told.output.splitlines()}
    assert "0.500" in lines["all, mean of 2 data sets"]
    assert "1.000" in lines["all, small"]
    assert "90/10" in lines["all, large"]


@pytest.mark.parametrize(("each", "few"), [(29, True), (30, False)])
def test_figures_of_few_solutions_say_so(database: Database, each: int, few: bool) -> None:
    fill(database, {"d": (each, each, 40)})
    told = CliRunner().invoke(
        main,
        ["--db", database.url, "evaluate", "processbench"]
        + ["--annotator", "judge:j", "--reference", "human:people"],
        env={"COLUMNS": "160"},
    )
    assert ("too few" in told.output) == few
    assert "1.000-1.000" not in told.output


def test_a_small_data_set_makes_the_mean_one_of_few_solutions(database: Database) -> None:
    fill(database, {"large": (40, 20, 40), "small": (5, 5, 40), "wrong only": (40, 20, 0)})
    report = evaluate_processbench(database, "judge:j", "human:people")["all"]
    assert too_few(report)
    assert {name: too_few(one) for name, one in report["datasets"].items()} == {
        "large": False,
        "small": True,
        "wrong only": False,
    }


def test_the_command_line_shows_offsets_and_what_other_thresholds_give(
    database: Database,
) -> None:
    insert_rows(
        database,
        [labelled(name, number, error) for name in "ab" for number, error in ((0, 0), (1, -1))],
    )
    prm = ensure_annotator(database, "prm", "p", {"model": "none", "threshold": 0.5})
    scores = [(0.6, 0.9), (0.8, 0.9), (0.2, 0.9), (0.4, 0.9)]
    verdicts = [-1, -1, 0, 0]
    save_wave(
        database,
        prm.id,
        None,
        [
            AnnotationRecord(place, prm.id, told, verdict, "ok", {})
            for place, (told, verdict) in enumerate(zip(scores, verdicts, strict=True), start=1)
        ],
    )
    command = ["--db", database.url, "evaluate", "processbench", "--annotator", "prm:p"]
    command += ["--reference", "human:people"]
    told = CliRunner().invoke(main, [*command, "--tune-on", "a"], env={"COLUMNS": "160"})
    assert told.exit_code == 0, told.output
    lines = [" ".join(line.split()) for line in told.output.splitlines()]
    assert "with an error exact 1 50.0%" in lines
    assert "missed 1 50.0%" in lines
    assert "without one right 1 50.0%" in lines
    assert "false alarm 1 50.0%" in lines
    assert "fixed 0.000 0.000 at 0.500 0.000 at 0.500" in lines
    assert "tuned on a 0.500 1.000 at 0.700 0.000 at 0.700" in lines
    assert "best for each: a bound 1.000 1.000 at 0.700 1.000 at 0.300" in lines
    refused = CliRunner().invoke(main, [*command, "--tune-on", "c"])
    assert "no data set 'c'. There are: a, b" in refused.output
    with pytest.raises(ValueError, match="no threshold to tune"):
        evaluate_processbench(database, "human:people", "prm:p", tune_on="a")
