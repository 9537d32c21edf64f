"""Review as people use it: a first visitor, two people at once, a restart, queues from Browse."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from app.serve import Where, server_command
from db.annotations import annotations_of
from db.annotators import list_annotators
from db.corrections import correction_log, current_acts
from db.engine import Database, open_database
from db.review.recuts import standing
from db.schema import Correction
from db.solutions import get_solution
from labeling.demo.prepare import prepare_demo
from tests.support.browser import chromium, free_port, open_page

pytestmark = pytest.mark.browser
SAVED = re.compile("saved")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    """The prepared playground project."""
    url = prepare_demo(tmp_path / "demo.db", lambda done, total, message: None)
    database = open_database(url)
    yield database
    database.close()


def start(url: str, port: int) -> subprocess.Popen[bytes]:
    """The app as `steplens app` serves it, healthy."""
    command, environment = server_command(url, Where(port=port))
    environment = {**environment, "USER": "first-visitor", "LOGNAME": "first-visitor"}
    server = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=30)
            return server
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the app is not served")


def stop(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@contextmanager
def served(database: Database) -> Iterator[str]:
    port = free_port()
    server = start(database.url, port)
    try:
        yield f"http://localhost:{port}"
    finally:
        stop(server)


@contextmanager
def seat(browser: Browser, url: str, name: str, path: str = "review") -> Iterator[Page]:
    """A page of a person of this name, in a browser of their own."""
    # The name first: a page that was here without one would write its own into the cookie.
    with open_page(browser, "about:blank") as page:
        page.context.add_cookies([{"name": "steplens_reviewer", "value": name, "url": url}])
        page.goto(f"{url}/{path}")
        yield page
        assert page.errors == []  # type: ignore[attr-defined]


def on_screen(page: Page) -> int:
    """The id of the solution that is on the desk."""
    page.wait_for_selector("tr[aria-selected=true]")
    title = page.get_by_text(re.compile(r"^Solution \d+$")).first.inner_text()
    return int(title.split()[1])


def all_saved(page: Page) -> None:
    expect(page.locator(".sync")).to_have_text("✓ saved")


def labels_by(database: Database, name: str) -> int:
    with database.read() as session:
        people = {one.name: one.id for one in list_annotators(database) if one.kind == "human"}
        query = select(func.count(Correction.id)).where(
            Correction.annotator_id == people.get(name), Correction.action == "label"
        )
        return session.scalar(query) or 0


def test_a_first_visitor_relabels_ten_disagreements_in_25_keys(
    browser: Browser, tmp_path: Path
) -> None:
    """From an empty folder, by what the screen says alone: its button, then its named keys."""
    database = open_database(prepare_demo(tmp_path / "demo.db", lambda *_: None))
    with served(database) as url, open_page(browser, url) as page:
        page.get_by_role("link", name="Review", exact=True).click()
        on_screen(page)
        # The screen itself says which keys there are, and what to do with them.
        help = page.locator(".status .message").inner_text()
        told = dict(re.findall(r"\b([a-z]) (marks it|if there is none)", help))
        assert told == {"e": "marks it", "a": "if there is none"}, help
        expect(page.locator("[data-key=save]")).to_contain_text("save & next")
        seen, pressed = [], 0
        for turn in range(10):
            seen.append(on_screen(page))
            for key in ("a", "Enter") if turn % 2 else ("j", "e", "Enter"):
                page.keyboard.press(key)
                pressed += 1
            expect(page.get_by_text(f"Solution {seen[-1]}", exact=True)).to_have_count(0)
        all_saved(page)
    assert pressed == 25
    assert len(set(seen)) == 10
    assert labels_by(database, "first-visitor") == 10
    for place, solution_id in enumerate(seen):
        (act,) = correction_log(database, solution_id)
        assert act.first_error == (-1 if place % 2 else 1)
    database.close()


def test_two_people_get_different_items_and_never_each_others_labels(
    browser: Browser, demo: Database
) -> None:
    with (
        served(demo) as url,
        seat(browser, url, "ann") as ann,
        seat(browser, url, "bob") as bob,
    ):
        assert on_screen(ann) != on_screen(bob)
        # Two opinions wanted: the same item for both, and neither sees the other's.
        ann.goto(f"{url}/review?per=2&ids=25")
        bob.goto(f"{url}/review?queue=filter&per=2&ids=25")
        ann.goto(f"{url}/review?queue=filter&per=2&ids=25")
        assert on_screen(ann) == on_screen(bob) == 25
        ann.keyboard.press("a")
        ann.keyboard.press("Enter")
        all_saved(ann)
        bob.reload()
        assert on_screen(bob) == 25
        expect(bob.locator("th.kind-human", has_text="ann")).to_have_count(0)
        bob.goto(f"{url}/solution?id=25")
        bob.wait_for_selector("tr[aria-selected=true]")
        expect(bob.locator("th.kind-human", has_text="ann")).to_have_count(0)
        expect(bob.get_by_text("Show 1 by other people")).to_be_visible()
        bob.goto(f"{url}/review?queue=filter&per=2&ids=25")
        on_screen(bob)
        bob.keyboard.press("e")
        bob.keyboard.press("Enter")
        all_saved(bob)
        # They differ, and somebody settles it with both labels in view.
        ann.goto(f"{url}/review?queue=adjudication")
        assert on_screen(ann) == 25
        expect(ann.locator("th.kind-human", has_text="bob")).to_have_count(1)
        ann.keyboard.press("a")
        ann.keyboard.press("Enter")
        all_saved(ann)
    names = {one.id: one.name for one in list_annotators(demo)}
    told = {
        names[one.annotator_id]: one.first_error
        for one in annotations_of(demo, [25])
        if names[one.annotator_id] in ("ann", "bob", "ann (adjudicator)")
    }
    assert told == {"ann": -1, "bob": 0, "ann (adjudicator)": -1}


def test_work_goes_on_while_the_server_is_down(browser: Browser, demo: Database) -> None:
    port = free_port()
    server = start(demo.url, port)
    try:
        with seat(browser, f"http://localhost:{port}", "ann") as page:
            first = on_screen(page)
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            all_saved(page)
            stop(server)
            second = on_screen(page)
            page.keyboard.press("e")
            page.keyboard.press("Enter")
            third = on_screen(page)
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            expect(page.locator(".sync")).to_have_text("2 unsaved")
            server = start(demo.url, port)
            expect(page.locator(".sync")).to_have_text("✓ saved", timeout=60_000)
        assert len({first, second, third}) == 3
        assert labels_by(demo, "ann") == 3
    finally:
        stop(server)


def test_blind_mode_holds_scores_back_and_says_so_in_the_record(
    browser: Browser, demo: Database
) -> None:
    with served(demo) as url, seat(browser, url, "ann", "review?blind=true") as page:
        solution_id = on_screen(page)
        expect(page.get_by_text("0/8")).to_have_count(0)
        expect(page.get_by_text(re.compile("sees an error at step"))).to_have_count(0)
        page.keyboard.press("e")
        expect(
            page.get_by_text(re.compile("error at step|all steps are correct")).first
        ).to_be_visible()
        page.keyboard.press("a")  # and changes their mind
        page.keyboard.press("Enter")
        all_saved(page)
    (act,) = correction_log(demo, solution_id)
    assert act.blind
    assert not act.scores_visible
    assert act.first_labels is not None
    assert (act.first_labels[0], act.first_error) == (-1, -1)


def test_what_is_ticked_in_browse_becomes_a_queue(browser: Browser, demo: Database) -> None:
    with served(demo) as url, seat(browser, url, "ann", "browse") as page:
        page.get_by_role("checkbox", name="solution 3", exact=True).check()
        page.get_by_role("checkbox", name="solution 7", exact=True).check()
        expect(page.get_by_text(re.compile(r"2 of [\d,]+ solutions ticked"))).to_be_visible()
        these = page.get_by_role("link", name="Review these")
        expect(these).to_have_attribute("href", re.compile("ids=3(%2C|,)7"))
        these.click()
        assert on_screen(page) == 3
        expect(page.get_by_text("Chosen in Browse")).to_be_visible()
        for _ in range(2):
            page.keyboard.press("a")
            page.keyboard.press("Enter")
        expect(page.get_by_text("No more solutions here.")).to_be_visible()
        all_saved(page)
    assert labels_by(demo, "ann") == 2


def test_a_search_narrows_browse_and_can_be_annotated(browser: Browser, demo: Database) -> None:
    with served(demo) as url, seat(browser, url, "ann", "browse") as page:
        page.get_by_role("textbox", name="Problem or steps contain").fill('"pencils"')
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("text=%22pencils%22"))
        expect(page.get_by_text(re.compile(r"^\d+ solutions$"))).to_be_visible()
        count = page.get_by_text(re.compile(r"^\d+ solutions$")).inner_text()

        judge = page.get_by_role("link", name="Judge")
        # What stands below the count is drawn after it.
        expect(judge).to_have_attribute("href", re.compile("pencils"))
        judge.click()
        expect(page.get_by_text(re.compile(f"^Only {count}"))).to_be_visible()


def test_steps_are_cut_anew_at_the_caret(browser: Browser, demo: Database) -> None:
    """In the queue and in place; back by undo, and over to a colleague's open page."""

    def title(page: Page, text: str | re.Pattern[str]) -> int:
        expect(page.locator(".title")).to_have_text(text)
        all_saved(page)
        return on_screen(page)

    with (
        served(demo) as url,
        seat(browser, url, "ann") as ann,
        seat(browser, url, "bob", "solution?id=1") as bob,
    ):
        old = on_screen(ann)
        other = re.compile(rf"^Solution (?!{old}$)\d+$")
        bob.goto(f"{url}/solution?id={old}")
        on_screen(bob)
        n_steps = len(get_solution(demo, old).steps)
        for key in "f2x":  # a bad split leads to the caret
            ann.keyboard.press(key)
        expect(ann.locator("textarea.caret")).to_be_focused()
        for key in ("Control+ArrowRight", "z", "Enter"):  # nothing can be typed
            ann.keyboard.press(key)
        made = title(ann, other)
        expect(ann.locator("tbody tr")).to_have_count(n_steps + 1)
        expect(ann.locator("th.old-cut").first).to_contain_text("old cut")
        ann.reload()
        assert on_screen(ann) == made  # in its place, though no machine has seen it
        for key in ("j", "x", "Backspace"):
            ann.keyboard.press(key)
        merged = title(ann, re.compile(rf"^Solution (?!{made}$)\d+$"))
        ann.keyboard.press("u")
        title(ann, f"Solution {made}")
        for key in ("Escape", "a", "Enter"):
            ann.keyboard.press(key)
        title(ann, re.compile(rf"^Solution (?!{made}$|{old}$|{merged}$)\d+$"))
        # Who had the old one open loses nothing, and is told.
        for key in ("a", "Enter"):
            bob.keyboard.press(key)
        expect(bob.locator(".message")).to_contain_text(f"cut anew meanwhile, as solution {made}")
        # In place, the address goes along, there and back.
        bob.goto(f"{url}/solution?id=3")
        assert on_screen(bob) == 3
        for key in ("x", "Control+ArrowRight", "Enter"):
            bob.keyboard.press(key)
        here = title(bob, re.compile(r"^Solution (?!3$)\d+$"))
        expect(bob).to_have_url(re.compile(f"id={here}$"))
        bob.keyboard.press("u")
        expect(bob).to_have_url(re.compile("id=3$"))
        title(bob, "Solution 3")
    halves = get_solution(demo, made).steps[:2]
    assert "".join(halves).split() == get_solution(demo, old).steps[0].split()
    people = {one.name: one.id for one in list_annotators(demo)}
    for name in ("ann", "bob"):
        (act,) = current_acts(demo, [made], people[name]).values()
        assert (act.labels, act.flags) == ((1,) * (n_steps + 1), ())
    assert (standing(demo, old), standing(demo, here)) == (made, 3)


@pytest.mark.parametrize("queue", ["split_votes", "adjudication"])
def test_an_empty_queue_says_so(browser: Browser, demo: Database, queue: str) -> None:
    with served(demo) as url, seat(browser, url, "ann", f"review?queue={queue}") as page:
        expect(page.get_by_text("No more solutions here.")).to_be_visible()
