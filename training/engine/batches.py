"""Encoded solutions, their batches, and the weights of the two classes."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from models.prm.encoding import Encoded, encode_solution, token_batches
from models.prm.trees import TREE_TOKENS, groups, n_nodes
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
    weight: float = 1.0


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
        items.append(
            Item(encoded, targets, example.first_error, len(example.steps), example.weight)
        )
    return items


def trainable(item: Item) -> bool:
    """Whether any kept step carries a target."""
    return any(target != MASKED for target in item.targets)


def make_batches(
    items: list[Item],
    batch_size: int,
    wrong_share: float,
    order: random.Random,
    trees: bool = False,
) -> list[list[Item]]:
    """Shuffled batches of solutions of similar length, with `wrong_share` wrong ones.

    With `trees` those that begin alike are together instead, whatever their length.
    """
    chosen = _drawn(items, order)
    right = [i for i in chosen if i.first_error < 0]
    wrong = [i for i in chosen if i.first_error >= 0]
    if wrong_share and right and wrong:
        n = len(chosen)
        n_wrong = round(n * wrong_share)
        chosen = _repeat(wrong, n_wrong, order) + _repeat(right, n - n_wrong, order)
    order.shuffle(chosen)
    placed = _alike(chosen, order) if trees else _of_similar_length(chosen, batch_size)
    batches = [placed[at : at + batch_size] for at in range(0, len(placed), batch_size)]
    order.shuffle(batches)
    return batches


def epoch_size(items: Sequence[Item]) -> int:
    """How many solutions an epoch has, by their weights."""
    return sum(_sizes(items).values())


def portions(
    batch: Sequence[Item], devices: int, budget: int, trees: bool = False
) -> list[list[list[Item]]]:
    """A batch as each of `devices` computes it: as many portions on every one.

    A portion has at most `budget` padded tokens, or one solution. Where there are fewer solutions
    than portions some are empty: devices that share their weights must all take part each time.
    With `trees` a portion is one tree, of at most `budget` and TREE_TOKENS nodes, or one solution:
    attention between two trees would be computed only to be masked.
    """
    if trees:
        alike = sorted(batch, key=lambda item: item.encoded.ids)
        ends = [len(alike) * device // devices for device in range(devices + 1)]
        shares = [alike[start:end] for start, end in pairwise(ends)]
    else:
        longest_first = sorted(batch, key=lambda item: -len(item.encoded.ids))
        shares = [longest_first[device::devices] for device in range(devices)]
    cut = [_cut(share, budget, trees) for share in shares]
    most = max(map(len, cut))
    return [[*mine, *([] for _ in range(most - len(mine)))] for mine in cut]


def tree_saving(items: list[Item], batch_size: int) -> float:
    """How many times the tokens of the trees of its batches the items have, one by one."""
    batches = make_batches(items, batch_size, 0.0, random.Random(0), trees=True)
    nodes = sum(
        n_nodes([item.encoded for item in portion])
        for batch in batches
        for portion in portions(batch, 1, TREE_TOKENS, trees=True)[0]
    )
    return sum(len(item.encoded.ids) for item in items) / max(1, nodes)


def _of_similar_length(items: list[Item], batch_size: int) -> list[Item]:
    """Windows of the items, each sorted by length."""
    window = batch_size * max(1, WINDOW // batch_size)
    return [
        item
        for start in range(0, len(items), window)
        for item in sorted(items[start : start + window], key=lambda i: len(i.encoded.ids))
    ]


def _alike(items: list[Item], order: random.Random) -> list[Item]:
    """The items, those that are worth a tree next to each other, the trees shuffled."""
    trees = groups([item.encoded for item in items], sys.maxsize)
    order.shuffle(trees)
    return [items[place] for tree in trees for place in tree]


def _cut(share: list[Item], budget: int, trees: bool) -> list[list[Item]]:
    if trees:
        places = groups([item.encoded for item in share], min(budget, TREE_TOKENS))
    else:
        places = token_batches([len(item.encoded.ids) for item in share], budget)
    return [[share[place] for place in some] for some in places]


def _sizes(items: Sequence[Item]) -> dict[float, int]:
    """How many of the items of each weight an epoch has, at least one."""
    return {
        weight: max(1, round(weight * n)) for weight, n in Counter(i.weight for i in items).items()
    }


def _drawn(items: list[Item], order: random.Random) -> list[Item]:
    """What an epoch has: of the items of each weight so many times as many as there are."""
    drawn: list[Item] = []
    for weight, n in _sizes(items).items():
        drawn += _repeat([item for item in items if item.weight == weight], n, order)
    return drawn


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
