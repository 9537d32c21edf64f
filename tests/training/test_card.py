"""The model card of a checkpoint: the Hub reads it, and it flatters nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData

from models.names import hub_id
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.card import model_card
from training.config import TrainConfig
from training.train import train

SHORT = TrainConfig(epochs=1, max_length=128, device="cpu")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`new` on a language model, and `further` on that one, which no epoch makes better."""
    folder = tmp_path_factory.mktemp("cards")
    base = save_tiny_policy(folder / "base")
    export = write_export(folder / "my-export", visible_rule(60, seed=1))
    train(export, str(base), folder / "new", replace(SHORT, head="linear"))
    train(export, str(folder / "new"), folder / "further", replace(SHORT, learning_rate=0.5))
    return folder


def read(folder: Path) -> tuple[str, dict[str, Any]]:
    """The card's text and the run's record."""
    text = (folder / "README.md").read_text("utf-8")
    return text, json.loads((folder / "steplens.json").read_text("utf-8"))


def test_the_hub_reads_its_front_matter(checkpoints: Path) -> None:
    card = ModelCard.load(checkpoints / "new" / "README.md")
    data = card.data
    assert isinstance(data, ModelCardData)
    assert data.library_name == "transformers"
    assert data.pipeline_tag == "token-classification"
    assert "process-reward-model" in (data.tags or [])
    assert data.base_model is None  # a folder of this machine is none of the Hub's
    assert not data.eval_results
    assert "\n---\n" not in card.text


def test_it_says_data_figures_with_intervals_and_settings(checkpoints: Path) -> None:
    text, told = read(checkpoints / "new")
    best = told["report"]["history"][0]
    low, high = best["intervals"]["f1"]
    assert f"| F1 (ProcessBench's) | {best['f1']:.3f} | {low:.3f} to {high:.3f} |" in text
    assert f"| `my-export` | jsonl | `{told['export_checksum'][:12]}` | 1 | 60 |" in text
    for name, value in told["config"].items():
        assert f"| {name} | {'none' if value == '' else f'`{value}`'} |" in text
    assert "Transformers loads it by `AutoModelForTokenClassification`" in text
    assert str(checkpoints) not in text  # no path of this machine


def test_what_chose_the_epoch_is_not_called_held_out_and_few_are_said_to_be(
    checkpoints: Path,
) -> None:
    text, told = read(checkpoints / "new")
    assert told["report"]["n_validation"] < 30
    assert "They chose the epoch and are not held out" in text
    assert "Fewer than 30 of a class are too few" in text
    many = {**told["report"], "n_validation": 100, "n_validation_wrong": 40}
    card = model_card("prm", {**told, "report": many}, "Qwen2ForProcessRewardModel")
    assert "too few" not in card
    assert "held out" not in card.replace("are not held out", "")


def test_a_base_that_was_not_beaten_and_what_it_had_learnt_are_told(checkpoints: Path) -> None:
    text, told = read(checkpoints / "further")
    assert "Its base had learnt from" in text
    assert told["report"]["best_epoch"] == 0
    assert "No epoch was better than the base" in text
    unknown = model_card("prm", {**told, "base_problems": None}, "Qwen2ForProcessRewardModel")
    assert "trained on before, as a PRM, is not known" in unknown


def test_names_cannot_break_the_card(checkpoints: Path) -> None:
    _, told = read(checkpoints / "new")
    source = {**told["data"][0], "path": "a`|b\n---\n# c"}
    hostile = {**told, "data": [source], "base": "Qwen/Qwen2.5-Math-1.5B", "separator": "`|\n"}
    card = ModelCard(model_card("prm", hostile, "Qwen2ForProcessRewardModel"))
    assert card.data.to_dict()["base_model"] == hub_id(hostile["base"])
    assert card.data.to_dict()["library_name"] == "steplens"
    assert "\n# c" not in card.text
    assert "`a'\\|b --- # c`" in card.text
