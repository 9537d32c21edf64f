"""Writing a PRM of our own: the layout of the released Qwen2.5-Math-PRMs, and its record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.errors import MissingExtraError
from models.prm.reader import PRM
from models.prm.schemes import ARCHITECTURE, STEPLENS_FILE

try:
    import torch
    from huggingface_hub import save_torch_state_dict
    from transformers import PreTrainedTokenizerBase
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error


def save_prm(
    model: PRM,
    tokenizer: PreTrainedTokenizerBase,
    out: Path,
    settings: dict[str, Any],
    dtype: torch.dtype | None = None,
) -> None:
    """Write a checkpoint folder: our layout, the tokenizer, and steplens.json.

    `settings` needs "separator", "system_prompt" and "max_length"; the rest of it is the
    record of how the checkpoint came about.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", dtype or tensor.dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_torch_state_dict(weights, out)
    config = model.model.config.to_diff_dict()
    for key in ("auto_map", "_name_or_path"):  # code and a folder that are not in this one
        config.pop(key, None)
    config["architectures"] = [ARCHITECTURE]
    config["dtype"] = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    tokenizer.save_pretrained(out)
    (out / STEPLENS_FILE).write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
