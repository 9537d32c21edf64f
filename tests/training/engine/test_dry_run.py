"""A dry run counts what training would learn from, and its memory is what training takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from transformers import Qwen2Config, Qwen2ForCausalLM

from app.cli.main import main
from app.cli.training import tables
from tests.support.tiny import save_tiny_policy, tiny_tokenizer
from tests.training.test_data import Row, row, write_export
from training.config import TrainConfig
from training.dry_run import memory as reckoning
from training.dry_run import run as running
from training.dry_run.run import dry_run
from training.engine import memory as running_out
from training.engine.preparation import prepare
from training.engine.start import start
from training.sources import of_export

LONG = "So 3 + 4 = 7. " * 6
SHORT = TrainConfig(epochs=2, batch_size=8, max_length=128, device="cpu", precision="float32")


def rows() -> list[Row]:
    """Twenty problems with a right solution and one that is wrong at its second step."""
    made = [
        row(labels, first, f"Tom {n}")
        for n in range(20)
        for labels, first in (([1, 1, 1], -1), ([1, -1, None], 1))
    ]
    made[0]["steps"][2] = made[1]["steps"][0] = "x " * 200  # do not fit
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dry")
    save_tiny_policy(folder / "base")
    write_export(folder / "export", rows())
    (folder / "later.jsonl").write_text(
        "".join(json.dumps({"problem": f"tom {n}.", "steps": ["a"]}) + "\n" for n in (5, 6, 99))
    )
    return folder


def test_steps_are_counted_by_class_and_place_and_what_is_cut(data: Path) -> None:
    found = dry_run(data / "export", str(data / "base"), SHORT, {"later": ["tom 5", "TOM 6."]})
    counts = found.counts
    assert (found.leaks, found.leaked) == ({"later": 2}, 4)
    assert (counts.cut_steps, counts.cut_solutions, counts.left_out) == (4, 2, 1)
    parts = (counts.training, counts.validation)
    assert sum(part.solutions for part in parts) == 40 - 4 - 1
    assert sum(part.first_errors for part in parts) == sum(part.wrong for part in parts) == 17
    right = 18 * 3 - 1 + 17  # all of the right solutions but one step, and one of each wrong one
    assert sum(part.right_steps for part in parts) == right
    training = counts.training
    places = counts.places
    assert [sum(one) for one in zip(*places, strict=True)] == [
        training.right_steps,
        training.first_errors,
    ]
    assert places[0] == (training.solutions, 0)
    assert places[1][1] == training.wrong
    assert 0 < training.longest <= 128
    assert found.epoch.computed >= found.epoch.tokens > 0
    assert found.seconds is not None
    assert found.seconds > 0


def test_trees_compute_less_than_there_is(data: Path) -> None:
    found = dry_run(data / "export", str(data / "base"), replace(SHORT, trees="on"))
    assert "mask" in found.epoch.largest
    assert found.epoch.tokens > 1.3 * found.epoch.computed > 0
    saved = f"{found.epoch.tokens / found.epoch.computed:.1f}"
    assert f"tokens, {saved} times what prefix trees compute" in tables.dry_run_summary(found)


@pytest.mark.parametrize(
    "more",
    [{}, {"lora": 4}, {"lora": 4, "precision": "bfloat16"}, {"head": "linear"}],
    ids=str,
)
def test_weights_gradients_and_optimizer_are_what_a_run_has(data: Path, more: dict) -> None:
    config = replace(SHORT, **more)
    needed = dry_run(data / "export", str(data / "base"), config).memory
    model = start(str(data / "base"), config)
    learnt = [one for one in model.parameters() if one.requires_grad]
    assert needed.n_learnt == sum(one.numel() for one in learnt)
    assert needed.n_weights == sum(one.numel() for one in model.parameters())
    held = [*model.parameters(), *model.buffers()]
    assert needed.weights == sum(one.nbytes for one in held)
    for one in learnt:
        one.grad = torch.ones_like(one)
    assert needed.gradients == sum(one.nbytes for one in learnt)
    optimizer = torch.optim.AdamW(learnt)
    optimizer.step()
    state = [one for kept in optimizer.state.values() for one in kept.values()]
    assert needed.optimizer == sum(one.nbytes for one in state)


def test_a_training_takes_what_was_reckoned(tmp_path: Path) -> None:
    """Of the memory of a process that gives back at once what it frees; activations are most."""
    tokenizer = tiny_tokenizer()
    shape = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=1024,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    Qwen2ForCausalLM(shape).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    alike = [
        {**row([1, -1, None] if n % 2 else [1, 1, 1], n % 2 or -1, f"Tom {n}"), "steps": [LONG] * 3}
        for n in range(24)
    ]
    write_export(tmp_path / "export", alike)
    settings = {"epochs": 1, "max_length": 512, "device": "cpu", "precision": "float32"}
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("measured_memory.py")),
            str(tmp_path / "export"),
            str(tmp_path / "base"),
            json.dumps(settings),
        ],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "MALLOC_MMAP_THRESHOLD_": "65536"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["activations"] > 0.8 * told["total"]
    assert 0.8 < told["total"] / told["measured"] < 1.5


def test_the_command_says_it_and_writes_nothing(data: Path) -> None:
    before = sorted(data.rglob("*"))
    words = ["train", str(data / "export"), "--base", str(data / "base")]
    words += ["--out", str(data / "prm"), "--max-length", "128", "--report-to", "tensorboard"]
    done = CliRunner().invoke(
        main, [*words, "--dry-run", "--leak-check", str(data / "later.jsonl")]
    )
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "leaks 2 problems of" in said
    assert "4 solutions to them left out" in said
    assert "cut 4 steps of 2 solutions, beyond --max-length" in said
    assert "at most, 12 epochs and their validation" in said
    assert sorted(data.rglob("*")) == before
    words += ["--leak-check", str(data / "later.jsonl"), "--refuse-leaks"]
    refused = CliRunner().invoke(main, [*words, "--dry-run"])
    assert refused.exit_code == 1
    assert "holds 2 problems of" in " ".join(refused.output.split())


def test_what_does_not_fit_is_not_tried(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "measure", lambda *_: pytest.fail("it was tried"))
    for free, advice in ((1_000_000, "--device-tokens "), (1000, "--lora 16 ")):
        monkeypatch.setattr(reckoning, "available", lambda device, there=free: there)
        found = dry_run(data / "export", str(data / "base"), SHORT)
        assert found.pace is None
        said = tables.dry_run_summary(found)
        assert f"does not fit; what helps, the most first: {advice}" in said
        # What a run in the same words says when it runs out of so much.
        with monkeypatch.context() as patch:
            patch.setattr(running_out, "device_bytes", lambda config, there=free: there)
            run = prepare(of_export(data / "export", "hard"), str(data / "base"), SHORT)
            assert str(running_out.shortage(run)).endswith("; ".join(found.remedies))
