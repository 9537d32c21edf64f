"""One judge: the prompt it gets for each solution, and the annotation that its replies make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.annotations import storable
from db.records import AnnotationRecord, SolutionRecord
from labeling.answers.thinking import without_thinking
from labeling.judge.replies import parse_reply
from labeling.judge.templates import JudgeTemplate, messages
from labeling.judge.verdicts import majority_vote, scores
from labeling.prompt import question
from labeling.seeds import completion_seed
from labeling.uncertainty import vote_margin

if TYPE_CHECKING:
    from models.generation.base import Completion, Generator, Sampling

Chat = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Judge:
    """A model, its prompt, and how its `votes` replies to each solution are drawn."""

    generator: Generator
    template: JudgeTemplate
    sampling: Sampling
    seed: int = 0
    votes: int = 1

    def annotate(
        self, solutions: Sequence[SolutionRecord]
    ) -> tuple[list[AnnotationRecord], list[Completion]]:
        """(what it says of each solution, the replies it gave).

        Where the prompt wants the judge's own solution and that never came to its end, there is
        no reference to judge by: the annotation says so, and nothing is asked.
        """
        references = self._references(solutions) if self.template.solve_first else {}
        asked = [
            one
            for one in solutions
            if not self.template.solve_first or references[one.problem_id] is not None
        ]
        prompts = {
            one.id: messages(self.template, one.problem, one.steps, references.get(one.problem_id))
            for one in asked
        }
        replies = self._replies(asked, prompts)
        annotations = [
            self._annotation(one, prompts[one.id], replies[one.id])
            if one.id in prompts
            else self._without_reference(one)
            for one in solutions
        ]
        return annotations, [reply for mine in replies.values() for reply in mine]

    def _references(self, solutions: Sequence[SolutionRecord]) -> dict[int, str | None]:
        """Problem id -> the judge's own solution, greedy, made without seeing any other.

        None where it was cut or never left its thinking.
        """
        from models.generation.base import CompletionRequest, Sampling

        problems = {solution.problem_id: solution.problem for solution in solutions}
        requests = [
            CompletionRequest(self.generator.prompt_ids(question(text)), 0)
            for text in problems.values()
        ]
        greedy = Sampling(temperature=0.0, max_tokens=self.sampling.max_tokens)
        solved = self.generator.complete(requests, greedy)
        return dict(zip(problems, map(_reference, solved), strict=True))

    def _replies(
        self, solutions: Sequence[SolutionRecord], prompts: dict[int, Chat]
    ) -> dict[int, list[Completion]]:
        """Solution id -> its replies."""
        from models.generation.base import CompletionRequest

        requests = [
            CompletionRequest(ids, completion_seed(self.seed, solution.fingerprint, 0, vote))
            for solution in solutions
            for ids in [self.generator.prompt_ids(prompts[solution.id])]
            for vote in range(self.votes)
        ]
        replies = iter(self.generator.complete(requests, self.sampling))
        return {solution.id: [next(replies) for _ in range(self.votes)] for solution in solutions}

    def _annotation(
        self, solution: SolutionRecord, prompt: Chat, replies: Sequence[Completion]
    ) -> AnnotationRecord:
        """The majority of the replies; the critique shown is that of the first reply with it."""
        n_steps = len(solution.steps)
        verdicts = [
            parse_reply(self.template.contract, reply.text, n_steps, reply.finish_reason)
            for reply in replies
        ]
        first_error, share = majority_vote(verdicts)
        agreeing = (at for at, one in enumerate(verdicts) if one.first_error == first_error)
        shown = next(agreeing, 0)
        verdict, reply = verdicts[shown], replies[shown]
        evidence = {
            **self._asked(prompt),
            "reply": storable(reply.text),
            "finish_reason": reply.finish_reason,
            "critiques": [c and storable(c) for c in verdict.critiques],
            "reason": verdict.reason,
        }
        if len(replies) > 1:
            evidence["votes"] = {"share": share, "n": len(replies)}
            evidence["replies"] = [storable(one.text) for one in replies]
            if first_error is None and verdict.first_error is not None:
                evidence["reason"] = "no verdict has most of the votes"
        return AnnotationRecord(
            solution.id,
            0,
            scores(first_error, n_steps),
            first_error,
            verdict.status if verdict.first_error == first_error else "unparsed",
            evidence,
            margin=vote_margin(share, first_error) if len(replies) > 1 else None,
        )

    def _without_reference(self, solution: SolutionRecord) -> AnnotationRecord:
        reason = "the judge's own solution was cut before its end; raise max_tokens"
        evidence = {**self._asked(question(solution.problem)), "reason": reason}
        none = scores(None, len(solution.steps))
        return AnnotationRecord(solution.id, 0, none, None, "unparsed", evidence)

    def _asked(self, prompt: Chat) -> dict[str, Any]:
        sampling = {
            "temperature": self.sampling.temperature,
            "max_tokens": self.sampling.max_tokens,
            "seed": self.seed,
        }
        return {"prompt": prompt, "sampling": sampling}


def _reference(solved: Completion) -> str | None:
    said = without_thinking(solved.text) if solved.finish_reason == "stop" else None
    return None if said is None else said.strip()
