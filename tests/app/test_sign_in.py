"""Who is at the keyboard: a typed name, or a person who signed in."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

from app.auth import identity
from app.auth.identity import NAME_LENGTH, Person, admitted, person_of
from app.serve import Where, checked_sign_in, server_command
from db.annotators import list_annotators
from db.corrections import correction_log
from db.engine import Database, open_database
from labeling.demo.prepare import prepare_demo
from tests.support.browser import _healthy, _stop, chromium, free_port, open_page
from tests.support.oidc import Provider, provider

MAIN = Path(__file__).parents[2] / "app" / "main.py"
ADA = {"sub": "1", "email": "ada@example.org", "email_verified": True, "name": "Ada <b>L</b>"}
BOB = {"sub": "2", "email": "ada@example.org", "email_verified": False, "name": "<img src=x>Bob"}

# Names from claims


def test_a_verified_address_is_the_name() -> None:
    assert person_of(ADA) == Person("ada@example.org", "Ada <b>L</b>")
    assert person_of({"sub": "1", "email": "Ada@Example.org"}).name == "ada@example.org"


@pytest.mark.parametrize("verified", [False, "false", "False", 0])
def test_an_unverified_address_is_not(verified: object) -> None:
    person = person_of({**ADA, "email_verified": verified, "name": "Eve"})
    assert person.name == f"Eve{person.mark}"


@pytest.mark.parametrize(
    "address",
    [
        "ada\u200b@example.org",  # cleaned it would be Ada's
        "\u0430da@example.org",  # a Cyrillic a
        "Ada <ada@example.org>",
        "x" * NAME_LENGTH + "@example.org",
        "ada",
    ],
)
def test_an_address_that_could_be_taken_for_another_is_not_a_name(address: str) -> None:
    person = person_of({"sub": "9", "email": address, "email_verified": True})
    assert person.mark
    assert person.name == f"someone{person.mark}"


def test_equal_display_names_are_two_people_and_long_ones_keep_their_mark() -> None:
    one, two = (person_of({"sub": sub, "name": "x" * 99, "iss": "i"}) for sub in "12")
    assert one.name != two.name
    assert len(one.name) <= NAME_LENGTH
    assert one.name.endswith(one.mark)
    assert person_of({"sub": "1", "iss": "other"}).mark != one.mark
    assert person_of({"email_verified": False, "email": "a@b.c"}).name == ""


def test_with_several_providers_an_address_needs_a_promise() -> None:
    claims = {"sub": "1", "email": "ada@example.org"}
    assert person_of(claims).name == "ada@example.org"
    assert person_of(claims, several_providers=True).mark
    assert person_of(ADA, several_providers=True).name == "ada@example.org"


def test_the_list_of_people_has_addresses_and_domains() -> None:
    ada, bob = person_of(ADA), person_of(BOB)
    assert admitted(ada, None)
    assert admitted(ada, ["Ada@example.org"])
    assert admitted(ada, ["@example.org"])
    assert not admitted(ada, ["@ample.org", "example.org", "bob@example.org", ""])
    assert not admitted(bob, ["@example.org", "ada@example.org"])
    assert admitted(bob, [f"Robert{bob.mark}"])
    assert not admitted(ada, [])
    assert not admitted(person_of({}), None)


# Pages, without a browser


def page(database: Database, monkeypatch: pytest.MonkeyPatch, name: str = "overview") -> AppTest:
    monkeypatch.setenv("STEPLENS_DB", database.url)
    test = AppTest.from_file(MAIN, default_timeout=60)
    return test if name == "overview" else test.switch_page(f"views/{name}.py")


def test_without_sign_in_there_is_a_field_for_the_name(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page(database, monkeypatch).run()
    assert [one.label for one in test.sidebar.text_input] == ["Reviewer"]
    assert not test.sidebar.button


@pytest.mark.parametrize("name", ["overview", "review", "jobs"])
def test_beyond_this_machine_nothing_is_shown_before_sign_in(
    database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    test = page(database, monkeypatch, name)
    test.user = {"is_logged_in": False}
    test.run()
    assert not test.exception
    assert not test.title
    assert [one.value for one in test.subheader] == ["Sign in"]
    assert [one.label for one in test.button] == ["Sign in"]
    assert not test.sidebar.text


def test_secrets_that_vanish_do_not_bring_the_name_field_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPLENS_SIGN_IN", "1")
    test = page(database, monkeypatch).run()
    assert not test.text_input
    assert "cannot be read" in test.text[0].value
    assert not test.button


@pytest.mark.parametrize("key", ["reviewer", "known", "known as"])
def test_a_person_who_signed_in_has_that_name_whatever_the_session_says(
    database: Database, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    test = page(database, monkeypatch)
    test.user = {"is_logged_in": True, **ADA}
    test.session_state[key] = "Mallory"
    test.run()
    assert not test.exception
    assert not test.text_input
    shown = [one.value for one in test.sidebar.text]
    assert shown[:2] == ["Ada <b>L</b>", "ada@example.org"]
    assert [one.label for one in test.sidebar.button] == ["Sign out"]


def test_another_display_name_is_the_same_person(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.annotators import ensure_reviewer

    earlier = ensure_reviewer(database, person_of(BOB).name)
    test = page(database, monkeypatch)
    test.user = {"is_logged_in": True, **BOB, "name": "Robert"}
    test.run()
    assert [one.value for one in test.sidebar.text][:2] == ["Robert", earlier.name]


@pytest.mark.parametrize(
    ("written", "name", "manages"),
    [
        ({"managers": ["ada@example.org"]}, "jobs", True),
        ({"managers": ["@example.org"], "people": ["bob@example.com"]}, "consensus", True),
        ({"managers": ["ada@example.org"]}, "imports", True),
        ({"people": ["@example.org"], "managers": ["bob@example.org"]}, "imports", False),
        ({"people": ["@example.org"], "managers": ["bob@example.org"]}, "jobs", False),
        ({"people": ["ada@example.org"]}, "consensus", False),
        ({}, "jobs", False),
    ],
)
def test_only_managers_start_jobs_and_export(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    written: dict[str, list[str]],
    name: str,
    manages: bool,
) -> None:
    monkeypatch.setattr(identity, "_secrets", lambda: {"steplens": written})
    test = page(database, monkeypatch, name)
    test.user = {"is_logged_in": True, **ADA}
    test.run()
    assert not test.exception
    told = [one.value for one in test.main.text]
    assert any("add ada@example.org to managers" in one for one in told) is not manages
    assert bool(test.main.button or test.main.selectbox) is manages


def test_only_managers_adjudicate(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for managers in ([], ["ada@example.org"]):
        monkeypatch.setattr(
            identity, "_secrets", lambda one=managers: {"steplens": {"managers": one}}
        )
        test = page(database, monkeypatch, "review")
        test.query_params["queue"] = "adjudication"
        test.user = {"is_logged_in": True, **ADA}
        test.run()
        assert not test.exception
        people = {one.name for one in list_annotators(database)}
        assert ("ada@example.org (adjudicator)" in people) is bool(managers)


# The real thing


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@contextmanager
def served(url: str, where: Where, home: Path) -> Iterator[str]:
    """The app's own server, as `steplens app` starts it."""
    command, environment = server_command(url, where, checked_sign_in(where))
    environment |= {"HOME": str(home), "PYTHONPATH": str(MAIN.parent.parent)}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            address = f"http://localhost:{where.port}"
            if not _healthy(server, address):
                log.seek(0)
                pytest.fail(log.read().decode(errors="replace"))
            yield address
        finally:
            _stop(server)


@pytest.fixture
def identities(tmp_path: Path) -> Iterator[Provider]:
    folder = tmp_path / "provider"
    folder.mkdir()
    with provider(folder) as running:
        yield running


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def label_one(page: Page, url: str) -> int:
    """All steps of the queue's first solution are correct, by keyboard; its id."""
    page.goto(f"{url}/review")
    page.wait_for_selector("tr[aria-selected=true]")
    title = page.get_by_text("Solution ").first.inner_text()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator(".sync")).to_have_text("✓ saved")
    return int(title.split()[1])


def shot(page: Page, name: str) -> None:
    """A picture for whoever asks for them."""
    folder = os.environ.get("STEPLENS_SHOTS")
    if folder:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(1000)
            page.screenshot(path=f"{folder}/{name}-{scheme}.png")
        page.emulate_media(color_scheme="light")


def labels_by_name(database: Database, solution_id: int) -> dict[str, Any]:
    names = {one.id: one.name for one in list_annotators(database)}
    return {names[act.annotator_id]: act for act in correction_log(database, solution_id)}


@pytest.mark.browser
def test_two_people_sign_in_and_label(
    browser: Browser, tmp_path: Path, identities: Provider
) -> None:
    project = prepare_demo(tmp_path / "project.db", lambda *_: None)
    database = open_database(project)
    port = free_port()
    where = Where(port, secrets=identities.secrets(port))
    with served(project, where, tmp_path) as url:
        with open_page(browser, url) as ada:
            ada.context.add_cookies(
                [
                    {"url": url, "name": "steplens_reviewer", "value": "Mallory"},
                    {"url": url, "name": "_streamlit_user", "value": '{"is_logged_in": true}'},
                ]
            )
            ada.goto(f"{url}/review")
            expect(ada.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
            expect(ada.get_by_text("Sign in to label")).to_be_visible()
            expect(ada.get_by_label("Reviewer")).to_have_count(0)
            shot(ada, "signed-out")
            ada.goto(f"{url}/jobs")
            expect(ada.get_by_text("Sign in first")).to_be_visible()
            identities.person(**ADA)
            sign_in(ada)
            expect(ada.get_by_text("Ada <b>L</b>", exact=True)).to_be_visible()
            solution = label_one(ada, url)
            shot(ada, "signed-in")
            assert list(labels_by_name(database, solution)) == ["ada@example.org"]
            with open_page(browser, url) as bob:
                identities.person(**BOB)
                sign_in(bob)
                name = person_of({**BOB, "iss": identities.url, "provider": "default"}).name
                expect(bob.get_by_text(name, exact=True)).to_be_visible()
                assert bob.locator("img[src=x]").count() == 0
                shot(bob, "signed-in-second")
                other = label_one(bob, url)
                assert set(labels_by_name(database, other)) - {"ada@example.org"} == {name}
            with ada.expect_navigation():  # The page says so before the cookie is gone.
                ada.get_by_role("button", name="Sign out").click()
            expect(ada.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
            ada.goto(f"{url}/review")
            expect(ada.get_by_text("Sign in to label")).to_be_visible()
            assert ada.errors == []  # type: ignore[attr-defined]
            assert ada.strangers == []  # type: ignore[attr-defined]
    people = {one.name for one in list_annotators(database) if one.config.get("source") == "review"}
    database.close()
    assert people == {"ada@example.org", name, "example-reviewer"}  # the last comes with the demo


@pytest.mark.browser
def test_behind_a_public_name_only_people_on_the_list_see_anything(
    browser: Browser, tmp_path: Path, identities: Provider
) -> None:
    project = prepare_demo(tmp_path / "project.db", lambda *_: None)
    port = free_port()
    people = '[steplens]\npeople = ["ada@example.org"]\n'
    where = Where(
        port,
        public_names=("steplens.example.org",),
        secrets=identities.secrets(port, people),
    )
    with served(project, where, tmp_path) as url, open_page(browser, f"{url}/solution?id=1") as one:
        expect(one.get_by_text("Only the people of this project can see it.")).to_be_visible()
        shot(one, "closed")
        assert one.get_by_text("project.db").count() == 0
        assert one.get_by_role("link", name="Browse").count() == 0
        # A token that the provider did not sign is worth nothing.
        identities.person(**ADA)
        identities.signing = type(identities.key).generate_key(2048, {"kid": "1"})
        one.get_by_role("button", name="Sign in", exact=True).click()
        one.wait_for_url(f"{url}/")
        expect(one.get_by_text("Only the people of this project can see it.")).to_be_visible()
        identities.signing = None
        # Somebody who is not on the list.
        identities.person(**BOB)
        one.get_by_role("button", name="Sign in", exact=True).click()
        expect(one.get_by_text("<img src=x>Bob may not work on this project.")).to_be_visible()
        assert one.get_by_text("project.db").count() == 0
        shot(one, "refused")
        one.get_by_role("button", name="Sign out").click()
        expect(one.get_by_text("Only the people of this project can see it.")).to_be_visible()
        identities.person(**ADA)
        sign_in(one)
        expect(one.get_by_text("project.db")).to_be_visible()
