"""Completions by copies of a generator over a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from models.cluster import Cluster
from models.errors import ModelError
from models.generation.base import (
    ChatPrompt,
    Completion,
    CompletionRequest,
    Generator,
    Prompt,
    Sampling,
    count_prompt_tokens,
)
from models.names import parse_model_name
from models.replicas import Replicas


class ReplicatedGenerator:
    """A generator whose completions are made by copies of it.

    Prompts stay chats until they reach a copy, where the tokenizer is.
    """

    def __init__(self, spec: str, cluster: Cluster, load: Callable[[], Generator]) -> None:
        if parse_model_name(spec).scheme == "openai":
            raise ModelError(
                f"{spec} is behind a server, which has its copies itself: leave out --engine ray"
            )
        self.name = spec
        self._replicas = Replicas(load, cluster)
        self.revision, size, self._temperature = self._replicas.same(
            lambda model: (model.revision, model.batch_size, model.default_temperature())
        )
        self.batch_size = size * len(self._replicas)

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        """The chat itself."""
        return ChatPrompt.of(messages, answer_prefix)

    def default_temperature(self) -> float | None:
        """The temperature that the model's authors recommend; None where they say nothing."""
        return self._temperature

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests."""
        return self._replicas.spread(lambda model, part: _complete(model, part, sampling), requests)


def _complete(
    model: Generator, requests: Sequence[CompletionRequest], sampling: Sampling
) -> list[Completion]:
    """Completions that say how long their prompts were: whoever asked has no tokenizer."""
    heads = [CompletionRequest(_as_prompt(model, request), request.seed) for request in requests]
    return [
        replace(one, n_prompt_tokens=count_prompt_tokens(request, one))
        for request, one in zip(heads, model.complete(heads, sampling), strict=True)
    ]


def _as_prompt(model: Generator, request: CompletionRequest) -> Prompt:
    prompt = request.prompt
    if not isinstance(prompt, ChatPrompt):
        return prompt
    messages = [{"role": role, "content": content} for role, content in prompt.messages]
    return model.prompt_ids(messages, prompt.answer_prefix)
