"""Ways to cut a text into steps: nothing is lost, and what belongs together stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.preview import preview
from labeling.formats.splitting import WAYS, Cut, pieces, split_by
from tests.labeling.formats.test_rows import write_rows

WHOLE = (
    "\\begin{align}\na. B\n\n2. c\n\\end{align}",
    "```\nx = 1. Y\n\n1. z\n```",
    "| a. B |\n| 1. c |",
    "$$\na. B\n\nc$$",
    "<think>\na. B\n\n2. c</think>",
)
PIECES = st.lists(
    st.sampled_from([*WHOLE, "A. B", "\n", "\n\n", "Step 2: x", "1. y", "\\begin{align}", "|", " "])
    | st.text(max_size=8),
    max_size=12,
)


@given(PIECES, st.sampled_from([*WAYS, "regex:x+", "regex:(?=a)"]))
def test_joining_gives_the_text_back(parts: list[str], way: str) -> None:
    text = "".join(parts)
    assert "".join(pieces(text, way)) == text
    assert all(step == step.strip() and step for step in split_by(text, way))


@pytest.mark.parametrize("way", [*WAYS, "regex:."])
@pytest.mark.parametrize("whole", WHOLE)
def test_what_belongs_together_stays_whole(way: str, whole: str) -> None:
    steps = split_by(f"First.\n\n{whole}\n\nLast.", way)
    assert sum(whole in step for step in steps) == 1


def test_the_ways() -> None:
    text = "Let x = 2.5. Then y.\nStep 1: a\n\n2. b\n   c"
    assert split_by(text, "blank-lines") == ("Let x = 2.5. Then y.\nStep 1: a", "2. b\n   c")
    assert split_by(text, "lines") == ("Let x = 2.5. Then y.", "Step 1: a", "2. b", "c")
    assert split_by(text, "numbered") == ("Let x = 2.5. Then y.", "Step 1: a", "2. b\n   c")
    assert split_by("It is 2.5. Then y! So z.", "sentences") == ("It is 2.5.", "Then y!", "So z.")
    assert split_by("a;b;c", "regex:;") == ("a;", "b;", "c")
    for way in ("words", "regex:", "regex:("):
        with pytest.raises(ValueError, match=r"no way|no regular expression"):
            split_by(text, way)


def test_a_preview_shows_the_steps(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"problem": "p", "solution": "a\nb\n\nc"})
    assert preview([path], cut=Cut("lines")).rows[0].steps == ("a", "b", "c")
    assert preview([path]).rows[0].steps == ("a\nb", "c")
    with pytest.raises(ValueError, match="has its steps cut already"):
        preview([path], "processbench", Cut("lines"))


def test_thinking_is_one_step_or_is_cut(tmp_path: Path) -> None:
    text = "<think>\na.\n\nb?\n</think>So 7.\n\nIt is 7."
    path = write_rows(tmp_path / "rows.jsonl", {"problem": "p", "solution": text})
    block = ("<think>\na.\n\nb?\n</think>", "So 7.", "It is 7.")
    assert preview([path]).rows[0].steps == block
    assert preview([path], cut=Cut("blank-lines")).rows[0].steps == block
    cut = ("<think>\na.", "b?\n</think>So 7.", "It is 7.")
    assert preview([path], cut=Cut(thinking="split")).rows[0].steps == cut
    assert preview([path], cut=Cut("lines", "split")).rows[0].steps == (
        "<think>",
        "a.",
        "b?",
        "</think>So 7.",
        "It is 7.",
    )
