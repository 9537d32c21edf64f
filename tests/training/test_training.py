"""Training a tiny PRM that learns a visible rule."""

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import load_file

import training.train
from app.cli.training.tables import training_summary
from models.errors import CheckpointError
from models.names import checkpoint_revision
from models.prm.formats import SeparatorChat
from models.prm.transformers import load_prm, score_solutions
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import Row, row, write_export
from training.config import TrainConfig, resolved
from training.data import HeldOut, fingerprint, read_export, split_by_problem
from training.data_files import ExportError
from training.engine.batches import TrainingError
from training.metrics.processbench.evaluation import first_error_from_scores, processbench_metrics
from training.train import TrainReport, train

Trained = tuple[Path, TrainReport, list[tuple[int, int, str]]]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return save_tiny_policy(tmp_path_factory.mktemp("policy"))


def visible_rule(n: int, seed: int) -> list[Row]:
    """Solutions in which the first step that says "bad" is the first error."""
    random_ = random.Random(seed)
    rows = []
    for i in range(n):
        first = random_.choice([-1, 0, 1, 2])
        steps = [random_.choice(["So 3 + 4", "Tom buys", "The more"]) for _ in range(3)]
        labels: list[int | None] = [1, 1, 1]
        if first >= 0:
            steps[first] += " xx bad xx"
            labels[first:] = [-1] + [None] * (2 - first)
        rows.append(
            {
                "problem": f"Tom {seed} {i // 2}",
                "steps": steps,
                "labels": labels,
                "first_error": first,
            }
        )
    return rows


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(tmp_path_factory.mktemp("export"), visible_rule(200, seed=1))


QUICK = TrainConfig(
    epochs=6, learning_rate=5e-3, head_learning_rate=5e-3, max_length=128, patience=6
)


@pytest.fixture(scope="module")
def trained(policy: Path, export: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    out = tmp_path_factory.mktemp("trained") / "prm"
    seen = []
    report = train(export, str(policy), out, QUICK, lambda *event: seen.append(event))
    return out, report, seen


def test_the_rule_is_learnt_and_holds_on_new_problems(trained: Trained) -> None:
    out, report, _ = trained
    rows = visible_rule(60, seed=2)
    prm = load_prm(str(out))
    scores = score_solutions(prm, [(r["problem"], r["steps"]) for r in rows])
    found = [first_error_from_scores(s) for s in scores]
    result = processbench_metrics(found, [r["first_error"] for r in rows])
    assert result.f1 > 0.9
    assert report.best.f1 == max(epoch.f1 or 0 for epoch in report.history)


def test_the_checkpoint_records_where_it_comes_from(
    trained: Trained, export: Path, policy: Path
) -> None:
    out, report, _ = trained
    settings = load_prm(str(out)).provenance
    data = export / "data.jsonl"
    assert settings["export_checksum"] == hashlib.sha256(data.read_bytes()).hexdigest()
    assert settings["base"] == str(policy)
    assert len(settings["base_revision"]) == 12
    assert settings["config"]["epochs"] == 6
    assert settings["config"]["head_learning_rate"] == 5e-3
    assert len(settings["report"]["history"]) == len(report.history)
    known = {fingerprint(r["problem"]) for r in map(json.loads, data.read_text().splitlines())}
    parts = [set(settings[key]) for key in ("training_problems", "validation_problems")]
    assert parts[0] | parts[1] == known
    assert not parts[0] & parts[1]
    assert len(parts[1]) == 15
    assert report.n_training + report.n_validation == 200
    assert report.n_training_wrong == report.n_negative_steps
    assert report.class_weights[0] > report.class_weights[1]


def test_a_prm_trained_further_has_seen_what_its_base_has(trained: Trained, tmp_path: Path) -> None:
    base, _, _ = trained
    more = write_export(tmp_path / "more", visible_rule(40, seed=9))
    train(more, str(base), tmp_path / "prm", TrainConfig(epochs=1, max_length=128))
    first = json.loads((base / "steplens.json").read_text())
    second = json.loads((tmp_path / "prm" / "steplens.json").read_text())
    assert first["base_problems"] == []
    seen = {*first["training_problems"], *first["validation_problems"]}
    assert set(second["base_problems"]) == seen


def test_a_base_that_no_epoch_beats_is_kept_as_it_was(trained: Trained, tmp_path: Path) -> None:
    base, before, _ = trained
    export = write_export(tmp_path / "more", visible_rule(80, seed=9))
    harmful = replace(QUICK, epochs=4, patience=2, learning_rate=0.3, save_minutes=0.0)
    said: list[str] = []

    def stop(done: int, total: int, message: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    def watch(done: int, total: int, message: str) -> None:
        said.append(message)

    with pytest.raises(KeyboardInterrupt):
        train(export, str(base), tmp_path / "prm", harmful, stop)
    lines: list[str] = []
    report = train(export, str(base), tmp_path / "prm", harmful, watch, say=lines.append)
    assert any("continues an earlier run" in line for line in lines)
    assert said[-1] == "no epoch was better than the base"
    assert report.best_epoch == 0
    assert report.best.train_loss is None
    assert (report.best.f1 or 0) > 0.9
    assert [one.epoch for one in report.history] == [0, 1, 2]  # and no more: patience is 2
    weights = [load_file(one / "model.safetensors") for one in (base, tmp_path / "prm")]
    assert all(torch.equal(one, weights[1][name]) for name, one in weights[0].items())
    assert "none of 2 epochs was better than the base" in training_summary(report)
    assert before.history[0].epoch == 1  # the head of a new PRM is random, and no candidate
    assert f"best epoch {before.best_epoch} of {before.epochs}" in training_summary(before)


def test_figures_come_with_intervals(trained: Trained) -> None:
    _, report, _ = trained
    for name, (low, high) in report.best.intervals.items():
        assert low <= getattr(report.best, name) <= high
        assert high - low > 0.01  # thirty solutions
    assert report.best.intervals.keys() == {"error_accuracy", "correct_accuracy", "f1"}


def test_progress_runs_from_nothing_to_all(trained: Trained) -> None:
    _, _, seen = trained
    done = [event[0] for event in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]
    assert any("F1" in message for _, _, message in seen)


def test_an_undefined_f1_is_none_and_the_loss_decides(policy: Path, tmp_path: Path) -> None:
    rows = visible_rule(60, seed=4)
    export = write_export(tmp_path / "export", rows)
    config = TrainConfig(epochs=2, max_length=128, learning_rate=1e-3)
    _, held_out = split_by_problem(
        read_export(export).examples, config.validation_fraction, config.seed
    )
    apart = {example.problem for example in held_out}
    rows = [r for r in rows if r["problem"] not in apart or r["first_error"] < 0]
    # Dropping rows would change the split, so every held-out problem keeps a right solution.
    rows += [row([1, 1], -1, problem) for problem in sorted(apart)]
    report = train(write_export(export, rows), str(policy), tmp_path / "prm", config)
    losses = [epoch.validation_loss for epoch in report.history]
    assert [epoch.f1 for epoch in report.history] == [None, None]
    assert report.best_epoch == losses.index(min(losses)) + 1
    assert "NaN" not in (tmp_path / "prm" / "steplens.json").read_text()


def test_the_same_seed_gives_the_same_weights(policy: Path, export: Path, tmp_path: Path) -> None:
    short = TrainConfig(epochs=1, max_length=128, seed=5)
    for name in ("a", "b"):
        train(export, str(policy), tmp_path / name, short)
    torch.manual_seed(123)
    state = torch.random.get_rng_state()
    train(export, str(policy), tmp_path / "c", TrainConfig(epochs=1, max_length=128, seed=6))
    assert torch.equal(state, torch.random.get_rng_state())
    a, b, c = ((tmp_path / n / "model.safetensors").read_bytes() for n in "abc")
    assert a == b
    assert a != c


def test_an_existing_folder_is_kept_unless_it_may_be_replaced(
    policy: Path, export: Path, tmp_path: Path
) -> None:
    out = tmp_path / "prm"
    short = TrainConfig(epochs=1, max_length=128)
    out.mkdir()
    train(export, str(policy), out, short)
    before = checkpoint_revision(out)
    with pytest.raises(FileExistsError, match="not empty"):
        train(export, str(policy), out, replace(short, seed=1))
    assert checkpoint_revision(out) == before
    train(export, str(policy), out, replace(short, seed=1), overwrite=True)
    assert checkpoint_revision(out) != before
    assert [p.name for p in tmp_path.iterdir()] == ["prm"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="no steplens.json: it is no checkpoint"):
        train(export, str(policy), tmp_path / "mine", short, overwrite=True)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_a_run_that_is_stopped_at_its_start_leaves_nothing(
    policy: Path, export: Path, tmp_path: Path
) -> None:
    def stop(done: int, total: int, message: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(export, str(policy), tmp_path / "prm", QUICK, stop)
    assert not list(tmp_path.iterdir())


def test_what_was_learnt_outlives_a_full_disk(
    policy: Path, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: object, tokenizer: object, where: Path, *rest: object) -> NoReturn:
        (where / "half").write_text("half")
        raise OSError("disk full")

    old = tmp_path / "old"
    old.mkdir()
    (old / "steplens.json").write_text("{}")
    short = TrainConfig(epochs=1, max_length=128)
    with monkeypatch.context() as patched:
        patched.setattr(training.train, "save_prm", fail)
        with pytest.raises(OSError, match="disk full"):
            train(export, str(policy), old, short, overwrite=True)
    assert [file.name for file in old.iterdir()] == ["steplens.json"]
    asked: list[int] = []
    again = train(
        export,
        str(policy),
        old,
        short,
        lambda done, total, message: asked.append(done),
        overwrite=True,
    )
    assert len(asked) == 1  # nothing was left to be trained
    assert len(again.history) == 1
    assert [folder.name for folder in tmp_path.iterdir()] == ["old"]


def test_truncated_steps_are_counted_and_left_out(policy: Path, tmp_path: Path) -> None:
    rows = visible_rule(40, seed=3)
    rows[0]["steps"][1] = "x " * 200
    rows[1]["steps"][0] = "x " * 200
    lines: list[str] = []
    report = train(
        write_export(tmp_path / "export", rows),
        str(policy),
        tmp_path / "prm",
        TrainConfig(epochs=1, max_length=128),
        say=lines.append,
    )
    assert report.n_truncated_steps == 5
    assert report.n_left_out == 1
    assert "left out: 5 steps beyond 128 tokens" in lines
    assert "left out: 1 solution without a step to learn from" in lines


def test_a_new_separator_is_added_to_the_vocabulary(
    policy: Path, export: Path, tmp_path: Path
) -> None:
    config = TrainConfig(epochs=1, max_length=128, separator="<step_end>")
    train(export, str(policy), tmp_path / "prm", config)
    prm = load_prm(str(tmp_path / "prm"))
    assert isinstance(prm.format, SeparatorChat)
    assert prm.format.separator == "<step_end>"
    assert prm.tokenizer.encode("<step_end>") == [prm.format.separator_id]
    rows = prm.model.model.get_input_embeddings().num_embeddings
    assert rows == prm.model.model.config.vocab_size > prm.format.separator_id
    assert len(score_solutions(prm, [("Tom", ["a", "b"])])[0]) == 2


def test_what_cannot_be_learnt_is_refused(policy: Path, tmp_path: Path) -> None:
    rows = [row([1, 1], -1, f"problem {i}") for i in range(6)]
    export = write_export(tmp_path / "export", rows)
    with pytest.raises(TrainingError, match="no first error"):
        train(export, str(policy), tmp_path / "prm", QUICK)
    with pytest.raises(CheckpointError, match="no folder"):
        train(export, "transformers:/no/where", tmp_path / "prm", QUICK)


def test_what_is_held_out_is_not_learnt_from(policy: Path, tmp_path: Path) -> None:
    rows = [row([1, -1], 1, f"problem {i}") for i in range(20)]
    part = HeldOut(0.3, 4)
    whole = write_export(tmp_path / "whole", rows, held_out=asdict(part))
    with pytest.raises(ExportError, match="held out for evaluation"):
        train(whole, str(policy), tmp_path / "no", QUICK)
    clean = [one for one in rows if one["problem"] not in part]
    assert 0 < len(clean) < len(rows)
    export = write_export(tmp_path / "clean", clean, held_out=asdict(part))
    report = train(export, str(policy), tmp_path / "prm", QUICK)
    assert report.held_out_share == 0.3
    assert report.n_validation_wrong == report.n_validation > 0
    told = json.loads((tmp_path / "prm" / "steplens.json").read_text("utf-8"))
    assert told["held_out"] == asdict(part)


def test_learning_rates_follow_the_size_unless_given() -> None:
    small, large = (resolved(TrainConfig(), n, False) for n in (10**6, 7 * 10**9))
    assert small.learning_rate is not None
    assert large.learning_rate is not None
    assert small.learning_rate > 50 * large.learning_rate
    given = resolved(TrainConfig(learning_rate=2e-4), 10**6, False)
    assert (given.learning_rate, given.head_learning_rate) == (2e-4, small.head_learning_rate)


def test_a_base_that_is_a_prm_goes_on_slowly() -> None:
    new, further = (resolved(TrainConfig(), 10**6, is_prm) for is_prm in (False, True))
    assert new.learning_rate == pytest.approx(10 * (further.learning_rate or 0))
    assert new.head_learning_rate == pytest.approx(10 * (further.head_learning_rate or 0))
    assert new.epochs > further.epochs > 0
    assert resolved(TrainConfig(epochs=7), 10**6, True).epochs == 7


def test_a_validation_part_without_labels_is_refused(policy: Path, tmp_path: Path) -> None:
    rows = visible_rule(12, seed=3)
    export = write_export(tmp_path / "export", rows)
    config = TrainConfig(epochs=1, max_length=128)
    examples = read_export(export).examples
    _, held_out = split_by_problem(examples, config.validation_fraction, config.seed)
    for r in rows:
        if r["problem"] in {example.problem for example in held_out}:
            r["steps"][0] = "x " * 200
    write_export(export, rows)
    with pytest.raises(TrainingError, match="held out for validation"):
        train(export, str(policy), tmp_path / "prm", config)


def test_a_loss_that_is_not_a_number_is_an_error(
    policy: Path, export: Path, tmp_path: Path
) -> None:
    wild = TrainConfig(epochs=2, max_length=128, learning_rate=1e30, warmup=0)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        train(export, str(policy), tmp_path / "prm", wild)
    assert not (tmp_path / "prm").exists()


def test_settings_and_metrics_need_no_torch() -> None:
    code = (
        "import sys, training.config, training.data, training.metrics.processbench.evaluation;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
