"""A solution as token ids with the places where its steps are read, and batches of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import CheckpointError, MissingExtraError
from models.loading import chat_ids

try:
    import torch
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error


@dataclass(frozen=True, slots=True)
class Encoded:
    """A solution as token ids, and the place at which each kept step is read.

    Every published scheme but one reads a separator's own position; the name stays for it.
    """

    ids: tuple[int, ...]
    separator_positions: tuple[int, ...]
    n_kept_steps: int


def encoded(ids: Sequence[int], positions: Sequence[int]) -> Encoded:
    """The ids up to the last place that is read; nothing behind it can change a score."""
    end = positions[-1] + 1 if positions else 0
    return Encoded(tuple(ids[:end]), tuple(positions), len(positions))


def append_steps(
    prompt: Sequence[int], steps: Sequence[Sequence[int]], separator_id: int, max_length: int
) -> Encoded:
    """The prompt's ids, then the ids of every step followed by the separator's id.

    The id is appended, never joined as text: a tokenizer merges joined text
    (QwenLM/ProcessBench#12). A step whose separator lies at or beyond `max_length` is dropped
    with all later ones; `n_kept_steps` says how many remain.
    """
    ids = list(prompt)
    positions: list[int] = []
    for tokens in steps:
        if len(ids) + len(tokens) >= max_length:
            break
        ids += [*tokens, separator_id]
        positions.append(len(ids) - 1)
    return Encoded(tuple(ids), tuple(positions), len(positions))


def encode_solution(
    tokenizer: PreTrainedTokenizerBase,
    problem: str,
    steps: Sequence[str],
    separator_id: int,
    max_length: int,
    system_prompt: str,
) -> Encoded:
    """The chat with the problem, then every step followed by the separator's id.

    A separator written in the problem or a step is spelled out in ordinary tokens. Steps that
    do not fit into `max_length` are dropped whole, with all later ones.
    """
    messages = [{"role": "system", "content": system_prompt}] if system_prompt else []
    messages.append({"role": "user", "content": problem})
    prompt = spell_out(tokenizer, chat_ids(tokenizer, messages), separator_id)
    written = [spell_out(tokenizer, plain_ids(tokenizer, step), separator_id) for step in steps]
    return append_steps(prompt, written, separator_id, max_length)


def plain_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The ids of `text` without the tokens that a tokenizer puts around a whole input."""
    return list(tokenizer.encode(text, add_special_tokens=False))


def spell_out(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], separator_id: int
) -> list[int]:
    """`ids` with every separator replaced by the ordinary tokens of its text."""
    if separator_id not in ids:
        return list(ids)
    text = tokenizer.convert_ids_to_tokens(separator_id)
    plain = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return [t for i in ids for t in (plain if i == separator_id else (i,)) if t != separator_id]


def separator_token(tokenizer: PreTrainedTokenizerBase, separator: str, name: str) -> int:
    """The one token id of `separator`. Raises CheckpointError when it is not one token."""
    ids = plain_ids(tokenizer, separator)
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        raise CheckpointError(
            f"The step separator {separator!r} is {len(ids)} tokens in the vocabulary of {name}; "
            "a PRM needs a single token there"
        )
    return int(ids[0])


def pad_batch(
    batch: Sequence[Encoded], device: torch.device
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Ids (rows, width) padded on the right, and the (rows, columns) of all places to read."""
    width = max(len(e.ids) for e in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    for row, solution in enumerate(batch):
        ids[row, : len(solution.ids)] = torch.tensor(solution.ids)
    rows = torch.tensor([r for r, e in enumerate(batch) for _ in e.separator_positions])
    columns = torch.tensor([p for e in batch for p in e.separator_positions])
    return ids.to(device), (rows.long().to(device), columns.long().to(device))


def token_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices in batches of similar length, each of at most `budget` padded tokens.

    What is longer than the budget is a batch of its own. The longest come first, so that a
    run that does not fit into memory fails at its start.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches: list[list[int]] = []
    room = 0
    for index in order:
        if room < 1:
            batches.append([])
            room = max(1, budget // max(1, lengths[index]))
        batches[-1].append(index)
        room -= 1
    return batches
