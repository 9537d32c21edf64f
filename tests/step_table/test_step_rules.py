"""The step table's rules (reducer.js, reading.js, tex.js), evaluated without a page around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.components.bundle import IMPORT, SCRIPTS, module
from tests.support.browser import chromium

pytestmark = pytest.mark.browser
COMPONENTS = Path(__file__).parents[2] / "app" / "components" / "step_table"
PURE = ("rules/doc.js", "rules/reducer.js", "rules/reading.js", "rules/names.js", "view/tex.js")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    """A blank page with the pure modules as `window.rules`."""
    page = browser.new_page()
    # Joined as `module` joins them, but with all their exports.
    page.evaluate(
        """async (source) => {
          const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
          window.rules = {...(await import(url))};
        }""",
        "\n".join(IMPORT.sub("", (COMPONENTS / name).read_text()) for name in PURE),
    )
    page.evaluate(
        """() => {
          const {reduce, EMPTY} = rules;
          const items = [1, 2, 3].map((id) => ({solution_id: id, revision: 1,
            steps: ["a", "b", "c", "d"], annotators: [], mine: null}));
          let token = 0;
          window.start = (mode = "review") =>
            reduce(EMPTY, {type: "data", data: {mode, queue: "q", items, acked: []}});
          window.run = (state, ...acts) => acts.reduce((now, act) => {
            const action = typeof act === "string" ? {type: act} : act;
            return reduce(now, {token: `t${++token}`, seconds: 1, ...action});
          }, state);
          window.blindly = (item = {}, drafts = {}, mode = "review") => reduce(EMPTY, {type: "data",
            drafts, data: {mode, queue: "q", acked: [], blind: true,
                           items: [{...items[0], ...item}, ...items.slice(1)]}});
          window.flag = (name) => ({type: "flag", flag: name});
          window.label = (value) => ({type: "label", value});
          window.at = (step) => ({type: "focus", step});
        }"""
    )
    yield page
    page.close()


def test_first_error_makes_earlier_steps_correct_and_later_ones_unjudged(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const {doc} = run(start(), at(0), label(0), at(1), label(-1), at(3), label(1), at(2),
                            "first_error");
          return [doc.labels, doc.implied, rules.verdict(doc.labels)];
        }"""
    )
    assert got[0] == [0, 1, -1, None]
    assert got[1] == [False, True, False, False]
    assert got[2] == {"first_error": 2, "refusal": None}


def test_all_correct_keeps_neutral_marks(rules: Page) -> None:
    labels = rules.evaluate(
        "() => run(start(), at(1), label(0), at(2), label(-1), 'all_correct').doc.labels"
    )
    assert labels == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("labels", "first_error", "why"),
    [
        ([None, None, None], None, "nothing is marked"),
        ([1, None, 1], None, "step 2 is unmarked"),
        ([None, None, -1], None, "steps 1–2 are unmarked. Press e on step 3"),
        ([1, 0, -1], 2, None),
        ([1, -1, None], 1, None),
        ([-1, None, None], 0, None),
        ([1, 0, 1], -1, None),
        ([], None, "nothing is marked"),
    ],
)
def test_a_verdict_needs_every_step_before_it(
    rules: Page, labels: list[int | None], first_error: int | None, why: str | None
) -> None:
    got = rules.evaluate("(labels) => rules.verdict(labels)", labels)
    assert got["first_error"] == first_error
    if why is None:
        assert got["refusal"] is None
    else:
        assert why in got["refusal"]


def test_undo_and_redo_are_inverse(rules: Page) -> None:
    """Over many random walks: n undos give the beginning, n redos the end again."""
    broken = rules.evaluate(
        """() => {
          let seed = 7;
          const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
          const seen = ({doc, current}) =>
            JSON.stringify([doc.labels, doc.implied, doc.flags, current.solution_id]);
          const bad = [];
          for (let walk = 0; walk < 200; walk++) {
            let state = start(), states = [seen(state)];
            for (let i = 0; i < 12; i++) {
              const act = [label(1), label(0), label(-1), label(null), "first_error",
                           "all_correct", "save", "skip", flag("unsure"), flag("bad_split")]
                          [random(10)];
              const before = state;
              state = run(state, at(random(4)), act);
              if (!state.doc) { state = before; continue; }
              if (seen(state) !== states.at(-1)) states.push(seen(state));
            }
            const end = states.length - 1;
            for (let i = end - 1; i >= 0; i--) {
              state = run(state, "undo");
              if (seen(state) !== states[i]) bad.push(["undo", walk, i]);
            }
            for (let i = 1; i <= end; i++) {
              state = run(state, "redo");
              if (seen(state) !== states[i]) bad.push(["redo", walk, i]);
            }
          }
          return bad.slice(0, 3);
        }"""
    )
    assert broken == []


def test_flags_toggle_travel_and_are_undone(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const on = run(start(), flag("unsure"), flag("bad_problem"));
          const off = run(on, flag("unsure"));
          const sent = run(on, "all_correct", "save").outbox[0];
          return [on.doc.flags, off.doc.flags, run(off, "undo").doc.flags, sent.action, sent.flags,
                  run(on, "skip").outbox[0].flags, run(on, "save", "undo").outbox[1].flags];
        }"""
    )
    both = ["bad_problem", "unsure"]
    assert got == [both, ["bad_problem"], both, "label", both, both, []]


def test_flags_alone_are_saved_as_a_skip_and_partial_marks_are_not(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const alone = run(start(), flag("unsure"), "save");
          const partial = run(start(), flag("unsure"), at(1), label(1), "save");
          const inPlace = run(start("solution"), flag("unsure"), "save");
          return [alone.outbox[0].action, alone.outbox[0].labels, alone.current.solution_id,
                  partial.outbox, partial.message.kind, rules.unsaved(inPlace.doc),
                  run(inPlace, "save").message.text, run(inPlace, "save").outbox.length];
        }"""
    )
    assert got == ["skip", None, 2, [], "refusal", False, "Nothing new to save.", 1]


def test_flags_come_from_the_server_and_from_a_draft_and_nothing_else_does(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const labels = [1, 1, 1, 1];
          const item = {steps: [..."abcd"], mine: {labels, flags: ["unsure", "bad_weather"]}};
          const mine = rules.newDoc(item);
          const draft = rules.newDoc(item, {labels, flags: ["bad_split"]});
          return [mine.flags, rules.unsaved(mine), draft.flags, rules.unsaved(draft),
                  rules.draftOf(draft).flags];
        }"""
    )
    assert got == [["unsure"], False, ["bad_split"], True, ["bad_split"]]


def test_blind_reveals_at_the_first_verdict_and_remembers_it(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          let state = run(blindly(), at(0), label(1), at(1), label(-1), at(0), label(null));
          const {machinesShown} = rules;
          state = run(blindly(), at(1), label(-1));
          const before = [machinesShown(state), state.doc.first_labels];
          const refusal = run(state, "scores");
          const refused = [refusal.message.kind, machinesShown(refusal),
                           run(state, "evidence").message.kind];
          state = run(state, at(0), label(1));
          const after = [machinesShown(state), state.doc.first_labels];
          const undone = run(state, "undo", "undo");
          state = run(state, "all_correct", "save");
          const {blind, first_labels, scores_visible, labels} = state.outbox[0];
          return [before, refused, after, [machinesShown(undone), undone.doc.labels],
                  {blind, first_labels, scores_visible, labels}, machinesShown(state)];
        }"""
    )
    assert got == [
        [False, None],
        ["refusal", False, "refusal"],
        [True, [1, -1, None, None]],
        [True, [None] * 4],
        {
            "blind": True,
            "first_labels": [1, -1, None, None],
            "scores_visible": False,
            "labels": [1, 1, 1, 1],
        },
        False,
    ]


def test_a_reload_neither_blinds_again_nor_unblinds(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const reloaded = (state) => blindly({}, {1: rules.draftOf(state.doc)});
          const {machinesShown} = rules;
          const partial = reloaded(run(blindly(), at(2), label(-1)));
          const undone = reloaded(run(blindly(), "all_correct", "undo"));
          const seen = reloaded(run(start(), at(2), label(-1)));
          return [[machinesShown(partial), partial.doc.labels],
                  [machinesShown(undone), undone.doc.first_labels, undone.doc.labels],
                  [machinesShown(seen), seen.doc.blind]];
        }"""
    )
    assert got == [
        [False, [None, None, -1, None]],
        [True, [1, 1, 1, 1], [None] * 4],
        [True, False],
    ]


def test_what_was_labelled_is_not_held_back_and_keeps_its_first_verdict(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const labels = [1, -1, null, null];
          const {machinesShown} = rules;
          const plain = blindly({mine: {labels, note: ""}});
          const again = blindly({mine: {labels, blind: true, first_labels: [1, 1, 1, 1]}});
          const skipped = blindly({mine: {labels: [null, null, null, null], flags: ["unsure"]}});
          const sent = (state) => {
            const {blind, first_labels, scores_visible} = run(state, "save").outbox[0];
            return [blind, first_labels, scores_visible];
          };
          return [machinesShown(plain), sent(plain), machinesShown(again), sent(again),
                  machinesShown(skipped), sent(skipped),
                  machinesShown(blindly({}, {}, "read"))];
        }"""
    )
    assert got == [
        True,
        [False, None, True],
        True,
        [True, [1, 1, 1, 1], False],
        False,
        [True, None, False],
        True,
    ]


def test_heads_say_what_tells_the_columns_of_a_kind_apart(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const short = (...names) =>
            rules.shortNames(names.map(([kind, name]) => ({kind, name})));
          return [short(["judge", "Qwen2.5-72B-Instruct-vote4"],
                        ["judge", "Qwen2.5-32B-Instruct-vote4"], ["mc", "Qwen2.5-7B-mc"]),
                  short(["prm", "prm-round-1"], ["prm", "prm-round-2"]),
                  short(["prm", "same"], ["prm", "same"]), short(["prm", "a-x"], ["prm", "b-x"])];
        }"""
    )
    assert got == [
        ["72B-Instruct", "32B-Instruct", "Qwen2.5-7B-mc"],
        ["round-1", "round-2"],
        ["same", "same"],
        ["a-x", "b-x"],
    ]


@pytest.mark.parametrize(
    ("annotator", "detail"),
    [
        ({"kind": "judge", "votes": {"share": 0.75, "n": 4}}, "3/4 votes"),
        ({"kind": "judge", "votes": {"share": 2 / 3, "n": 3}}, "2/3 votes"),
        ({"kind": "judge", "votes": None}, ""),
        ({"kind": "prm", "threshold": 0.5}, "≥ .50"),
        ({"kind": "prm", "threshold": None}, ""),
        ({"kind": "mc", "threshold": 0.5}, ""),
    ],
)
def test_a_head_tells_votes_and_threshold(
    rules: Page, annotator: dict[str, object], detail: str
) -> None:
    assert rules.evaluate("(one) => rules.headDetail(one)", annotator) == detail


def test_undoing_a_save_takes_it_back_and_returns_to_it(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const state = run(start(), "all_correct", "save", "undo");
          return [state.current.solution_id, state.doc.labels, state.outbox,
                  state.upcoming.map((item) => item.solution_id)];
        }"""
    )
    assert got[0] == 1
    assert got[1] == [1, 1, 1, 1]
    assert [commit["action"] for commit in got[2]] == ["label", "undo"]
    assert got[2][1]["undoes"] == got[2][0]["token"]
    assert got[2][1]["labels"] is None
    assert got[3] == [2, 3]


def test_what_the_server_does_not_know_yet_is_not_shown_again(rules: Page) -> None:
    """Data made before a save still offers that solution; data after it may do so again."""
    got = rules.evaluate(
        """() => {
          const again = (state, ids, acked) => rules.reduce(state, {type: "data", data: {
            mode: "review", queue: "q", acked, items: ids.map((id) => ({solution_id: id,
            revision: 1, steps: ["a"], annotators: [], mine: null}))}});
          let state = run(start(), "all_correct", "save");
          const [{token}] = state.outbox;
          state = again(state, [1, 2, 3], []);
          const stale = [state.current.solution_id, state.upcoming.map((i) => i.solution_id)];
          state = again(state, [2, 3, 1], [token]);
          return [stale, state.upcoming.map((i) => i.solution_id), state.outbox, state.saved];
        }"""
    )
    assert got == [[2, [3]], [3, 1], [], 1]


def test_reading_changes_nothing_and_a_new_queue_starts_afresh(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const read = run(start("read"), "all_correct", label(1), "save", "undo");
          const moved = run(start(), "all_correct", "save");
          const other = rules.reduce(moved, {type: "data", data: {mode: "review", queue: "other",
            acked: [], items: [{solution_id: 9, revision: 1, steps: ["z"], annotators: []}]}});
          return [read.doc.labels, read.outbox, other.current.solution_id, other.outbox.length];
        }"""
    )
    assert got == [[None] * 4, [], 9, 1]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("costs $5 and $6", []),
        ("$5 or $6, that is $11.", []),
        ("He has $20-$5=$15 left", []),
        ("a $5 bill and a big 10$ bill", []),
        ("so $x = 5$ and $y$.", ["x = 5", "y"]),
        (r"\$5 and $x$", ["x"]),
        (r"\(a\) then \[b\] then $$c$$", ["a", "b", "c"]),
        (r"\begin{align*}a&=b\end{align*}", [r"\begin{align*}a&=b\end{align*}"]),
        ("open $ never closed", []),
        (r"$18\text{ dollars and more}$", [r"18\text{ dollars and more}"]),
        (r"\(unclosed", []),
    ],
)
def test_what_is_mathematics(rules: Page, text: str, formulas: list[str]) -> None:
    parts = rules.evaluate("(text) => rules.splitMath(text)", text)
    assert [part["text"] for part in parts if part["kind"] == "math"] == formulas
    whole = "".join(part.get("source", part["text"]) for part in parts)
    assert whole == text.replace(r"\$", "$")


def test_disputes_are_the_steps_that_some_but_not_all_name(rules: Page) -> None:
    got = rules.evaluate(
        """() => {
          const by = (first_error, status = "ok") => ({first_error, status, scores: []});
          const steps = (...all) => { const {agree, disputed} = rules.dispute(all);
                                      return [agree, [...disputed].sort()]; };
          return [steps(by(2), by(2)), steps(by(2), by(-1)), steps(by(1), by(3), by(1)),
                  steps(by(1), by(null)), steps(by(1), by(2, "unparsed"))];
        }"""
    )
    assert got == [[True, []], [False, [2]], [False, [1, 3]], [True, []], [True, []]]


def test_the_module_is_one_script_with_every_file(rules: Page) -> None:
    source = module()
    assert set(SCRIPTS) == {
        path.relative_to(COMPONENTS).as_posix() for path in COMPONENTS.rglob("*.js")
    }
    assert not re.search(r"^import ", source, re.MULTILINE)
    assert len(re.findall(r"^export ", source, re.MULTILINE)) == 1
    kind = rules.evaluate(
        """async (source) => typeof (await import(URL.createObjectURL(
             new Blob([source], {type: "text/javascript"})))).default""",
        source,
    )
    assert kind == "function"
