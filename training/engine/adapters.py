"""LoRA (arXiv 2106.09685): adapters beside the backbone's weights, by peft."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from peft import LoraConfig, get_peft_model

from models.prm.reader import PRM
from training.config import TrainConfig


def with_adapters(backbone: Any, config: TrainConfig) -> Any:
    """The backbone with frozen weights and new adapters at every linear layer."""
    wanted = LoraConfig(r=config.lora, lora_alpha=config.lora_alpha, target_modules="all-linear")
    with warnings.catch_warnings():  # peft asks transformers by a name that has a new one
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        return get_peft_model(backbone, wanted)


def merge(model: PRM, keep: Path | None) -> None:
    """Add the adapters to the weights that they stand beside; first save them to `keep`."""
    adapted: Any = model.model
    if keep is not None:
        adapted.save_pretrained(keep, save_embedding_layers=False)
    model.model = adapted.merge_and_unload()
