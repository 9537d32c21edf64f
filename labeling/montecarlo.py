"""Monte-Carlo step labels: which completions to sample next, and what their outcomes amount to.

The planner does no I/O and draws nothing at random. Its waves follow from the solutions it was
given, their order, the configuration and the outcomes alone, whatever order the outcomes came
back in. A resumed job that feeds it the stored outcomes therefore gets the same waves again.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Strategy = Literal["scan", "exhaustive"]
Outcome = Literal["correct", "wrong", "unfinished", "unknown"]
STRATEGIES: tuple[Strategy, ...] = ("scan", "exhaustive")
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "unfinished", "unknown")


class PlanError(ValueError):
    """The planner was given something that cannot be planned, or an outcome it did not ask for."""


@dataclass(frozen=True, slots=True)
class MCConfig:
    """How much to sample. 8 completions a step are the paper's (arXiv 2501.07301, 2.1).

    `exhaustive` asks for `samples` completions at every step: soft labels and whole curves.
    `scan` leaves a step at its first success and a solution at its first step without any; its
    first errors have the distribution of `exhaustive`'s, its fractions do not.
    """

    samples: int = 8
    strategy: Strategy = "scan"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise PlanError(f"samples must be at least 1, not {self.samples}")
        if self.strategy not in STRATEGIES:
            raise PlanError(f"no strategy {self.strategy!r}; there are {', '.join(STRATEGIES)}")


@dataclass(frozen=True, slots=True)
class Work:
    """A solution to label. `answer_is_correct` settles the last step; None where not known.

    Only for problems with a gold answer: without one no completion has an outcome.
    """

    solution_id: int
    n_steps: int
    answer_is_correct: bool | None


@dataclass(frozen=True, slots=True)
class Probe:
    """A completion to sample: the solution from the end of `steps[step]` on (0-based)."""

    solution_id: int
    step: int
    sample: int


@dataclass(frozen=True, slots=True)
class MCResult:
    """What the completions say of one solution; every tuple has one entry per step.

    `trials` counts the decided outcomes, correct and wrong; `scores` is successes / trials, None
    where nothing was decided. At the last step there is nothing to complete: its score is 1 or 0
    as the answer is right or wrong, with no trials.
    """

    solution_id: int
    scores: tuple[float | None, ...]
    successes: tuple[int, ...]
    trials: tuple[int, ...]
    unfinished: tuple[int, ...]
    unknown: tuple[int, ...]
    first_error: int | None
    status: Literal["ok", "unfinished"]


def probe_seed(seed: int, solution_fingerprint: str, step: int, sample: int) -> int:
    """The random stream of one completion: 63 bits, the same on every machine and version."""
    key = f"{seed}/{step}/{sample}/{solution_fingerprint}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 1


def first_error_from_counts(
    successes: Sequence[int],
    trials: Sequence[int],
    answer_is_correct: bool | None,
    threshold: float = 0.0,
) -> int | None:
    """The first step whose share of successes is not above `threshold`; -1 when all are.

    At 0, the paper's choice (2.1, 2.5), one success is enough. The last entry is not read: the
    last step is wrong when the answer is. None (no verdict) where a step without a decided
    completion, or an unknown answer, comes before any error. Above 0 the counts must be those
    of `exhaustive`: `scan` stops at a success, which makes its shares depend on where it stopped.
    """
    last = len(successes) - 1
    for step in range(last):
        if not trials[step]:
            return None
        if successes[step] / trials[step] <= threshold:
            return step
    if answer_is_correct is None:
        return None
    return -1 if answer_is_correct else last


@dataclass(slots=True)
class _State:
    """What is known of one solution so far."""

    order: int
    work: Work
    step: int = 0  # the step the next probe is for
    sample: int = 0
    out: set[Probe] = field(default_factory=set)
    counts: dict[Outcome, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = {outcome: [0] * self.work.n_steps for outcome in OUTCOMES}

    @property
    def last(self) -> int:
        return self.work.n_steps - 1


class Planner:
    """Hands out probes in waves, takes their outcomes, and ends each solution with a result.

    A solution added first is served first, so finished ones leave early and new ones can enter.
    """

    def __init__(self, config: MCConfig):
        self.config = config
        self._states: dict[int, _State] = {}  # what is not finished
        self._added = 0
        self._ready: list[tuple[int, int]] = []  # a heap of (order, id) with a probe to ask
        self._finished: list[tuple[int, MCResult]] = []

    @property
    def done(self) -> bool:
        """Nothing is left to ask, to wait for, or to take."""
        return not self._states and not self._finished

    def add(self, works: Iterable[Work]) -> None:
        """Plan more solutions. Raises PlanError for one without steps or one being planned."""
        for work in works:
            if work.n_steps < 1:
                raise PlanError(f"solution {work.solution_id} has no steps")
            if work.solution_id in self._states:
                raise PlanError(f"solution {work.solution_id} is being planned already")
            state = _State(self._added, work)
            self._added += 1
            self._states[work.solution_id] = state
            self._advance(state)

    def next_wave(self, width: int) -> list[Probe]:
        """At most `width` probes that can be completed at the same time.

        `scan` has one probe of a solution under way at a time, because its outcome decides
        whether another is needed. Empty when everything waits for outcomes or is finished.
        """
        if width < 1:
            raise PlanError(f"a wave must have room for at least one probe, not {width}")
        wave: list[Probe] = []
        while self._ready and len(wave) < width:
            state = self._states[self._ready[0][1]]
            probe = Probe(state.work.solution_id, state.step, state.sample)
            state.out.add(probe)
            wave.append(probe)
            state.sample += 1
            if self.config.strategy == "exhaustive" and state.sample == self.config.samples:
                state.step, state.sample = state.step + 1, 0
            if self.config.strategy == "scan" or state.step == state.last:
                heapq.heappop(self._ready)
        return wave

    def record(self, probe: Probe, outcome: Outcome) -> None:
        """Take the outcome of a probe. Raises PlanError for one that is not under way."""
        state = self._states.get(probe.solution_id)
        if state is None or probe not in state.out:
            raise PlanError(f"{probe} was not asked for, or has its outcome already")
        if outcome not in OUTCOMES:
            raise PlanError(f"no outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
        state.out.remove(probe)
        state.counts[outcome][probe.step] += 1
        if self.config.strategy == "scan":
            if outcome == "correct":
                state.step, state.sample = probe.step + 1, 0
            self._advance(state)
        elif not state.out and state.step == state.last:
            self._finish(state)

    def take_finished(self) -> list[MCResult]:
        """The results since the last call, in the order their solutions were added."""
        results = [result for _, result in sorted(self._finished, key=lambda pair: pair[0])]
        self._finished.clear()
        return results

    def _advance(self, state: _State) -> None:
        """Make the solution ask again, or finish it when no more answers are needed."""
        if state.step == state.last or state.sample == self.config.samples:
            self._finish(state)
        else:
            heapq.heappush(self._ready, (state.order, state.work.solution_id))

    def _finish(self, state: _State) -> None:
        del self._states[state.work.solution_id]
        self._finished.append((state.order, self._result(state)))

    def _result(self, state: _State) -> MCResult:
        work = state.work
        successes = state.counts["correct"]
        wrongs = state.counts["wrong"]
        trials = [right + wrong for right, wrong in zip(successes, wrongs, strict=True)]
        scores = [right / n if n else None for right, n in zip(successes, trials, strict=True)]
        if state.step == state.last and work.answer_is_correct is not None:
            scores[-1] = float(work.answer_is_correct)
        first_error = first_error_from_counts(successes, trials, work.answer_is_correct)
        return MCResult(
            work.solution_id,
            tuple(scores),
            tuple(successes),
            tuple(trials),
            tuple(state.counts["unfinished"]),
            tuple(state.counts["unknown"]),
            first_error,
            "unfinished" if first_error is None else "ok",
        )
