"""The address and the widgets that live in it, as the server sees them."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from app.ui import address

    address.arrive()
    st.selectbox("a", ["x", "y"], index=None, **address.choice("a", ["x", "y"]))
    st.selectbox("b", ["x", "y"], index=0, **address.choice("b", ["x", "y"], "x", clears=("n",)))
    st.multiselect("m", ["x", "y", "z"], **address.several("m", ["x", "y", "z"], ["x", "y"]))
    st.toggle("t", **address.switch("t"))
    st.number_input("n", 1, 9, **address.number("n", 1, 9))
    st.text(address.get("else") or "nothing else")
    if st.button("put"):
        address.put(a="y", m=None, other=["1", "2"])


def at(**query: str | list[str]) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    test.query_params.update(query)
    return test.run()


def values(test: AppTest) -> tuple[object, ...]:
    boxes = [one.value for one in test.selectbox]
    return (*boxes, test.multiselect[0].value, test.toggle[0].value, test.number_input[0].value)


def query(test: AppTest) -> dict[str, list[str]]:
    given = test.query_params.items()
    return {name: value if isinstance(value, list) else [value] for name, value in given}


def test_a_pasted_address_sets_the_widgets() -> None:
    test = at(a="y", b="y", m=["z"], t="true", n="7")
    assert values(test) == ("y", "y", ["z"], True, 7)


def test_what_the_address_cannot_mean_is_passed_over() -> None:
    test = at(a="q", b="", m=["q"], t="1", n="99999999999")
    assert values(test) == (None, "x", [], False, 1)
    assert values(at(n="50")) == (None, "x", ["x", "y"], False, 9)
    assert values(at(n="0")) == (None, "x", ["x", "y"], False, 1)


def test_a_choice_is_written_and_a_default_is_not() -> None:
    test = at(kept="1")
    test.selectbox[0].set_value("x").run()
    test.multiselect[0].set_value([]).run()
    test.number_input[0].set_value(3).run()
    assert query(test) == {"kept": ["1"], "a": ["x"], "m": [""], "n": ["3"]}
    assert values(test) == ("x", "x", [], False, 3)
    test.selectbox[1].set_value("y").run()  # another list begins at its first page
    assert query(test) == {"kept": ["1"], "a": ["x"], "m": [""], "b": ["y"]}
    assert values(test) == ("x", "y", [], False, 1)
    test.selectbox[1].set_value("x").run()
    test.multiselect[0].set_value(["x", "y"]).run()
    assert query(test) == {"kept": ["1"], "a": ["x"]}


def test_an_address_from_outside_sets_every_widget_anew() -> None:
    test = at(a="y", t="true")
    test.number_input[0].set_value(3).run()
    test.query_params.clear()
    test.query_params["b"] = "y"
    test.run()
    assert values(test) == (None, "y", ["x", "y"], False, 1)


def test_two_quick_choices_are_both_kept() -> None:
    test = at()
    test.selectbox[0].set_value("x").run()
    # The browser sends the second choice with the address from before it heard of the first one.
    test.query_params.clear()
    test.toggle[0].set_value(True).run()
    assert query(test) == {"a": ["x"], "t": ["true"]}
    assert values(test) == ("x", "x", ["x", "y"], True, 1)


def test_what_no_widget_holds_is_put_into_the_address() -> None:
    test = at(m=["z"], kept="1")
    test.button[0].click().run()
    assert query(test) == {"kept": ["1"], "a": ["y"], "other": ["1", "2"]}
