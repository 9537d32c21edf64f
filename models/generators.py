"""What a generator is: prompts as token ids in, completions out, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from models.errors import MissingExtraError, ModelError
from models.names import parse_model_name


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. Temperature 0 is greedy; a stop string ends the text before it."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ModelError(f"The temperature must be 0 or more, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ModelError(f"top_p must be above 0 and at most 1, not {self.top_p}")
        if self.max_tokens < 1:
            raise ModelError(f"max_tokens must be at least 1, not {self.max_tokens}")
        if isinstance(self.stop, str) or "" in self.stop:
            raise ModelError("stop must be a tuple of non-empty strings")


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A prompt as token ids, and the seed that alone decides its random draws."""

    prompt_ids: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What followed a prompt.

    `text` has no special tokens and ends before a stop string. `n_tokens` counts the
    generated tokens, the end token included. "length": the text was cut by max_tokens or
    by the model's context, so nothing may be concluded from where it ends.
    """

    text: str
    n_tokens: int
    finish_reason: Literal["stop", "length"]


class Generator(Protocol):
    """A language model that completes prompts."""

    name: str
    revision: str
    batch_size: int

    def prompt_ids(
        self, messages: list[dict[str, str]], answer_prefix: str = ""
    ) -> tuple[int, ...]:
        """The chat up to the assistant's turn, then `answer_prefix` as the turn's beginning."""
        ...

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests."""
        ...

    def default_temperature(self) -> float | None:
        """The temperature that the model's authors recommend; None where they say nothing."""
        ...


def load_generator(spec: str) -> Generator:
    """Load the model that `spec` names (models/names.py has the forms).

    Raises ModelError (CheckpointError, MissingExtraError) with a message to act on.
    """
    name = parse_model_name(spec)
    if name.scheme == "vllm":
        from models.vllm_generator import VllmGenerator

        return VllmGenerator(spec)
    if name.scheme == "openai":
        raise ModelError(
            f"{spec}: the {name.scheme} backend is not part of this version; "
            "use transformers:PATH_OR_ID"
        )
    try:
        from models.transformers_generator import TransformersGenerator
    except ImportError as error:
        raise MissingExtraError(f"Loading {spec}", error) from error
    return TransformersGenerator(spec)


def default_temperature(generator: Generator, otherwise: float = 1.0) -> float:
    """The sampling temperature to offer for `generator`: its own recommendation, if any."""
    own = generator.default_temperature()
    return otherwise if own is None else own
