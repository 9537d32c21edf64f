"""One judge: the prompt it gets for each solution, and the annotation that its replies make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.annotations import replace_unstorable
from db.records import AnnotationRecord, SolutionRecord
from labeling.answers.thinking import without_thinking
from labeling.judge.replies import parse_reply
from labeling.judge.requests import Chat, Judgements, Lack, asked, complete, nothing
from labeling.judge.templates import JudgeTemplate, messages
from labeling.judge.verdicts import majority_vote, scores
from labeling.prompt import question
from labeling.seeds import completion_seed
from labeling.uncertainty import vote_margin

if TYPE_CHECKING:
    from models.errors import ModelError
    from models.generation.base import Completion, Generator, Sampling


@dataclass(frozen=True, slots=True)
class Judge:
    """A model, its prompt, and how its `votes` replies to each solution are drawn."""

    generator: Generator
    template: JudgeTemplate
    sampling: Sampling
    seed: int = 0
    votes: int = 1

    def annotate(self, solutions: Sequence[SolutionRecord]) -> Judgements:
        """Ask about each of the solutions.

        A request that fails for a reason of its own makes an annotation that says so, with the
        status "failed". Where the prompt wants the judge's own solution and that never came to
        its end, there is no reference to judge by: nothing is asked, and it is unparsed.
        """
        annotations, prompts = [], {}
        references, ended = self._references(solutions) if self.template.solve_first else ({}, None)
        for one in solutions:
            reference = references.get(one.problem_id)
            if isinstance(reference, Lack):
                annotations.append(self._nothing(one, question(one.problem), reference))
            elif reference is not None or not self.template.solve_first:
                prompts[one.id] = messages(self.template, one.problem, one.steps, reference)
        judged = [one for one in solutions if one.id in prompts]
        said: list[Completion] = []
        if ended is None and judged:
            replies, ended = self._replies(judged, prompts)
            for one in judged:
                mine = replies.get(one.id)
                if isinstance(mine, Lack):
                    annotations.append(self._nothing(one, prompts[one.id], mine))
                elif mine is not None:
                    annotations.append(self._annotation(one, prompts[one.id], mine))
                    said += mine
        return Judgements(annotations, said, ended)

    def _references(
        self, solutions: Sequence[SolutionRecord]
    ) -> tuple[dict[int, str | Lack], ModelError | None]:
        """Problem id -> the judge's own solution, greedy, made without seeing any other.

        Nothing of what it thought on the way, and none that was cut.
        """
        from models.generation.base import CompletionRequest, Sampling

        problems = {solution.problem_id: solution.problem for solution in solutions}
        requests = [
            CompletionRequest(self.generator.prompt_ids(question(text)), 0)
            for text in problems.values()
        ]
        greedy = Sampling(temperature=0.0, max_tokens=self.sampling.max_tokens)
        solved, ended = complete(self.generator, requests, greedy)
        found = zip(problems, solved, strict=True)
        return {
            problem_id: one if isinstance(one, Lack) else _reference(one)
            for problem_id, one in found
            if one is not None
        }, ended

    def _replies(
        self, solutions: Sequence[SolutionRecord], prompts: dict[int, Chat]
    ) -> tuple[dict[int, list[Completion] | Lack], ModelError | None]:
        """Solution id -> all its replies, or why one of them is lacking."""
        from models.generation.base import CompletionRequest

        requests = [
            CompletionRequest(ids, completion_seed(self.seed, solution.fingerprint, 0, vote))
            for solution in solutions
            for ids in [self.generator.prompt_ids(prompts[solution.id])]
            for vote in range(self.votes)
        ]
        replies, ended = complete(self.generator, requests, self.sampling)
        found: dict[int, list[Completion] | Lack] = {}
        for at, solution in enumerate(solutions):
            mine = replies[at * self.votes : (at + 1) * self.votes]
            lack = next((one for one in mine if isinstance(one, Lack)), None)
            whole = [one for one in mine if one is not None and not isinstance(one, Lack)]
            if lack is not None:
                found[solution.id] = lack
            elif len(whole) == self.votes:
                found[solution.id] = whole
        return found, ended

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
        if any(one.finish_reason == "length" and not (one.text or one.n_tokens) for one in replies):
            words = "the prompt leaves no room for a reply in the model's context"
            return self._nothing(solution, prompt, Lack(words, "unparsed"))
        evidence = {
            **asked(prompt, self.sampling, self.seed),
            "reply": replace_unstorable(reply.text),
            "finish_reason": reply.finish_reason,
            "critiques": [c and replace_unstorable(c) for c in verdict.critiques],
            "reason": verdict.reason,
        }
        if len(replies) > 1:
            evidence["votes"] = {"share": share, "n": len(replies)}
            evidence["replies"] = [replace_unstorable(one.text) for one in replies]
            if first_error is None and verdict.first_error is not None:
                evidence["reason"] = "no verdict has a majority of the votes"
        return AnnotationRecord(
            solution.id,
            0,
            scores(first_error, n_steps),
            first_error,
            verdict.status if verdict.first_error == first_error else "unparsed",
            evidence,
            margin=vote_margin(share, first_error) if len(replies) > 1 else None,
        )

    def _nothing(self, solution: SolutionRecord, prompt: Chat, lack: Lack) -> AnnotationRecord:
        return nothing(solution, prompt, self.sampling, self.seed, lack)


def _reference(solved: Completion) -> str | Lack:
    said = without_thinking(solved.text) if solved.finish_reason == "stop" else None
    if said is None:
        return Lack("the judge's own solution was cut before its end; raise max_tokens", "unparsed")
    return said.strip()
