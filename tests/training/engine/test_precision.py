"""What training computes in: measured unless told, the same after a kill, weights in float32."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models import precision as measured
from models.prm.transformers import load_prm
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.engine.start import precision
from training.train import train

SHORT = TrainConfig(epochs=2, batch_size=8, max_length=128, dropout=0.0, device="cpu")


def slowdown(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bfloat16 take so many times as long as float32."""
    monkeypatch.setattr(measured, "bfloat16_slowdown", lambda *_: times)


@pytest.mark.parametrize(
    ("times", "chosen"), [(0.4, "bfloat16"), (0.9, "float32"), (100.0, "float32")]
)
def test_auto_is_what_a_measurement_finds_faster(
    times: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowdown(times, monkeypatch)
    assert precision(TrainConfig(device="cpu"), 1024) == chosen
    for told in ("float32", "bfloat16"):
        assert precision(TrainConfig(device="cpu", precision=told), 1024) == told
    monkeypatch.setenv("WORLD_SIZE", "2")  # they must agree, whatever each would measure
    assert precision(TrainConfig(device="cpu"), 1024) == "float32"


def test_a_gpu_computes_in_bfloat16_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for supported, chosen in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda known=supported: known)
        assert precision(TrainConfig(), 1024) == chosen


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("precision")
    save_tiny_policy(folder / "base")
    write_export(folder / "export", visible_rule(60, seed=1))
    return folder


def trained(
    data: Path, out: Path, config: TrainConfig, stop_at: int = -1
) -> tuple[list[str], list[str]]:
    """What its progress said, to the end or to this step, and its lines."""
    said: list[str] = []
    lines: list[str] = []

    def progress(done: int, total: int, message: str) -> None:
        said.append(message)
        if done == stop_at:
            raise KeyboardInterrupt

    train(data / "export", str(data / "base"), out, config, progress, say=lines.append)
    return said, lines


def test_a_run_goes_on_in_what_it_began_in_and_its_weights_stay_float32(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowdown(0.4, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        trained(data, tmp_path / "prm", SHORT, stop_at=9)
    slowdown(1.0, monkeypatch)  # now the same machine has other work as well
    lines = trained(data, tmp_path / "prm", SHORT)[1]
    assert any("continues an earlier run" in one for one in lines)
    trained(data, tmp_path / "other", SHORT)
    prms = [load_prm(str(tmp_path / name)).provenance for name in ("prm", "other")]
    assert [one["config"]["precision"] for one in prms] == ["bfloat16", "float32"]
    losses = [one["report"]["history"][0]["train_loss"] for one in prms]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    weights = load_file(tmp_path / "prm" / "model.safetensors")
    assert {one.dtype for one in weights.values()} == {torch.float32}
    fine = sum(not torch.equal(one, one.bfloat16().float()) for one in weights.values())
    assert fine > len(weights) / 2  # learnt in float32, not only written so


def test_a_slow_choice_is_warned_of_all_the_time(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowdown(100.0, monkeypatch)
    told = TrainConfig(epochs=1, max_length=128, device="cpu", precision="bfloat16")
    said, lines = trained(data, tmp_path / "prm", told)
    assert all("100 times as long" in one and "--precision" in one for one in said)
    report = load_prm(str(tmp_path / "prm")).provenance["report"]
    assert report["warning"] in said[-1]
    assert report["warning"] in lines
