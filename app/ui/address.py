"""What the address says, and the widgets that say it: `browse?answer=Right+answer&page=2`.

A page reads the address with `get`, and gives a widget its place in it by unpacking `choice`,
`several`, `text`, `switch` or `number` into the call:

    dataset = st.selectbox("Data set", names, index=None, **address.choice("dataset", names))

What a person chooses there is written into the address and is a step of the browser's history; a
link, Back, a reload and a pasted address set the widget. `put` writes what no widget holds.

Streamlit has `bind="query-params"` for this, which a link within the app defeats: the names that
widgets of the page left behind are bound to are taken out of the new address, a name that the new
address lacks keeps its widget's old value, and Back passes over what was chosen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

MOST_IN_FLIGHT = 8
LATE = 10.0  # seconds that what was written may take to the browser
KEY = "address"
Query = dict[str, list[str]]
Written = list[str] | Mapping[str, list[str] | None] | None


class Bound(TypedDict):
    """What a widget is called with to live in the address."""

    key: str
    on_change: Callable[..., None]
    args: tuple[Any, ...]


@dataclass(slots=True)
class _Address:
    """The address of this session's page.

    `written` ends with what holds now; before it come addresses that the browser may still send,
    because it has not heard of the newer ones. `arrival` counts the addresses that came from
    outside, and `seeded` says at which of them a widget last got its value. `wrote` is when the
    browser was last told one, on the monotonic clock.
    """

    page: str | None = None
    written: list[Query] = field(default_factory=lambda: [{}])
    arrival: int = 0
    seeded: dict[str, int] = field(default_factory=dict)
    wrote: float = -math.inf


def get(name: str) -> str | None:
    """The value of `name` in the address, the last one of several; None without one."""
    values = _now().written[-1].get(name)
    return values[-1] if values else None


def get_all(name: str) -> list[str]:
    """Every value of `name`, which `several` writes."""
    return list(_now().written[-1].get(name, []))


def query(*, without: Sequence[str] = ()) -> Query:
    """All that the address says, for a link that changes part of it."""
    held = _now().written[-1]
    return {name: list(values) for name, values in held.items() if name not in without}


def put(**values: str | Sequence[str] | None) -> None:
    """Write these into the address, as one step of the browser's history; None removes a name."""
    address = _now()
    query = {name: held for name, held in address.written[-1].items() if name not in values}
    for name, value in values.items():
        if value is not None:
            query[name] = [value] if isinstance(value, str) else list(value)
    if query == address.written[-1]:
        return
    address.written = [*address.written[-MOST_IN_FLIGHT:], query]
    _write(address, query)


def choice(
    name: str, options: Sequence[str], default: str | None = None, *, clears: Sequence[str] = ()
) -> Bound:
    """For a select box. Without `default` give it `index=None`: nothing may be chosen.

    `clears`: names that another choice takes out of the address, such as the page of a list.
    """

    def read(values: list[str]) -> str | None:
        return values[-1] if values and values[-1] in options else default

    return value(name, read, lambda chosen: None if chosen in (None, default) else [chosen], clears)


def several(
    name: str, options: Sequence[str], default: Sequence[str] = (), *, clears: Sequence[str] = ()
) -> Bound:
    """For a multiselect without a default of its own; an empty choice is `name=`."""
    given = list(default)

    def read(values: list[str]) -> list[str]:
        return [value for value in values if value in options] if values else given

    def write(chosen: list[str]) -> list[str] | None:
        return None if chosen == given else chosen or [""]

    return value(name, read, write, clears)


def text(name: str, *, clears: Sequence[str] = ()) -> Bound:
    """For a text input. Streamlit sends it on Enter, so typing makes no history."""
    return value(
        name,
        lambda values: values[-1] if values else "",
        lambda typed: [typed] if typed else None,
        clears,
    )


def switch(name: str, *, clears: Sequence[str] = ()) -> Bound:
    """For a toggle or a checkbox that is off unless the address says `name=true`."""
    return value(
        name, lambda values: values[-1:] == ["true"], lambda on: ["true"] if on else None, clears
    )


def number(name: str, low: int, high: int, *, clears: Sequence[str] = ()) -> Bound:
    """For a whole number from `low`, which the address leaves out, to `high`."""

    def read(values: list[str]) -> int:
        given = values[-1] if values else ""
        known = given.isascii() and given.isdecimal() and len(given) < 10
        return max(low, min(int(given), high)) if known else low

    return value(name, read, lambda chosen: None if chosen == low else [str(chosen)], clears)


def value(
    name: str,
    read: Callable[[list[str]], Any],
    write: Callable[[Any], Written],
    clears: Sequence[str] = (),
) -> Bound:
    """For any widget: `read` makes its value of the address's, `write` the address's of it.

    Where a choice decides about other names too, `write` gives what each is to say.
    """
    address = _now()
    if address.seeded.get(name) != address.arrival or name not in st.session_state:
        st.session_state[name] = read(address.written[-1].get(name, []))
        address.seeded[name] = address.arrival
    return {"key": name, "on_change": _chosen, "args": (name, write, tuple(clears))}


def _chosen(name: str, write: Callable[[Any], Written], clears: tuple[str, ...]) -> None:
    """A widget has another value: the address follows, unless it is the newer of the two."""
    if _context().is_history_navigation:
        return
    wrote = write(st.session_state[name])
    says = {**dict.fromkeys(clears), **(wrote if isinstance(wrote, Mapping) else {name: wrote})}
    for other in says:
        if other != name:
            st.session_state.pop(other, None)
    put(**says)


def rename(former: Mapping[str, str]) -> None:
    """Say the names of now where the address says former ones, as an old link does."""
    held = _now().written[-1]
    query = {name: [former.get(value, value) for value in held[name]] for name in held}
    if query != held:
        put(**query)


def arrive() -> None:
    """Take in the address at the start of a run; `main.py` calls it once the page is known.

    After Back it is said again if one was written a moment ago: that may have reached the browser
    later than the person went back, and stand over the address that this run is for.
    """
    address = _now()
    if _context().is_history_navigation and time.monotonic() - address.wrote < LATE:
        _write(address, address.written[-1])


def _now() -> _Address:
    """This session's address, after what the browser sent of it was taken in."""
    address: _Address = st.session_state.setdefault(KEY, _Address())
    context = _context()
    page, query = context.page_script_hash, _given()
    if page != address.page:
        _adopt(address, page, query)
    elif query != address.written[-1]:
        if query in address.written and not context.is_history_navigation:
            _write(address, address.written[-1])  # Sent before the newest was heard of.
        else:
            _adopt(address, page, query)
    return address


def _write(address: _Address, query: Query) -> None:
    address.wrote = time.monotonic()
    st.query_params.from_dict(query)


def _adopt(address: _Address, page: str, query: Query) -> None:
    address.page, address.written = page, [query]
    address.arrival += 1


def _given() -> Query:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _context() -> ScriptRunContext:
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("the address is read where Streamlit runs a page")
    return context
