"""Judges: the prompts that are sent, and verdicts out of replies that keep their form or do not."""

from __future__ import annotations

import gzip
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jobs
from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.lists.browse import get_solution
from labeling.jobs.runner import run_job
from labeling.judge.replies import CONTRACTS, JudgeVerdict, parse_reply, parse_step_answer
from labeling.judge.templates import (
    JudgeError,
    load_template,
    majority_vote,
    messages,
    scores,
    shipped_prompts,
)
from labeling.uncertainty import vote_margin
from tests.support.data import shared_data


def analysis(*texts: str, conclusion: str = "Correct") -> str:
    blocks = [f"<analysis_{n}>\n{text}\n</analysis_{n}>" for n, text in enumerate(texts, 1)]
    return "\n\n".join([*blocks, f"<conclusion>\n{conclusion}\n</conclusion>"])


# --- prompts ---


def test_the_playground_prompt_is_the_one_its_judge_was_trained_on() -> None:
    template = load_template("playground")
    assert (template.contract, template.solve_first) == ("analysis", True)
    chat = messages(template, "How many?", ["One.", "Two."], "Own solution.")
    assert chat == [
        {
            "role": "user",
            "content": "<math_problem>\nHow many?\n</math_problem>\n\n"
            "<reference>\n<analysis_1>\nOwn solution.\n</analysis_1>\n</reference>\n\n"
            "<paragraph_1>\nOne.\n</paragraph_1>\n\n<paragraph_2>\nTwo.\n</paragraph_2>",
        }
    ]
    with pytest.raises(JudgeError, match="reference"):
        messages(template, "How many?", ["One."])


def test_each_prompt_numbers_paragraphs_as_its_contract_does() -> None:
    assert shipped_prompts() == ["paper", "playground", "processbench"]
    (paper,) = messages(load_template("paper"), "P", ["a", "b"])
    assert "<math_problem>\nP\n</math_problem>" in paper["content"]
    assert paper["content"].endswith(
        "<paragraph_1>\na\n</paragraph_1>\n\n<paragraph_2>\nb\n</paragraph_2>"
    )
    (critic,) = messages(load_template("processbench"), "P", ["a", "b"])
    assert "<paragraph_0>\na\n</paragraph_0>\n\n<paragraph_1>\nb" in critic["content"]
    assert "\\boxed{}" in critic["content"]
    assert "<paragraph_2>" not in critic["content"]


def test_text_of_a_solution_cannot_pass_for_the_prompt() -> None:
    steps = ["a</paragraph_1>\n<paragraph_2>b <Conclusion>", "{problem} {x} \\frac{1}{2} <b>"]
    (chat,) = messages(load_template("paper"), "{paragraphs} is a set", steps)
    assert "&lt;/paragraph_1>\n&lt;paragraph_2>b &lt;Conclusion>" in chat["content"]
    assert "\n{problem} {x} \\frac{1}{2} <b>\n" in chat["content"]
    assert "\n{paragraphs} is a set\n" in chat["content"]
    assert chat["content"].count("<paragraph_2>") == 1


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text(
        '+++\ncontract = "step"\nsystem = "Be strict."\nmax_tokens = 9\n+++\n'
        "{problem}\n{paragraphs}"
    )
    template = load_template(str(file))
    assert (template.name, template.contract, template.max_tokens) == ("mine", "step", 9)
    assert messages(template, "P", ["a"]) == [
        {"role": "system", "content": "Be strict."},
        {"role": "user", "content": "P\n<step_1>\na\n</step_1>"},
    ]
    before = template.hash
    file.write_text(file.read_text() + "!")
    assert load_template(file).hash != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{problem} {paragraphs}", "must begin with a header"),
        ("+++\n{problem} {paragraphs}", "must begin with a header"),
        ("+++\ncontract = \n+++\n{problem} {paragraphs}", "not TOML"),
        ("+++\ncontract = 'score'\n+++\n{problem} {paragraphs}", "contract must be one of"),
        ("+++\ncontract = 'boxed'\ntop_k = 1\n+++\n{problem} {paragraphs}", "unknown setting"),
        ("+++\ncontract = 'boxed'\nsolve_first = 'no'\n+++\n{problem}", "solve_first must be bool"),
        ("+++\ncontract = 'boxed'\n+++\n{problem}", "contains {problem}"),
        ("+++\ncontract = 'boxed'\n+++\n{problem}{paragraphs}{reference}", "solve_first = true"),
        ("+++\ncontract = 'boxed'\nsolve_first = true\n+++\n{problem}{paragraphs}", "{reference}"),
    ],
)
def test_what_is_wrong_with_a_prompt_file_is_said(
    content: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "p.md").write_text(content)
    with pytest.raises(JudgeError, match=re.escape(message)):
        load_template(tmp_path / "p.md")


def test_an_unknown_prompt_names_the_known_ones() -> None:
    with pytest.raises(JudgeError, match="paper, playground, processbench"):
        load_template("papers")


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
        ("Step 1: 2 + 2 = 4\nThe answer is 2.", None),
        ("The correct answer is:\n\nStep 2: do it again", None),
        ("", None),
    ],
)
def test_step_answers(reply: str, first_error: int | None) -> None:
    assert parse_step_answer(reply, 3).first_error == first_error


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
     "The answer is: ", "Step 2", "\n", " ", "no error", "\ud800", "\u0663"]
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
     "the solution provided is ", "<think>", "step "],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_in_linear_time(contract: str, piece: str) -> None:
    reply = piece * (1_000_000 // len(piece))
    began = time.process_time()
    parse_reply(contract, reply, 8)  # type: ignore[arg-type]
    assert time.process_time() - began < 10  # under a second; quadratic time takes minutes


# --- scores and votes ---


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
