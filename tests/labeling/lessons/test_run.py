"""A small run by its command, for real: killed and gone on with, and once more from the start."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import open_database
from labeling.lessons.noise.completions import cases
from labeling.lessons.noise.cost import judge_tokens
from labeling.lessons.noise.replay import replay
from labeling.lessons.parts import identities, project_url, result_of
from labeling.lessons.plan import parts_of
from labeling.lessons.run import LessonsError, every_part, run_lessons
from labeling.lessons.settings import SMALL
from labeling.montecarlo.planner import MCConfig
from tests.labeling.lessons.command import ENVIRONMENT, command, lessons, report


def broken_off(out: Path, part: str, how: signal.Signals) -> str:
    """What a run says that gets a signal behind a part; its workers end with it."""
    with subprocess.Popen(
        command(out, 2),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        until = time.monotonic() + 300
        while not (out / "parts" / f"{part}.json").exists():
            assert process.poll() is None, "it ended before it was broken off"
            assert time.monotonic() < until, f"{part} was not done within five minutes"
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children()
        assert workers
        process.send_signal(how)
        told, _ = process.communicate(timeout=300)
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive  # and not with what they do
    assert process.returncode == (130 if how == signal.SIGINT else -how)
    return told


def test_a_killed_run_goes_on_and_ends_in_the_same_figures_and_weights(
    calm: Path, tmp_path: Path
) -> None:
    rough = tmp_path / "lessons"
    told = broken_off(rough, "project", signal.SIGINT)
    assert "Stopped" in told
    assert "the same command goes on" in told
    broken_off(rough, "labels", signal.SIGKILL)
    before = {file: file.stat().st_mtime_ns for file in (rough / "parts").glob("*.json")}
    assert len(before) < len(every_part(SMALL))
    lessons(rough, workers=2)
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert report(rough) == report(calm)


def test_all_sources_label_the_same_solutions(calm: Path) -> None:
    def learnt(export: str) -> list[tuple[str, tuple[str, ...]]]:
        lines = (calm / "exports" / export / "data.jsonl").read_text("utf-8").splitlines()
        return sorted((one["problem"], tuple(one["steps"])) for one in map(json.loads, lines))

    assert learnt("mc") == learnt("judge") == learnt("truth")
    assert len(learnt("random-0")) == len(learnt("consensus")) < len(learnt("mc"))
    assert set(learnt("random-0")) <= set(learnt("mc"))


def test_a_threshold_moves_first_errors_forward_and_soft_labels_are_rates(calm: Path) -> None:
    def exported(name: str) -> list[dict[str, Any]]:
        lines = (calm / "exports" / name / "data.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    ends = [
        (one["first_error"] % 100, other["first_error"] % 100)  # no error is behind them all
        for one, other in zip(exported("mc"), exported("mc-above-2"), strict=True)
    ]
    assert all(other <= one for one, other in ends)
    assert any(other < one for one, other in ends)
    settings = json.loads((calm / "prms" / "mc-soft-seed0" / "steplens.json").read_text("utf-8"))
    assert (settings["config"]["labels"], settings["config"]["loss"]) == ("soft", "mse")
    assert any(rate not in (0, 1, None) for one in exported("mc") for rate in one["rates"])


def test_a_folder_is_of_one_run(calm: Path, tmp_path: Path) -> None:
    def ignored(done: int, total: int, message: str) -> None: ...

    with pytest.raises(LessonsError, match="another epochs"):
        run_lessons(calm, replace(SMALL, epochs=2), 1, ignored)
    (tmp_path / "mine.txt").write_text("something of mine", "utf-8")
    with pytest.raises(LessonsError, match="not empty"):
        run_lessons(tmp_path, SMALL, 1, ignored)


def test_a_replayed_strategy_says_and_costs_what_its_job_did(calm: Path) -> None:
    database = open_database(project_url(calm))
    asked = list(cases(database, "lessons-training"))
    scanned = find_annotator(database, "mc:lessons").id
    ids = [case.solution.id for case in asked]
    said = {
        one.solution_id: (one.first_error, one.scores)
        for one in annotations_of(database, ids)
        if one.annotator_id == scanned
    }
    database.close()
    samples = SMALL.samples
    results, tokens = replay(MCConfig(samples, "scan", chunk=samples), asked)
    assert {one.solution_id: (one.first_error, one.scores) for one in results} == said
    assert sum(tokens) == result_of(calm, "monte-carlo")["tokens_generated"]
    whole, tokens = replay(MCConfig(samples, "exhaustive"), asked)
    assert [one.first_error for one in whole] == [case.mc.first_error for case in asked]
    rest = result_of(calm, "exhaustive")["tokens_generated"]
    assert sum(tokens) == result_of(calm, "monte-carlo")["tokens_generated"] + rest


def test_the_judges_tokens_are_its_replies_and_its_own_solutions(calm: Path) -> None:
    database = open_database(project_url(calm))
    asked = list(cases(database, "lessons-training"))
    database.close()
    tokens = sum(judge_tokens(asked, SMALL.judge))
    replies = result_of(calm, "judge")["tokens_generated"]
    # Its own solutions are about as long as the policy's: a few dozen tokens to each problem.
    assert 20 < (tokens - replies) / SMALL.training_problems < 200
    no_reference = {"prompt": [{"content": "no reference"}]}
    without = [
        replace(case, judge=replace(case.judge, evidence=case.judge.evidence | no_reference))
        for case in asked
        if case.judge is not None
    ]
    assert sum(judge_tokens(without, SMALL.judge)) == replies


def test_corrections_are_in_the_exports_and_nothing_else_is_changed(calm: Path) -> None:
    def exported(name: str) -> dict[tuple[str, tuple[str, ...]], int]:
        lines = (calm / "exports" / name / "data.jsonl").read_text("utf-8").splitlines()
        rows = map(json.loads, lines)
        return {(one["problem"], tuple(one["steps"])): one["first_error"] for one in rows}

    plain = exported("consensus")
    told = result_of(calm, "people-seed0")["exports"]
    assert len(told) == len(SMALL.corrections)
    for name, one in told.items():
        corrected = exported(name)
        new = {row: said for row, said in corrected.items() if row not in plain}
        assert len(new) == one["disagreements"]  # which the consensus had dropped
        assert plain.keys() <= corrected.keys()
        changed = sum(corrected[row] != said for row, said in plain.items())
        assert changed + len(new) <= one["corrected"]


def test_what_a_part_does_not_use_does_not_change_it() -> None:
    """So a run goes on with settings that were added since."""
    other = replace(SMALL, corrections=(("anywhere", (3,)),), cost_samples=(2,))
    assert identities(parts_of(other)) == identities(parts_of(SMALL))
    with_more = identities(every_part(SMALL))
    assert identities(parts_of(SMALL)).items() <= with_more.items()
    assert identities(every_part(other))["cost"] != with_more["cost"]
