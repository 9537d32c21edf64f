"""Loads weights and tokenizers from a folder, without remote code; writes chats as token ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.errors import CheckpointError, MissingExtraError, ModelError

try:
    import torch
    from safetensors import SafetensorError
    from transformers import (
        AutoModel,
        AutoModelForCausalLM,
        AutoTokenizer,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        PreTrainedTokenizerFast,
    )
    from transformers.utils import logging
except ImportError as error:
    raise MissingExtraError("Loading a model", error) from error

logging.disable_progress_bar()  # jobs and the command line show their own

# What save_pretrained writes for a tokenizer that is wholly described by tokenizer.json.
_GENERIC = ("TokenizersBackend", "PreTrainedTokenizerFast")


def load_weights(
    kind: type[AutoModel] | type[AutoModelForCausalLM], folder: Path, dtype: torch.dtype | None
) -> tuple[PreTrainedModel, set[str]]:
    """A model by one of Transformers' Auto classes, and the names of the tensors it left over.

    Raises CheckpointError when the folder cannot be read or lacks any weight of the model.
    """
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # what is left over is returned, and the callers judge it
    try:
        loaded: Any = kind.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"{folder} could not be loaded as a model: {error}") from error
    finally:
        logging.set_verbosity(verbosity)
    model, report = loaded
    if report["missing_keys"]:
        lacking = ", ".join(sorted(report["missing_keys"])[:3])
        raise CheckpointError(f"{folder} is incomplete: it lacks the weights {lacking}")
    return model, set(report["unexpected_keys"])


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer, without remote code. Raises CheckpointError when unreadable.

    AutoTokenizer of Transformers 5 reads any tokenizer in the folder of a Qwen2 model as
    Qwen2's and silently replaces the rules by which text is cut before it is encoded; one
    that says it is wholly described by tokenizer.json is therefore loaded as just that.
    """
    try:
        config = folder / "tokenizer_config.json"
        declared = json.loads(config.read_text("utf-8")) if config.is_file() else {}
        if declared.get("tokenizer_class") in _GENERIC and (folder / "tokenizer.json").is_file():
            return PreTrainedTokenizerFast.from_pretrained(folder)
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(f"The tokenizer in {folder} could not be loaded: {error}") from error


def chat_ids(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> list[int]:
    """The token ids of a chat up to where the assistant begins to speak.

    Raises ModelError when the tokenizer has no chat template.
    """
    if tokenizer.chat_template is None:
        raise ModelError("This model has no chat template: use an instruction-tuned model")
    return list(
        tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False
        )
    )
