"""The page Evaluation: its figures are the stored ones, each with a door and a file."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from app.auth import identity
from app.components.figure.downloads import Numbers
from db.annotations import save_wave
from db.annotators import ensure_annotator, find_annotator, save_training_problems
from db.engine import Database
from db.ingest import insert_rows
from db.jobs import create_job
from db.records import REWARD, AnnotationRecord, ImportRow, SourceLabel
from db.results import Measured, add_evaluation, add_export, list_evaluations
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.processbench import evaluate_processbench
from labeling.jobs.runner import run_job
from tests.support.pages import open_page as page_test
from tests.support.pages import shown, words_of
from training.data import fingerprint

SIZE = 40  # solutions of each class and data set
PEOPLE = "human:people"


def fill(database: Database, size: int = SIZE) -> None:
    """Two data sets, half of each wrong at step 1, two responses to a problem."""
    rows = [
        ImportRow(
            problem=f"{dataset} {number}",
            steps=(step, "so"),
            generator="g",
            dataset=dataset,
            final_answer="4" if right else "5",
            is_correct=right,
            labels=(
                SourceLabel("people", (1.0, 1.0), -1)
                if right
                else SourceLabel("people", (-1.0, None), 0),
            ),
        )
        for dataset in ("easy", "hard")
        for number in range(size)
        for step, right in (("a", True), ("b", False))
    ]
    insert_rows(database, rows)


def score(database: Database, name: str, found: float, ids: range | None = None) -> None:
    """A PRM that names this share of the wrong solutions' errors, and none in right ones."""
    prm = ensure_annotator(database, "prm", name, {"threshold": 0.5, "model": name})
    ids = ids or range(1, 4 * SIZE + 1)
    records = []
    for id in ids:
        caught = id % 2 == 0 and id // 2 % 10 < 10 * found
        scores = (0.2, 0.9) if caught else (0.9, 0.8)
        records.append(AnnotationRecord(id, prm.id, scores, 0 if caught else -1, "ok", {}))
    save_wave(database, prm.id, None, records)


def matrix(database: Database, monkeypatch: pytest.MonkeyPatch, **query: str) -> dict[str, Any]:
    """What the table of annotators and data sets was given to draw."""
    test = page_test(database, monkeypatch, "evaluation", **query)
    assert not test.exception
    return shown(test, "matrix")


def words_in(cell: object) -> str:
    """Everything that a cell says."""
    if isinstance(cell, dict):
        return " ".join([str(cell.get("value", "")), *map(words_in, cell.get("cells", []))]).strip()
    return str(cell)


def test_the_matrix_shows_what_is_stored_and_each_number_opens_its_solutions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    score(database, "v2", 0.7)
    for name in ("v1", "v2"):
        stored = evaluate_processbench(database, f"prm:{name}", PEOPLE)
    drawn = matrix(database, monkeypatch)
    heads = [column["label"] for column in drawn["columns"]]
    assert heads == ["Annotator", "easy", "hard", "Mean", ""]
    (_, second) = drawn["rows"]
    f1 = stored["all"]["datasets"]["easy"]["f1"]
    assert f1 is not None
    assert words_in(second["cells"][1]) == f"{f1:.3f}".removeprefix("0") + " 70% 100%"
    links = json.dumps(second["cells"][1])
    assert "browse?outcome=exact&of=prm%3Av2&against=human%3Apeople&dataset=easy" in links
    assert "browse?outcome=right&of=prm%3Av2" in links


def test_what_is_missing_has_a_button_for_managers_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    started: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "app.ui.evaluation.matrix.start_job",
        lambda _, kind, params: started.append((kind, params)),
    )
    test = page_test(database, monkeypatch, "evaluation")
    assert words_in(shown(test, "matrix")["rows"][0]["cells"][1]) == "measure"
    (button,) = [one for one in test.button if "missing" in one.label]
    button.click().run()
    wanted = {"annotator": "prm:v1", "reference": PEOPLE, "dataset": None}
    assert started == [("evaluate", wanted)]
    monkeypatch.setattr(identity, "is_manager", lambda: False)
    test = page_test(database, monkeypatch, "evaluation")
    assert words_in(shown(test, "matrix")["rows"][0]["cells"][1]) == "not measured"
    assert not [one for one in test.button if "missing" in one.label]


def test_figures_on_different_solutions_warn_and_few_have_no_interval(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 10)
    score(database, "v1", 0.5, range(1, 41))
    score(database, "v2", 0.7, range(1, 31))
    for name in ("v1", "v2"):
        evaluate_processbench(database, f"prm:{name}", PEOPLE)
    test = page_test(database, monkeypatch, "evaluation")
    drawn = json.dumps([json.loads(one.proto.json) for one in test.get("bidi_component")])
    assert "hard: Not comparable, as measured on different solutions" in drawn
    assert "easy, hard:" not in drawn
    (figure,) = plots(test)
    assert {symbol for _, _, symbol in marks(figure)} == {"circle-open"}
    assert not [one for one in figure["data"] if one["mode"] == "lines"]


def test_what_a_prm_was_trained_on_is_said_and_held_out_comes_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    evaluate_processbench(database, "prm:v1", PEOPLE)
    stored = list_evaluations(database)[0]
    part = {**stored.result["all"], "f1": 0.25}
    part["datasets"] = {name: {**one, "f1": 0.25} for name, one in part["datasets"].items()}
    told = {**stored.result, "training_data": "known", "trained_on_problems": 7, "held_out": part}
    add_evaluation(
        database, "processbench", stored.annotator_id, stored.reference_id, Measured(), told
    )
    (row,) = matrix(database, monkeypatch)["rows"]
    assert words_in(row["cells"][1]).startswith(".250")
    assert "held out" in words_in(row["cells"][4])
    (row,) = matrix(database, monkeypatch, problems="all")["rows"]
    assert not words_in(row["cells"][1]).startswith(".250")
    assert "trained on these" in words_in(row["cells"][4])


def test_training_is_not_known_of_prms_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    judge = ensure_annotator(database, "judge", "critic", {})
    said = [AnnotationRecord(id, judge.id, (1.0, 1.0), -1, "ok", {}) for id in range(1, 41)]
    save_wave(database, judge.id, None, said)
    for label in ("judge:critic", "prm:v1"):
        evaluate_processbench(database, label, PEOPLE)
    rows = matrix(database, monkeypatch)["rows"]
    told = {row["cells"][0]["value"]: words_in(row["cells"][-1]) for row in rows}
    assert ["training not known" in told[who] for who in ("critic", "v1")] == [False, True]


@pytest.mark.parametrize(("right", "beside"), [(193, True), (192, False)])
def test_published_figures_stand_beside_the_same_solutions_only(
    database: Database, monkeypatch: pytest.MonkeyPatch, right: int, beside: bool
) -> None:
    rows = [
        ImportRow(
            problem=f"p{number}",
            steps=("a",),
            generator="g",
            dataset="processbench-gsm8k",
            labels=(SourceLabel("processbench", (None,), 0 if number < 207 else -1),),
        )
        for number in range(207 + right)
    ]
    insert_rows(database, rows)
    score(database, "v1", 0.5, range(1, len(rows) + 1))
    evaluate_processbench(database, "prm:v1", "human:processbench")
    test = page_test(database, monkeypatch, "evaluation")
    found = {row: value for row, value, _ in marks(plots(test)[0])}
    assert found.get("Qwen2.5-Math-PRM-7B") == (pytest.approx(0.824) if beside else None)
    assert ("not measured here" in words_of(test)) is beside


def test_versions_stand_with_their_training_export_and_human_decisions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    for place, name in enumerate(("mine-v1", "mine-v2")):
        score(database, name, 0.5 + place / 5)
        evaluate_processbench(database, f"prm:{name}", PEOPLE)
        stored = list_evaluations(database)[0]
        manifest = {
            "counts": {"by_human": 20 * place},
            "files": {"data.jsonl": {"sha256": f"sum{place}"}},
        }
        add_export(database, f"/data/export-{place}", "jsonl", manifest)
        measured = Measured(n_training=1000 * (place + 1), training_export=f"sum{place}")
        add_evaluation(
            database, stored.kind, stored.annotator_id, stored.reference_id, measured, stored.result
        )
    test = page_test(database, monkeypatch, "evaluation", show="Over versions")
    assert not test.exception
    first, second = shown(test, "versions")["rows"]
    assert [words_in(cell) for cell in second["cells"]][3:6] == ["2,000", "20", "export-1"]
    assert words_in(first["cells"][4]) == "0"
    (figure,) = plots(test)
    assert [one["x"] for one in figure["data"]] == [["mine-v1", "mine-v2"], [1000, 2000], [0, 20]]
    exported = [["consensus?export=1"], ["consensus?export=2"]]
    errors = [["prm_errors?prm=prm%3Amine-v1"], ["prm_errors?prm=prm%3Amine-v2"]]
    assert [one["customdata"] for one in figure["data"]] == [errors, exported, exported]
    assert second["cells"][5]["href"] == "consensus?export=2"
    test = page_test(database, monkeypatch, "consensus", export="2")
    (row,) = [one for one in shown(test, "exports")["rows"] if "chosen" in one.get("style", "")]
    assert "/data/export-1" in [words_in(cell) for cell in row["cells"]]


def test_a_figure_older_than_its_scores_says_so_wherever_it_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        drawn = []
        for page, table, place in (("evaluation", "matrix", -1), ("overview", "evaluations", -1)):
            (row,) = shown(page_test(database, monkeypatch, page), table)["rows"]
            drawn.append(words_in(row["cells"][place]))
        return drawn

    fill(database)
    score(database, "v1", 0.5, range(1, 41))
    evaluate_processbench(database, "prm:v1", PEOPLE)
    assert not any("older" in one for one in said())
    score(database, "v1", 0.5, range(41, 61))
    assert all("older than its scores" in one for one in said())
    evaluate_processbench(database, "prm:v1", PEOPLE)
    assert not any("older" in one for one in said())
    wanted = {"annotator": "prm:v1", "threshold": 0.4}
    run_job(database, create_job(database, "rethreshold", wanted).id)
    assert all("older than its scores" in one for one in said())


def test_best_of_n_shows_the_stored_curve(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    test = page_test(database, monkeypatch, "evaluation", show="Best-of-N")
    assert "takes a PRM" in words_of(test)
    score(database, "v1", 0.5)
    # Most problems have one response, and those that have several can be measured all the same.
    insert_rows(
        database,
        [
            ImportRow(f"single {n}", ("a",), "g", "single", final_answer="4", is_correct=True)
            for n in range(3 * SIZE)
        ],
    )
    test = page_test(database, monkeypatch, "evaluation", show="Best-of-N")
    assert "Measure Best-of-N" in [one.label for one in test.button]
    stored = evaluate_best_of_n(database, "prm:v1", 2)
    test = page_test(database, monkeypatch, "evaluation", show="Best-of-N")
    assert not test.exception
    curves, lengths = plots(test)
    lines = {one["name"]: one["y"] for one in curves["data"] if one.get("name")}
    assert lines["product"] == [pick["accuracy"] for pick in stored["curves"]["product"]]
    assert set(lines) == set(stored["curves"])
    # Every response has two steps.
    assert {(row, value) for row, value, _ in marks(lengths)} == {
        (way, 0) for way in ("product", "min", "last", "mean")
    }
    groups = [[words_in(cell) for cell in row["cells"]] for row in shown(test, "by-length")["rows"]]
    assert [(row[1], row[-1]) for row in groups] == [("2", "80"), ("as many", "80")]


def test_best_of_n_shows_one_with_rewards_beside_one_with_scores(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    orm = ensure_annotator(database, "prm", "orm", {"scores": REWARD, "model": "orm"})
    records = [
        AnnotationRecord(id, orm.id, (None, 0.5), None, "ok", {REWARD: float(id % 5)})
        for id in range(1, 4 * SIZE + 1)
    ]
    save_wave(database, orm.id, None, records)
    for name in ("v1", "orm"):
        evaluate_best_of_n(database, f"prm:{name}", 2)
    test = page_test(database, monkeypatch, "evaluation", show="Best-of-N")
    rows = [[words_in(cell) for cell in row["cells"]] for row in shown(test, "everybody")["rows"]]
    said = {name: (product, reward) for name, _, product, reward, *_ in rows}
    assert (said["orm"][0], said["v1"][1]) == ("–", "–")
    assert "–" not in (said["orm"][1], said["v1"][0])


def plots(test: AppTest) -> list[dict[str, Any]]:
    """The figures that were drawn."""
    return [json.loads(one.proto.spec) for one in test.get("plotly_chart")]


def marks(figure: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Row, value and symbol of every dot."""
    return [
        dot
        for one in figure["data"]
        if one["mode"] == "markers"
        for dot in zip(one["y"], one["x"], one["marker"]["symbol"], strict=True)
    ]


def test_the_three_biases_stand_beside_the_published_ones_and_open_their_solutions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    test = page_test(database, monkeypatch, "evaluation", show="Biases")
    assert not test.exception
    flawed, tolerance, lowest = plots(test)
    found = {row: value for row, value, _ in marks(flawed)}
    assert (found["All"], found["Omni-MATH, a policy"]) == (0, 0.434)
    # No right answer has a wrong step here, so one of three shares is there.
    assert [value for row, value, _ in marks(tolerance) if row == "v1"] == [0]
    assert {row: value for row, value, _ in marks(lowest)}["EurusPRM-Stage1"] == 0.546
    (row,) = shown(test, "tolerance-counts")["rows"]
    assert [words_in(cell) for cell in row["cells"][1:4]] == ["0", "0", "0"]
    assert "of=prm%3Av1&outcome=false_alarm" in json.dumps(row)


def test_calibration_counts_every_step_up_to_the_first_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    score(database, "v1", 0.5)
    test = page_test(database, monkeypatch, "evaluation", show="Calibration")
    assert not test.exception
    steps, solutions = shown(test, "calibration-errors")["rows"]
    # Two steps of each right solution, the first of each wrong one.
    assert words_in(steps["cells"][5]) == f"{2 * 2 * SIZE + 2 * SIZE:,}"
    assert words_in(solutions["cells"][5]) == f"{4 * SIZE:,}"
    bars = [one for one in plots(test)[0]["data"] if one["type"] == "bar"]
    assert [sum(one["y"]) for one in bars] == [6 * SIZE, 4 * SIZE]
    # A bar opens its solutions: of steps, those with one in the bin; of solutions, these.
    for bar, names in zip(bars, ({"step-2", "step-8", "step-9"}, {"low-2", "low-8"}), strict=True):
        hrefs = [href for (href,) in bar["customdata"]]
        queries = [dict(parse_qsl(href.partition("?")[2])) for href in hrefs]
        assert {one["part"] for one in queries} == names
    for n, query in zip(bars[1]["y"], queries, strict=True):
        opened = page_test(database, monkeypatch, "prm_errors", **query)
        cells = shown(opened, "list heading")["rows"][0]["cells"][0]["cells"]
        assert words_in(cells[0]).split()[0] == str(n)


@pytest.mark.parametrize("figures", ["Biases", "Calibration"])
def test_a_prm_that_was_trained_on_all_of_it_has_no_held_out_figure_and_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, figures: str
) -> None:
    fill(database)
    ensure_annotator(database, "prm", "v1", {"threshold": 0.5, "model": "v1", "revision": "r"})
    prm = find_annotator(database, "prm:v1")
    records = [AnnotationRecord(id, prm.id, (0.9, 0.8), -1, "ok", {}) for id in range(1, 9)]
    save_wave(database, prm.id, None, records)
    problems = [fingerprint(f"easy {number}") for number in range(4)]
    save_training_problems(database, "r", problems)
    test = page_test(database, monkeypatch, "evaluation", show=figures)
    assert not test.exception
    assert "no figure is held out" in words_of(test)
    assert not plots(test)
    test = page_test(database, monkeypatch, "evaluation", show=figures, problems="all")
    assert plots(test)


def test_numbers_are_saved_as_csv_and_latex_whatever_names_hold() -> None:
    numbers = Numbers(("a_b", "F1"), [["50% & more, \\x", 0.5], ["–", None]])
    assert numbers.csv() == 'a_b,F1\n"50% & more, \\x",0.5\n–,\n'
    assert numbers.latex().splitlines()[:5] == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"a\_b & F1 \\",
        r"\midrule",
        r"50\% \& more, \textbackslash{}x & 0.500 \\",
    ]
