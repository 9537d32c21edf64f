"""How much there is to learn from: solutions, tokens, and steps by class and place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.config import TrainConfig
from training.data import MASKED
from training.engine.batches import Item
from training.engine.preparation import Prepared
from training.engine.trainer import Batches, Portion


@dataclass(frozen=True, slots=True)
class Part:
    """The training or the validation part; its first errors are one a solution with an error."""

    solutions: int
    wrong: int
    tokens: int
    longest: int  # tokens
    right_steps: int
    first_errors: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training part computes, as the first one would."""

    batches: int
    passes: int  # forward and backward
    tokens: int
    computed: int  # tokens that are computed: padding included, and what trees share once
    largest: Portion  # the pass with the most of them


@dataclass(frozen=True, slots=True)
class Counts:
    """`places` has (right steps, first errors) of the training part at each place in a solution.

    Of all solutions `cut_solutions` lose `cut_steps` steps beyond the longest that is allowed, and
    `left_out` have no step to learn from.
    """

    training: Part
    validation: Part
    places: tuple[tuple[int, int], ...]
    cut_steps: int
    cut_solutions: int
    left_out: int


def count(data: Prepared) -> Counts:
    """Count what `data` holds."""
    items = [*data.training, *data.validation]
    return Counts(
        _part(data.training),
        _part(data.validation),
        _places(data.training),
        data.n_truncated,
        data.n_cut,
        sum(map(len, data.examples)) - len(items),
    )


def first_epoch(items: list[Item], config: TrainConfig) -> Epoch:
    """What the first pass over `items` computes on one device."""
    batches = Batches(items, config, 0, 1)
    passes = tokens = computed = 0
    largest: Portion = {}
    for number in range(len(batches)):
        batch = batches[number]
        tokens += batch["tokens"]
        for portion in batch["portions"]:
            passes += 1
            computed += portion["ids"].numel()
            if not largest or _size(portion) > _size(largest):
                largest = portion
    return Epoch(len(batches), passes, tokens, computed, largest)


def _size(portion: Portion) -> tuple[int, int]:
    """Computed tokens, and of equal ones the longer rows."""
    return portion["ids"].numel(), portion["ids"].shape[1]


def _part(items: Sequence[Item]) -> Part:
    lengths = [len(item.encoded.ids) for item in items]
    places = _places(items)
    return Part(
        solutions=len(items),
        wrong=sum(item.first_error >= 0 for item in items),
        tokens=sum(lengths),
        longest=max(lengths, default=0),
        right_steps=sum(right for right, _ in places),
        first_errors=sum(wrong for _, wrong in places),
    )


def _places(items: Sequence[Item]) -> tuple[tuple[int, int], ...]:
    found = Counter(
        (place, place == item.first_error)
        for item in items
        for place, target in enumerate(item.targets)
        if target != MASKED
    )
    last = max((place for place, _ in found), default=-1)
    return tuple((found[place, False], found[place, True]) for place in range(last + 1))
