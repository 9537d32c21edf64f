"""Writing a PRM of our own in the layout that others load, and the record of how it came about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.errors import CheckpointError, MissingExtraError
from models.prm.reader import PRM
from models.prm.schemes import STEPLENS_FILE

try:
    import torch
    from huggingface_hub import save_torch_state_dict
    from torch import nn
    from transformers import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING, PreTrainedTokenizerBase
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error


def layout(model: PRM) -> dict[str, Any]:
    """What config.json says of the head.

    An mlp on Qwen2 is Qwen's own PRM, which vLLM serves; on another family it is nobody's but
    ours, and says which. A linear head is the family's token classifier in Transformers.
    """
    family = type(model.model).__name__.removesuffix("Model")
    if isinstance(model.score, nn.Sequential):
        return {"architectures": [f"{family}ForProcessRewardModel"]}
    known: Any = MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING.get(type(model.model.config), None)
    if known is None:
        raise CheckpointError(
            f"{family} has no token classifier in Transformers: train it with the head mlp"
        )
    labels = {0: "wrong", 1: "correct"}
    return {
        "architectures": [known.__name__],
        "id2label": {str(key): word for key, word in labels.items()},
        "label2id": {word: key for key, word in labels.items()},
    }


def save_prm(
    model: PRM,
    tokenizer: PreTrainedTokenizerBase,
    out: Path,
    settings: dict[str, Any],
    dtype: torch.dtype | None = None,
) -> None:
    """Write a checkpoint folder: config, weights, the tokenizer, and steplens.json.

    Raises CheckpointError for a linear head on a family that has no token classifier.
    `settings` needs "separator", "system_prompt" and "max_length"; the rest of it is the
    record of how the checkpoint came about.
    """
    config = model.model.config.to_diff_dict()
    config.update(layout(model))
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", dtype or tensor.dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_torch_state_dict(weights, out)
    for key in ("auto_map", "_name_or_path"):  # code and a folder that are not in this one
        config.pop(key, None)
    config["dtype"] = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    tokenizer.save_pretrained(out)
    (out / STEPLENS_FILE).write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
