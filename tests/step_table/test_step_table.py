"""The step table in a browser: keys, mouse, saving, hostile text. Its rules: rules/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.data import shared_data
from tests.support.step_table import STEPS, Desk, item, served

pytestmark = pytest.mark.browser
HOSTILE = [
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>",
    "[click](javascript:window.pwned=1) ![](https://evil.example/a.png)",
    r"$\href{javascript:window.pwned=1}{x}$ and \(\includegraphics{https://evil.example/b.png}\)",
    r"$\htmlData{onclick=alert(1)}{x} \url{https://evil.example}$",
    r"\[\def\a{\a\a}\a\]",
    r"\(\frac{1}{2\) and $\unknowncommand{3}$ and \[\left( x\]",
    "$" + "x+" * 4000 + "x$",
    r"$\rule{1000em}{1000em}$",
    "<style>*{display:none}</style><iframe src='https://evil.example'></iframe>",
    "The cost is $5 and $6, or $7.50 for two; \x00\u202eright to left",
    "<think><img src=x onerror='window.pwned = 1'>" + "why? " * 500 + "</think>So <b>7</b>.",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_review_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(n, STEPS) for n in range(1, 9)]) as desk:
        page = desk.page
        # Fast keys all count.
        desk.press("j j j j j j j j")
        assert desk.focused() == 8
        desk.press("k ArrowUp Home ArrowDown ArrowDown")
        assert desk.focused() == 2
        # Enter without a verdict says why and stores nothing.
        desk.press("3 Enter")
        expect(page.locator(".message")).to_contain_text("steps 1–2 are unmarked")
        assert desk.title() == "Solution 1"
        # The cascade is shown before it is saved.
        desk.press("e")
        expect(page.locator(".message")).to_have_text(
            "First error: step 3 · steps 1–2 correct · steps 4–12 not judged"
        )
        assert page.locator("tr.implied").count() == 2
        assert desk.stored() == []
        desk.press("Enter")
        assert desk.title() == "Solution 2"
        (first,) = desk.wait_stored(1)
        assert first["labels"] == [1, 1, -1, *[None] * 9]
        assert first["first_error"] == 2
        assert first["scores_visible"] is True
        expect(page.locator(".sync")).to_have_text("✓ saved")
        # A burst: four solutions, each stored once.
        desk.press("a Enter a Enter a Enter a Enter")
        assert desk.title() == "Solution 6"
        stored = desk.wait_stored(5)
        page.wait_for_timeout(300)
        assert [one["solution_id"] for one in desk.stored()] == [1, 2, 3, 4, 5]
        assert len({one["token"] for one in stored}) == 5
        # Undo goes back over the save, redo saves again.
        desk.press("u")
        assert desk.title() == "Solution 5"
        desk.press("y")
        assert desk.title() == "Solution 6"
        acts = [(one["action"], one["solution_id"]) for one in desk.wait_stored(7)][5:]
        assert acts == [("undo", 5), ("label", 5)]
        # Blind, with a note, which keys do not leave.
        desk.press("n j a x Escape")
        assert page.locator(".note").input_value() == "jax"
        desk.press("m m s")
        skipped = desk.wait_stored(8)[7]
        assert (skipped["action"], skipped["note"]) == ("skip", "jax")
        assert skipped["labels"] is None
        assert skipped["scores_visible"] is True
        # Streamlit's own keys are kept quiet; a browser's are not ours.
        desk.press("c r Control+a")
        expect(page.locator("[role=dialog]:visible")).to_have_count(0)
        assert page.locator("tr.implied").count() == 0


def test_review_by_mouse_and_evidence(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(1, STEPS), item(2, STEPS)]) as desk:
        page = desk.page
        page.locator("#step-4 td.text").click()
        assert desk.focused() == 4
        correct = page.get_by_role("button", name="Step 4: correct", exact=True)
        correct.click()
        expect(correct).to_have_attribute("aria-pressed", "true")
        correct.click()
        expect(correct).to_have_attribute("aria-pressed", "false")
        page.get_by_role("button", name="Step 2: first error here").click()
        # A click leaves the keyboard alone: j still moves, Enter still saves.
        desk.press("k")
        assert desk.focused() == 0
        top = page.locator("#step-1").bounding_box()
        page.get_by_role("button", name="MC 8, step 1: 8 of 8 rollouts correct").click()
        expect(page.locator(".rollout")).to_have_count(1)
        expect(page.locator(".rollout .answer")).to_have_text("41")
        assert page.locator(".rollout img").count() == 0
        assert page.locator("#step-1").bounding_box() == top
        desk.press("Enter")
        (commit,) = desk.wait_stored(1)
        assert commit["labels"][:3] == [1, -1, None]
        assert desk.title() == "Solution 2"


def test_nothing_is_lost_when_the_server_does_not_answer(browser: Browser, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.touch()
    with served(browser, tmp_path, [item(n, STEPS) for n in range(1, 5)]) as desk:
        page = desk.page
        desk.press("a Enter j e")
        expect(page.locator(".sync")).to_have_text("1 unsaved")
        assert desk.title() == "Solution 2"
        # A reload asks first; then the commit is still there, and so is the draft.
        page.on("dialog", lambda dialog: dialog.accept())
        page.mouse.click(5, 5)
        page.reload()
        page.wait_for_selector("tr[aria-selected=true]")
        expect(page.locator(".sync")).to_have_text("1 unsaved")
        assert desk.title() == "Solution 2"
        expect(page.locator("#step-1 .mflag")).to_have_class(re.compile("on"))
        expect(page.locator(".message")).to_contain_text("Draft from your last visit")
        received = tmp_path / "log.received"
        before = len(received.read_text().splitlines())
        page.wait_for_timeout(3500)
        assert len(received.read_text().splitlines()) > before
        assert desk.stored() == []
        deaf.unlink()
        (commit,) = desk.wait_stored(1)
        assert commit["solution_id"] == 1
        expect(page.locator(".sync")).to_have_text("✓ saved")
        page.wait_for_timeout(3500)
        assert len(desk.stored()) == 1
        keys = page.evaluate(
            "() => Object.keys(localStorage).filter((k) => k.includes('/commit/'))"
        )
        assert keys == []


def test_one_solution_is_saved_in_place(browser: Browser, tmp_path: Path) -> None:
    mine = {"labels": [1, -1, None], "note": "seen"}
    with served(browser, tmp_path, [item(7, STEPS[:3], mine=mine)], "solution") as desk:
        page = desk.page
        assert page.locator(".note").input_value() == "seen"
        desk.press("Enter")
        expect(page.locator(".message")).to_have_text("Nothing new to save.")
        desk.press("a")
        expect(page.locator(".sync")).to_have_text("not saved yet")
        desk.press("Enter")
        (commit,) = desk.wait_stored(1)
        assert commit["first_error"] == -1
        assert desk.title() == "Solution 7"
        expect(page.locator(".sync")).to_have_text("✓ saved")
        desk.press("u")
        assert desk.wait_stored(2)[1]["undoes"] == commit["token"]
        desk.press("s")
        page.wait_for_timeout(300)
        assert len(desk.stored()) == 2


def test_hostile_text_neither_runs_nor_loads(browser: Browser, tmp_path: Path) -> None:
    bad = item(1, HOSTILE, problem=HOSTILE[0], gold=HOSTILE[0], reason=HOSTILE[0])
    with served(browser, tmp_path, [bad], "read") as desk:
        page = desk.page
        page.wait_for_selector(".katex")
        for _ in HOSTILE:
            desk.press("j")
        page.wait_for_timeout(500)
        inside = page.locator(".step-table")
        # What was thought is one line until it is opened, by mouse or key, and says no more then.
        thought = inside.locator("details.thinking")
        expect(thought.locator("summary")).to_contain_text("Thinking · 504 words")
        closed = inside.locator("#step-10 .body").bounding_box()
        assert closed is not None
        assert closed["height"] < 80
        thought.locator("summary").focus()
        desk.press("Enter")
        expect(thought.locator(".thought")).to_contain_text(
            "<img src=x onerror='window.pwned = 1'>why?"
        )
        assert desk.stored() == []
        for tag in ("script", "img", "a", "iframe", "style", "object", "form"):
            assert inside.locator(tag).count() == 0, tag
        assert page.evaluate("() => window.pwned") is None
        assert page.strangers == []  # type: ignore[attr-defined]
        assert inside.locator("[onclick], [onerror], [href], [src]").count() == 0
        text = inside.locator("#step-0 .body").inner_text()
        assert text == HOSTILE[0]
        # What cannot be typeset stands there as its source.
        sources = inside.locator("#step-5 .math.source").all_inner_texts()
        assert sources[0].startswith(r"\(\frac{1}{2\)")
        assert inside.locator("#step-6 .math.source").count() == 1
        box = inside.locator("#step-7 .body").bounding_box()
        assert box is not None
        assert box["height"] < 900
        desk.press("a Enter")
        assert desk.stored() == []


def test_real_solutions_are_typeset_and_answer_at_once(browser: Browser, tmp_path: Path) -> None:
    rows = json.loads(shared_data("processbench/math.json").read_text())
    longest = max(rows, key=lambda row: len(row["steps"]))
    with served(browser, tmp_path, [item(1, longest["steps"])]) as desk:
        page = desk.page
        page.wait_for_selector(".katex")
        desk.press("End")
        page.wait_for_timeout(300)
        assert desk.focused() == len(longest["steps"]) - 1
        assert page.locator(".math.source").count() == 0
        small = page.locator(".katex-html .katex-sizing.size3").first
        sizes = small.evaluate(
            "(e) => [e, e.parentElement].map((n) => parseFloat(getComputedStyle(n).fontSize))"
        )
        assert sizes[0] < sizes[1], "superscripts are as large as their base: wrong style sheet"
        # Against the bare wait for a frame, so that a busy machine slows both.
        ratio = page.evaluate(
            """async () => {
              const median = async (before) => {
                const times = [];
                for (let i = 0; i < 30; i++) {
                  const from = performance.now();
                  before(i);
                  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                  times.push(performance.now() - from);
                }
                return times.sort((a, b) => a - b)[15];
              };
              const frame = await median(() => {});
              const key = await median((i) => document.body.dispatchEvent(
                new KeyboardEvent("keydown", {
                  key: i % 2 ? "j" : "k", bubbles: true, composed: true, cancelable: true})));
              return key / frame;
            }"""
        )
        assert ratio < 3, f"a key takes {ratio:.1f} frames; at rest it takes 1.0"


def outbox_tokens(page: Page) -> set[str]:
    names = page.evaluate("() => Object.keys(localStorage).filter((k) => k.includes('/commit/'))")
    return {name.rsplit("/", 1)[-1] for name in names}


def test_two_tabs_do_not_overwrite_each_other(browser: Browser, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.touch()
    with served(browser, tmp_path, [item(n, STEPS) for n in range(1, 6)]) as desk:
        page = desk.page
        other = page.context.new_page()
        other.goto(page.url)
        other.wait_for_selector("tr[aria-selected=true]")
        second = Desk(other, tmp_path)
        desk.press("a Enter")
        second.press("s a Enter")
        expect(page.locator(".sync")).to_have_text("1 unsaved")
        expect(other.locator(".sync")).to_have_text("2 unsaved")
        assert len(outbox_tokens(page)) == 3
        # A draft that one tab keeps is not removed by the other's moving about.
        desk.press("s j j 3")
        second.press("j k")
        drafts = "() => Object.keys(localStorage).filter((k) => k.includes('/draft/3/')).length"
        assert page.evaluate(drafts) == 1
        deaf.unlink()
        acts = [(one["solution_id"], one["action"]) for one in desk.wait_stored(4)]
        assert sorted(acts) == [(1, "label"), (1, "skip"), (2, "label"), (2, "skip")]
        expect(page.locator(".sync")).to_have_text("✓ saved")
        expect(other.locator(".sync")).to_have_text("✓ saved")
        assert outbox_tokens(page) == set()


def test_held_keys_move_and_never_commit_twice(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(n, STEPS) for n in range(1, 9)]) as desk:
        desk.hold("j", 7)
        assert desk.focused() == 7
        desk.hold("a", 5)
        desk.hold("Enter", 30)
        assert desk.title() == "Solution 2"
        desk.hold("s", 10)
        assert desk.title() == "Solution 3"
        desk.hold("u", 10)
        assert desk.title() == "Solution 2"
        # So with the keyboard on a button, which a held Enter would click again and again.
        desk.page.locator("[data-key=skip]").focus()
        desk.hold("Enter", 10)
        assert desk.title() == "Solution 3"
        acts = [one["action"] for one in desk.wait_stored(4)]
        assert acts == ["label", "skip", "undo", "skip"]


def test_typing_a_note_labels_nothing(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(1, STEPS), item(2, STEPS)]) as desk:
        desk.press("n")
        desk.page.keyboard.type("ae123fsjk0 my? umt")
        assert desk.page.locator(".note").input_value() == "ae123fsjk0 my? umt"
        desk.press("Enter")
        assert desk.title() == "Solution 1"
        assert desk.page.locator(".mark.on").count() == 0
        assert desk.page.locator(".chip").count() == 0
        assert desk.focused() == 0
        expect(desk.page.locator(".flag-menu")).to_be_hidden()


def test_flags_by_keyboard_and_mouse(browser: Browser, tmp_path: Path) -> None:
    labelled = item(2, STEPS[:3], mine={"labels": [1, -1, None], "note": "", "flags": ["unsure"]})
    with served(browser, tmp_path, [item(1, STEPS), labelled, item(3, STEPS)]) as desk:
        page = desk.page
        menu, chips, message = (page.locator(f".{one}") for one in ("flag-menu", "chip", "message"))
        desk.press("f")
        expect(menu).to_be_visible()
        expect(message).to_contain_text("1 bad problem, 2 bad split, 3 unsure")
        # The digits are the menu's, and nothing labels behind it.
        desk.press("1 3 3 2 e a 0 s u")
        assert page.locator(".mark.on").count() == 0
        assert desk.title() == "Solution 1"
        expect(chips).to_have_text(["bad problem×", "bad split×"])
        desk.press("Escape")
        expect(menu).to_be_hidden()
        # A click takes a flag away, u brings it back; a reload keeps them.
        chips.first.click()
        expect(chips).to_have_count(1)
        desk.press("u")
        expect(chips).to_have_count(2)
        page.reload()
        expect(chips).to_have_text(["bad problem×", "bad split×"])
        page.locator("[data-key=flag]").click()
        page.get_by_role("button", name="bad split").last.click()
        page.locator("[data-key=flag]").click()
        expect(menu).to_be_hidden()
        expect(message).to_contain_text("Enter skips this solution and sends them")
        # Marks that are no verdict are refused as ever; none at all go as a skip.
        desk.press("1 Enter")
        expect(message).to_contain_text("Not saved: steps 2–12 are unmarked")
        desk.press("0 Enter")
        (skipped,) = desk.wait_stored(1)
        assert (skipped["action"], skipped["flags"]) == ("skip", ["bad_problem"])
        assert skipped["labels"] is None
        # What the server knows comes back, and goes out again with a label.
        expect(chips).to_have_text(["unsure×"])
        desk.press("f 2 f Enter")
        label = desk.wait_stored(2)[1]
        assert (label["action"], label["flags"]) == ("label", ["bad_split", "unsure"])
        expect(chips).to_have_count(0)


def test_a_note_is_reached_from_the_menu_of_flags(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(1, STEPS), item(2, STEPS)]) as desk:
        desk.press("f 3 n")
        expect(desk.page.locator(".flag-menu")).to_be_hidden()
        desk.page.keyboard.type("why 13")
        desk.press("Enter s")
        (skipped,) = desk.wait_stored(1)
        assert (skipped["flags"], skipped["note"]) == (["unsure"], "why 13")


def test_u_goes_back_one_saved_solution_a_press(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [item(n, STEPS) for n in range(1, 5)]) as desk:
        desk.press("a Enter j e Enter a Enter u u u")
        assert desk.title() == "Solution 1"
        assert desk.page.locator(".mark.on").count() == len(STEPS)
        acts = [(one["action"], one["solution_id"]) for one in desk.wait_stored(6)]
        assert acts[3:] == [("undo", 3), ("undo", 2), ("undo", 1)]


def test_nothing_left_is_said_and_the_last_save_can_be_taken_back(
    browser: Browser, tmp_path: Path
) -> None:
    with served(browser, tmp_path, [item(1, STEPS[:2])]) as desk:
        desk.press("a Enter")
        expect(desk.page.locator(".notice")).to_contain_text("No more solutions here")
        desk.press("u")
        assert desk.title() == "Solution 1"
        assert desk.wait_stored(2)[1]["action"] == "undo"
