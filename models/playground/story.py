"""What a word problem is written with: a seeded story that keeps its own gold derivation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

MAX_VALUE = 400  # every number in a gold solution lies between 1 and this

PEOPLE = (
    ("Anna", "she"), ("Ben", "he"), ("Clara", "she"), ("David", "he"), ("Emma", "she"),
    ("Felix", "he"), ("Grace", "she"), ("Henry", "he"), ("Irene", "she"), ("Jack", "he"),
    ("Kate", "she"), ("Leo", "he"), ("Maria", "she"), ("Noah", "he"), ("Olga", "she"),
    ("Peter", "he"), ("Rosa", "she"), ("Sam", "he"), ("Tina", "she"), ("Victor", "he"),
)  # fmt: skip
THINGS = (
    "apples", "pears", "oranges", "lemons", "cookies", "muffins", "marbles", "stickers",
    "cards", "coins", "shells", "stones", "pencils", "buttons", "ribbons", "candles",
)  # fmt: skip
FRIENDS = ("friends", "cousins", "neighbors", "classmates", "players")


@dataclass(frozen=True, slots=True)
class GoldStep:
    """One step of the derivation: its sentence, its equation ("4 * 7 = 28") and its value."""

    text: str
    equation: str
    value: int


class DoesNotWorkOutError(ValueError):
    """The numbers drawn leave the world (a fraction, a negative or a large value): draw again."""


class Story:
    """A problem in the making: facts in their order, and the steps that solve it.

    All choices come from one `random.Random`, so a seed decides the whole text.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.facts: list[str] = []
        self.question = ""
        self.steps: list[GoldStep] = []
        self._people = rng.sample(PEOPLE, 4)
        self._things = rng.sample(THINGS, 4)

    def person(self) -> tuple[str, str]:
        """A name not used yet in this story, and its pronoun."""
        return self._people.pop()

    def thing(self) -> str:
        """Countable things not used yet in this story."""
        return self._things.pop()

    def num(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return self.rng.randint(low, high)

    def maybe(self, probability: float = 0.5) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def pick(self, *phrasings: str) -> str:
        """One of several phrasings of the same."""
        return self.rng.choice(phrasings)

    def say(self, *phrasings: str) -> None:
        """Add a fact, in one of its phrasings."""
        self.facts.append(self.pick(*phrasings))

    def ask(self, *phrasings: str) -> None:
        """Set the question, in one of its phrasings."""
        self.question = self.pick(*phrasings)

    def step(self, a: int, sign: str, b: int, *phrasings: str) -> int:
        """Add the step `a sign b`; `{}` in the phrasing becomes the equation. Returns the value.

        Raises DoesNotWorkOutError when the result is no integer of the world.
        """
        value = calculate(a, sign, b)
        if value is None or not (1 <= a <= MAX_VALUE and 1 <= b <= MAX_VALUE >= value >= 1):
            raise DoesNotWorkOutError(f"{a} {sign} {b}")
        equation = f"{a} {sign} {b} = {value}"
        self.steps.append(GoldStep(self.pick(*phrasings).format(equation), equation, value))
        return value

    def distract(self) -> None:
        """Put a fact with a number that nobody needs somewhere among the facts."""
        other, pronoun = self.person()
        thing, n = self.thing(), self.num(2, 60)
        sentence = self.pick(
            f"{other} has {n} {thing}.",
            f"{other} is {n} years old.",
            f"A sister of {other} collects {n} {thing}.",
            f"It is {n} degrees outside.",
            f"Last year {other} bought {n} {thing}.",
            f"{other} lives {n} minutes away, and {pronoun} likes {thing}.",
        )
        self.facts.insert(self.num(0, len(self.facts)), sentence)


def calculate(a: int, sign: str, b: int) -> int | None:
    """`a sign b` as an integer, None when it is none."""
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign == "*":
        return a * b
    return a // b if b and a % b == 0 else None


def join(sentences: Sequence[str]) -> str:
    """Sentences as one paragraph."""
    return " ".join(sentences)
