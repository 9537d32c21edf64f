"""The figures below the list of PRM errors, and what they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qs, parse_qsl, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.ui.prm_errors import chosen
from app.ui.prm_errors.part import PARTS, mask
from db.annotators import find_annotator
from db.engine import Database, open_database
from db.lists.solution_lists import keep_list
from labeling.demo.prepare import prepare_demo
from labeling.evaluation.prm_errors.slices import attributes, texts_of
from labeling.evaluation.scored import ScoredSolutions, scored_solutions
from tests.app.prm_errors.test_page import line, listed
from tests.support.browser import ROOT, WAIT, chromium, streamlit_server
from tests.support.pages import open_page, shown, words_of
from training.metrics.calibration import detection, steps_to_error

TABS = ("Slices", "Calibration", "Version to version", "Biases")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The prepared playground project; these tests only read it."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    database = open_database(prepare_demo(file, lambda *_: None))
    yield database
    database.close()


@pytest.fixture(scope="module")
def found(demo: Database) -> ScoredSolutions:
    prm, truth = (find_annotator(demo, who) for who in ("prm:prm-v2", "human:playground-truth"))
    return scored_solutions(demo, prm, truth)


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_drawn(demo: Database, monkeypatch: pytest.MonkeyPatch, tab: str) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", tab=tab)
    assert not test.exception


def test_tolerance_is_a_sentence_whose_numbers_open_their_solutions(
    demo: Database, monkeypatch: pytest.MonkeyPatch, found: ScoredSolutions
) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", tab="Biases")
    assert (
        "Of 54 right answers with a wrong step, prm-v2 flags 46 and finds the exact step in 43; "
        "of 1,412 clean ones it flags 147." in words_of(test)
    )
    for part, n in (("flawed-caught", 46), ("flawed-exact", 43), ("clean-flagged", 147)):
        opened = open_page(demo, monkeypatch, "prm_errors", tab="Biases", part=part)
        assert line(opened, "list heading").startswith(f"{n} {PARTS[part][0]}")
        assert set(listed(opened)) <= set(found.ids[mask(part, found, 0.5)].tolist())


def test_every_count_of_what_changed_opens_its_solutions(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", tab="Version to version")
    cells = [cell for row in shown(test, "changes")["rows"] for cell in row["cells"][1:]]
    doors = {cell["href"]: cell["value"] for cell in cells if "href" in cell}
    assert len(doors) == 12
    for href, value in list(doors.items())[3:6]:
        query = dict(parse_qsl(href.partition("?")[2]))
        opened = open_page(demo, monkeypatch, "prm_errors", **query)
        assert line(opened, "list heading").startswith(f"{value} "), href


def test_what_broke_is_queued_whole_by_a_short_address(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", tab="Version to version")
    (cells,) = [row["cells"][0]["cells"] for row in shown(test, "changes doors")["rows"]]
    assert [cell["value"] for cell in cells] == ["Queue the 78 broken", "Queue the 98 fixed"]
    test.session_state["changes doors"] = {"picked": cells[0]["id"]}
    test.run()
    href = shown(test, "follow")["href"]
    assert len(href) < 100
    page, _, query = href.partition("?")
    opened = open_page(demo, monkeypatch, page, **dict(parse_qsl(query)))
    assert shown(opened, "review")["progress"]["total"] == 78


def test_points_picked_are_a_kept_list(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keep_list(demo, [7, 5, 9], words="picked", origin="prm_errors")
    test = open_page(demo, monkeypatch, "prm_errors", picked=kept.token)
    assert line(test, "list heading").startswith("3 picked")
    assert set(listed(test)) == {5, 7, 9}
    gone = open_page(demo, monkeypatch, "prm_errors", picked="gone")
    assert line(gone, "list heading").startswith("318 mistakes")


def test_a_point_of_the_curves_is_the_page_at_its_threshold(
    demo: Database, monkeypatch: pytest.MonkeyPatch, found: ScoredSolutions
) -> None:
    steps = steps_to_error(found.scored)
    drawn = detection(steps, found.problems)
    assert drawn is not None
    values: dict[str, str | None] = {}
    monkeypatch.setattr(
        "app.ui.prm_errors.chosen.address.put", lambda **given: values.update(given)
    )
    for place in (1, 40, len(drawn.curves.thresholds) // 2):
        at = float(drawn.curves.thresholds[place])
        chosen.of_threshold(str(at))
        t = float(values["t"] or "nan")
        which = mask(str(values["part"]), found, t)
        assert set(np.flatnonzero(which)) == set(steps.rows[steps.scores <= at])
        flagged = ~steps.right & (steps.scores < t)
        assert flagged.sum() / (~steps.right).sum() == drawn.curves.found[place]
    test = open_page(demo, monkeypatch, "prm_errors", t=repr(t), part="flagged-step")
    assert not test.exception
    n = int(which.sum())
    assert line(test, "list heading").startswith(f"{n:,} {PARTS['flagged-step'][0]}")
    values.clear()
    chosen.of_threshold("1.0")
    assert values["part"] == "measured"
    chosen.of_threshold("-inf")
    assert values["t"] == "0.0"


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_some_of_the_solutions(found: ScoredSolutions, name: str) -> None:
    which = mask(name, found, 0.5)
    assert which.shape == (len(found),)
    assert which.dtype == bool


def test_parts_of_a_kind_make_up_the_whole(found: ScoredSolutions) -> None:
    def count(*names: str) -> int:
        return sum(int(mask(name, found, 0.5).sum()) for name in names)

    assert count("flawed-caught", "flawed-passed") == count("flawed") == 54
    assert count(*(f"error-{place}" for place in range(5))) == 741
    assert count(*(f"lowest-{place}" for place in range(5))) == 741
    assert count(*(f"low-{bin}" for bin in range(10))) == len(found)


def test_a_slice_is_what_the_whole_page_is_about(
    demo: Database, monkeypatch: pytest.MonkeyPatch, found: ScoredSolutions
) -> None:
    prm = find_annotator(demo, "prm:prm-v2")
    places, names = attributes(found, texts_of(demo, prm.id, found.ids))["steps"]
    n = int((places == names.index("2 steps")).sum())
    test = open_page(demo, monkeypatch, "prm_errors", slice="steps: 2 steps")
    assert not test.exception
    wrong = (found.scored.reference >= 0) & (places == names.index("2 steps"))
    assert f"over {int(wrong.sum())} with an error" in line(test, "headline")
    assert 0 < n < len(found)
    test.button(key="chip slice").click().run()
    assert "over 741 with an error" in line(test, "headline")


def test_a_slice_and_a_part_of_it(
    demo: Database, monkeypatch: pytest.MonkeyPatch, found: ScoredSolutions
) -> None:
    places, names = attributes(
        found, texts_of(demo, find_annotator(demo, "prm:prm-v2").id, found.ids)
    )["steps"]
    n = int((mask("flawed", found, 0.5) & (places == names.index("4 steps"))).sum())
    test = open_page(demo, monkeypatch, "prm_errors", slice="steps: 4 steps", part="flawed")
    assert line(test, "list heading").startswith(f"{n} {PARTS['flawed'][0]}")
    assert n > 0


def test_a_slice_that_is_not_there_is_a_notice(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", slice="colour: <b>red</b>")
    assert not test.exception
    assert "over 741 with an error" in line(test, "headline")


def click_mark(page: Page, says: str, at: int = 0) -> None:
    """Click a mark of the page's figures, the first or number `at`; on hovering it says so."""
    mark = page.locator(".js-plotly-plot .scatterlayer .points path.point").nth(at)
    expect(mark).to_be_visible()
    for _ in range(WAIT // 1000):  # A figure above it may still be growing.
        mark.scroll_into_view_if_needed()
        box = mark.bounding_box()
        assert box is not None
        # Plotly takes clicks on a layer above the marks.
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        with suppress(AssertionError):
            expect(page.locator(".js-plotly-plot .hoverlayer")).to_contain_text(says, timeout=1000)
            break
        page.mouse.move(0, 0)
    expect(page.locator(".js-plotly-plot .hoverlayer")).to_contain_text(says)
    page.mouse.down()
    page.mouse.up()


def test_marks_and_numbers_open_what_they_count_and_back_returns(demo: Database) -> None:
    environment = {"STEPLENS_DB": demo.url}
    server = streamlit_server(ROOT / "app" / "asgi.py", environment)
    with server as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}/prm_errors?tab=Slices")
        click_mark(page, "two sums")
        chip = page.get_by_role("button", name="two sums")
        expect(chip).to_be_visible()
        expect(page.get_by_text("all 76 solutions")).to_be_visible()
        assert "slice=" in page.url
        page.go_back()
        expect(chip).to_have_count(0)
        expect(page.get_by_text("all 2,153 solutions")).to_be_visible()
        page.goto(f"{address}/evaluation")
        click_mark(page, "solutions")
        expect(page.get_by_role("heading", name="Browse")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Evaluation")).to_be_visible()
        # The pair of Agreement is in the address, and its numbers open it.
        page.goto(f"{address}/agreement")
        page.locator("[href*='pair=']").last.click()
        both = page.locator("[href^='browse?outcome=both']")
        expect(both).to_have_text("30")
        pair = parse_qs(urlsplit(page.url).query)["pair"]
        both.click()
        expect(page.get_by_role("heading", name="Browse")).to_be_visible()
        expect(page.get_by_text("30 solutions").first).to_be_visible()
        page.go_back()
        expect(both).to_have_text("30")
        assert parse_qs(urlsplit(page.url).query)["pair"] == pair
