"""The step table for everybody: contrast, zoom, keyboard, roles, and what it says to a newcomer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium
from tests.support.step_table import STEPS, Desk, item, served

pytestmark = pytest.mark.browser

# [ratio, text, where] of every visible text that is too faint; colours are mixed by the browser.
FAINT = """(root) => {
  const ink = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((one, i) => one * a + under[i] * (1 - a)).concat(1);
  const above = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const ground = (node) => {
    if (!node) return [255, 255, 255, 1];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(above(node)));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const faint = [];
  let count = 0;
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (node.closest(":disabled, .katex-mathml")) continue;
    const style = getComputedStyle(node);
    const colour = rgba(node.closest("svg") ? style.fill : style.color);
    if (colour[3] === 0) continue; // a mark that shows itself on its focused row only
    let opacity = 1;
    for (let one = node; one; one = above(one)) opacity *= Number(getComputedStyle(one).opacity);
    colour[3] *= opacity;
    const under = ground(node);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = ratio(over(colour, under), under);
    count += 1;
    if (found < (large ? 3 : 4.5)) faint.push([found.toFixed(2), text, node.className]);
  }
  return {faint, count};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def crowd(solution_id: int = 1, **more: Any) -> dict[str, Any]:
    """An item with every kind of column, and names as long as they get."""
    made = item(solution_id, STEPS, queue_reason="Annotators disagree")
    mc, judge = made["annotators"]
    n = len(STEPS)
    judges = [
        {**judge, "id": 10 + size, "name": f"Qwen2.5-{size}B-Instruct-processbench-vote"}
        for size in (32, 72)
    ]
    judges[0]["votes"] = {"share": 0.75, "n": 4}
    judges[1].update(first_error=4, scores=[1.0] * 4 + [0.0] + [None] * (n - 5))
    prm = {**judge, "id": 3, "kind": "prm", "name": "prm-round-2", "threshold": 0.5}
    prm.update(scores=[0.9] * 3 + [0.2] * (n - 3), first_error=3)
    human = {**judge, "id": 4, "kind": "human", "name": "Ada", "note": "The sign flips."}
    human.update(scores=[1, 0, 1, 1, 1, -1, *[None] * (n - 6)], first_error=5, flags=["unsure"])
    return {**made, "annotators": [mc, *judges, prm, human], **more}


def faint(page: Page) -> list[Any]:
    found = page.locator(".step-table").evaluate(FAINT)
    assert found["count"] > 60, "too little text was looked at"
    return found["faint"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(browser: Browser, tmp_path: Path, theme: str) -> None:
    progress = {"position": 4, "total": 57, "label": "x", "pace": "14 s each", "today": 12}
    with served(browser, tmp_path, [crowd(), crowd(2)], data={"progress": progress}) as desk:
        page = desk.page
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.reload()
        page.wait_for_selector(f".step-table[data-theme={theme}] .katex")
        assert faint(page) == []
        desk.press("j 2 j j e f 2")  # implied, neutral, wrong; disputed; the open menu
        assert faint(page) == []
        desk.press("f v v")
        expect(page.locator(".rollout, .quiet").first).to_be_visible()
        assert faint(page) == []
        page.locator(".tab", has_text="Ada").click()
        expect(page.locator(".remark").last).to_have_text("Note: The sign flips.")
        desk.press("0 Enter")  # a refusal
        assert faint(page) == []
        page.locator(".tab", has_text="Scores").click()
        assert page.locator("svg.trace").count() == 1
        assert faint(page) == []
        desk.press("?")
        assert faint(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_under_the_pointer(
    browser: Browser, tmp_path: Path, theme: str
) -> None:
    with served(browser, tmp_path, [crowd()]) as desk:
        page = desk.page
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.reload()
        page.wait_for_selector(f".step-table[data-theme={theme}] .katex")
        for keys in ("j", "j 2 j j e"):  # unmarked; then implied, neutral, wrong, and behind it
            desk.press(keys)
            for row in page.locator("tbody tr").all():
                row.hover(force=True)
                assert faint(page) == []


def test_nothing_is_lost_at_twice_the_size(browser: Browser, tmp_path: Path) -> None:
    """A window of 1280 x 800 at 200 %: every control is inside its panel and can be reached."""
    data = {"blind": True, "progress": {"position": 1, "total": 9, "label": "All", "pace": "9 s"}}
    with served(browser, tmp_path, [crowd()], data=data, width=640, height=400) as desk:
        page = desk.page
        desk.press("e f 1 f")
        outside = """(root) => {
          const box = root.querySelector(".layout").getBoundingClientRect();
          const parts = ".key, .note, .chip, .message, .left, .sync, .tabs";
          return [...root.querySelectorAll(parts)].filter((node) => {
            const {left, right, top, bottom, width} = node.getBoundingClientRect();
            return node.checkVisibility() && !node.closest(".help") && width > 0
              && (left < box.left - 1 || right > box.right + 1
                  || top < box.top - 1 || bottom > box.bottom + 1);
          }).map((node) => node.className + node.dataset.key);
        }"""
        page.wait_for_timeout(3200)  # the height is looked at again every three seconds
        assert page.locator(".step-table").evaluate(outside) == []
        scroller = page.locator(".scroller").bounding_box()
        assert scroller is not None
        assert scroller["height"] >= 200
        for key in ("flag", "help", "note", "undo", "save"):
            page.locator(f"[data-key={key}]").click()
            desk.press("Escape")
        (commit,) = desk.wait_stored(1)
        assert (commit["first_error"], commit["flags"]) == (0, [])


# Pixels that the bar leaves empty beside what it says of progress; 0 where the reason is whole.
ROOM_BESIDE_A_CUT_REASON = """(bar) => {
  const reason = bar.querySelector(".pill.reason");
  const progress = bar.querySelector(".progress");
  if (reason.scrollWidth <= reason.clientWidth) return 0;
  const {top, width} = progress.getBoundingClientRect();
  const shown = [...progress.children].map((one) => one.getBoundingClientRect())
    .filter((box) => box.width > 0 && box.top < top + 15);
  const right = Math.max(...shown.map((box) => box.right));
  return width - (right - Math.min(...shown.map((box) => box.left)));
}"""


def test_no_reason_is_cut_beside_empty_room(browser: Browser, tmp_path: Path) -> None:
    reason = "MC sees an error at step 10; the judge and the PRM see an error at step 4."
    progress = {"position": 131, "total": 611, "left": 481, "today": 12, "label": "All of them"}
    data = {"progress": {**progress, "pace": "about 35 s each · about 4 h left"}}
    items = [{**crowd(), "reason": reason, "queue_reason": "Annotators disagree"}]
    with served(browser, tmp_path, items, data=data) as desk:
        page = desk.page
        whole = 0
        for width in range(1500, 900, -40):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(100)
            room = page.locator(".top").evaluate(ROOM_BESIDE_A_CUT_REASON)
            assert room < 20, f"{room:.0f} pixels at {width}"
            cut = page.locator(".pill.reason").evaluate("it => it.scrollWidth > it.clientWidth")
            whole += not cut
        assert whole > 5


def heads(page: Page) -> list[str]:
    return page.locator("th.score .name").all_inner_texts()


def test_heads_are_legible_where_the_window_is_small(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [crowd()]) as desk:
        page = desk.page
        names = [" ".join(name.split()) for name in heads(page)]
        assert names == ["MC 8", "32B-Instruct", "72B-Instruct", "prm-round-2", "Ada"]
        # No line of a name is cut, nor of a verdict.
        cut = page.locator("th.score .head > *").evaluate_all(
            "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1 || "
            "e.scrollHeight > e.clientHeight + 2).map((e) => e.textContent)"
        )
        assert cut == []
        full = page.locator("th.score .name").nth(1).get_attribute("title") or ""
        assert full == "Qwen2.5-32B-Instruct-processbench-vote (judge)"
        details = page.locator("th.score .detail").all_inner_texts()
        assert details == ["", "3/4 votes", "", "≥ .50", ""]


def test_progress_says_what_is_left(browser: Browser, tmp_path: Path) -> None:
    progress = {"position": 4, "total": 57, "label": "", "pace": "14 s each", "today": 12}
    (tmp_path / "deaf").touch()
    items = [crowd(1), crowd(2)]
    with served(browser, tmp_path, items, data={"progress": progress}) as desk:
        page = desk.page
        said = page.locator(".top .progress")
        expect(said).to_have_text("4 / 5754 left12 today14 s each")
        line = page.get_by_role("progressbar")
        expect(line).to_have_attribute("aria-valuenow", "3")
        # What is saved here counts before the server has answered.
        desk.press("a Enter")
        expect(said).to_have_text("5 / 5753 left13 today14 s each")
        expect(line).to_have_attribute("aria-valuenow", "4")
        page.on("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("width", [950, 1100, 1280, 1600])
def test_progress_without_room_is_left_out_and_never_cut(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    progress = {
        "position": 1,
        "total": 2157,
        "label": "Disagreements",
        "pace": "14 s each · about 8 h left",
        "today": 12,
    }
    item = {**crowd(), "queue_reason": "disagree", "reason": "MC 3, judge 5, " + "PRM " * 20}
    with served(browser, tmp_path, [item], data={"progress": progress}, width=width) as desk:
        shown = desk.page.locator(".top .progress")
        expect(shown).to_contain_text("2157 left")
        cut = shown.evaluate(
            """(box) => {
              const {right, bottom} = box.getBoundingClientRect();
              return [...box.children].filter((part) => {
                const at = part.getBoundingClientRect();
                return at.width > 0 && at.top < bottom - 2
                  && (at.right > right + 1 || part.scrollWidth > part.clientWidth + 1);
              }).map((part) => part.textContent);
            }"""
        )
        assert cut == []
        assert shown.locator(".left").evaluate(
            "(e) => e.getBoundingClientRect().top < e.parentNode.getBoundingClientRect().bottom - 2"
        )


def test_roles_and_keyboard_without_a_mouse(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [crowd(), crowd(2)]) as desk:
        page = desk.page
        grid = page.get_by_role("grid")
        grid.focus()
        desk.press("j")
        assert grid.get_attribute("aria-activedescendant") == "step-1"
        assert page.get_by_role("row", selected=True).get_attribute("id") == "step-1"
        assert page.locator(".message").get_attribute("aria-live") == "polite"
        # One tab stop for the row of keys, arrows within it; what has the focus shows it.
        keys = page.get_by_role("toolbar")
        assert keys.locator(".key[tabindex='0']").count() == 1
        page.locator("[data-key=save]").focus()
        desk.press("ArrowRight ArrowRight")
        flag = page.locator("[data-key=flag]")
        expect(flag).to_be_focused()
        outline = flag.evaluate("(e) => getComputedStyle(e).outlineStyle")
        assert outline == "solid"
        # The menu opens from there, is next in the tab order, and gives the focus back.
        desk.press("Enter Tab Tab Enter")
        expect(page.locator(".chip")).to_have_text("bad split×")
        desk.press("Escape")
        expect(page.locator(".flag-menu")).to_be_hidden()
        expect(flag).to_be_focused()
        assert flag.get_attribute("aria-expanded") == "false"


def open_help(desk: Desk) -> Any:
    desk.press("?")
    return desk.page.get_by_role("dialog", name="Help")


def test_help_names_every_key_and_closes(browser: Browser, tmp_path: Path) -> None:
    with served(browser, tmp_path, [crowd()]) as desk:
        page = desk.page
        message = page.locator(".message")
        expect(message).to_have_text(
            "Where is the first error? j and k move, e marks it, a if there is none. Enter saves."
        )
        told = open_help(desk)
        expect(told).to_be_visible()
        shown = set(told.locator("kbd").all_inner_texts())
        assert set("kj1230easuyfwnvmt?") <= shown
        desk.press("a Enter 1")  # nothing happens behind it; Enter closes it by its button
        expect(told).to_be_hidden()
        open_help(desk)
        desk.press("Escape")
        expect(told).to_be_hidden()
        desk.press("a")
        expect(message).to_contain_text("No error: all 12 steps correct")
