"""What stands inside thinking is never read."""

from __future__ import annotations

import time

import pytest

from labeling.answers.extract import extract_answer
from labeling.answers.thinking import without_thinking

THOUGHT = r"Is it \boxed{7}? No."
SAID = r" It is \boxed{8}."

# (how the thinking begins, how it ends)
FORMS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Thought>", "</Thought>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|begin_of_thought|>", "<|end_of_thought|><|begin_of_solution|>"),
    (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    # A tokenizer that drops its special tokens leaves their names.
    ("analysis", "assistantfinal"),
]
forms = pytest.mark.parametrize(("begin", "end"), FORMS, ids=[begin for begin, _ in FORMS])


@forms
def test_only_what_follows_the_thinking_is_said(begin: str, end: str) -> None:
    assert without_thinking(begin + THOUGHT + end + SAID) == SAID
    assert extract_answer(begin + THOUGHT + end + SAID) == "8"
    assert extract_answer(begin + THOUGHT + end + " I do not know.") is None


@forms
def test_thinking_that_never_ends_says_nothing(begin: str, end: str) -> None:
    assert without_thinking(begin + THOUGHT) is None
    assert extract_answer(begin + THOUGHT) is None


@pytest.mark.parametrize("end", [end for _, end in FORMS[:-1]])
def test_thinking_that_the_prompt_opened_leaves_only_its_end(end: str) -> None:
    assert without_thinking(THOUGHT + end + SAID) == SAID


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No thinking here: a <b> and </c>.", "No thinking here: a <b> and </c>."),
        ("analysis of step 1: fine", "analysis of step 1: fine"),
        ("<analysis_1>fine</analysis_1>", "<analysis_1>fine</analysis_1>"),
        ("<think></think>yes", "yes"),
        ("<think>a</think>b<think>c</think>d", "d"),
        ("<think>it says </think> here, so</think>yes", "yes"),
        ("b<think>c", None),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary "
         'to=functions.f <|constrain|>json<|message|>{"x": 1}', None),
        ("<|channel|>final<|message|>yes<|return|>", "yes"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_last_mark_decides(text: str, said: str | None) -> None:
    assert without_thinking(text) == said


@pytest.mark.parametrize("piece", ["<think>", "</think>", "<|channel|>final ", "analysis", "<"])
def test_a_megabyte_is_read_in_linear_time(piece: str) -> None:
    began = time.process_time()
    without_thinking(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 10  # under a second; quadratic time takes minutes
