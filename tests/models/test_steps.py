"""Splitting solutions into steps."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.steps import join_steps, split_steps

TEXTS = st.text(st.sampled_from("ab \n\t\r."), max_size=60) | st.text(max_size=60)


def test_steps_end_at_blank_lines() -> None:
    text = "First.\n\nSecond,\non two lines.\n   \nThird.\r\n\r\nFourth."
    assert split_steps(text) == ("First.", "Second,\non two lines.", "Third.", "Fourth.")


def test_blank_lines_at_the_ends_make_no_steps() -> None:
    assert split_steps("\n\n  \nOnly one.\n\n\n\n") == ("Only one.",)
    assert split_steps(" \n\n ") == ()


@given(TEXTS)
@example("a\n\n\n\nb\n\n")
def test_joining_undoes_splitting(text: str) -> None:
    steps = split_steps(text)
    assert split_steps(join_steps(steps)) == steps


@given(TEXTS)
def test_no_step_is_blank_and_no_character_is_lost(text: str) -> None:
    steps = split_steps(text)
    assert all(step == step.strip() and step for step in steps)
    assert "".join("".join(steps).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a\n\n<think>b\n\nc</think>d", ("a", "<think>b\n\nc</think>", "d")),
        ("b\n\nc</think>\n\nd\n\ne", ("b\n\nc</think>", "d", "e")),  # opened in the prompt
        ("<think>b\n\nc", ("<think>b\n\nc",)),  # cut
        ("[THINK]b\n\nc[/THINK]d", ("[THINK]b\n\nc[/THINK]", "d")),
        ("<seed:think>b\n\nc</seed:think> <Think>\n\n</Think>", None),
        ("I <b>think</b>\n\nso", ("I <b>think</b>", "so")),
    ],
)
def test_what_is_thought_is_one_step(text: str, steps: tuple[str, ...] | None) -> None:
    expected = steps or ("<seed:think>b\n\nc</seed:think>", "<Think>\n\n</Think>")
    assert split_steps(text) == expected
    assert split_steps(join_steps(expected)) == expected
    assert "\n\n" not in "".join(split_steps(text, "split"))


def test_a_megabyte_of_marks_is_cut_in_a_blink() -> None:
    for mark in ("<think>", "</think>", "<think", "[THINK]\n\n"):
        begun = time.monotonic()
        split_steps(mark * (1_000_000 // len(mark)))
        assert time.monotonic() - begun < 5
