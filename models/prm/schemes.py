"""Which PRM a checkpoint is, found out from its own files, and how each kind is opened.

A plain language model is never taken for a PRM, since what it gives looks like scores too
(ReasonFlux#20): the two kinds of PRM that look like one are recognised by the names under which
they were published, or named by the person.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import CheckpointError, ModelError
from models.loading import load_tokenizer
from models.names import SEPARATOR, parse_model_name
from models.prm import reader
from models.prm.formats import (
    StepFormat,
    separator_chat,
    separator_text,
    skywork_lines,
    tagged_text,
    turn_per_step,
)
from models.prm.reader import PRM

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

STEPLENS_FILE = "steplens.json"
OWN = "steplens"
ARCHITECTURE = "Qwen2ForProcessRewardModel"  # the name under which vLLM serves Qwen's layout
# The model card's system prompt; raw, since "\b" is a backspace otherwise.
SYSTEM_PROMPT = r"Please reason step by step, and put your final answer within \boxed{}."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a scheme is given to open a PRM with."""

    folder: Path
    name: str
    tokenizer: PreTrainedTokenizerBase
    dtype: torch.dtype | None
    settings: dict[str, Any]  # the content of steplens.json, {} without one
    config: dict[str, Any]  # the content of config.json

    @property
    def context(self) -> int:
        """The number of tokens that the model was made for."""
        return int(self.config.get("max_position_embeddings", 1 << 20))


# How its weights are read, once they are wanted, and how solutions are written for it.
Opened = tuple[Callable[[], PRM], StepFormat]


def steplens(checkpoint: Checkpoint) -> Opened:
    """A checkpoint that StepLens trained; its steplens.json says how its input is written."""
    settings = checkpoint.settings
    form = separator_chat(
        checkpoint.tokenizer,
        settings.get("separator", SEPARATOR),
        settings.get("system_prompt", SYSTEM_PROMPT),
        min(int(settings.get("max_length", checkpoint.context)), checkpoint.context),
        checkpoint.name,
    )
    return partial(reader.classifier_prm, checkpoint.folder, checkpoint.dtype), form


def qwen(checkpoint: Checkpoint) -> Opened:
    """Qwen2.5-Math-PRM-7B and -72B, Qwen2.5-Math-7B-PRM800K."""
    form = separator_chat(
        checkpoint.tokenizer, SEPARATOR, SYSTEM_PROMPT, checkpoint.context, checkpoint.name
    )
    return partial(reader.two_layer_prm, checkpoint.folder, checkpoint.dtype), form


def math_shepherd(checkpoint: Checkpoint) -> Opened:
    """Math-Shepherd's Mistral: the logits of + and - at the tag behind a step."""
    form, tokens = tagged_text(checkpoint.tokenizer, checkpoint.context, checkpoint.name)
    return partial(reader.two_token_prm, checkpoint.folder, checkpoint.dtype, tokens), form


def rlhflow(checkpoint: Checkpoint) -> Opened:
    """RLHFlow's Llama 3.1: the logits of + and - where the assistant answers a step."""
    form, tokens = turn_per_step(checkpoint.tokenizer, checkpoint.context, checkpoint.name)
    return partial(reader.two_token_prm, checkpoint.folder, checkpoint.dtype, tokens), form


def skywork(checkpoint: Checkpoint) -> Opened:
    """Skywork-o1-Open-PRM: the sigmoid of a scalar head behind every line."""
    form = skywork_lines(checkpoint.tokenizer, checkpoint.context, checkpoint.name)
    return partial(reader.scalar_prm, checkpoint.folder, checkpoint.dtype), form


def pure(checkpoint: Checkpoint) -> Opened:
    """PURE-PRM-7B: a token classifier, a line break after every step, trailing blanks cut."""
    form = separator_text(
        checkpoint.tokenizer, "\n", checkpoint.context, checkpoint.name, strip=True
    )
    return partial(reader.classifier_prm, checkpoint.folder, checkpoint.dtype), form


def trl(checkpoint: Checkpoint) -> Opened:
    """A token classifier trained by TRL's PRMTrainer with its default separator."""
    form = separator_text(checkpoint.tokenizer, "\n", checkpoint.context, checkpoint.name)
    return partial(reader.classifier_prm, checkpoint.folder, checkpoint.dtype), form


def trl_blank_line(checkpoint: Checkpoint) -> Opened:
    """The same with a blank line for a separator, as Hugging Face's PRMs on PRM800K have it."""
    form = separator_text(checkpoint.tokenizer, "\n\n", checkpoint.context, checkpoint.name)
    return partial(reader.classifier_prm, checkpoint.folder, checkpoint.dtype), form


SCHEMES: dict[str, Callable[[Checkpoint], Opened]] = {
    OWN: steplens,
    "qwen": qwen,
    "math-shepherd": math_shepherd,
    "rlhflow": rlhflow,
    "skywork": skywork,
    "pure": pure,
    "trl": trl,
    "trl-blank-line": trl_blank_line,
}
ARCHITECTURES = {ARCHITECTURE: "qwen", "Qwen2ForPrmModel": "skywork"}
# What the files cannot say is known by the name under which it was published.
PUBLISHED = {
    "math-shepherd-mistral-7b-prm": "math-shepherd",
    "llama3.1-8b-prm-mistral-data": "rlhflow",
    "llama3.1-8b-prm-deepseek-data": "rlhflow",
    "pure-prm-7b": "pure",
    "qwen2.5-math-1.5b-instruct-prm-0.2": "trl-blank-line",
    "qwen2.5-math-7b-instruct-prm-0.1": "trl-blank-line",
    "qwen2.5-math-7b-instruct-prm-0.2": "trl-blank-line",
}


def check_scheme(scheme: str | None) -> None:
    """Raise ModelError for a name that is no scheme's; None is left to be recognised."""
    if scheme is not None and scheme not in SCHEMES:
        raise ModelError(f"There is no PRM scheme {scheme!r}; there are: {', '.join(SCHEMES)}")


def open_prm(
    spec: str, folder: Path, dtype: torch.dtype | None, scheme: str | None
) -> tuple[Callable[[], PRM], StepFormat, str]:
    """What reads the PRM in `folder`, its format, and its scheme.

    The scheme is recognised unless `scheme` names one. Raises CheckpointError for what is no
    PRM; reading the weights raises it for what is not one of that scheme.
    """
    config = read_json(folder / "config.json")
    settings = read_json(folder / STEPLENS_FILE)
    chosen = scheme or recognise(spec, folder, config)
    checkpoint = Checkpoint(folder, spec, load_tokenizer(folder), dtype, settings, config)
    read, form = SCHEMES[chosen](checkpoint)
    return read, form, chosen


def recognise(spec: str, folder: Path, config: dict[str, Any]) -> str:
    """The scheme of the checkpoint in `folder`. Raises CheckpointError when none is certain."""
    if (folder / STEPLENS_FILE).is_file():
        return OWN
    for name in _published_names(spec, folder):
        if name in PUBLISHED:
            return PUBLISHED[name]
    architecture = next(iter(config.get("architectures") or []), "of no name")
    if architecture in ARCHITECTURES:
        return ARCHITECTURES[architecture]
    names = reader.weight_names(folder)
    if architecture.endswith("ForTokenClassification") and any(
        name.startswith("score.") for name in names
    ):
        return "trl"
    if "v_head.summary.weight" in names:
        return "skywork"
    if {"score.0.weight", "score.2.weight"} <= names:
        return "qwen"
    raise CheckpointError(
        f"{spec} is not a process reward model (PRM) that can be told by its files: its "
        f"architecture is {architecture} and it has no head for steps. If it is a PRM all the "
        f"same, say which with --scheme: {', '.join(SCHEMES)} (docs/prms.md)"
    )


def _published_names(spec: str, folder: Path) -> list[str]:
    """What the model may be called: its hub id's or folder's last part, or the hub cache's."""
    target = parse_model_name(spec).target.rstrip("/").replace("\\", "/")
    parts = [target.rsplit("/", 1)[-1], folder.resolve().name]
    parts += [p.rsplit("--", 1)[-1] for p in folder.resolve().parts if p.startswith("models--")]
    return [part.lower() for part in parts]


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file, {} when there is no file."""
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{file} is not readable JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{file} must hold a JSON object")
    return content
