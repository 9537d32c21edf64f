"""Tiny random checkpoints in the layouts, and under the names, of the published PRMs."""

import json
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
)

from models.prm.reader import init_prm
from models.prm.save import save_prm
from tests.support.tiny import save_tiny_policy, tiny_tokenizer

LLAMA_CHAT = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\n"
    "<|eot_id|>{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
)
Config = TypeVar("Config", LlamaConfig, MistralConfig, Qwen2Config)
TEXT = "Tom has 3 apples and buys 4 more. So 3 + 4 = 7 - 0. ки Step 1: The answer is 7.\n"


def tiny_config(kind: type[Config], tokenizer: PreTrainedTokenizerFast, **changes: Any) -> Config:
    return kind(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=changes.pop("context", 400),
        initializer_range=0.4,  # far from uniform, so that a wrong place to read shows
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
        **changes,
    )


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def with_first_token(tokenizer: Tokenizer, first: str) -> Tokenizer:
    """The tokenizer, which now begins every input with `first`, as Llama's and Mistral's do."""
    ids = [(first, tokenizer.token_to_id(first))]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A", special_tokens=ids
    )
    return tokenizer


def mistral_tokenizer() -> PreTrainedTokenizerFast:
    """In the manner of SentencePiece: blanks become a mark, the first word has one too."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace()
    special = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([TEXT.replace("\n", " ")] * 20, trainer)
    with_first_token(tokenizer, "<s>")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", unk_token="<unk>")


def llama_tokenizer(chat: str = LLAMA_CHAT) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 20, trainer)
    with_first_token(tokenizer, special[0])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=special[0],
        additional_special_tokens=special[1:],
        chat_template=chat,
    )


# Checkpoints


def save_qwen(folder: Path, context: int = 400) -> Path:
    model, tokenizer, _ = init_prm(str(save_tiny_policy(folder / "base", context=context)), seed=1)
    save_prm(model, tokenizer, folder / "prm", {})
    (folder / "prm" / "steplens.json").unlink()
    return folder / "prm"


def save_math_shepherd(folder: Path, context: int = 400) -> Path:
    tokenizer = mistral_tokenizer()
    model = MistralForCausalLM(tiny_config(MistralConfig, tokenizer, context=context))
    return save(model, tokenizer, folder / "math-shepherd-mistral-7b-prm")


def save_rlhflow(folder: Path, context: int = 400) -> Path:
    tokenizer = llama_tokenizer()
    model = LlamaForCausalLM(tiny_config(LlamaConfig, tokenizer, context=context))
    return save(model, tokenizer, folder / "Llama3.1-8B-PRM-Deepseek-Data")


def save_skywork(folder: Path, context: int = 400) -> Path:
    tokenizer = tiny_tokenizer()
    tokenizer.bos_token = "<|endoftext|>"
    model = Qwen2ForCausalLM(tiny_config(Qwen2Config, tokenizer, context=context))
    save(model, tokenizer, folder)
    weights = load_file(folder / "model.safetensors")
    weights["v_head.summary.weight"] = torch.randn(1, 32) / 3
    weights["v_head.summary.bias"] = torch.randn(1)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    edit_config(folder, architectures=["Qwen2ForPrmModel"], auto_map={"AutoModel": "evil.Evil"})
    return folder


def save_classifier(folder: Path, context: int = 400, first: str | None = None) -> Path:
    tokenizer = tiny_tokenizer()
    tokenizer.bos_token = first
    config = tiny_config(Qwen2Config, tokenizer, context=context, num_labels=2)
    model = Qwen2ForTokenClassification(config)
    torch.nn.init.normal_(model.score.bias)
    return save(model, tokenizer, folder)


def edit_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
