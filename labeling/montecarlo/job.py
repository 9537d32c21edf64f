"""Monte-Carlo annotation as a job: waves of completions planned by labeling.montecarlo.planner.

A resumed job answers the planner from the stored rollouts first, so that the first wave it asks
of the model is the one that was lost, and its labels are those of a run that was never disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord, AnnotatorRecord, RolloutRecord, SolutionRecord
from labeling.answers.extract import extract_answer
from labeling.answers.grade import Verdict, grade_all
from labeling.jobs.cluster import cluster
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import job_list
from labeling.montecarlo.outcomes import Outcome, outcomes
from labeling.montecarlo.planner import PILOT, STOP_MASS, MCConfig, MCResult, Planner, Probe, Work
from labeling.montecarlo.sharing import Shared, remaining_characters
from labeling.prompt import question
from labeling.seeds import completion_seed
from labeling.uncertainty import mc_margin
from models.names import short_name
from models.steps import join_steps

if TYPE_CHECKING:
    from models.generation.base import Completion, CompletionRequest, Generator, Prompt, Sampling

SEGMENT = 512  # Solutions read from the database together.
WAVE = 512  # Completions asked for together, at least; what a kill -9 can cost.

DECIDED: dict[Verdict | None, bool] = {"correct": True, "wrong": False}

Key = tuple[int, int, int]  # solution, step, sample


def annotate_mc(context: JobContext) -> dict[str, Any]:
    """Monte-Carlo annotation (paper 2.1). Solutions without a gold answer are left out.

    params: model, samples, strategy, seed; optional chunk, stop_mass, soft, temperature, top_p,
    max_tokens, name, dataset, only, wave; where it runs (see `cluster`). The result counts, for
    this start of the job, the tokens prompted and generated, the seconds, and an estimate of what
    `exhaustive` would have generated (see docs/montecarlo.md).
    """
    from models.generation.load import load_generator

    params = context.params
    config = mc_config(params)  # first: what cannot be planned loads no model
    generator = load_generator(params["model"], cluster(params))
    sampling = mc_sampling(params, generator)
    annotator = ensure_annotator(
        context.database,
        "mc",
        params.get("name"),
        annotator_config(params["model"], generator, config, sampling),
        default_name=f"{short_name(params['model'])}-k{config.samples}-{config.strategy}",
    )
    run = _Run(context, annotator, generator, sampling, config)
    run.to_the_end()
    return run.result()


def mc_config(params: dict[str, Any]) -> MCConfig:
    """What is to be planned. Raises PlanError for what contradicts itself."""
    return MCConfig(
        samples=params["samples"],
        strategy=params["strategy"],
        seed=params["seed"],
        chunk=params.get("chunk", 1),
        stop_mass=params.get("stop_mass", STOP_MASS),
        soft=params.get("soft", False),
    )


def mc_sampling(params: dict[str, Any], generator: Generator) -> Sampling:
    """How completions are drawn; the temperature is the model's own unless one is given."""
    from models.generation.base import Sampling, default_temperature

    temperature = params.get("temperature")
    return Sampling(
        temperature=default_temperature(generator) if temperature is None else temperature,
        top_p=params.get("top_p", 1.0),
        max_tokens=params.get("max_tokens", 512),
    )


def annotator_config(
    model: str, generator: Generator, config: MCConfig, sampling: Sampling
) -> dict[str, Any]:
    """All that the outcomes depend on, and nothing else: not the wave, and not what is wanted
    of them (`soft`)."""
    said = {
        "model": model,
        "revision": generator.revision,
        "samples": config.samples,
        "strategy": config.strategy,
        "seed": config.seed,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "streams": "prefix",  # a completion's random numbers follow from its prefix
    }
    if config.strategy != "exhaustive":
        said["chunk"] = config.chunk
    if config.strategy == "adaptive":
        said["stop_mass"] = config.stop_mass
    return said


class _Run:
    """One start of the job: reads solutions as they are needed, and stores wave by wave."""

    def __init__(
        self,
        context: JobContext,
        annotator: AnnotatorRecord,
        generator: Generator,
        sampling: Sampling,
        config: MCConfig,
    ):
        self.context, self.annotator, self.config = context, annotator, config
        self.generator, self.sampling = generator, sampling
        self.width = context.params.get("wave") or max(WAVE, 2 * generator.batch_size)
        self.planner = Planner(config)
        self.pilot = PILOT if config.strategy == "adaptive" else 0
        self.work = job_list(context, annotator, with_gold=True)
        self.segments = self.work.segments(SEGMENT)
        self.shared = Shared(
            lambda solution: store.rollouts_of(context.database, solution, annotator.id)
        )
        self.solutions: dict[int, SolutionRecord] = {}  # open ones
        self.stored: dict[Key, str] = {}  # outcomes of open ones, from before this start
        self.finished: set[int] = set()  # open ones of the pilot that are on disk already
        self.ended = self.total = 0
        self.listed = 0  # solutions of the work list read so far, the same for a resumed job
        self.tally = Tally()
        self.prompted = self.copied = 0
        self.model_seconds = 0.0
        self.characters = self.asked_characters = 0.0
        self.resumed = False

    def to_the_end(self) -> None:
        """Wave after wave until everything is annotated."""
        from models.generation.base import left_out

        while True:
            asked, copies = self._gather()
            rollouts = self._complete(asked)
            results = self.planner.take_finished()
            new = [result for result in results if result.solution_id not in self.finished]
            if new or rollouts or copies:
                store.save_wave(
                    self.context.database,
                    self.annotator.id,
                    self.context.job,
                    [_mc_annotation(result) for result in new],
                    [*copies, *rollouts],
                )
            for result in results:
                self.shared.leave(result.solution_id)
                del self.solutions[result.solution_id]
            self.ended += len(new)
            self.tally.add(solutions=len(new))
            message = self.tally.message("rollouts") + left_out(self.generator)
            self.context.report(self.ended, self.total, message)
            if not asked and self.planner.done:
                return

    def result(self) -> dict[str, Any]:
        """What was done and what it cost."""
        made = self.tally.counts["tokens"]
        per_character = made / self.asked_characters if self.asked_characters else 0.0
        return {
            **self.tally.result(self.annotator, self.work, "rollouts"),
            "tokens_prompted": self.prompted,
            "rollouts_shared": self.copied,
            "tokens_exhaustive": round(self.config.samples * self.characters * per_character),
            "model_seconds": round(self.model_seconds, 1),
            "resumed": self.resumed,
        }

    def _gather(self) -> tuple[dict[tuple[str, int], list[Probe]], list[RolloutRecord]]:
        """(probes to be asked, by prefix and sample; completions copied from other solutions).

        A wave is full while there is a solution left that could fill it.
        """
        asked: dict[tuple[str, int], list[Probe]] = {}
        copies: list[RolloutRecord] = []
        while len(asked) < self.width:
            # One by one: a solution goes as far as what is known takes it before the next has
            # its turn, whether that was known before this start or not.
            probe = next(iter(self.planner.next_wave(1)), None)
            if probe is None:
                if self.planner.hungry and self._read_segment():
                    continue
                break
            known = self.stored.pop(_key(probe), None)
            shared = None if known else self.shared.find(*_key(probe))
            if shared is not None:
                copies.append(shared)
                known = shared.outcome
            if known:
                self.planner.record(probe, cast(Outcome, known))
            else:
                prefix = self.shared.key(probe.solution_id, probe.step)
                asked.setdefault((prefix, probe.sample), []).append(probe)
        self.copied += len(copies)
        return asked, copies

    def _complete(self, asked: dict[tuple[str, int], list[Probe]]) -> list[RolloutRecord]:
        """Ask the model, once for each prefix and sample, and tell the planner."""
        from models.generation.base import count_prompt_tokens

        if not asked:
            return []
        requests = [self._request(key, probes[0]) for key, probes in asked.items()]
        began = time.monotonic()
        completions = self.generator.complete(requests, self.sampling)
        self.model_seconds += time.monotonic() - began
        self.prompted += sum(map(count_prompt_tokens, requests, completions))
        firsts = [self.solutions[probes[0].solution_id] for probes in asked.values()]
        graded = outcomes(
            [
                (completion.text, first.gold_answer, completion.finish_reason)
                for first, completion in zip(firsts, completions, strict=True)
            ]
        )
        rollouts = []
        for probes, first, completion, came_to in zip(
            asked.values(), firsts, completions, graded, strict=True
        ):
            rollout = _rollout(probes[0], completion, came_to)
            rollouts.append(rollout)
            self.shared.put(rollout)
            self.asked_characters += remaining_characters(first.steps)[probes[0].step]
            for other in probes[1:]:
                copy = replace(rollout, solution_id=other.solution_id)
                self.shared.put(copy)  # it may belong to another block
                rollouts.append(copy)
            for probe in probes:
                self.planner.record(probe, came_to)
        self.copied += len(rollouts) - len(requests)
        self.tally.add(rollouts=len(requests), tokens=sum(c.n_tokens for c in completions))
        return rollouts

    def _request(self, key: tuple[str, int], probe: Probe) -> CompletionRequest:
        from models.generation.base import CompletionRequest

        prefix, sample = key
        solution = self.solutions[probe.solution_id]
        return CompletionRequest(
            prompt(self.generator, solution, probe.step),
            completion_seed(self.config.seed, prefix, probe.step, sample),
        )

    def _read_segment(self) -> bool:
        """Plan the next solutions of the work list; False when there are none."""
        read = next(self.segments, None)
        if read is None:
            return False
        _, self.total, segment = read
        database, ids = self.context.database, [solution.id for solution in segment]
        finished = store.annotated_ids(database, self.annotator.id, ids)
        # The pilot is planned again even when it is finished: `adaptive` learns from it.
        asking = [
            solution
            for order, solution in enumerate(segment, start=self.listed)
            if solution.id not in finished or order < self.pilot
        ]
        self.solutions.update((solution.id, solution) for solution in asking)
        stored = store.stored_rollouts(database, self.annotator.id, [one.id for one in asking])
        begun = {solution_id for solution_id, _, _ in stored} | finished
        for order, solution in enumerate(segment, start=self.listed):
            fresh = self.shared.enter(
                solution,
                order,
                on_disk=solution.id in begun,
                asks=solution.id in self.solutions,
            )
            if solution.id not in finished:
                self.characters += fresh
        self.stored.update(stored)
        self.finished |= finished & self.solutions.keys()
        self.ended += len(finished)
        self.listed += len(segment)
        self.resumed = self.resumed or bool(begun)
        self.planner.add(works(asking))
        return True


def works(solutions: Sequence[SolutionRecord]) -> list[Work]:
    """Solutions as the planner sees them; answers that nobody has graded are graded here."""
    answers = {
        one.id: (answer, one.gold_answer)
        for one in solutions
        if one.is_correct is None and one.gold_answer is not None
        if (answer := one.final_answer or extract_answer(one.steps[-1])) is not None
    }
    verdicts = dict(zip(answers, grade_all(list(answers.values())), strict=True))
    return [
        Work(
            one.id,
            len(one.steps),
            DECIDED.get(verdicts.get(one.id)) if one.is_correct is None else one.is_correct,
            remaining_characters(one.steps),
        )
        for one in solutions
    ]


def prompt(generator: Generator, solution: SolutionRecord, step: int) -> Prompt:
    """The problem and the solution's first `step + 1` steps, as `generator` takes them."""
    begun = join_steps(solution.steps[: step + 1]) + "\n\n"
    return generator.prompt_ids(question(solution.problem), begun)


def _key(probe: Probe) -> tuple[int, int, int]:
    return probe.solution_id, probe.step, probe.sample


def _rollout(probe: Probe, completion: Completion, came_to: Outcome) -> RolloutRecord:
    return RolloutRecord(
        probe.solution_id,
        probe.step,
        probe.sample,
        completion.text,
        extract_answer(completion.text),
        came_to,
        completion.n_tokens,
    )


def _mc_annotation(result: MCResult) -> AnnotationRecord:
    evidence: dict[str, list[int] | float] = {
        "successes": list(result.successes),
        "trials": list(result.trials),
        "unfinished": list(result.unfinished),
        "unknown": list(result.unknown),
    }
    if result.belief is not None:
        evidence["belief"] = round(result.belief, 4)
    return AnnotationRecord(
        result.solution_id,
        0,
        tuple(result.scores),
        result.first_error,
        result.status,
        evidence,
        margin=mc_margin(result.successes, result.trials, result.first_error),
    )
