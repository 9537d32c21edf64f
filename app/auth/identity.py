"""Who is at the keyboard, by sign-in or by a typed name, and what they may do."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from app.auth.sign_in import is_loopback, providers
from db.annotators import list_annotators
from db.engine import Database
from db.records import AnnotatorRecord

NAME_LENGTH = 60
COOKIE = "steplens_reviewer"
REQUIRED = "STEPLENS_SIGN_IN"  # Set by app.serve; without readable secrets nobody comes in then.
# Nothing that looks like another address, or that is cut or changed on its way to a name.
PLAIN_ADDRESS = re.compile(r"[a-z0-9._%+'-]+@[a-z0-9.-]+")

_remember = st.components.v2.component(
    "steplens_remember",
    js="export default ({ data }) => { document.cookie = data.cookie }",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in: the annotator's name, and the name to greet them by.

    `mark` ends the annotator's name where the rest of it is a display name, which people change.
    """

    name: str
    shown: str
    mark: str = ""


def person_of(claims: Mapping[str, Any], *, several_providers: bool = False) -> Person:
    """Who these verified claims are about.

    The name is the e-mail address, unless the provider says that it did not verify it (with
    several providers: unless it says that it did). Otherwise it is the display name with a mark
    made from issuer and subject, which the provider never gives to two people.
    """
    address = str(claims.get("email") or "").lower()
    said = str(claims.get("email_verified", "")).lower()
    vouched = said == "true" if several_providers else said not in ("false", "0")
    display = clean_name(str(claims.get("name") or claims.get("preferred_username") or ""))
    if vouched and len(address) <= NAME_LENGTH and PLAIN_ADDRESS.fullmatch(address):
        return Person(address, display or address)
    subject = str(claims.get("sub") or "")
    if not subject:
        return Person("", display)
    unique = f"{claims.get('provider')}\n{claims.get('iss')}\n{subject}"
    mark = f" ({hashlib.sha256(unique.encode()).hexdigest()[:12]})"
    display = display or "someone"
    return Person(display[: NAME_LENGTH - len(mark)].strip() + mark, display, mark)


def admitted(person: Person, people: Iterable[str] | None) -> bool:
    """Whether a list of addresses and @domains, if there is one, has this person."""
    if not person.name:
        return False
    if people is None:
        return True
    if person.mark:  # What is before it may have been changed since the list was written.
        return any(one.endswith(person.mark) for one in people)
    domain = person.name[person.name.index("@") :]
    return any(one.lower() in (person.name, domain) for one in people)


def needs_sign_in() -> bool:
    """Whether this server tells people apart by sign-in."""
    return "is_logged_in" in st.user or os.environ.get(REQUIRED) == "1"


def signed_in() -> Person | None:
    """The person who signed in and may work here, as a reviewer or as a manager, or None."""
    person = _claimed()
    return person if person is not None and _admitted_here(person) else None


def is_manager() -> bool:
    """Whether this person may start jobs, write exports and adjudicate.

    Where people sign in, `managers` of [steplens] in the secrets names them. Jobs run with the
    server's rights and its keys, so without that list nobody is one.
    """
    if not needs_sign_in():
        return True
    person = _claimed()
    return person is not None and admitted(person, _listed("managers") or ())


def reviewer_name() -> str:
    """The name under which corrections are stored; "" before there is one."""
    if needs_sign_in():
        return _name_of(signed_in())
    if "reviewer" not in st.session_state:
        st.session_state.reviewer = _remembered() or _os_user()
    return clean_name(st.session_state.reviewer)


def how_to_sign() -> str:
    """What somebody without a name does to label."""
    if _claimed() is not None:
        return "This account may not label here: it is not on the project's list of people."
    if needs_sign_in():
        return "Sign in to label: corrections are signed."
    return "Type your name under Reviewer to label: corrections are signed."


def may_read() -> bool:
    """Whether pages are shown: to everybody here, beyond this machine to those who signed in."""
    return not needs_sign_in() or signed_in() is not None or _is_private()


def managers_only() -> str:
    """What somebody who is no manager reads in place of what only managers do."""
    person = signed_in()
    if person is None:
        return "Sign in first: only managers start jobs, export and adjudicate."
    return (
        "Only managers start jobs, export and adjudicate. Whoever runs StepLens can add "
        f"{person.name} to managers under [steplens] in its secrets (docs/team.md)."
    )


def ask_reviewer(database: Database) -> None:
    """The sidebar's part: sign in and out, or the field for a name."""
    if not needs_sign_in():
        _ask_name()
    elif (person := _claimed()) is None:
        _sign_in_buttons()
    else:
        _say_who(database, person)


def sign_in_page() -> None:
    """All that is shown to people who have not signed in to a server of several machines."""
    st.space("xlarge")
    with st.container(horizontal_alignment="center"), st.container(border=True, width=400):
        person = _claimed()
        if person is not None:
            _refusal(person)
        elif "is_logged_in" in st.user:
            st.subheader("Sign in")
            st.text("Only the people of this project can see it.")
            _sign_in_buttons()
        else:
            st.subheader("Nobody can sign in at the moment")
            st.text(
                "The secrets that this server started with cannot be read any more. Whoever runs "
                "it: check the file given with --secrets, and start StepLens again."
            )


def clean_name(name: str) -> str:
    """A name without anything that does not print, and no longer than a name."""
    return "".join(c for c in name if c.isprintable()).strip()[:NAME_LENGTH]


def known_reviewer(database: Database, name: str) -> AnnotatorRecord | None:
    """The annotator of this reviewer, or None before the first correction."""
    return next(
        (one for one in list_annotators(database) if one.name == name and is_reviewer(one)), None
    )


def is_reviewer(annotator: AnnotatorRecord) -> bool:
    """Whether this is a person who corrects in the app, not labels of a data set."""
    return annotator.kind == "human" and annotator.config.get("source") == "review"


def _claimed() -> Person | None:
    """The person whom the provider vouches for, admitted or not."""
    if not st.user.get("is_logged_in"):
        return None
    return person_of(st.user.to_dict(), several_providers=len(_providers()) > 1)


def _name_of(person: Person | None) -> str:
    if person is None or not person.mark:
        return "" if person is None else person.name
    return str(st.session_state.get(_key(person), person.name))


def _key(person: Person) -> str:
    return f"known as{person.mark}"


def _say_who(database: Database, person: Person) -> None:
    if not _admitted_here(person):
        _refusal(person)
        return
    if person.mark:
        st.session_state[_key(person)] = _known_as(database, person)
    st.caption("Signed in", help="Corrections are stored under the last of these names.")
    name = reviewer_name()
    if not name.startswith(person.shown):
        st.text(person.shown)
    st.text(name)
    st.button("Sign out", on_click=st.logout)


def _known_as(database: Database, person: Person) -> str:
    """The name under which they labelled before, when they changed their display name since."""
    earlier = (
        one.name
        for one in list_annotators(database)
        if is_reviewer(one) and one.name.endswith(person.mark)
    )
    return next(earlier, person.name)


def _refusal(person: Person) -> None:
    st.text(f"{person.shown or 'This account'} may not work on this project.")
    st.text(
        f"Whoever runs it can add {person.name} to its list of people."
        if person.name
        else "The provider sent no subject (sub) that tells this account from others."
    )
    st.button("Sign out", on_click=st.logout)


def _sign_in_buttons() -> None:
    names = _providers()
    for name in names:
        label = "Sign in" if len(names) == 1 else f"Sign in with {name}"
        st.button(label, key=f"sign in {name}", on_click=st.login, args=(name,), type="primary")


def _ask_name() -> None:
    """The field for the name, remembered by the browser in a cookie.

    The name is kept apart from the field, whose value Streamlit drops when the page changes.
    """

    def rename() -> None:
        st.session_state.reviewer = clean_name(st.session_state.reviewer_field)

    st.text_input(
        "Reviewer",
        reviewer_name(),
        key="reviewer_field",
        on_change=rename,
        max_chars=NAME_LENGTH,
        help="Corrections are stored under this name.",
    )
    name = reviewer_name()
    if name and name != _remembered():
        cookie = f"{COOKIE}={quote(name, safe='')}; path=/; max-age=31536000; SameSite=Lax"
        with st.container(height=1, border=False):
            _remember(key="remember", data={"cookie": cookie})


def _remembered() -> str:
    return clean_name(unquote(st.context.cookies.get(COOKIE, "")))


def _os_user() -> str:
    try:
        return clean_name(getpass.getuser())
    except (OSError, KeyError):  # A container's user may have no name.
        return "reviewer"


def _secrets() -> Mapping[str, Any]:
    return st.secrets if st.secrets.load_if_toml_exists() else {}


def _providers() -> list[str]:
    return providers(_secrets().get("auth", {})) or ["default"]


def _admitted_here(person: Person) -> bool:
    """Whether `people` of the secrets, or `managers`, has this person; without `people` anybody."""
    return admitted(person, _listed("people")) or admitted(person, _listed("managers") or ())


def _listed(role: str) -> Sequence[str] | None:
    """A list of [steplens] in the secrets, `people` or `managers`; None where there is none."""
    people: Sequence[str] | None = _secrets().get("steplens", {}).get(role)
    return people


def _is_private() -> bool:
    """Whether the server listens to this machine, and answers to its own names, only.

    A server on this machine may still be reached from others through a proxy: that one has a
    name of its own.
    """
    names = st.config.get_option("server.allowedHosts")
    address = st.config.get_option("server.address")
    return bool(names) and is_loopback(address) and all(map(is_loopback, names))
