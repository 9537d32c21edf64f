"""How many threads torch computes with: by a model's size, or by a measurement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from models import threads
from models.errors import ModelError
from models.generation.base import CompletionRequest, Sampling
from models.generation.load import load_generator
from models.prm.load import load_scorer
from models.threads import fewest, set_threads
from training.config import TrainConfig
from training.train import train

CHAT = [{"role": "user", "content": "Tom has 3 apples."}]
SOLUTION = ("Add 1 and 2.", ("1 + 2 = 3.",))


@pytest.fixture(autouse=True)
def four(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Torch would take four threads, as on a machine of four cores."""
    before = torch.get_num_threads()
    monkeypatch.delenv("STEPLENS_THREADS", raising=False)
    monkeypatch.setattr(threads, "_MOST", 4)
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def small_export(folder: Path) -> Path:
    """Sixteen solutions of eight problems, half of them wrong."""
    rows = [
        {
            "problem": f"Add {k} and 1.",
            "steps": [f"{k} + 1 = {k + 1 + wrong}."],
            "labels": [-1 if wrong else 1],
            "first_error": 0 if wrong else -1,
        }
        for k in range(8)
        for wrong in (0, 1)
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "rows": len(rows)}
    folder.mkdir(parents=True)
    (folder / "data.jsonl").write_bytes(content)
    manifest = {"format": "jsonl", "files": {"data.jsonl": entry}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def used_by(what: str, tmp_path: Path) -> int:
    """The threads that torch has after a tiny model was used."""
    if what == "generator":
        generator = load_generator("playground:policy")
        asked = CompletionRequest(generator.prompt_ids(CHAT), 0)
        generator.complete([asked], Sampling(max_tokens=2))
    elif what == "prm":
        load_scorer("playground:prm").score([SOLUTION])
    else:
        export = small_export(tmp_path / "export")
        train(export, "playground:policy", tmp_path / "prm", TrainConfig(epochs=1))
    return torch.get_num_threads()


@pytest.mark.parametrize("what", ["generator", "prm", "training"])
def test_a_small_model_has_one_thread_unless_told_otherwise(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "fewest", lambda *_: pytest.fail("measured"))
    assert used_by(what, tmp_path) == 1
    monkeypatch.setenv("STEPLENS_THREADS", "3")
    assert used_by(what, tmp_path / "again") == 3


@pytest.mark.parametrize("told", ["0", "many", "-1", "1.5", "99999999"])
def test_what_is_no_number_of_threads_is_said(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPLENS_THREADS", told)
    with pytest.raises(ModelError, match=f"STEPLENS_THREADS must be a number.*not '{told}'"):
        load_scorer("playground:prm").score([SOLUTION])


@pytest.mark.parametrize(
    ("most", "speeds", "chosen"),
    [
        (1, {1: 1.0}, 1),
        (2, {1: 1.0, 2: 1.9}, 2),
        (2, {1: 1.0, 2: 1.05}, 1),
        (2, {1: 3.0, 2: 0.9}, 1),  # something else holds a core
        (6, {1: 1.0, 2: 1.9, 4: 3.5, 6: 3.6}, 4),
        (64, {1: 1, 2: 1.8, 4: 1.9, 8: 0.5, 16: 0.1, 32: 0.1, 64: 0.1}, 2),  # two cores of many
    ],
)
def test_the_fewest_threads_that_are_as_fast(
    most: int, speeds: dict[int, float], chosen: int
) -> None:
    assert fewest(speeds.__getitem__, most) == chosen


def test_one_slow_round_decides_nothing() -> None:
    asked: list[int] = []

    def speed(threads: int) -> float:
        asked.append(threads)
        disturbed = len(asked) <= 2  # the first round of three
        return 0.1 if disturbed and threads == 2 else float(threads)

    assert fewest(speed, 2) == 2
    assert asked == [1, 2] * 3


def test_a_large_model_is_measured_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "SMALL", 1000)
    model, found = nn.Linear(64, 64), iter([3, 2])
    monkeypatch.setattr(threads, "fewest", lambda *_: next(found))
    for _ in range(3):
        set_threads(model)
        assert torch.get_num_threads() == 3
    monkeypatch.setattr(threads, "VALID", 0.0)
    set_threads(model)
    assert torch.get_num_threads() == 2


def test_a_real_measurement_takes_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "SMALL", 1000)
    set_threads(nn.Sequential(nn.Linear(64, 256), nn.Linear(256, 64)))
    assert torch.get_num_threads() in (1, 2, 4)
