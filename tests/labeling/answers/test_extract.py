"""Finding final answers, and not in what a model only thinks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.answers.extract import extract_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{1}, no: \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"thus \boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"thus $\boxed 7$.", "7"),
        (r"first \boxed{3}, and then \boxed{4", "3"),
        ("She has 3 left.\n#### 1,234", "1,234"),
        ("It is 29 cents.\n\n# Answer\n\n29", "29"),
        ("The answer is: 13520", "13520"),
        ("The answer is **42**. I am sure.", "42"),
        (r"The final answer is $3.5$.", "3.5"),
        ("4 + 4 = 8\nA: 8", "8"),
        ("There is nothing final here.", None),
        ("", None),
    ],
)
def test_extract_answer(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


BALANCED = st.recursive(
    st.text(st.sampled_from("xy12+ ^"), min_size=1, max_size=6),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda p: "{" + "}{".join(p) + "}"),
    max_leaves=8,
)


@given(st.text(max_size=40), BALANCED, st.text(st.sampled_from("abc. \n}"), max_size=20))
def test_a_nested_box_is_found_whole(before: str, content: str, after: str) -> None:
    wanted = content.strip()
    found = extract_answer(f"{before}\n\\boxed{{{content}}}{after}")
    assert found == wanted if wanted else True


@given(st.text(max_size=200))
def test_extracting_never_raises(text: str) -> None:
    answer = extract_answer(text)
    assert answer is None or (answer.strip() and answer == answer.strip())
