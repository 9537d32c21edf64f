"""Completions by a model behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, hosted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard, TypeVar

from models.errors import ModelError
from models.generation.base import ChatPrompt, Completion, CompletionRequest, Prompt, Sampling
from models.generation.options import first_tokens
from models.generation.server.batch import Batch
from models.generation.server.client import Client
from models.generation.server.connection import (
    Patience,
    Server,
    ServerError,
    Unreadable,
    concurrency_from_environment,
    patience_from_environment,
)
from models.generation.server.continuation import CONTINUE, check_continuation
from models.generation.server.logprobs import (
    ASKED_BY_CHAT,
    asked_by_ids,
    told_by_chat,
    told_by_ids,
)
from models.names import TOKENIZE, parse_model_name, parse_server_names

MOST_LISTED = 10  # models that a message names

# What a server would otherwise take from the model's generation_config.json: it may not change
# the probabilities unseen. OpenAI's own API does not know these.
NEUTRAL: dict[str, object] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
NEUTRAL_FOR = ("vllm", "sglang", "llamacpp")  # owned_by in the list of models

T = TypeVar("T")
Choice = dict[str, object]  # a completion in a server's reply


@dataclass(frozen=True, slots=True)
class Card:
    """What a server says of the model. `context` is in tokens, None where it does not say.

    `weights` are those behind the model's id, "" where that says it all; `has_ids`: prompts may be
    token ids, since the server turns chats into them.
    """

    model: str
    weights: str
    owner: str
    context: int | None
    has_ids: bool

    def __str__(self) -> str:
        room = f", {self.context:,} tokens" if self.context else ""
        return f"{self.named}{room}{', owned by ' + self.owner if self.owner else ''}"

    @property
    def named(self) -> str:
        """The model as the server names it, and the weights behind that name."""
        return f"{self.model} ({self.weights})" if self.weights else self.model


class OpenAIGenerator:
    """A model behind servers, each asked by as many requests at once as STEPLENS_CONCURRENCY says.

    Where the server turns chats into token ids as vLLM does, prompts are ids and an answer is
    continued exactly; elsewhere they are chats. The seed is passed on, and how far it decides is
    up to the server. A server that counts no tokens is taken to have used 0.
    """

    def __init__(
        self, spec: str, *, patience: Patience | None = None, concurrency: int | None = None
    ) -> None:
        self.name = spec
        names = parse_server_names(parse_model_name(spec).target)
        self.model = names[0].model
        each = concurrency or concurrency_from_environment()
        self.batch_size = each * len(names)
        self._client = Client(names, patience or patience_from_environment(), each, self._look)
        self._continues = False
        card = asyncio.run(self._first_look())
        self.revision = f"{card.named} at {', '.join(name.place for name in names)}"
        self.context, self.has_ids = card.context, card.has_ids
        self._extra = NEUTRAL if card.has_ids or card.owner in NEUTRAL_FOR else {}

    @property
    def left_out(self) -> list[str]:
        """In a sentence each, the servers that are not asked for now, and why."""
        return self._client.left_out

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        """The chat itself: only the server knows its ids, and it is asked for many at once."""
        return ChatPrompt.of(messages, answer_prefix)

    def default_temperature(self) -> float | None:
        """None: a server does not tell what its model's authors recommend."""
        return None

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests.

        A prompt of ids that leaves no room in the server's context gets the empty text with
        "length". Raises IncompleteError when it refuses some requests, or goes on failing at some
        while it answers others; ModelError when it refuses the key, goes on failing, or would not
        continue the beginning of an answer.
        """
        return asyncio.run(self._complete(requests, sampling)) if requests else []

    async def _complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        async with self._client.connected():
            prompts = list(dict.fromkeys(request.prompt for request in requests))
            if self.has_ids:
                ids = await self._as_ids(prompts)
                told = await self._first_tokens(sampling.options)
                ask = [
                    partial(self._by_ids, ids[r.prompt], r.seed, sampling, told) for r in requests
                ]
            else:
                if self.context is not None and sampling.max_tokens >= self.context:
                    raise ModelError(
                        f"{sampling.max_tokens:,} tokens of reply leave no room for a prompt in "
                        f"the context of {self.model}, which is {self.context:,}. Lower "
                        "--max-tokens"
                    )
                await self._must_continue(prompts)
                ask = [partial(self._by_chat, r.prompt, r.seed, sampling) for r in requests]
            batch = Batch(len(ask))
            try:
                await self._together([partial(batch.ask, *one) for one in enumerate(ask)])
            except ModelError as error:
                raise batch.ended_by(error) from error
            return batch.completions()

    async def _together(self, asking: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
        """All results, in order, with at most `batch_size` under way; the first error ends all."""
        gate = asyncio.Semaphore(self.batch_size)

        async def one(ask: Callable[[], Awaitable[T]]) -> T:
            async with gate:
                return await ask()

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(ask)) for ask in asking]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _as_ids(self, prompts: list[Prompt]) -> dict[Prompt, tuple[int, ...]]:
        """Token ids: the chat's, then those of the answer's beginning, as models/loading does."""
        chats = [prompt for prompt in prompts if isinstance(prompt, ChatPrompt)]
        heads = list(dict.fromkeys(chat.messages for chat in chats))
        begun = list(dict.fromkeys(chat.answer_prefix for chat in chats if chat.answer_prefix))
        texts: list[Mapping[str, object]] = [
            *({"messages": ChatPrompt(head).chat()} for head in heads),
            *({"prompt": text, "add_special_tokens": False} for text in begun),
        ]
        told = await self._together([partial(self._tokenize, text) for text in texts])
        head_ids = dict(zip(heads, told, strict=False))
        prefix_ids = {"": (), **dict(zip(begun, told[len(heads) :], strict=True))}
        ids = {chat: head_ids[chat.messages] + prefix_ids[chat.answer_prefix] for chat in chats}
        return {
            prompt: ids[prompt] if isinstance(prompt, ChatPrompt) else prompt for prompt in prompts
        }

    async def _first_tokens(
        self, options: tuple[tuple[str, ...], ...]
    ) -> tuple[tuple[int, ...], ...]:
        words = list(dict.fromkeys(word for option in options for word in option))
        texts: list[Mapping[str, object]] = [
            {"prompt": word, "add_special_tokens": False} for word in words
        ]
        ids = await self._together([partial(self._tokenize, text) for text in texts])
        return first_tokens(options, dict(zip(words, ids, strict=True)).__getitem__)

    async def _tokenize(self, text: Mapping[str, object]) -> tuple[int, ...]:
        return await self._client.post(TOKENIZE, {"model": self.model, **text}, _ids)

    async def _by_ids(
        self,
        ids: tuple[int, ...],
        seed: int,
        sampling: Sampling,
        options: tuple[tuple[int, ...], ...],
    ) -> Completion:
        if not ids:
            raise ModelError("A prompt must have at least one token")
        room = sampling.max_tokens
        if self.context is not None:
            room = min(room, self.context - len(ids))
        if room < 1:
            return Completion("", 0, "length", len(ids))
        body = {**self._body(seed, sampling), "prompt": list(ids), "max_tokens": room}
        if not options:
            return await self._post("/completions", body, _completion_text)
        read = partial(told_by_ids, tokens=options)
        return await self._post(
            "/completions", body | asked_by_ids(options), _completion_text, read
        )

    async def _by_chat(self, prompt: Prompt, seed: int, sampling: Sampling) -> Completion:
        if not isinstance(prompt, ChatPrompt):
            raise ModelError(f"{self.name} takes no token ids: its prompts are chats")
        body = {**self._body(seed, sampling), "messages": prompt.chat()}
        if prompt.answer_prefix:
            body |= CONTINUE
        if not sampling.options:
            return await self._post("/chat/completions", body, _chat_text)
        told = partial(told_by_chat, options=sampling.options)
        return await self._post("/chat/completions", body | ASKED_BY_CHAT, _chat_text, told)

    async def _must_continue(self, prompts: list[Prompt]) -> None:
        """Raise ModelError where a chat has a begun answer that the server would not continue."""
        begun = any(isinstance(one, ChatPrompt) and one.answer_prefix for one in prompts)
        if self._continues or not begun:
            return

        async def count(messages: list[dict[str, str]], extra: Mapping[str, object]) -> int | None:
            body = {**self._body(0, Sampling(max_tokens=1)), "messages": messages, **extra}
            return await self._client.post("/chat/completions", body, _prompt_tokens)

        await check_continuation(count, self.model)
        self._continues = True

    def _body(self, seed: int, sampling: Sampling) -> dict[str, object]:
        body = {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed % (1 << 63),
            **self._extra,
        }
        return {**body, "stop": list(sampling.stop)} if sampling.stop else body

    async def _post(
        self,
        path: str,
        body: dict[str, object],
        read_text: Callable[[Choice], object],
        read_logprobs: Callable[[Choice], tuple[float, ...]] | None = None,
    ) -> Completion:
        def read(reply: object) -> Completion:
            return _completion(reply, read_text, read_logprobs, self._client)

        try:
            return await self._client.post(path, body, read)
        except ServerError as error:
            if error.status != 404:
                raise
            listed = await self._listed(self._client.servers[0], self._client.patience.tries)
            raise ServerError(f"{error}. {_serves(listed)}", 404) from None

    async def _first_look(self) -> Card:
        async with self._client.connected():
            return await self._client.card()

    async def _look(self, server: Server, tries: int) -> Card:
        listed = await self._listed(server, tries)
        card = _card(listed, self.model)
        if card is None:
            raise ModelError(f"{server.title} has no model {self.model}. {_serves(listed)}")
        root, owner, context = (card.get(key) for key in ("root", "owned_by", "max_model_len"))
        return Card(
            model=str(card["id"]),
            weights=root if isinstance(root, str) and root != card["id"] else "",
            owner=owner if isinstance(owner, str) else "",
            context=context if _is_count(context) and context else None,
            has_ids=await self._has_ids(server, tries),
        )

    async def _listed(self, server: Server, tries: int) -> list[dict[str, object]]:
        """The server's models, in its words but without our key."""

        def read(reply: object) -> list[dict[str, object]]:
            cards = reply.get("data") if isinstance(reply, dict) else reply
            if not isinstance(cards, list):
                raise Unreadable("no list of models")
            named = [c for c in cards if isinstance(c, dict) and isinstance(c.get("id"), str)]
            return [
                {k: server.quoted(v) if isinstance(v, str) else v for k, v in card.items()}
                for card in named
            ]

        return await server.get("/models", read, tries)

    async def _has_ids(self, server: Server, tries: int) -> bool:
        """Whether /tokenize takes a chat, as vLLM's does; llama.cpp's and SGLang's do not."""
        chat = {"model": self.model, "messages": [{"role": "user", "content": "Hi"}]}
        reply = await server.probe(TOKENIZE, chat, tries)
        try:
            return bool(_ids(reply))
        except Unreadable:
            return False


def _ids(reply: object) -> tuple[int, ...]:
    ids = reply.get("tokens") if isinstance(reply, dict) else None
    if not isinstance(ids, list) or not ids or not all(_is_count(one) for one in ids):
        raise Unreadable("no token ids")
    return tuple(ids)


def _completion(
    reply: object,
    read_text: Callable[[Choice], object],
    read_logprobs: Callable[[Choice], tuple[float, ...]] | None,
    client: Client[Card],
) -> Completion:
    """Raises Unreadable for anything but a completion that has ended."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unreadable("no choices")
    text, reason = read_text(choices[0]), choices[0].get("finish_reason")
    if not isinstance(text, str):
        raise Unreadable("no text")
    if not isinstance(reason, str) or reason in ("abort", "error"):
        raise Unreadable(f"the text has not ended: finish_reason is {client.quoted(str(reason))}")
    # What a filter cut says nothing by where it ends, no more than what ran out of tokens.
    cut = reason in ("length", "content_filter")
    return Completion(
        client.clean(text),
        _used(reply, "completion_tokens") or 0,
        "length" if cut else "stop",
        _used(reply, "prompt_tokens") or 0,
        read_logprobs(choices[0]) if read_logprobs else (),
    )


def _completion_text(choice: Choice) -> object:
    return choice.get("text")


def _chat_text(choice: Choice) -> object:
    """The answer; "" where the model was cut while thinking, called a tool, or refused."""
    message = choice.get("message")
    return (message.get("content") or "") if isinstance(message, dict) else None


def _prompt_tokens(reply: object) -> int | None:
    return _used(reply, "prompt_tokens")


def _used(reply: object, what: str) -> int | None:
    usage = reply.get("usage") if isinstance(reply, dict) else None
    count = usage.get(what) if isinstance(usage, dict) else None
    return count if _is_count(count) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40


def _card(listed: list[dict[str, object]], model: str) -> dict[str, object] | None:
    """What the server says of a model; Gemini's server puts models/ before its names."""
    return next((card for card in listed if card["id"] in (model, f"models/{model}")), None)


def _serves(listed: list[dict[str, object]]) -> str:
    names = [str(card["id"]) for card in listed[:MOST_LISTED]]
    more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    return f"It serves {', '.join(names)}{more}" if names else "It lists no models"
