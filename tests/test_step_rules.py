"""The step table's rules (reducer.js, reading.js, tex.js), evaluated without a page around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.components.assets import SCRIPTS, module
from tests.browser import chromium

pytestmark = pytest.mark.browser
COMPONENTS = Path(__file__).parent.parent / "app" / "components"
PURE = ("reducer.js", "reading.js", "tex.js")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    """A blank page with the pure modules as `window.rules`."""
    page = browser.new_page()
    for name in PURE:
        page.evaluate(
            """async (source) => {
              const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
              window.rules = {...window.rules, ...(await import(url))};
            }""",
            (COMPONENTS / name).read_text(),
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
            JSON.stringify([doc.labels, doc.implied, current.solution_id]);
          const bad = [];
          for (let walk = 0; walk < 200; walk++) {
            let state = start(), states = [seen(state)];
            for (let i = 0; i < 12; i++) {
              const act = [label(1), label(0), label(-1), label(null), "first_error",
                           "all_correct", "save", "skip"][random(8)];
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
    assert set(SCRIPTS) == {path.name for path in COMPONENTS.glob("*.js")}
    assert not re.search(r"^import ", source, re.MULTILINE)
    assert len(re.findall(r"^export ", source, re.MULTILINE)) == 1
    kind = rules.evaluate(
        """async (source) => typeof (await import(URL.createObjectURL(
             new Blob([source], {type: "text/javascript"})))).default""",
        source,
    )
    assert kind == "function"
