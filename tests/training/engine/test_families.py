"""Bases of any family, heads, adapters: trained, written as what others load, and read again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForTokenClassification,
    Gemma2Config,
    GemmaConfig,
    LlamaConfig,
    MistralConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from models.errors import CheckpointError
from models.prm.transformers import load_prm, score_solutions
from tests.support.tiny import save_tiny_policy, tiny_tokenizer
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig, TrainReport
from training.train import train

FAMILIES = {
    "qwen2": Qwen2Config,
    "qwen3": Qwen3Config,
    "llama": LlamaConfig,
    "mistral": MistralConfig,
    "gemma": GemmaConfig,
    "gemma2": Gemma2Config,
}
SHORT = TrainConfig(epochs=1, max_length=128, learning_rate=1e-3, head_learning_rate=1e-3)
SOLUTIONS = [("Tom has 3 apples.", ["He buys 4.", "xx bad xx", "So 7."]), ("Tom", ["a"])]


def losses(report: TrainReport) -> list[float]:
    """Of each epoch, in training."""
    return [one.train_loss for one in report.history if one.train_loss is not None]


def with_settings(**changes: Any) -> TrainConfig:
    return replace(SHORT, **changes)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return write_export(tmp_path_factory.mktemp("export"), visible_rule(40, seed=1))


def save_base(family: str, folder: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    config: PretrainedConfig = FAMILIES[family](
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=256,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    language_model: Any = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    language_model(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_linear_head_is_the_familys_token_classifier(
    family: str, export: Path, tmp_path: Path
) -> None:
    base = save_base(family, tmp_path / "base")
    config = with_settings(head="linear")
    train(export, str(base), tmp_path / "prm", config)
    prm = load_prm(str(tmp_path / "prm"))
    assert prm.scheme == "steplens"
    ours = score_solutions(prm, SOLUTIONS)
    theirs, told = AutoModelForTokenClassification.from_pretrained(
        tmp_path / "prm", output_loading_info=True
    )
    assert not any(told["missing_keys"])
    assert not any(told["unexpected_keys"])
    assert theirs.config.id2label == {0: "wrong", 1: "correct"}
    for (problem, steps), scores in zip(SOLUTIONS, ours, strict=True):
        encoded = prm.format.encode(problem, steps)
        with torch.inference_mode():
            logits = theirs(input_ids=torch.tensor([encoded.ids])).logits[0]
        right = logits[list(encoded.separator_positions)].softmax(-1)[:, 1]
        assert scores == pytest.approx(right.tolist(), abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_mlp_says_which_family_it_stands_on(family: str, export: Path, tmp_path: Path) -> None:
    base = save_base(family, tmp_path / "base")
    train(export, str(base), tmp_path / "prm", SHORT)
    (architecture,) = json.loads((tmp_path / "prm" / "config.json").read_text())["architectures"]
    assert architecture == f"{family.capitalize()}ForProcessRewardModel"
    prm = load_prm(str(tmp_path / "prm"))
    assert [len(scores) for scores in score_solutions(prm, SOLUTIONS)] == [3, 1]
    # Only for Qwen2 is it the name of what others know, and serve.
    assert (architecture == "Qwen2ForProcessRewardModel") == (family == "qwen2")


def test_adapters_learn_in_place_of_the_weights_and_are_merged(
    export: Path, tmp_path: Path
) -> None:
    base = save_tiny_policy(tmp_path / "base")
    config = with_settings(lora=4, keep_adapter=True, epochs=3)
    report = train(export, str(base), tmp_path / "prm", config)
    before = load_file(base / "model.safetensors")
    after = load_file(tmp_path / "prm" / "model.safetensors")
    # The backbone's names are its own again, and what no adapter stands beside is unchanged.
    assert {name for name in after if name.startswith("model.")} == set(before)
    moved = {n for n in before if not torch.equal(before[n], after[n])}
    assert any("q_proj" in name for name in moved)
    assert not any("norm" in name or "layernorm" in name for name in moved)
    adapter = load_file(tmp_path / "prm" / "adapter" / "adapter_model.safetensors")
    assert all("lora_" in name for name in adapter)
    assert losses(report)[-1] < losses(report)[0]
    assert len(score_solutions(load_prm(str(tmp_path / "prm")), SOLUTIONS)[0]) == 3


def test_the_head_alone_leaves_the_backbone_as_it_is(export: Path, tmp_path: Path) -> None:
    base = save_tiny_policy(tmp_path / "base")
    kept = with_settings(head_epochs=2, learning_rate=0.0)
    report = train(export, str(base), tmp_path / "prm", kept)
    assert [one.epoch for one in report.history] == [1, 2, 3]
    assert losses(report)[1] < losses(report)[0]
    before = load_file(base / "model.safetensors")
    after = load_file(tmp_path / "prm" / "model.safetensors")
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed in ([], ["model.embed_tokens.weight"])  # the separator starts as a blank line


def test_a_family_without_token_classifiers_is_refused_before_it_is_written(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import models.prm.save

    monkeypatch.setattr(models.prm.save, "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING", {})
    base = save_tiny_policy(tmp_path / "base")
    with pytest.raises(CheckpointError, match="train it with the head mlp"):
        train(export, str(base), tmp_path / "prm", with_settings(head="linear"))


def test_checkpointed_activations_give_the_same_losses(export: Path, tmp_path: Path) -> None:
    base = save_tiny_policy(tmp_path / "base")
    losses = []
    for on in (False, True):
        config = with_settings(gradient_checkpointing=on, dropout=0.0)
        report = train(export, str(base), tmp_path / f"prm{on}", config)
        losses.append(report.history[0].validation_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
