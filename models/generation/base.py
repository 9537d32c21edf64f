"""What a generator is: prompts in, completions out, in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from models.errors import ModelError


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. Temperature 0 is greedy; a stop string ends the text before it.

    `options` are sets of words, such as ("Yes", "yes") and ("No", "no"): a completion then says
    how probable it was that it begins with each of them.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    options: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ModelError(f"The temperature must be 0 or more, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ModelError(f"top_p must be above 0 and at most 1, not {self.top_p}")
        if self.max_tokens < 1:
            raise ModelError(f"max_tokens must be at least 1, not {self.max_tokens}")
        if isinstance(self.stop, str) or "" in self.stop:
            raise ModelError("stop must be a tuple of non-empty strings")
        if not all(words and "" not in words for words in self.options):
            raise ModelError("options must be sets of non-empty strings")


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A chat as (role, content) pairs, and how the answer begins: for whom only chats are known."""

    messages: tuple[tuple[str, str], ...]
    answer_prefix: str = ""

    @classmethod
    def of(cls, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        """The prompt of a chat written as role and content."""
        return cls(tuple((one["role"], one["content"]) for one in messages), answer_prefix)

    def chat(self) -> list[dict[str, str]]:
        """The messages as role and content, the begun answer as the last of them."""
        begun = [("assistant", self.answer_prefix)] if self.answer_prefix else []
        return [{"role": role, "content": content} for role, content in (*self.messages, *begun)]


Prompt = tuple[int, ...] | ChatPrompt  # token ids, wherever they are known


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A prompt as its generator made it, and the seed that alone decides its random draws."""

    prompt: Prompt
    seed: int

    @property
    def prompt_ids(self) -> tuple[int, ...]:
        """The prompt's token ids. Raises ModelError for a chat, made for a server."""
        if isinstance(self.prompt, ChatPrompt):
            raise ModelError("This prompt is a chat, and this model takes token ids")
        return self.prompt


@dataclass(frozen=True, slots=True)
class Completion:
    """What followed a prompt.

    `text` has no special tokens and ends before a stop string. `n_tokens` counts the
    generated tokens, the end token included. "length": the text was cut by max_tokens, by
    the model's context or by a server's filter, so nothing may be concluded from where it
    ends. `n_prompt_tokens` is None where the prompt was token ids, which anyone can count.

    `option_logprobs`: for each of the sampling's options the natural log of the probability, at
    temperature 1, that the first token is one with which a word of it begins. Empty where nothing
    was generated; -inf where a server tells its likeliest tokens only and it is none of them.
    """

    text: str
    n_tokens: int
    finish_reason: Literal["stop", "length"]
    n_prompt_tokens: int | None = None
    option_logprobs: tuple[float, ...] = ()


class IncompleteError(ModelError):
    """Some requests have no completion; those of the others are handed over.

    `completions` has an entry per request, None for one without. `reasons` says by place what was
    wrong with a request of its own; the work can go on without it. `ended`: the model failed as a
    whole, and requests with neither were not answered.
    """

    def __init__(
        self,
        message: str,
        completions: Sequence[Completion | None],
        reasons: Mapping[int, str],
        *,
        ended: bool = False,
    ) -> None:
        super().__init__(message)
        self.completions, self.reasons, self.ended = completions, reasons, ended


class Generator(Protocol):
    """A language model that completes prompts."""

    name: str
    revision: str
    batch_size: int

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> Prompt:
        """The chat up to the assistant's turn, then `answer_prefix` as the turn's beginning."""
        ...

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests.

        Raises IncompleteError where some have none and others do, else ModelError.
        """
        ...

    def default_temperature(self) -> float | None:
        """The temperature that the model's authors recommend; None where they say nothing."""
        ...


@runtime_checkable
class Distributed(Protocol):
    """A generator behind several servers."""

    @property
    def left_out(self) -> list[str]:
        """In a sentence each, the servers that are not asked for now, and why."""
        ...


def left_out(generator: Generator) -> str:
    """The servers that are not asked for now, as the end of a progress line."""
    said = generator.left_out if isinstance(generator, Distributed) else []
    return f". Left out for now: {' '.join(said)}" if said else ""


def count_prompt_tokens(request: CompletionRequest, completion: Completion) -> int:
    """The tokens of the prompt, as its generator counted them."""
    counted = completion.n_prompt_tokens
    return len(request.prompt_ids) if counted is None else counted


def default_temperature(generator: Generator, otherwise: float = 1.0) -> float:
    """The sampling temperature to offer for `generator`: its own recommendation, if any."""
    own = generator.default_temperature()
    return otherwise if own is None else own
