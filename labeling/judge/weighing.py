"""A judge as a generative PRM: P(yes) for each step, from the log-probabilities of its verdict.

The model writes its critique first. Then the critique is given back up to where the verdict
stands, and how probable "yes" and "no" are as the next word is the score: a word that was drawn
says less than the two that it was drawn from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from db.annotations import replace_unstorable
from db.records import AnnotationRecord, SolutionRecord
from labeling.judge.contracts.yes_no import critiques, verdict_places
from labeling.judge.requests import Chat, Judgements, Lack, asked, complete, nothing
from labeling.judge.templates import JudgeTemplate, YesNo, messages
from labeling.prm.verdicts import annotation
from labeling.seeds import completion_seed

if TYPE_CHECKING:
    from models.errors import ModelError
    from models.generation.base import Completion, Generator, Sampling

THINKS = "the reply ends while the model is still thinking"
CUT = "the reply was cut before its end; raise max_tokens"
NO_ROOM = "the prompt leaves no room for a reply in the model's context"
NEITHER = "neither word of the verdict is among what the model may say next"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A verdict to be weighed: of a step, in a reply that is given back up to it."""

    step: int
    upto: str


@dataclass(slots=True)
class _Read:
    """What the replies about one solution hold; `said` are the critiques by step."""

    solution: SolutionRecord
    replies: list[tuple[str, str]]  # (what it is about, the whole reply)
    verdicts: list[tuple[Chat, _Verdict]]
    said: list[str | None]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class WeighingJudge:
    """A model, a prompt of the contract "yes-no", and the threshold under which a step is wrong.

    Of several `votes` to a step the mean of their P(yes) is its score.
    """

    generator: Generator
    template: JudgeTemplate
    how: YesNo
    sampling: Sampling
    threshold: float
    seed: int = 0
    votes: int = 1

    def annotate(self, solutions: Sequence[SolutionRecord]) -> Judgements:
        """Ask about each of the solutions, and weigh what the replies say of their steps.

        A request that fails for a reason of its own fails its solution. A step whose reply was
        cut, or never came to a verdict, has no score; the annotation then says why.
        """
        asking = [(one, step, chat) for one in solutions for step, chat in self._chats(one)]
        replies, ended = self._ask(
            [
                (chat, "", completion_seed(self.seed, one.fingerprint, step or 0, vote))
                for one, step, chat in asking
                for vote in range(self.votes)
            ],
            self.sampling,
        )
        of = [place for place in asking for _ in range(self.votes)]
        found: dict[int, _Read | Lack | None] = {
            one.id: _Read(one, [], [], [None] * len(one.steps), []) for one in solutions
        }
        for (solution, step, chat), reply in zip(of, replies, strict=True):
            read = found[solution.id]
            if not isinstance(read, _Read):
                continue
            if reply is None or isinstance(reply, Lack):
                found[solution.id] = reply
            else:
                self._read(read, step, chat, reply)
        whole = [one for one in found.values() if isinstance(one, _Read)]
        weighed: list[Completion | Lack | None] = []
        verdicts = [(read, one) for read in whole for one in read.verdicts]
        if ended is None and verdicts:
            weighed, ended = self._ask(
                [(chat, verdict.upto, 0) for _, (chat, verdict) in verdicts], self._weighing()
            )
        else:
            weighed = [None] * len(verdicts)
        scored: dict[int, list[tuple[int, Completion | Lack | None]]] = {}
        for (read, (_, verdict)), one in zip(verdicts, weighed, strict=True):
            scored.setdefault(read.solution.id, []).append((verdict.step, one))
        annotations = []
        for solution in solutions:
            read = found[solution.id]
            if isinstance(read, _Read):
                made = self._annotation(read, scored.get(solution.id, []))
                annotations += [] if made is None else [made]
            elif read is not None:
                annotations.append(self._nothing(solution, read))
        said = [one for one in replies if one is not None and not isinstance(one, Lack)]
        return Judgements(annotations, said, ended)

    def _chats(self, solution: SolutionRecord) -> Iterator[tuple[int | None, Chat]]:
        """(the step it is about, None for all, and what is asked)."""
        if self.how.per == "solution":
            yield None, messages(self.template, solution.problem, solution.steps)
            return
        for step in range(len(solution.steps)):
            yield step, messages(self.template, solution.problem, solution.steps[: step + 1])

    def _ask(
        self, chats: Sequence[tuple[Chat, str, int]], sampling: Sampling
    ) -> tuple[list[Completion | Lack | None], ModelError | None]:
        """The completions of (chat, how the reply begins, seed)."""
        from models.generation.base import CompletionRequest

        requests = [
            CompletionRequest(self.generator.prompt_ids(chat, begun), seed)
            for chat, begun, seed in chats
        ]
        return complete(self.generator, requests, sampling)

    def _weighing(self) -> Sampling:
        from models.generation.base import Sampling

        return Sampling(temperature=0.0, max_tokens=1, options=(self.how.yes, self.how.no))

    def _read(self, read: _Read, step: int | None, chat: Chat, reply: Completion) -> None:
        """Add a reply about one step, or about all, and the verdicts in it."""
        about = "the solution" if step is None else f"step {step + 1}"
        read.replies.append((about, reply.text))
        reason = _unusable(reply)
        places = verdict_places(reply.text, self.how.mark, (*self.how.yes, *self.how.no))
        if reason or places is None:
            read.reasons.append(f"{about}: {reason or THINKS}")
            return
        text = reply.text
        if step is not None:
            if not places:  # it ended without a verdict, and is asked for one
                text = f"{text.rstrip()}\n\n{self.how.mark}"
                places = [len(text)]
            places = places[-1:]
        elif len(places) > len(read.said):
            steps = len(read.said)
            read.reasons.append(f"the reply has {len(places)} verdicts for {steps} steps")
            return
        elif len(places) < len(read.said):
            read.reasons.append(f"the reply has no verdict on step {len(places) + 1}")
        said = critiques(text, self.how.mark, places)
        for at, (place, critique) in enumerate(zip(places, said, strict=True), start=step or 0):
            read.verdicts.append((chat, _Verdict(at, text[:place])))
            read.said[at] = read.said[at] or critique

    def _annotation(
        self, read: _Read, weighed: Iterable[tuple[int, Completion | Lack | None]]
    ) -> AnnotationRecord | None:
        """The PRM's annotation of the scores; None where some verdict was not answered."""
        by_step: list[list[float]] = [[] for _ in read.said]
        reasons = list(read.reasons)
        for step, one in weighed:
            if one is None:
                return None
            if isinstance(one, Lack):
                return self._nothing(read.solution, one)
            p = probability_of_yes(one.option_logprobs)
            if p is None:
                reasons.append(f"step {step + 1}: {NEITHER if one.n_tokens else NO_ROOM}")
            else:
                by_step[step].append(p)
        scores = [fmean(one) if one else None for one in by_step]
        made = annotation(read.solution.id, 0, scores, self.threshold)
        *_, (_, chat) = self._chats(read.solution)
        evidence = {
            **asked(chat, self.sampling, self.seed),
            **made.evidence,
            "reply": replace_unstorable(_together(read.replies)),
            "critiques": [c and replace_unstorable(c) for c in read.said],
            "reason": "; ".join(dict.fromkeys(reasons)) or None,
        }
        status = "unparsed" if made.first_error is None else made.status
        return replace(made, status=status, evidence=evidence)

    def _nothing(self, solution: SolutionRecord, lack: Lack) -> AnnotationRecord:
        *_, (_, chat) = self._chats(solution)
        return nothing(solution, chat, self.sampling, self.seed, lack)


def probability_of_yes(logprobs: Sequence[float]) -> float | None:
    """P(yes) / (P(yes) + P(no)) from their logs; None where neither has any probability."""
    if len(logprobs) != 2 or max(logprobs) == -math.inf:
        return None
    yes, no = (math.exp(one - max(logprobs)) for one in logprobs)
    return yes / (yes + no)


def _unusable(reply: Completion) -> str:
    """Why a reply has no verdict that counts; "" when it may."""
    if reply.finish_reason != "length":
        return ""
    return CUT if reply.text or reply.n_tokens else NO_ROOM


def _together(replies: Sequence[tuple[str, str]]) -> str:
    """All replies as one text."""
    if len(replies) == 1:
        return replies[0][1]
    return "\n\n".join(f"[On {about}]\n{text}" for about, text in replies)
