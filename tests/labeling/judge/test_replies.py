"""Verdicts out of replies that keep their form, and none out of those that do not."""

from __future__ import annotations

import gzip
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.judge.contracts.step import parse_step_answer
from labeling.judge.replies import CONTRACTS, Contract, parse_reply
from labeling.judge.verdicts import JudgeVerdict
from tests.support.data import shared_data


def analysis(*texts: str, conclusion: str = "Correct") -> str:
    blocks = [f"<analysis_{n}>\n{text}\n</analysis_{n}>" for n, text in enumerate(texts, 1)]
    return "\n\n".join([*blocks, f"<conclusion>\n{conclusion}\n</conclusion>"])


# --- the contract "analysis" ---


@pytest.mark.parametrize(
    ("reply", "first_error"),
    [
        (analysis("good", "good", "good"), -1),
        (analysis("good", "bad", conclusion="Incorrect"), 1),
        (analysis("bad", conclusion="**Incorrect**."), 0),
        # As in the paper's own example: the closing tag is an opening one, or wrongly numbered.
        ("<analysis_1>a<analysis_1>\n<analysis_2>b</analysis_1>\n<conclusion>Incorrect", 1),
        ("<ANALYSIS_1>a</ANALYSIS_1><Conclusion>INCORRECT</Conclusion>", 0),
        ("Let me see.\n\n**<analysis_1>** fine <conclusion>\n" + analysis("x"), -1),
        (analysis("the text says '<analysis_3>' and <analysis_1>", conclusion="Incorrect"), 0),
        (analysis("says </paragraph_2> and `<conclusion>Incorrect</conclusion>`"), -1),
        (
            "<think>\n" + analysis("bad", conclusion="Incorrect") + "\n</think>\n" + analysis("ok"),
            -1,
        ),
        ("so it is Incorrect</think>" + analysis("ok", "no", conclusion="Incorrect"), 1),
        # Only what the judge concludes counts, not how much it wrote on the way.
        ("<conclusion>Correct</conclusion>", -1),
        ("<analysis_2>\nbad\n</analysis_2>\n<conclusion>Incorrect</conclusion>", 1),
        (analysis("ok") + "\n" + "<conclusion>Correct</conclusion>", -1),
    ],
)
def test_verdicts_of_analyses(reply: str, first_error: int) -> None:
    verdict = parse_reply("analysis", reply, 3)
    assert (verdict.status, verdict.first_error) == ("ok", first_error), verdict.reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "no conclusion"),
        (analysis("a", "b").partition("<conclusion>")[0], "no conclusion"),
        ("The solution is <conclusion>Correct</conclusion>", "no conclusion"),
        ("<conclusion></conclusion>", "neither"),
        ("<conclusion>Correct/Incorrect</conclusion>", "neither"),
        ("<conclusion>Not correct</conclusion>", "neither"),
        ("<conclusion>Incorrect</conclusion>", "no paragraph is analyzed"),
        (analysis("a", "b", "c", "d", conclusion="Incorrect"), "paragraph 4, but there are 3"),
        (analysis("a", "b", "c", "d"), "paragraph 4, but there are 3"),
        ("<analysis_0>a</analysis_0>\n<conclusion>Incorrect", "paragraph 0"),
        ("<analysis_2>a\n<analysis_1>b\n<conclusion>Incorrect", "comes after analysis 2"),
        (analysis("a") + "\n" + analysis("a", conclusion="Incorrect"), "both"),
        (analysis("a") + "\n" + analysis("a", "b"), "goes on"),
        ("<think>\n" + analysis("a"), "thinking"),
    ],
)
def test_replies_that_are_no_verdict(reply: str, reason: str) -> None:
    verdict = parse_reply("analysis", reply, 3)
    assert (verdict.status, verdict.first_error) == ("unparsed", None)
    assert reason in (verdict.reason or "")


def test_critiques_stand_at_their_steps() -> None:
    reply = "<analysis_1>\none\n</analysis_1>\nso far\n<analysis_2> two\n<analysis_2>\nthree"
    verdict = parse_reply("analysis", reply + "\n<conclusion>\nIncorrect", 3)
    assert verdict == JudgeVerdict("ok", 1, ("one", "two", None))
    # What was said is kept even where no verdict comes of it.
    assert parse_reply("analysis", reply, 3).critiques == ("one", "two", None)


# --- the contract "boxed" ---


@pytest.mark.parametrize(
    ("reply", "first_error"),
    [
        (r"The index is \boxed{2}.", 2),
        (r"\boxed{-1}", -1),
        (r"It was \boxed{1}, no: \boxed{ 0 }", 0),
        (r"\boxed{\text{paragraph_1}}", 1),
        (r"$\boxed{paragraph_1}$", 1),
        (r"\boxed{3}", None),
        (r"\boxed{-2}", None),
        (r"\boxed{N/A}", None),
        (r"\boxed{1} and so \boxed{none}", None),
        (r"\boxed{1, 2}", None),
        ("paragraph 1", None),
        ("<think>\\boxed{1}</think> \\boxed{2}", 2),
        ("\\boxed{1}</think> I cannot tell.", None),
        ("<|channel|>analysis<|message|>\\boxed{1}", None),
        (r"\boxed{ - 1 }", -1),
        ("\\boxed{\u22121}", -1),
        (r"\boxed{-1 \text{ (no error)}}", -1),
        (r"\boxed{2 \text{ (no error)}}", None),
        (r"\boxed{\mathbf{2}}", 2),
        (r"\boxed{<paragraph_1>}", 1),
        (r"\boxed{\text{paragraph\_1}}", 1),
        (r"\boxed{index = 1}", 1),
        (r"\boxed{-2 \text{ (no error)}}", None),
        (r"\boxed{1*1}", None),
        (r"\boxed{\frac{1}{2}}", None),
        (r"\boxed{step_2}", None),
    ],
)
def test_boxed_indices(reply: str, first_error: int | None) -> None:
    verdict = parse_reply("boxed", reply, 3)
    assert verdict.first_error == first_error
    assert (verdict.status == "ok") == (first_error is not None) == (verdict.reason is None)


# --- the contract "step" ---


@pytest.mark.parametrize(
    ("reply", "first_error"),
    [
        ("The answer is: Step 2", 1),
        ("The answer is: Step 2. Rather, **the answer is: Step 3**", 2),
        ("The answer is: Step 3\n\nThe error begins in Step 1.", 2),
        ("**The answer is: N/A**", -1),
        ("Step 1 is fine. The error begins at **Step 2**.", 1),
        ("The solution goes wrong in Step 3.", 2),
        ("The solution is correct. There are no errors.", -1),
        ("The solution is correct. However, step 2 should be 4.", None),
        ("The error begins in Step 1 or the mistake is in Step 2.", None),
        ("The error is in Step 1. The rest of the solution is correct.", 0),
        ("The answer is: Step 9", None),
        ("The answer is: Step 0", None),
        ("The answer is: Step -1", None),
        ("Step 1: 2 + 2 = 4\nThe answer is 2.", None),
        ("The correct answer is:\n\nStep 2: do it again", None),
        ("", None),
    ],
)
def test_step_answers(reply: str, first_error: int | None) -> None:
    assert parse_step_answer(reply, 3).first_error == first_error


@pytest.mark.parametrize(
    ("reply", "first_error"),
    [
        # As six models write it when they are asked for MR-GSM8K's four fields.
        ("Step 1 is right.\nFinal Judgement: wrong\nFirst Error Step: 2\nError Analysis: 4 + 4", 1),
        ("Final Judgement: incorrect\n\nFirst Error Step: Step 3\n\nError Analysis: it adds", 2),
        ("**Final Judgement:** **wrong**\n**First Error Step:** **Step 2**", 1),
        ("Final Judgement: [wrong]\nFirst Error Step: [1]", 0),
        ("Final Judgment: wrong First Error Step: 2. Error Analysis: in step 3 too", 1),
        ("Solution Correctness: incorrect\nFirst Error Step: Step 2\nError Reason: 3.5", 1),
        ("Final Judgement: correct\nFirst Error Step: N/A\nError Analysis: N/A", -1),
        ("Final Judgement: Correct", -1),
        ("First Error Step: -1", -1),
        ("First Error Step: None", -1),
        ("Final Judgement: wrong\nFirst Error Step: 2\n### The answer is: 2500.", 1),
        # The prompt's own form, repeated behind the answer.
        (
            "Final Judgement: wrong\nFirst Error Step: 2\n## Final Judgement: [Insert only "
            "**correct** or **wrong** here]\nFirst Error Step: [Insert either N/A or the step",
            1,
        ),
        (
            "Final Judgement: wrong\nFirst Error Step: 2\n## 1196\n2. **Final Judgement:** Provide "
            "an overall judgement.\n3. **First Error Step:** If the solution is wrong, generate "
            "the step number where the first error occurs, otherwise generate N/A here",
            1,
        ),
        ("Final Judgement: wrong. The error begins in Step 2.", 1),
        # Two verdicts that contradict each other.
        ("The student makes an error in step 3.\nFinal Judgement: Correct", None),
        ("Final Judgement: Correct\nFirst Error Step: 2", None),
        ("Final Judgement: wrong\nFirst Error Step: N/A", None),
        ("First Error Step: 1\n\nFirst Error Step: 2", None),
        ("Final Judgement: wrong\nFinal Judgement: correct\nFirst Error Step: 2", None),
        ("First Error Step: 2\nThe answer is: Step 3", None),
        ("Final Judgement: wrong, though the solution is correct", None),
        ("First Error Step: 2 or 3", None),
        ("First Error Step: 2, 3", None),
        ("First Error Step: 2-3", None),
        # What is no verdict at all.
        ("Final Judgement: wrong", None),
        ("Final Judgement: partially correct", None),
        ("Final Judgement: correct or wrong", None),
        ("First Error Step: 9", None),
        ("First Error Step: 0", None),
        ("First Error Step: 2.5", None),
        ("First Error Step:\nError Analysis: 2", None),
    ],
)
def test_fields_that_say_which_step(reply: str, first_error: int | None) -> None:
    verdict = parse_reply("step", reply, 3)
    assert verdict.first_error == first_error, verdict
    assert (verdict.status == "ok") == (first_error is not None) == (verdict.reason is None)


@pytest.mark.parametrize(
    ("contract", "reply"),
    [
        ("analysis", analysis("good", "bad", conclusion="Incorrect")),
        ("boxed", r"The index is \boxed{1}."),
        ("step", "The answer is: Step 2"),
    ],
)
def test_a_reply_that_was_cut_is_no_verdict_whatever_it_holds(
    contract: Contract, reply: str
) -> None:
    assert parse_reply(contract, reply, 3).first_error == 1
    cut = parse_reply(contract, reply, 3, "length")
    assert (cut.status, cut.first_error) == ("unparsed", None)
    assert "cut" in (cut.reason or "")
    assert cut.critiques == parse_reply(contract, reply, 3).critiques


# 32 replies drawn at random and read by a person: the step they name, 0 for "no error", None
# where a reader finds no single verdict. In two of them the parser is known to see less.
READ_BY_HAND: dict[str, dict[int, int | None]] = {
    "chatglm3-6b": {
        413: 0, 389: 4, 204: 1, 183: 3, 235: 0, 254: None, 136: 1, 88: 3, 257: 1, 392: 6,
        91: None, 501: None, 431: None, 221: 2,
    },
    "internlm2-math-20b": {
        382: 5, 397: None, 217: 2, 155: None, 472: 6, 183: 3, 346: None, 84: 0, 89: 0, 480: None,
    },
    "gemini-1.5-pro-latest": {323: 3, 412: 1, 43: 3, 275: 6},
    "gpt-3.5-turbo": {7: 3, 435: 9, 208: 7},
    "o1-mini": {371: 5},
}  # fmt: skip
NOT_SEEN = {("internlm2-math-20b", 217), ("internlm2-math-20b", 472)}


def mathcheck() -> list[dict[str, object]]:
    with gzip.open(shared_data("mathcheck/judgements.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def n_steps(solution: str) -> int:
    return max(int(number) for number in re.findall(r"(?m)^\W*Step\s+(\d+)", solution) or ["1"])


def test_real_replies_are_read_as_a_person_reads_them() -> None:
    rows = mathcheck()
    for judge, readings in READ_BY_HAND.items():
        for number, read in readings.items():
            row = rows[number]
            reply = row["judge_predictions"][judge]  # type: ignore[index]
            verdict = parse_reply("step", reply, n_steps(str(row["solution"])))
            known = read is not None and (judge, number) not in NOT_SEEN
            expected = read - 1 if known and read is not None else None
            assert verdict.first_error == expected, (judge, number, verdict)


def test_judges_that_answer_as_asked_are_parsed_almost_always() -> None:
    """Parse rate and agreement with the gold first error, as docs/judge.md reports them."""
    counts: dict[str, list[int]] = {}
    for row in mathcheck():
        gold = int(str(row["gold_first_error"]).split()[1]) - 1
        for judge, reply in row["judge_predictions"].items():  # type: ignore[attr-defined]
            verdict = parse_reply("step", reply, n_steps(str(row["solution"])))
            count = counts.setdefault(judge, [0, 0, 0])
            count[0] += 1
            count[1] += verdict.status == "ok"
            count[2] += verdict.first_error == gold
    assert counts == {
        "o1-mini": [516, 516, 488],
        "gemini-1.5-pro-latest": [516, 514, 398],
        "gpt-4o-mini": [15, 15, 14],
        "gpt-3.5-turbo": [516, 516, 307],
        "chatglm3-6b": [516, 440, 101],
        "internlm2-math-20b": [516, 141, 48],
    }


# --- any text at all ---

PIECES = st.sampled_from(
    ["<analysis_1>", "</analysis_1>", "<analysis_2>", "<analysis_99999999999>", "<conclusion>",
     "</conclusion>", "Correct", "Incorrect", "<think>", "</think>", "\\boxed{", "}", "1", "-1",
     "The answer is: ", "Step 2", "First Error Step: ", "Final Judgement: ",
     "\n", " ", "no error", "\ud800", "\u0663"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(CONTRACTS),
    st.one_of(st.text(), st.lists(PIECES).map("".join)),
    st.integers(1, 4),
)
def test_no_text_breaks_the_parser(contract: str, reply: str, steps: int) -> None:
    verdict = parse_reply(contract, reply, steps)  # type: ignore[arg-type]
    assert len(verdict.critiques) == steps
    if verdict.status == "ok":
        assert verdict.first_error is not None
        assert -1 <= verdict.first_error < steps
        assert verdict.reason is None
    else:
        assert verdict.first_error is None
        assert verdict.reason


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize(
    "piece",
    ["<analysis_1>", "<analysis_1", "\n<conclusion>", " ", "\n", "<", "\\boxed{", "error ",
     "the error begins ", "answer is ", "wrong wrong incorrect mistake ", "no error ", "*", "a",
     "the solution provided is ", "<think>", "step ", "First Error Step: ",
     "Final Judgement: "],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_in_linear_time(contract: str, piece: str) -> None:
    reply = piece * (1_000_000 // len(piece))
    began = time.process_time()
    parse_reply(contract, reply, 8)  # type: ignore[arg-type]
    assert time.process_time() - began < 10  # under a second; quadratic time takes minutes
