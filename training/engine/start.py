"""The PRM to train as it starts out, the same each time: base, head, separator, adapters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from models.errors import CheckpointError
from models.loading import load_tokenizer
from models.names import checkpoint_folder
from models.precision import faster
from models.prm.encoding import separator_token
from models.prm.reader import PRM, init_prm, new_head, weight_names
from training.config import TrainConfig
from training.engine.adapters import with_adapters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def outline(folder: Path) -> PreTrainedModel:
    """The decoder of the folder without its weights: on the meta device, which takes no memory.

    Raises CheckpointError when its config cannot be read, or is not a decoder's.
    """
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        with torch.device("meta"):
            return AutoModel.from_config(config, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder} could not be loaded as a model: {error}") from error


def start(base: str, config: TrainConfig) -> PRM:
    """The PRM to train. Raises CheckpointError as `init_prm` does."""
    model, tokenizer, is_prm = init_prm(base, config.seed, config.head, backbone_dtype(config))
    separator_id = add_separator(tokenizer, config.separator)
    if len(tokenizer) > _embeddings(model).num_embeddings:
        model.model.resize_token_embeddings(len(tokenizer))
    if not is_prm:
        _as_a_blank_line(model, tokenizer, separator_id)
    if config.lora:
        model.model = with_adapters(model.model, config)
    return model


def blank(base: str, config: TrainConfig, n_tokens: int) -> PRM:
    """A PRM of the shape that `start` gives one, on the meta device, which takes no memory.

    `n_tokens` are the tokenizer's.
    """
    folder = checkpoint_folder(base)
    shape = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    shape.vocab_size = max(shape.vocab_size, n_tokens)
    names = weight_names(folder)
    kind = "linear" if "score.weight" in names else "mlp"
    if not any(name.startswith("score.") for name in names):
        kind = config.head
    dtype = backbone_dtype(config)
    with torch.device("meta"):
        backbone = AutoModel.from_config(shape, dtype=dtype, trust_remote_code=False)
        model = PRM(backbone, new_head(kind, shape.hidden_size))
        if config.lora:
            model.model = with_adapters(model.model, config)
    if config.gradient_checkpointing:
        recompute_activations(model)
    return model


def recompute_activations(model: PRM) -> None:
    """Let the backward pass compute activations anew, which then need not be kept."""
    # Its name before and after Transformers 5.2x.
    enable = getattr(model.model, "activation_checkpointing_enable", None)
    (enable or model.model.gradient_checkpointing_enable)({"use_reentrant": False})
    model.model.enable_input_require_grads()


def with_separator(folder: Path, separator: str) -> tuple[PreTrainedTokenizerBase, int]:
    """The folder's tokenizer, in which the separator is one token, and that token's id."""
    tokenizer = load_tokenizer(folder)
    return tokenizer, add_separator(tokenizer, separator)


def add_separator(tokenizer: PreTrainedTokenizerBase, separator: str) -> int:
    """Make the separator one token of `tokenizer`, where it is not, and give its id."""
    known = tokenizer.encode(separator, add_special_tokens=False)
    if len(known) != 1 or known[0] == tokenizer.unk_token_id:
        tokenizer.add_tokens([separator], special_tokens=True)
    return separator_token(tokenizer, separator, "the base model")


def precision(config: TrainConfig, width: int) -> str:
    """What a base of this hidden size is computed in: "float32" or "bfloat16".

    Several processes on CPUs, which might each measure something else, take float32 unless told.
    """
    if config.precision != "auto":
        return config.precision
    device = "cuda" if on_gpu(config) else "cpu"
    if device == "cpu" and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return "float32"
    return str(faster(device, width)).removeprefix("torch.")


def backbone_dtype(config: TrainConfig) -> torch.dtype:
    """Weights that are learnt are float32; beside adapters they are not, and may be smaller."""
    return torch.bfloat16 if config.lora and config.precision == "bfloat16" else torch.float32


def on_gpu(config: TrainConfig) -> bool:
    """Whether this run computes on a GPU."""
    return torch.cuda.is_available() and config.device != "cpu"


def _as_a_blank_line(model: PRM, tokenizer: PreTrainedTokenizerBase, separator_id: int) -> None:
    """Let the separator start out as what a policy knows between steps; it never saw the token."""
    table = _embeddings(model).weight
    blank = tokenizer.encode("\n\n", add_special_tokens=False)
    if blank:
        with torch.no_grad():
            table[separator_id] = table[blank].mean(dim=0)


def _embeddings(model: PRM) -> nn.Embedding:
    return cast(nn.Embedding, model.model.get_input_embeddings())
