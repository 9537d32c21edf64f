"""Splitting solutions into steps."""

from __future__ import annotations

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
