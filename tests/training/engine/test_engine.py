"""What is learnt depends neither on how the work is cut up nor on how often it was killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from app.cli.training.tables import training_summary
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.engine.batches import portions
from training.train import train

SETTINGS: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "head_learning_rate": 1e-3,
    "max_length": 128,
    "dropout": 0.0,
    "device": "cpu",
}
TWO = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    save_tiny_policy(folder / "policy")
    write_export(folder / "export", visible_rule(60, seed=1))
    return folder


def started(
    data: Path, out: Path, settings: dict[str, Any], *more: str, under: list[str] | None = None
) -> subprocess.Popen[str]:
    module = ["-m", *under] if under else []
    return subprocess.Popen(
        [
            sys.executable,
            *module,
            str(Path(__file__).with_name("train_in_processes.py")),
            str(data / "export"),
            str(data / "policy"),
            str(out),
            json.dumps(settings),
            *more,
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def history(process: subprocess.Popen[str]) -> list[float]:
    """Training loss, validation loss and F1 of each epoch, in one row."""
    out, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-4000:]
    return [figure for epoch in json.loads(out.splitlines()[-1]) for figure in epoch]


@pytest.fixture(scope="module")
def plain(data: Path) -> tuple[Path, list[float]]:
    out = data / "plain"
    return out, history(started(data, out, SETTINGS))


@pytest.mark.parametrize(
    ("more", "under", "arguments"),
    [
        ({"device_tokens": 120}, None, []),
        ({}, TWO, []),
        ({"trainer": {"fsdp": True}}, TWO, ["--sharded"]),
    ],
    ids=["portions", "two processes", "sharded weights"],
)
def test_the_losses_are_the_same_however_the_work_is_cut_up(
    data: Path,
    plain: tuple[Path, list[float]],
    tmp_path: Path,
    more: dict[str, Any],
    under: list[str] | None,
    arguments: list[str],
) -> None:
    cut = started(data, tmp_path / "prm", {**SETTINGS, **more}, *arguments, under=under)
    assert history(cut) == pytest.approx(plain[1], rel=1e-4)
    same, other = (load_file(out / "model.safetensors") for out in (plain[0], tmp_path / "prm"))
    assert same.keys() == other.keys()
    for name, weights in same.items():
        torch.testing.assert_close(other[name], weights, rtol=1e-3, atol=1e-4)


def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(data: Path, tmp_path: Path) -> None:
    """With dropout, so that random numbers must go on too, and a checkpoint at every step."""
    settings = {**SETTINGS, "dropout": 0.1, "save_minutes": 0.0, "head_epochs": 1, "trees": "on"}
    moments = random.Random(3)
    kills = 0
    began = time.monotonic()
    undisturbed = history(started(data, tmp_path / "undisturbed", settings))
    usual = time.monotonic() - began
    out = tmp_path / "prm"
    while kills < 4 and not out.exists():
        process = started(data, out, settings)
        try:
            process.wait(timeout=usual * moments.uniform(0.4, 0.9))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills
    again = started(data, out, settings) if not out.exists() else None
    if again is not None:
        assert history(again) == pytest.approx(undisturbed, rel=1e-6)
    weights = [load_file(one / "model.safetensors") for one in (tmp_path / "undisturbed", out)]
    for name, one in weights[0].items():
        torch.testing.assert_close(weights[1][name], one, rtol=1e-5, atol=1e-6)
    assert not list(tmp_path.glob(".*"))


def test_trees_change_nothing_that_is_learnt(data: Path, tmp_path: Path) -> None:
    """Nor on two processes, or with weights sharded over them (FSDP2).

    One batch an epoch, for trees choose what a batch holds.
    """
    whole = {**SETTINGS, "epochs": 3, "batch_size": 60}
    again = {"gradient_checkpointing": True}
    ways: list[dict[str, Any]] = [{"trees": "off"}, {"trees": "on", "device_tokens": 400, **again}]
    found: list[list[float | None]] = []
    for number, way in enumerate(ways):
        run = (data / "export", str(data / "policy"), tmp_path / str(number))
        report = train(*run, TrainConfig(**whole, **way))
        assert (report.saving > 1) == ("prefix trees: " in training_summary(report)) == bool(number)
        found.append(
            [x for one in report.history for x in (one.train_loss, one.validation_loss, one.f1)]
        )
    trees = {**whole, "trees": "on"}
    sharded = {**trees, "trainer": {"fsdp": True}}
    both = [
        started(data, tmp_path / "2", trees, under=TWO),
        started(data, tmp_path / "3", sharded, "--sharded", under=TWO),
    ]
    found += [[*history(process)] for process in both]
    plain, *others = (load_file(tmp_path / f"{n}/model.safetensors") for n in range(4))
    for figures, weights in zip(found[1:], others, strict=True):
        assert figures == pytest.approx(found[0], rel=1e-4)
        for name, one in plain.items():
            torch.testing.assert_close(weights[name], one, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "more", [{}, {"head_epochs": 2}, {"lora": 2}, {"trees": "on", "lora": 2}], ids=str
)
def test_a_run_continues_from_its_last_checkpoint(
    data: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    """Also where a checkpoint holds the head alone, or adapters: the base has the rest."""
    config = TrainConfig(**SETTINGS, save_minutes=0.0, **more)

    def stop(done: int, total: int, message: str) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data / "export", str(data / "policy"), tmp_path / "prm", config, stop)
    seen: list[int] = []
    lines: list[str] = []
    train(
        data / "export",
        str(data / "policy"),
        tmp_path / "prm",
        config,
        lambda done, total, message: seen.append(done),
        say=lines.append,
    )
    assert "continues an earlier run after its step 9" in lines
    assert min(seen) == 9


def test_portions_keep_to_the_budget_and_lose_nothing(data: Path) -> None:
    from transformers import AutoTokenizer

    from training.data import read_export
    from training.engine.batches import encode_examples

    tokenizer = AutoTokenizer.from_pretrained(data / "policy")
    examples = read_export(data / "export").examples
    (separator,) = tokenizer.encode("<extra_0>")
    items = encode_examples(tokenizer, examples, separator, 128, "")[:13]
    for devices in (1, 2, 3):
        shares = portions(items, devices, budget=150)
        assert len({len(share) for share in shares}) == 1
        every = [item for share in shares for portion in share for item in portion]
        assert sorted(map(id, every)) == sorted(map(id, items))
        for portion in (portion for share in shares for portion in share):
            widths = [len(item.encoded.ids) for item in portion]
            assert len(widths) <= 1 or max(widths) * len(widths) <= 150
