"""Servers that only chat: which of them continue an answer, and what the others are good for."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli.main import main
from db import jobs
from db.annotations import annotations_of
from db.engine import Database
from db.ingest import insert_rows
from db.records import ImportRow
from labeling.jobs.runner import run_job
from labeling.montecarlo.estimate import estimate_mc
from models.errors import ModelError
from models.generation.base import CompletionRequest, Sampling
from models.generation.openai import OpenAIGenerator
from tests.support.model_server import (
    CHAT,
    LABELS,
    Answer,
    Serve,
    ask,
    chat_only,
    chat_reply,
    stored,
)


def rendered(chat: list[dict[str, str]], *, header: bool, open_end: bool = False) -> str:
    """ChatML; a character counts as a token."""
    parts = [f"<{one['role']}>{one['content']}</>" for one in chat]
    if open_end:
        parts[-1] = parts[-1].removesuffix("</>")
    return "".join(parts) + ("<assistant>" if header else "")


def continuing(dialect: str, seen: list[str]) -> Answer:
    """A chat server and how it treats an answer that was begun."""

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        chat, wish = body["messages"], body.get("continue_final_message", False)
        header = body.get("add_generation_prompt", True)
        if dialect == "strict" and "continue_final_message" in body:
            message = "Unrecognized request argument supplied: continue_final_message"
            return 400, {}, {"error": {"message": message, "code": None}}
        if dialect in ("vllm", "llama.cpp") and wish and header:
            return 400, {}, {"error": {"message": "Cannot set both"}}
        if dialect == "ignores":
            wish, header = False, True
        if dialect == "header only":
            wish = False
        if dialect == "sglang":  # it knows no add_generation_prompt
            header = not wish
        if dialect == "llama.cpp" and chat[-1]["role"] == "assistant":
            wish, header = True, False
        if dialect == "strips" and wish:
            chat = [*chat[:-1], {**chat[-1], "content": chat[-1]["content"].strip()}]
        prompt = rendered(chat, header=header, open_end=wish)
        seen.append(prompt)
        usage = {"prompt_tokens": len(prompt), "completion_tokens": 2}
        choice = {"message": {"content": "The answer is 7."}, "finish_reason": "stop"}
        return {"choices": [choice]} | ({} if dialect == "countless" else {"usage": usage})

    return chat_only(answer)


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama.cpp"])
def test_a_chat_server_that_continues_is_given_the_begun_answer(dialect: str, serve: Serve) -> None:
    seen: list[str] = []
    generator = OpenAIGenerator(serve(continuing(dialect, seen)).name)
    assert not generator.has_ids
    prompt = generator.prompt_ids(CHAT, "So 3.\n\n")
    asked = [CompletionRequest(prompt, seed) for seed in range(3)]
    made = generator.complete(asked, Sampling())
    wanted = "<user>What is 3 + 4?</><assistant>So 3.\n\n"
    assert seen[-3:] == [wanted] * 3
    assert [one.n_prompt_tokens for one in made] == [len(wanted)] * 3
    tried = len(seen)
    generator.complete(asked, Sampling())
    assert len(seen) == tried + 3  # it is tried out once


@pytest.mark.parametrize(
    ("dialect", "why"),
    [
        ("strict", "Unrecognized request argument"),
        ("ignores", "closes the answer and begins another"),
        ("header only", "closes the answer and begins another"),
        ("strips", "drops the blank line"),
        ("countless", "counts no prompt tokens"),
    ],
)
def test_a_chat_server_that_does_not_continue_only_judges(
    dialect: str, why: str, serve: Serve
) -> None:
    seen: list[str] = []
    generator = OpenAIGenerator(serve(continuing(dialect, seen)).name)
    begun = CompletionRequest(generator.prompt_ids(CHAT, "So 3.\n\n"), 0)
    with pytest.raises(ModelError, match=f"m cannot continue a solution.*{why}.*as a judge.*vLLM"):
        generator.complete([begun], Sampling())
    assert not any("So 3." in prompt for prompt in seen)
    assert ask(generator)[0].text == "The answer is 7."


def judged(n: int) -> list[ImportRow]:
    return [
        ImportRow(
            problem=f"What is {k} + {k}?",
            steps=(f"{k} + {k} = {2 * k}", "That is it."),
            generator="g",
            dataset="d",
            gold_answer=str(2 * k),
            is_correct=True,
        )
        for k in range(n)
    ]


def judging(broken: Callable[[str], Any]) -> Answer:
    """A chat server that judges; `broken` may say something else to a problem."""

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        problem = body["messages"][-1]["content"]
        told = broken(problem)
        if told is not None:
            return told
        if "What is 7 + 7?" in problem:
            reply = "<analysis_1>No.</analysis_1><conclusion>Incorrect</conclusion>"
            return chat_reply(reply)
        return chat_reply("<analysis_1>Yes.</analysis_1><conclusion>Correct</conclusion>")

    return chat_only(answer)


def judge_command(database: Database, model: str) -> list[str]:
    command = ["--db", database.url, "annotate", "judge", "--prompt", "paper", "--name", "j"]
    return [*command, "--model", model]


BAD_ROWS: dict[str, Any] = {
    "What is 9 + 9?": (400, {}, b'{"message": "maximum context length is 4096 tokens"}'),
    "What is 150 + 150?": (500, {}, b"out of memory"),
}


def test_bad_rows_cost_a_judge_only_themselves_and_are_asked_again_alone(
    serve: Serve, database: Database
) -> None:
    insert_rows(database, judged(200))
    bad = dict(BAD_ROWS)
    local = serve(judging(lambda problem: next((bad[row] for row in bad if row in problem), None)))
    command = judge_command(database, local.name)
    first = CliRunner().invoke(main, command)
    assert first.exit_code == 0, first.output
    assert "198 solutions annotated" in first.output
    assert "2 solutions failed" in first.output
    labels = stored(database, LABELS, "j")
    assert len(labels) == 200
    assert {status for _, _, status, _ in labels} == {"ok", "failed"}
    failed = [row for row in labels if row[2] == "failed"]
    assert [first_error for _, first_error, _, _ in failed] == [None, None]
    stored_failures = annotations_of(database, [solution_id for solution_id, *_ in failed])
    reasons = [one.evidence["reason"] for one in stored_failures]
    assert "maximum context length is 4096 tokens" in reasons[0]
    assert "out of memory" in reasons[1]

    bad.clear()
    before = len(local.asked("/v1/chat/completions"))
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 0, again.output
    assert "2 solutions annotated" in again.output
    assert len(local.asked("/v1/chat/completions")) == before + 2  # nothing is paid for twice
    verdicts = [first_error for _, first_error, _, _ in stored(database, LABELS, "j")]
    assert sorted(verdicts) == [-1] * 199 + [0]
    assert jobs.list_jobs(database)[0].result["failed_before"] == 2  # type: ignore[index]


def test_what_a_server_answered_before_it_died_is_stored(serve: Serve, database: Database) -> None:
    insert_rows(database, judged(200))
    dies = threading.Event()
    answered: list[str] = []
    dies.set()

    def until_it_dies(problem: str) -> Any:
        if dies.is_set() and len(answered) >= 70:  # in the middle of a wave
            return 401, {}, b"no longer"
        answered.append(problem)
        return None

    local = serve(judging(until_it_dies))
    died = CliRunner().invoke(main, judge_command(database, local.name))
    assert died.exit_code == 1
    assert "no longer" in died.output
    kept = len(stored(database, LABELS, "j"))
    assert 0 < kept <= 70
    dies.clear()
    before = len(local.asked("/v1/chat/completions"))
    done = CliRunner().invoke(main, judge_command(database, local.name))
    assert done.exit_code == 0, done.output
    assert len(local.asked("/v1/chat/completions")) == before + 200 - kept
    assert sorted(row[1] for row in stored(database, LABELS, "j")) == [-1] * 199 + [0]
    with database.read() as session:
        config = session.execute(text("SELECT config FROM annotator")).scalar()
    assert f"m at {local.url.removeprefix('http://')}" in str(config)


def test_a_server_that_refuses_everything_ends_the_judge_soon(
    serve: Serve, database: Database
) -> None:
    insert_rows(database, judged(400))
    local = serve(judging(lambda _: (400, {}, b"temperature is not supported")))
    refused = CliRunner().invoke(main, judge_command(database, local.name))
    assert refused.exit_code == 1
    assert "temperature is not supported" in refused.output
    assert len(local.asked("/v1/chat/completions")) <= 128  # a wave
    assert {row[2] for row in stored(database, LABELS, "j")} == {"failed"}


def test_monte_carlo_on_a_chat_server_is_refused_before_anything_is_stored(
    serve: Serve, database: Database
) -> None:
    insert_rows(database, judged(3))
    local = serve(chat_only(lambda *_: chat_reply()))
    params = {"model": local.name, "samples": 4, "strategy": "scan", "seed": 1}
    with pytest.raises(ModelError, match="cannot continue a solution"):
        estimate_mc(database, params)
    with pytest.raises(ModelError, match="cannot continue a solution"):
        run_job(database, jobs.create_job(database, "annotate_mc", params).id)
    assert jobs.list_jobs(database)[0].status == "failed"


def told(*likeliest: tuple[str, float]) -> Answer:
    """A chat server whose replies tell these tokens with their probabilities."""

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        assert (body["logprobs"], body["top_logprobs"]) == (True, 20)
        reply = chat_reply("Yes", "length")
        first = [{"token": token, "logprob": math.log(p), "bytes": []} for token, p in likeliest]
        content = [{"token": "Yes", "logprob": -1.0, "top_logprobs": first}]
        reply["choices"][0]["logprobs"] = {"content": content} if likeliest else None
        return reply

    return chat_only(answer)


@pytest.mark.parametrize(
    ("likeliest", "yes", "no"),
    [
        ([("Yes", 0.6), ("No", 0.1), ("Y", 0.1), ("yes", 0.1)], 0.7, 0.1),
        ([("Yes", 0.9), ("Maybe", 0.05)], 0.9, 0.0),
        ([("Ye", 0.5), ("N", 0.25), ("", 0.1)], 0.5, 0.25),
        ([("Well", 0.9)], 0.0, 0.0),
    ],
)
def test_options_among_the_likeliest_tokens(
    likeliest: list[tuple[str, float]], yes: float, no: float, serve: Serve
) -> None:
    there = OpenAIGenerator(serve(told(*likeliest)).name)
    [one] = ask(there, max_tokens=1, options=(("Yes", "yes"), ("No", "no")))
    assert [math.exp(p) for p in one.option_logprobs] == pytest.approx([yes, no])


def test_a_server_without_log_probabilities_is_said(serve: Serve) -> None:
    with pytest.raises(ModelError, match="tells no log-probabilities"):
        ask(OpenAIGenerator(serve(told()).name), max_tokens=1, options=(("Yes",), ("No",)))
