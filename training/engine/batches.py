"""Encoded solutions, their batches, and the weights of the two classes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.prm.encoding import Encoded, encode_solution, token_batches
from training.data import MASKED, Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# Solutions that are sorted by length together: wide enough that batches hardly need padding, narrow
# enough that an epoch's batches differ from the last one's.
WINDOW = 1024


class TrainingError(ValueError):
    """Training cannot start or cannot go on; the message says why and what to change."""


@dataclass(frozen=True, slots=True)
class Item:
    """A solution as token ids, with the targets (`Example.targets`) of the steps that were kept."""

    encoded: Encoded
    targets: tuple[float, ...]
    first_error: int
    n_steps: int


def encode_examples(
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    separator_id: int,
    max_length: int,
    system_prompt: str,
) -> list[Item]:
    """The examples as token ids; steps beyond `max_length` lose their targets with their text."""
    items = []
    for example in examples:
        encoded = encode_solution(
            tokenizer, example.problem, example.steps, separator_id, max_length, system_prompt
        )
        targets = example.targets[: encoded.n_kept_steps]
        items.append(Item(encoded, targets, example.first_error, len(example.steps)))
    return items


def trainable(item: Item) -> bool:
    """Whether any kept step carries a target."""
    return any(target != MASKED for target in item.targets)


def make_batches(
    items: list[Item], batch_size: int, wrong_share: float, order: random.Random
) -> list[list[Item]]:
    """Shuffled batches of solutions of similar length, with `wrong_share` wrong ones."""
    right = [i for i in items if i.first_error < 0]
    wrong = [i for i in items if i.first_error >= 0]
    chosen = list(items)
    if wrong_share and right and wrong:
        n_wrong = round(len(items) * wrong_share)
        chosen = _repeat(wrong, n_wrong, order) + _repeat(right, len(items) - n_wrong, order)
    order.shuffle(chosen)
    batches = []
    window = batch_size * max(1, WINDOW // batch_size)
    for start in range(0, len(chosen), window):
        near = sorted(chosen[start : start + window], key=lambda i: len(i.encoded.ids))
        batches += [near[at : at + batch_size] for at in range(0, len(near), batch_size)]
    order.shuffle(batches)
    return batches


def portions(batch: Sequence[Item], devices: int, budget: int) -> list[list[list[Item]]]:
    """A batch as each of `devices` computes it: as many portions on every one.

    A portion has at most `budget` padded tokens, or one solution. Where there are fewer solutions
    than portions some are empty: devices that share their weights must all take part each time.
    """
    longest_first = sorted(batch, key=lambda item: -len(item.encoded.ids))
    shares = [longest_first[device::devices] for device in range(devices)]
    cut = [
        [
            [share[place] for place in places]
            for places in token_batches([len(item.encoded.ids) for item in share], budget)
        ]
        for share in shares
    ]
    most = max(map(len, cut))
    return [[*mine, *([] for _ in range(most - len(mine)))] for mine in cut]


def _repeat(items: list[Item], n: int, order: random.Random) -> list[Item]:
    """`n` of the items: all equally often, the remainder at random."""
    return items * (n // len(items)) + order.sample(items, n % len(items))


def class_weights(items: list[Item], power: float) -> tuple[tuple[float, float], tuple[int, int]]:
    """Loss weights and numbers of steps of class 0 (first errors) and class 1.

    A step counts as one of class 0 where its solution has its first error, and as one of class 1
    where it is trained on before that, whatever its target.
    """
    classes = [
        place != item.first_error
        for item in items
        for place, target in enumerate(item.targets)
        if target != MASKED
    ]
    counts = (classes.count(False), classes.count(True))
    if not all(counts):
        missing = "first error" if not counts[0] else "step without an error"
        raise TrainingError(
            f"The training part of the export has no {missing}; a PRM cannot learn from one "
            "class alone. Label or export more solutions"
        )
    weights = [(sum(counts) / (2 * n)) ** power for n in counts]
    return (weights[0], weights[1]), counts
