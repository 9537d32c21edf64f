"""Monte-Carlo step labels: which completions to sample next, and what their outcomes amount to.

The planner does no I/O and draws nothing at random. What it asks of a solution follows from the
configuration and the outcomes of that solution alone (with `adaptive` also from the first
outcomes of the first solutions), whatever the waves and in whatever order the outcomes came back.
A resumed job that feeds it the stored outcomes therefore goes on where it was.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from labeling.montecarlo.belief import Belief, adaptive, first_error_by_belief, learn
from labeling.montecarlo.outcomes import OUTCOMES, Outcome
from labeling.montecarlo.strategies import Chunk, Known, bisect, bounds, exhaustive, scan

Strategy = Literal["scan", "exhaustive", "bisect", "adaptive"]
STRATEGIES: tuple[Strategy, ...] = ("scan", "exhaustive", "bisect", "adaptive")

# `adaptive` learns its prior from the first LESSONS outcomes of each of the job's first PILOT
# solutions, and begins no other before: a few narrow waves, once.
PILOT = 64
LESSONS = 4
STOP_MASS = 0.92  # the least at which agreement stays near the noise floor (docs/performance.md)


class PlanError(ValueError):
    """The planner was given something that cannot be planned, or an outcome it did not ask for."""


@dataclass(frozen=True, slots=True)
class MCConfig:
    """How much to sample. 8 completions a step are the paper's (arXiv 2501.07301, 2.1).

    `exhaustive` asks for `samples` completions at every step: soft labels and whole curves.
    `scan` leaves a step at its first success and a solution at its first step without any; its
    first errors have the distribution of `exhaustive`'s, its fractions do not. `bisect` and
    `adaptive` let a success vouch for all earlier steps (docs/montecarlo.md). `chunk`
    completions of a step are asked for together. `stop_mass` is the belief at which `adaptive`
    stops; 1 leaves it to the K rule. `soft` says that fractions are wanted, and is refused where
    they would not be fractions of `samples`.
    """

    samples: int = 8
    strategy: Strategy = "scan"
    seed: int = 0
    chunk: int = 1
    stop_mass: float = STOP_MASS
    soft: bool = False

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise PlanError(f"samples must be at least 1, not {self.samples}")
        if self.strategy not in STRATEGIES:
            raise PlanError(f"no strategy {self.strategy!r}; there are {', '.join(STRATEGIES)}")
        if self.chunk < 1:
            raise PlanError(f"a chunk has at least one completion, not {self.chunk}")
        if not 0.5 <= self.stop_mass <= 1:
            raise PlanError(f"stop_mass must be from 0.5 to 1, not {self.stop_mass}")
        if self.soft and not self.whole_steps:
            raise PlanError(
                f"soft labels need all {self.samples} completions of a step, and {self.strategy} "
                "stops before. Use the strategy exhaustive, or scan with a chunk of "
                f"{self.samples}, which labels the steps up to the first error"
            )

    @property
    def whole_steps(self) -> bool:
        """Whether every step that is looked at gets all its samples, so that its share counts."""
        full = self.strategy == "scan" and self.chunk >= self.samples
        return self.strategy == "exhaustive" or full


def has_whole_steps(annotator_config: Mapping[str, Any]) -> bool:
    """Whether the shares of this annotator (kind `mc`) may be read as fractions of K.

    That is what soft labels and thresholds above 0 need. Labels that came with a data set have
    no strategy in their configuration and are taken at their word.
    """
    strategy = annotator_config.get("strategy", "exhaustive")
    chunk = annotator_config.get("chunk", 1)
    return MCConfig(annotator_config.get("samples", 1), strategy, chunk=chunk).whole_steps


@dataclass(frozen=True, slots=True)
class Work:
    """A solution to label. `answer_is_correct` settles the last step; None where not known.

    Only for problems with a gold answer: without one no completion has an outcome. `costs`, one
    a step, say how much a completion from there may cost relative to the others; without them
    it is the number of steps still to go.
    """

    solution_id: int
    n_steps: int
    answer_is_correct: bool | None
    costs: tuple[float, ...] = ()


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
    as the answer is right or wrong, with no trials. `belief` is the posterior mass with which
    `adaptive` stopped, None for the others.
    """

    solution_id: int
    scores: tuple[float | None, ...]
    successes: tuple[int, ...]
    trials: tuple[int, ...]
    unfinished: tuple[int, ...]
    unknown: tuple[int, ...]
    first_error: int | None
    status: Literal["ok", "unfinished"]
    belief: float | None = None


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


def first_error_by_vouching(
    successes: Sequence[int],
    trials: Sequence[int],
    asked: Sequence[int],
    samples: int,
    answer_is_correct: bool | None,
) -> int | None:
    """The first error where a success at a step vouches for all steps before it (`bisect`).

    The first step behind the last success that had all its `samples` without one; None while
    there is none, or where none of them was decided.
    """
    low, high = bounds(successes, asked, samples)
    if low != high:
        return None
    if high < len(successes) - 1:
        return high if trials[high] else None
    return None if answer_is_correct is None else -1 if answer_is_correct else high


@dataclass(slots=True)
class _State:
    """One solution being labelled: what is known of it, what is to be asked, what is out."""

    order: int
    work: Work
    known: Known
    belief: Belief
    queue: deque[Probe] = field(default_factory=deque)
    out: set[Probe] = field(default_factory=set)


class Planner:
    """Hands out probes in waves, takes their outcomes, and ends each solution with a result.

    A solution added first is served first, so finished ones leave early and new ones can enter.
    """

    def __init__(self, config: MCConfig, pilot: int = PILOT):
        self.config = config
        self._states: dict[int, _State] = {}  # what is being asked about
        self._waiting: deque[_State] = deque()  # what is not begun
        self._added = 0
        self._ready: list[tuple[int, int]] = []  # a heap of (order, id) with a probe to ask
        self._finished: list[tuple[int, MCResult]] = []
        self._ids: set[int] = set()
        self._belief = Belief()
        self._pilot = pilot if config.strategy == "adaptive" else 0
        self._lessons: dict[int, Known] = {}

    @property
    def done(self) -> bool:
        """Nothing is left to ask, to wait for, or to take."""
        return not self._ids and not self._finished

    @property
    def hungry(self) -> bool:
        """Everything that may be asked now is asked, and more solutions would find work."""
        return not self._ready and not self._waiting

    def add(self, works: Iterable[Work]) -> None:
        """Plan more solutions. Raises PlanError for one without steps or one being planned."""
        for work in works:
            if work.n_steps < 1:
                raise PlanError(f"solution {work.solution_id} has no steps")
            if work.solution_id in self._ids:
                raise PlanError(f"solution {work.solution_id} is being planned already")
            costs = work.costs or [work.n_steps - step for step in range(work.n_steps)]
            if len(costs) != work.n_steps or min(costs) <= 0:
                raise PlanError(f"solution {work.solution_id} needs a cost above 0 for each step")
            known = Known(work.n_steps, work.answer_is_correct, costs)
            self._waiting.append(_State(self._added, work, known, self._belief))
            self._ids.add(work.solution_id)
            self._added += 1
        self._admit()

    def next_wave(self, width: int) -> list[Probe]:
        """At most `width` probes that can be completed at the same time.

        Empty when everything waits for outcomes or is finished.
        """
        if width < 1:
            raise PlanError(f"a wave must have room for at least one probe, not {width}")
        wave: list[Probe] = []
        while self._ready and len(wave) < width:
            state = self._states[self._ready[0][1]]
            probe = state.queue.popleft()
            state.out.add(probe)
            wave.append(probe)
            if not state.queue:
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
        state.known.counts[outcome][probe.step] += 1
        if not state.out and not state.queue:
            self._advance(state)
            self._admit()

    def take_finished(self) -> list[MCResult]:
        """The results since the last call, in the order their solutions were added."""
        results = [result for _, result in sorted(self._finished, key=lambda pair: pair[0])]
        self._finished.clear()
        return results

    def _admit(self) -> None:
        """Begin the solutions that wait, unless the pilot has still to be learnt from."""
        while self._waiting:
            state = self._waiting[0]
            if self._pilot and state.order >= self._pilot:
                if len(self._lessons) < self._pilot:
                    return
                seen = [self._lessons[order] for order in range(self._pilot)]
                self._belief = learn(seen, self._belief)
                self._pilot = 0
            state.belief = self._belief
            self._states[state.work.solution_id] = self._waiting.popleft()
            self._advance(state)

    def _advance(self, state: _State) -> None:
        """Make the solution ask again, or finish it when no more answers are needed."""
        chunks = self._choose(state)
        self._learn_from(state, over=not chunks)
        for step, count in chunks:
            first = state.known.asked[step]
            state.known.asked[step] += count
            state.queue.extend(
                Probe(state.work.solution_id, step, sample)
                for sample in range(first, first + count)
            )
        if chunks:
            heapq.heappush(self._ready, (state.order, state.work.solution_id))
        else:
            del self._states[state.work.solution_id]
            self._ids.remove(state.work.solution_id)
            self._finished.append((state.order, self._result(state)))

    def _choose(self, state: _State) -> list[Chunk]:
        config, known = self.config, state.known
        if config.strategy == "exhaustive":
            return exhaustive(known, config.samples)
        if config.strategy == "scan":
            return scan(known, config.samples, config.chunk)
        if config.strategy == "bisect":
            return bisect(known, config.samples, config.chunk)
        return adaptive(known, state.belief, config.samples, config.stop_mass, config.chunk)

    def _learn_from(self, state: _State, over: bool) -> None:
        """Keep what a solution of the pilot has shown by its first outcomes."""
        enough = over or sum(state.known.asked) >= LESSONS
        if enough and state.order < self._pilot and state.order not in self._lessons:
            self._lessons[state.order] = deepcopy(state.known)

    def _verdict(self, state: _State) -> tuple[int | None, float | None]:
        known, samples, answer = state.known, self.config.samples, state.work.answer_is_correct
        if self.config.strategy == "adaptive":
            return first_error_by_belief(known, state.belief, samples)
        if self.config.strategy == "bisect":
            successes, trials = known.successes, known.trials
            return first_error_by_vouching(successes, trials, known.asked, samples, answer), None
        return first_error_from_counts(known.successes, known.trials, answer), None

    def _result(self, state: _State) -> MCResult:
        work, known = state.work, state.known
        pairs = zip(known.successes, known.trials, strict=True)
        scores = [right / n if n else None for right, n in pairs]
        first_error, belief = self._verdict(state)
        if work.answer_is_correct is not None and self._looked_at_answer(state):
            scores[-1] = float(work.answer_is_correct)
        return MCResult(
            work.solution_id,
            tuple(scores),
            tuple(known.successes),
            tuple(known.trials),
            tuple(known.counts["unfinished"]),
            tuple(known.counts["unknown"]),
            first_error,
            "unfinished" if first_error is None else "ok",
            belief,
        )

    def _looked_at_answer(self, state: _State) -> bool:
        """Whether the answer's step was reached: always, but for a solution left before it."""
        if self.config.strategy == "scan":
            return all(state.known.successes[: state.known.last])
        return True
