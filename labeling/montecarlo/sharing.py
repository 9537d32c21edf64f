"""Prefixes that several solutions have in common, whose completions are asked for once.

A completion's random stream is keyed by its prefix, so two solutions that begin alike would draw
the very same completions. They are copied instead. Sharing reaches across 1,024 consecutive
solutions of the work list: a fixed cut, so that a resumed job shares exactly what it had.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from db.records import RolloutRecord, SolutionRecord

BLOCK = 1024

Load = Callable[[int], list[RolloutRecord]]  # the stored completions of a solution


def prefix_keys(problem: str, steps: tuple[str, ...]) -> list[str]:
    """A key for the prefix that ends with each step; equal for equal texts, in any project."""
    running = hashlib.sha256(problem.encode("utf-8", "surrogatepass"))
    keys = []
    for step in steps:
        running.update(b"\x00" + step.encode("utf-8", "surrogatepass"))
        keys.append(running.hexdigest()[:32])
    return keys


def remaining_characters(steps: tuple[str, ...]) -> tuple[float, ...]:
    """What the solution itself still wrote behind each step: a completion is about as long."""
    lengths = [len(step) for step in steps]
    return tuple(float(max(sum(lengths[step + 1 :]), 1)) for step in range(len(steps)))


@dataclass(slots=True)
class _Group:
    """The solutions of one problem within one block."""

    prefixes: set[str] = field(default_factory=set)
    completions: dict[tuple[str, int], RolloutRecord] = field(default_factory=dict)
    stored: list[int] = field(default_factory=list)  # solutions whose completions lie on disk


@dataclass(slots=True)
class _Member:
    """A solution that may still ask."""

    block: int
    group: _Group
    keys: list[str]


class Shared:
    """The completions of a job's open blocks, by prefix and sample."""

    def __init__(self, load: Load):
        self._load = load
        self._groups: dict[tuple[int, int], _Group] = {}
        self._members: dict[int, _Member] = {}
        self._keys: dict[int, list[str]] = {}  # of solutions to be read from disk
        self._open: Counter[int] = Counter()
        self._newest = 0

    def enter(self, solution: SolutionRecord, order: int, *, on_disk: bool, asks: bool) -> float:
        """Take a solution in, at its place in the work list; the characters it adds to complete.

        That is, of what follows each of its prefixes that no earlier one had. `on_disk`:
        completions of it were stored before this run; `asks`: it is not finished.
        """
        block = order // BLOCK
        self._newest = max(self._newest, block)
        group = self._groups.setdefault((block, solution.problem_id), _Group())
        keys = prefix_keys(solution.problem, solution.steps)
        rest = remaining_characters(solution.steps)
        fresh = sum(rest[s] for s, key in enumerate(keys[:-1]) if key not in group.prefixes)
        group.prefixes.update(keys)
        if on_disk:
            group.stored.append(solution.id)
            self._keys[solution.id] = keys
        if asks:
            self._members[solution.id] = _Member(block, group, keys)
            self._open[block] += 1
        return fresh

    def key(self, solution_id: int, step: int) -> str:
        """The key of an open solution's prefix."""
        return self._members[solution_id].keys[step]

    def find(self, solution_id: int, step: int, sample: int) -> RolloutRecord | None:
        """That very completion, as this solution's own, if an earlier solution asked for it."""
        member = self._members[solution_id]
        self._read(member.group)
        found = member.group.completions.get((member.keys[step], sample))
        return None if found is None else replace(found, solution_id=solution_id)

    def put(self, rollout: RolloutRecord) -> None:
        """Keep a completion for those that come after."""
        member = self._members[rollout.solution_id]
        key = member.keys[rollout.step]
        member.group.completions.setdefault((key, rollout.sample), rollout)

    def leave(self, solution_id: int) -> None:
        """A solution is finished; a block that is behind, and all finished, is forgotten."""
        block = self._members.pop(solution_id).block
        self._open[block] -= 1
        if not self._open[block] and block < self._newest:
            del self._open[block]
            self._groups = {key: g for key, g in self._groups.items() if key[0] != block}

    def _read(self, group: _Group) -> None:
        for solution_id in group.stored:
            keys = self._keys.pop(solution_id)
            for rollout in self._load(solution_id):
                group.completions.setdefault((keys[rollout.step], rollout.sample), rollout)
        group.stored.clear()
