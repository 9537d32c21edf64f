"""The consensus rule, and the words for disagreements."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.compare.disagreement import explain
from labeling.consensus.rule import (
    Candidate,
    Dropped,
    HumanVerdict,
    Kept,
    Rule,
    RuleError,
    Verdict,
    decide,
    summarise,
)

RULE = Rule(("mc:a", "judge:b"))


def candidate(
    mc: Any = "absent", judge: Any = "absent", n_steps: int = 4, **humans: HumanVerdict
) -> Candidate:
    told = {"mc:a": mc, "judge:b": judge}
    verdicts = {
        name: Verdict("unparsed" if error is None else "ok", error)
        for name, error in told.items()
        if error != "absent"
    }
    return Candidate(n_steps, verdicts, humans)


@pytest.mark.parametrize(
    ("first_error", "labels"),
    [
        (-1, (1, 1, 1, 1)),
        (0, (-1, None, None, None)),
        (2, (1, 1, -1, None)),
        (3, (1, 1, 1, -1)),
    ],
)
def test_what_all_agree_on_is_kept_up_to_the_first_error(
    first_error: int, labels: tuple[int | None, ...]
) -> None:
    kept = decide(RULE, candidate(first_error, first_error))
    assert kept == Kept(labels, first_error, "agreement")


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        (candidate(1, 2), "first errors differ"),
        (candidate(-1, 2), "first errors differ"),
        (candidate(1), "not annotated by judge:b"),
        (candidate(), "not annotated by mc:a"),
        (candidate(1, None), "no verdict by judge:b"),
        (candidate(None, 1), "no verdict by mc:a"),
    ],
)
def test_the_rest_is_dropped_for_a_reason(given_: Candidate, reason: str) -> None:
    assert decide(RULE, given_) == Dropped(reason)


def test_a_status_that_is_not_ok_is_no_verdict_whatever_it_says() -> None:
    odd = Candidate(2, {"mc:a": Verdict("unfinished", 1), "judge:b": Verdict("ok", 1)})
    assert decide(RULE, odd) == Dropped("no verdict by mc:a")


def test_a_person_decides_alone() -> None:
    ann = HumanVerdict((1, 0, -1, None), 2)
    for given_ in (candidate(1, 1, ann=ann), candidate(None, ann=ann), candidate(ann=ann)):
        assert decide(RULE, given_) == Kept((1, 0, -1, None), 2, "human")
    without = Rule(RULE.annotators, human_overrides=False)
    assert decide(without, candidate(1, 1, ann=ann)) == Kept((1, -1, None, None), 1, "agreement")


def test_an_unmarked_step_before_a_persons_first_error_is_correct() -> None:
    ann = HumanVerdict((None, None, -1, 1), 2)
    assert decide(RULE, candidate(ann=ann)) == Kept((1, 1, -1, None), 2, "human")


def test_what_nobody_judged_stays_unmarked() -> None:
    """PRM800K's alternatives: one rated step behind others that were rated elsewhere."""
    alone = Rule(("human:prm800k",))

    def told(first_error: int, *scores: float | None) -> Candidate:
        return Candidate(3, {"human:prm800k": Verdict("ok", first_error, scores)})

    assert decide(alone, told(-1, None, None, 1.0)) == Kept((None, None, 1), -1, "agreement")
    assert decide(alone, told(2, None, 0.0, -1.0)) == Kept((None, 0, -1), 2, "agreement")
    assert decide(alone, told(0, -1.0, None, None)) == Kept((-1, None, None), 0, "agreement")
    assert decide(alone, told(-1, None, None, None)) == Dropped("no step was judged")


def test_a_machine_that_agrees_has_judged_every_step_before_the_error() -> None:
    both = Rule(("human:prm800k", "judge:b"))
    verdicts = {"human:prm800k": Verdict("ok", 2, (None, 0.0, -1.0)), "judge:b": Verdict("ok", 2)}
    assert decide(both, Candidate(4, verdicts)) == Kept((1, 0, -1, None), 2, "agreement")


def test_people_who_agree_are_one_and_people_who_differ_drop_it() -> None:
    ann, bob = HumanVerdict((1, 1, -1, None), 2), HumanVerdict((0, 1, -1, None), 2)
    assert decide(RULE, candidate(1, 1, ann=ann, bob=bob)) == Kept((0, 1, -1, None), 2, "human")
    eve = HumanVerdict((1, 1, 1, 1), -1)
    assert decide(RULE, candidate(1, 1, ann=ann, eve=eve)) == Dropped("reviewers disagree")


def test_a_person_without_a_verdict_leaves_it_to_the_machines() -> None:
    unsure = HumanVerdict((1, None, None, None), None)
    assert decide(RULE, candidate(1, 1, ann=unsure)) == Kept((1, -1, None, None), 1, "agreement")


def test_a_flag_drops_even_what_all_agree_on() -> None:
    flagged = HumanVerdict((1, 1, 1, 1), -1, ("bad_problem",))
    assert decide(RULE, candidate(-1, -1, ann=flagged)) == Dropped("flagged as bad problem")


def test_a_threshold_reads_the_shares_of_monte_carlo_only() -> None:
    given_ = Candidate(
        3,
        {"mc:a": Verdict("ok", -1, (0.5, 0.125, 1.0)), "judge:b": Verdict("ok", 1, (1.0, 0.0))},
    )
    assert decide(RULE, given_) == Dropped("first errors differ")
    strict = Rule(RULE.annotators, mc_threshold=0.125)
    assert decide(strict, given_) == Kept((1, -1, None), 1, "agreement")
    seen_less = Candidate(3, {**given_.verdicts, "mc:a": Verdict("ok", 2, (0.5, None, 0.0))})
    assert decide(strict, seen_less) == Dropped("no verdict by mc:a")


def test_rates_of_whole_steps_go_along_up_to_the_first_error() -> None:
    def told(first_error: int, *scores: float | None, rates: bool = True) -> Verdict:
        return Verdict("ok", first_error, scores, rates)

    one = {"mc:a": told(2, 0.875, 0.5, 0.0, 0.25), "judge:b": Verdict("ok", 2)}
    assert decide(RULE, Candidate(4, one)) == Kept(
        (1, 1, -1, None), 2, "agreement", rates=(0.875, 0.5, 0.0, None)
    )
    stopped = {**one, "mc:a": told(2, 1.0, 1.0, 0.0, rates=False)}
    assert decide(RULE, Candidate(4, stopped)) == Kept((1, 1, -1, None), 2, "agreement")
    ann = HumanVerdict((1, 1, -1, None), 2)
    assert decide(RULE, Candidate(4, one, {"ann": ann})) == Kept((1, 1, -1, None), 2, "human")
    both = Candidate(3, {"mc:a": told(-1, 0.5, None, 1.0), "mc:c": told(-1, 0.75, None, None)})
    kept = decide(Rule(("mc:a", "mc:c")), both)
    assert isinstance(kept, Kept)
    assert kept.rates == (0.625, None, 1.0)


def test_rules_survive_storage_and_are_known_by_their_hash() -> None:
    rule = Rule(("mc:a", "judge:b"), human_overrides=False, mc_threshold=0.25)
    assert Rule.from_json(rule.to_json()) == rule
    assert rule.to_json()["annotators"] == ["mc:a", "judge:b"]
    assert Rule(("judge:b", "mc:a")).hash == RULE.hash == "a6302fc799ed"
    assert rule.hash != RULE.hash
    with pytest.raises(RuleError, match="no consensus rule"):
        Rule.from_json({"members": []})


@pytest.mark.parametrize(
    ("annotators", "threshold", "message"),
    [((), 0.0, "at least one"), (("a", "a"), 0.0, "named twice"), (("a",), 1.0, "mc_threshold")],
)
def test_rules_that_make_no_sense(
    annotators: tuple[str, ...], threshold: float, message: str
) -> None:
    with pytest.raises(RuleError, match=message):
        Rule(annotators, mc_threshold=threshold)


def test_a_summary_counts_everything_once() -> None:
    results: list[Kept | Dropped] = [
        Kept((1,), -1, "agreement"),
        Kept((-1,), 0, "human"),
        Dropped("first errors differ"),
        Dropped("first errors differ"),
        Dropped("not annotated by mc:a"),
    ]
    assert summarise(results) == {
        "total": 5,
        "kept": 2,
        "kept_with_error": 1,
        "kept_without_error": 1,
        "by_human": 1,
        "dropped": {"first errors differ": 2, "not annotated by mc:a": 1},
    }


errors = st.one_of(st.none(), st.integers(-1, 3))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["mc", "judge", "prm"]), errors), st.booleans())
def test_a_kept_solution_has_the_shape_training_needs(
    told: dict[str, int | None], overrides: bool
) -> None:
    names = {"mc": "mc:a", "judge": "judge:b", "prm": "prm:c"}
    verdicts = {names[k]: Verdict("unparsed" if e is None else "ok", e) for k, e in told.items()}
    result = decide(Rule(tuple(names.values()), overrides), Candidate(4, verdicts))
    agreed = len(told) == 3 and len(set(told.values())) == 1 and None not in told.values()
    assert isinstance(result, Kept) == agreed
    if isinstance(result, Kept):
        assert len(result.labels) == 4
        assert [result.first_error] == list(set(told.values()))
        assert (result.labels.index(-1) if -1 in result.labels else -1) == result.first_error


# --- disagreements ---


@pytest.mark.parametrize(
    ("told", "is_correct", "sentence"),
    [
        (
            {"judge": -1, "mc": 2},
            False,
            "MC sees an error at step 3; the judge says that all steps are correct.",
        ),
        (
            {"mc": 0, "judge": 0, "prm": None},
            True,
            "MC and the judge see an error at step 1; prm-v2 gives no verdict; "
            "the final answer is right.",
        ),
        (
            {"mc": -1, "judge": -1, "prm": -1},
            True,
            "MC, the judge and prm-v2 say that all steps are correct.",
        ),
        ({"judge": None}, False, "The judge gives no verdict."),
        ({"prm": -1}, False, "prm-v2 says that all steps are correct."),
        ({}, True, ""),
    ],
)
def test_a_sentence_says_who_says_what(
    told: dict[str, int | None], is_correct: bool, sentence: str
) -> None:
    assert explain(told, is_correct, "prm-v2") == sentence
