"""Asking a server how probable some words are as the first of a reply, and reading its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.errors import ModelError
from models.generation.options import Options, of_texts, of_tokens

MOST_TOLD = 20  # of a token's alternatives, with OpenAI and by vLLM's default

# vLLM from July 2026 tells the tokens asked for; older ones the likeliest, as for `logprobs` alone.
_ID = "token_id:"


def asked_by_ids(tokens: Sequence[Sequence[int]]) -> dict[str, object]:
    """The fields of a request of /completions that asks about these tokens."""
    return {
        "logprobs": MOST_TOLD,
        "logprob_token_ids": [token for option in tokens for token in option],
        "return_tokens_as_token_ids": True,
    }


ASKED_BY_CHAT: dict[str, object] = {"logprobs": True, "top_logprobs": MOST_TOLD}


def told_by_ids(choice: Mapping[str, object], tokens: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """By option its log-probability. Raises ModelError where the reply has none."""
    logprobs = choice.get("logprobs")
    told = logprobs.get("top_logprobs") if isinstance(logprobs, dict) else None
    first = told[0] if isinstance(told, list) and told else None
    if not isinstance(first, dict):
        raise ModelError(NOTHING_TOLD)
    return of_tokens(
        tokens,
        {
            int(name.removeprefix(_ID)): float(value)
            for name, value in first.items()
            if name.removeprefix(_ID).isdecimal() and _is_logprob(value)
        },
    )


def told_by_chat(choice: Mapping[str, object], options: Options) -> tuple[float, ...]:
    """By option its log-probability, as far as it is told. ModelError where the reply has none."""
    logprobs = choice.get("logprobs")
    told = logprobs.get("content") if isinstance(logprobs, dict) else None
    first = told[0] if isinstance(told, list) and told else None
    likeliest = first.get("top_logprobs") if isinstance(first, dict) else None
    if not isinstance(likeliest, list):
        raise ModelError(NOTHING_TOLD)
    return of_texts(
        options,
        {
            str(one["token"]): float(one["logprob"])
            for one in likeliest
            if isinstance(one, dict) and "token" in one and _is_logprob(one.get("logprob"))
        },
    )


NOTHING_TOLD = (
    "The server tells no log-probabilities, which --score logprob needs. Serve the model with "
    "vLLM, SGLang or llama.cpp, or score by verdicts"
)


def _is_logprob(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
