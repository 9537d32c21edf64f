"""How probable a word is as what comes next: the first tokens of some words, and their sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from models.errors import ModelError

Options = Sequence[Sequence[str]]


def first_tokens(
    options: Options, encode: Callable[[str], Sequence[int]]
) -> tuple[tuple[int, ...], ...]:
    """By option, the ids of the tokens with which its words begin.

    Raises ModelError where words of two options begin with the same token.
    """
    found = tuple(tuple(dict.fromkeys(encode(word)[0] for word in words)) for words in options)
    if len({token for option in found for token in option}) < sum(map(len, found)):
        shown = " and ".join("/".join(words) for words in options)
        raise ModelError(f"{shown} begin with the same token of this model: give other words")
    return found


def of_tokens(tokens: Sequence[Sequence[int]], logprobs: Mapping[int, float]) -> tuple[float, ...]:
    """By option the log-probability of its tokens together; those that are not told count as 0."""
    return tuple(_sum(logprobs[one] for one in option if one in logprobs) for option in tokens)


def of_texts(options: Options, logprobs: Mapping[str, float]) -> tuple[float, ...]:
    """As `of_tokens` where only the tokens' texts are known.

    Where no word is a token of its own, of each word its longest beginning; one that two options
    begin with tells nothing.
    """
    if any(word in logprobs for words in options for word in words):
        return tuple(_sum(logprobs[one] for one in words if one in logprobs) for words in options)
    begun = [
        {longest for word in words if (longest := _longest_beginning(word, logprobs))}
        for words in options
    ]
    return tuple(
        _sum(
            logprobs[one]
            for one in mine
            if not any(one in other for other in begun if other is not mine)
        )
        for mine in begun
    )


def _longest_beginning(word: str, texts: Iterable[str]) -> str:
    return max((one for one in texts if one and word.startswith(one)), key=len, default="")


def _sum(logprobs: Iterable[float]) -> float:
    """The log of the sum of probabilities, given as logs; -inf of none."""
    found = [one for one in logprobs if one > -math.inf]
    if not found:
        return -math.inf
    most = max(found)
    return most + math.log(sum(math.exp(one - most) for one in found))
