"""What verdicts amount to, and the job that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from db import jobs
from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.solutions import get_solution
from labeling.jobs.runner import run_job
from labeling.judge.replies import parse_reply
from labeling.judge.templates import load_template
from labeling.judge.verdicts import JudgeVerdict, majority_vote, scores
from labeling.uncertainty import vote_margin
from models.generation import load as generators
from models.generation.base import (
    ChatPrompt,
    Completion,
    CompletionRequest,
    IncompleteError,
    Sampling,
)
from tests.support.rows import fill

Answer = Callable[[str], Completion]


def test_scores_stop_at_the_first_error() -> None:
    assert scores(1, 3) == (1.0, 0.0, None)
    assert scores(-1, 2) == (1.0, 1.0)
    assert scores(None, 2) == (None, None)


def votes(*first_errors: int | None) -> list[JudgeVerdict]:
    return [
        JudgeVerdict("unparsed" if first is None else "ok", first, (None,))
        for first in first_errors
    ]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ((2, 2, -1, None), (2, 0.5)),
        ((-1, -1, 0), (-1, pytest.approx(2 / 3))),
        ((1, 2), (None, 0.5)),
        ((1, 2, 2, 1, 3), (None, 0.4)),
        ((None, None), (None, 0.0)),
        ((), (None, 0.0)),
    ],
)
def test_a_majority_decides_and_a_tie_does_not(
    given_: tuple[int | None, ...], expected: tuple[int | None, float]
) -> None:
    assert majority_vote(votes(*given_)) == expected


def test_a_real_judge_votes(database: Database) -> None:
    """Five replies to each solution: the verdict is their majority, all of them are kept."""
    sampled = jobs.create_job(database, "sample", {"problems": 4, "solutions": 2, "seed": 3})
    run_job(database, sampled.id)
    asked = {"model": "playground:judge", "prompt": "playground", "seed": 1, "votes": 5}
    result = run_job(database, jobs.create_job(database, "annotate_judge", asked).id)
    assert str(result["annotator"]).endswith("-5votes")
    annotator = find_annotator(database, str(result["annotator"]))
    assert annotator.config["temperature"] == 1.0
    template = load_template("playground")
    annotations = annotations_of(database, list(range(1, 9)))
    judged = [one for one in annotations if one.annotator_id == annotator.id]
    assert judged
    shares = set()
    for one in judged:
        solution = get_solution(database, one.solution_id)
        assert len(one.evidence["replies"]) == one.evidence["votes"]["n"] == 5
        verdicts = [
            parse_reply(template.contract, reply, len(solution.steps))
            for reply in one.evidence["replies"]
        ]
        winner, share = majority_vote(verdicts)
        assert (one.first_error, one.evidence["votes"]["share"]) == (winner, share)
        assert one.margin == vote_margin(share, winner)
        shares.add(share)
    assert len(shares) > 1  # they are different replies, not one five times
    same = jobs.create_job(database, "annotate_judge", {**asked, "temperature": 0.0})
    with pytest.raises(ValueError, match="temperature 0"):
        run_job(database, same.id)


class Scripted:
    """A judge that says what `answer` makes of the last message's text and the seed."""

    name, revision, batch_size = "scripted", "1", 4

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        return ChatPrompt.of(messages, answer_prefix)

    def default_temperature(self) -> float | None:
        return None

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        texts = [
            one.prompt.messages[-1][1] for one in requests if isinstance(one.prompt, ChatPrompt)
        ]
        self.asked += texts
        return [self.answer(text) for text in texts]


@pytest.fixture
def judge(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Judge six solutions by a scripted judge: (the job's result, the judge)."""
    fill(database, 6)

    def run(answer: Answer, **params: Any) -> tuple[dict[str, Any], Scripted]:
        made = Scripted(answer)
        monkeypatch.setattr(generators, "load_generator", lambda *_: made)
        asked = {"model": "scripted", "prompt": "paper", "seed": 1, **params}
        job = jobs.create_job(database, "annotate_judge", asked)
        return run_job(database, job.id), made

    return run


VERDICT = "<analysis_1>\nfine\n</analysis_1>\n<conclusion>Correct</conclusion>"


def test_a_reply_that_was_cut_is_stored_as_unparsed(
    database: Database, judge: Callable[..., Any]
) -> None:
    judge(lambda _: Completion(VERDICT, 9, "length"))
    stored = annotations_of(database, range(1, 7))
    assert len(stored) == 6
    for one in stored:
        assert (one.status, one.first_error, set(one.scores)) == ("unparsed", None, {None})
        assert one.evidence["reply"] == VERDICT
        assert "cut" in one.evidence["reason"]


@pytest.mark.parametrize(
    ("solved", "reference"),
    [
        (Completion("<think>or is it 9?</think>It is 8.", 9, "stop"), "It is 8."),
        (Completion("or is it 9?</think>It is 8.", 9, "stop"), "It is 8."),
        (Completion("<think>or is it 9?", 9, "stop"), None),
        (Completion("It is 8, since", 9, "length"), None),
    ],
)
def test_what_the_judge_thought_or_did_not_finish_is_no_reference(
    solved: Completion, reference: str | None, database: Database, judge: Callable[..., Any]
) -> None:
    def answer(text: str) -> Completion:
        return Completion(VERDICT, 9, "stop") if "<paragraph_1>" in text else solved

    _, made = judge(answer, prompt="playground")
    judged = [text for text in made.asked if "<paragraph_1>" in text]
    stored = annotations_of(database, range(1, 7))
    assert len(stored) == 6
    if reference is None:
        assert not judged  # nothing is asked that cannot be judged
        assert {(one.status, one.first_error) for one in stored} == {("unparsed", None)}
        assert all("own solution was cut" in one.evidence["reason"] for one in stored)
    else:
        assert len(judged) == 6
        assert all(reference in text and "is it 9" not in text for text in judged)
        assert {(one.status, one.first_error) for one in stored} == {("ok", -1)}


def test_without_room_for_a_reply_the_reason_says_so(
    database: Database, judge: Callable[..., Any]
) -> None:
    judge(lambda _: Completion("", 0, "length"))
    for one in annotations_of(database, range(1, 7)):
        assert (one.status, one.first_error) == ("unparsed", None)
        assert "no room" in one.evidence["reason"]


@pytest.mark.parametrize("prompt", ["paper", "playground"])
def test_a_request_that_fails_is_a_record_and_what_came_before_the_end_is_kept(
    prompt: str, database: Database, judge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Solution 2 fails by itself, and the model as a whole at solution 5, at its first start."""
    whole = Scripted.complete
    ended = [True]

    def some(
        self: Scripted, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        replies: list[Completion | None] = list(whole(self, requests, sampling))
        texts = self.asked[-len(requests) :]
        reasons = {at: "too long" for at, text in enumerate(texts) if "What is 1 + 1?" in text}
        lost = {at for at, text in enumerate(texts) if "What is 4 + 4?" in text and ended}
        for at in (*reasons, *lost):
            replies[at] = None
        if reasons or lost:
            raise IncompleteError("it went away", replies, reasons, ended=bool(lost))
        return [reply for reply in replies if reply is not None]

    monkeypatch.setattr(Scripted, "complete", some)
    with pytest.raises(IncompleteError, match="it went away"):
        judge(lambda _: Completion(VERDICT, 9, "stop"), prompt=prompt, votes=2, temperature=1.0)
    stored = {one.solution_id: one for one in annotations_of(database, range(1, 7))}
    assert 5 not in stored
    assert (stored[2].status, stored[2].first_error) == ("failed", None)
    assert stored[2].evidence["reason"] == "too long"
    ended.clear()
    result, made = judge(
        lambda _: Completion(VERDICT, 9, "stop"), prompt=prompt, votes=2, temperature=1.0
    )
    stored = {one.solution_id: one for one in annotations_of(database, range(1, 7))}
    assert {at: one.status for at, one in stored.items() if one.status != "ok"} == {2: "failed"}
    assert len(stored) == 6
    assert (result["failed"], result["failed_before"]) == (1, 1)
    assert not any("What is 0 + 0?" in text for text in made.asked) or prompt == "playground"
