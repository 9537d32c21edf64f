"""Judges that score as generative PRMs do: P(yes) of each step, out of its verdict's words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from db import jobs
from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.records import AnnotationRecord
from labeling.jobs.runner import run_job
from labeling.judge.contracts.yes_no import critiques, verdict_places
from labeling.judge.templates import JudgeError, load_template
from labeling.judge.weighing import probability_of_yes
from models.generation import load as generators
from models.generation.base import (
    ChatPrompt,
    Completion,
    CompletionRequest,
    IncompleteError,
    Sampling,
)
from tests.support.rows import fill

N = 5  # solutions, each of two steps


class Scripted:
    """Writes what `write` makes of the question, and weighs what it is given back by `weigh`."""

    name, revision, batch_size = "scripted", "1", 4

    def __init__(
        self, write: Callable[[str], str], weigh: Callable[[str, str], tuple[float, float]]
    ) -> None:
        self.write, self.weigh = write, weigh
        self.begun: list[str] = []
        self.finish: Any = "stop"
        self.fails: Callable[[str], bool] = lambda question: False
        self.ends_at = 1 << 30  # requests of critiques, before it goes away

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        return ChatPrompt.of(messages, answer_prefix)

    def default_temperature(self) -> float | None:
        return None

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        made: list[Completion | None] = []
        reasons = {}
        for at, request in enumerate(requests):
            assert isinstance(request.prompt, ChatPrompt)
            question, begun = request.prompt.messages[-1][1], request.prompt.answer_prefix
            if sampling.options:
                assert sampling.max_tokens == 1
                self.begun.append(begun)
                logs = [math.log(p) if p else -math.inf for p in self.weigh(question, begun)]
                made.append(Completion("Yes", 1, "length", 9, tuple(logs)))
            elif self.fails(question):
                made.append(None)
                reasons[at] = "too long"
            elif self.ends_at <= 0:
                made.append(None)
            else:
                self.ends_at -= 1
                made.append(Completion(self.write(question), 7, self.finish, 9))
        if None in made:
            raise IncompleteError("it went away", made, reasons, ended=self.ends_at <= 0)
        return [one for one in made if one is not None]


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    fill(database, N)

    def run(model: Scripted, prompt: str = "genprm", **params: Any) -> dict[str, Any]:
        monkeypatch.setattr(generators, "load_generator", lambda *_: model)
        asked = {"model": "scripted", "prompt": prompt, "score": "logprob", **params}
        return run_job(database, jobs.create_job(database, "annotate_judge", asked).id)

    return run


def stored(database: Database, name: str) -> list[AnnotationRecord]:
    who = find_annotator(database, f"judge:{name}").id
    return [one for one in annotations_of(database, range(1, N + 1)) if one.annotator_id == who]


def per_step(question: str) -> str:
    return "<think>so \\boxed{No}?</think>It holds.\nSo \\boxed{No}."


def lower_at_the_second(question: str, begun: str) -> tuple[float, float]:
    return (0.3, 0.3) if "<step_2>" in question else (0.6, 0.2)


def test_each_prefix_is_asked_about_and_its_verdict_weighed(database: Database, run: Run) -> None:
    model = Scripted(per_step, lower_at_the_second)
    result = run(model, threshold=0.6)
    assert (result["solutions"], result["replies"]) == (N, 2 * N)
    # Given back: all it wrote, up to the word of its last verdict.
    assert set(model.begun) == {per_step("").removesuffix("No}.")}
    assert len(model.begun) == 2 * N
    for one in stored(database, "scripted-genprm"):
        assert one.scores == (0.75, 0.5)
        assert (one.first_error, one.status) == (1, "ok")
        assert one.margin == pytest.approx(0.1)
        assert one.evidence["critiques"] == ["It holds.\nSo"] * 2
        assert "[On step 2]\n<think>" in one.evidence["reply"]
    again = run_job(
        database,
        jobs.create_job(
            database, "rethreshold", {"annotator": "judge:scripted-genprm", "threshold": 0.4}
        ).id,
    )
    assert again["changed"] == N
    for one in stored(database, "scripted-genprm"):
        assert (one.first_error, one.evidence["critiques"]) == (-1, ["It holds.\nSo"] * 2)
    # A later job of the same judge takes the threshold that it was given.
    assert run(model)["annotator"] == "judge:scripted-genprm"


def test_one_reply_about_all_steps(database: Database, run: Run) -> None:
    reply = "1: fine. The step is \\boxed{correct}\n2: no. The step is \\boxed{incorrect}\nEnd."

    def weigh(question: str, begun: str) -> tuple[float, float]:
        return (0.1, 0.7) if "2: no" in begun else (0.9, 0.0)

    model = Scripted(lambda _: reply, weigh)
    result = run(model, "thinkprm")
    assert result["replies"] == N
    for one in stored(database, "scripted-thinkprm"):
        assert one.scores == (1.0, 0.125)
        assert one.first_error == 1
        assert one.evidence["critiques"] == ["1: fine. The step is", "2: no. The step is"]


@pytest.mark.parametrize(
    ("prompt", "reply", "scores", "reason"),
    [
        ("genprm", "<think>\\boxed{No} or", (None, None), "step 1: .*still thinking; step 2"),
        ("genprm", "It holds.", (0.75, 0.75), None),  # asked for its verdict then
        ("thinkprm", "Fine: \\boxed{correct}.", (0.75, None), "no verdict on step 2"),
        ("thinkprm", "\\boxed{correct} \\boxed{7} \\boxed{incorrectly}", (0.75, None), "step 2"),
        ("thinkprm", "<think>\\boxed{correct} \\boxed{correct}", (None, None), "still thinking"),
        ("thinkprm", "\\boxed{correct}" * 3, (None, None), "3 verdicts for 2 steps"),
        ("thinkprm", "", (None, None), "no verdict on step 1"),
    ],
)
def test_what_comes_to_no_verdict_has_no_score(
    prompt: str,
    reply: str,
    scores: tuple[float | None, ...],
    reason: str | None,
    database: Database,
    run: Run,
) -> None:
    model = Scripted(lambda _: reply, lambda *_: (0.3, 0.1))
    run(model, prompt)
    for one in stored(database, f"scripted-{prompt}"):
        assert one.scores == scores
        if reason is None:
            assert (one.status, one.evidence["reason"]) == ("ok", None)
            assert model.begun[0] == "It holds.\n\n\\boxed{"
        else:
            assert (one.status, one.first_error) == ("unparsed", None)
            assert re.search(reason, one.evidence["reason"])


def test_a_reply_that_was_cut_and_words_that_cannot_come_have_no_score(
    database: Database, run: Run
) -> None:
    model = Scripted(per_step, lambda *_: (0.0, 0.0))
    run(model, name="neither")
    model.finish = "length"
    run(model, name="cut", seed=1)
    for name, words in (("neither", "neither word"), ("cut", "raise max_tokens")):
        for one in stored(database, name):
            assert (one.scores, one.status) == ((None, None), "unparsed")
            assert words in one.evidence["reason"]


def test_votes_are_averaged(database: Database, run: Run) -> None:
    ps = iter([(0.8, 0.2), (0.4, 0.6)] * 2 * N)
    run(Scripted(per_step, lambda *_: next(ps)), votes=2, temperature=1.0)
    for one in stored(database, "scripted-genprm-2votes"):
        assert one.scores == (0.6, 0.6)


def test_a_job_that_broke_off_goes_on_to_the_same_scores(database: Database, run: Run) -> None:
    """Solution 2 fails by itself; the model goes away in its third wave, and comes back."""
    model = Scripted(per_step, lower_at_the_second)
    model.fails = lambda question: "What is 1 + 1?" in question
    model.ends_at = 5
    with pytest.raises(IncompleteError, match="it went away"):
        run(model)
    first = {one.solution_id: one for one in stored(database, "scripted-genprm")}
    assert 0 < len(first) < N
    model.ends_at = 1 << 30
    result = run(model)
    assert result["failed"] + result["failed_before"] >= 1
    second = {one.solution_id: one for one in stored(database, "scripted-genprm")}
    assert {at: one.scores for at, one in second.items()} == {
        at: (None, None) if at == 2 else (0.75, 0.5) for at in range(1, N + 1)
    }
    assert (second[2].status, second[2].evidence["reason"]) == ("failed", "too long")
    assert first.items() <= second.items()


def test_prompts_and_scores_that_do_not_fit_are_refused(run: Run, tmp_path: Any) -> None:
    model = Scripted(per_step, lower_at_the_second)
    with pytest.raises(JudgeError, match="--prompt genprm or thinkprm"):
        run(model, "paper")
    with pytest.raises(JudgeError, match="asks for yes or no"):
        run(model, "genprm", score="verdict")
    with pytest.raises(JudgeError, match="threshold with --score logprob only"):
        run(model, "paper", score="verdict", threshold=0.4)
    own = tmp_path / "own.md"
    body = "+++\n{problem}{paragraphs}"
    for header, wrong in [
        ('contract = "yes-no"', "needs per"),
        ('contract = "yes-no"\nper = "step"\nmark = ":"\nyes = ["a"]', "list at least one word"),
        ('contract = "boxed"\nmark = ":"', "mark belong to the contract yes-no"),
    ]:
        own.write_text(f"+++\n{header}\n{body}")
        with pytest.raises(JudgeError, match=wrong):
            load_template(own)


def test_where_verdicts_stand() -> None:
    reply = "Why: Yes! Verdict: Yes\nVerdict: Not yet\nVerdict: No\nVerdict: Yes"
    places = verdict_places(reply, "Verdict:", (" Yes", " No"))
    assert places is not None
    assert [reply[at : at + 4].strip() for at in places] == ["Yes", "No", "Yes"]
    assert critiques(reply, "Verdict:", places) == ["Why: Yes!", "Verdict: Not yet", ""]
    assert probability_of_yes((-math.inf, -math.inf)) is None
    assert probability_of_yes(()) is None
    assert probability_of_yes((-800.0, -800.0 - math.log(3))) == pytest.approx(0.75)
