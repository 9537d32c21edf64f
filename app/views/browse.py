"""Browse: every solution, filtered by what is in the address, a page at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, filters, formatting, project
from app.ui.annotators import columns
from app.ui.browse import problems
from app.ui.counts import counted, counted_at
from app.ui.navigation import carried_list, kept_list
from app.ui.navigation.beside import OFFERED
from app.ui.queues.save import save_as_queue
from db.annotators import list_annotators
from db.engine import Database
from db.lists.browse import (
    ProblemGroup,
    SolutionRow,
    count_problems,
    count_solutions,
    filter_choices,
    list_problems,
    list_solutions,
    solution_ids,
)
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.records import AnnotatorRecord, in_order
from db.review.saved_queues import Contents
from labeling.selection import MOST_AT_ONCE, as_jsonl

PAGE_SIZE = 50  # solutions, or problems
COLUMNS = 4  # of annotators, as long as nobody chose: the strip fits a narrow window too
PAGE = ("page", "part")  # Another filter, another list: page 7 of the last one means nothing.
JOBS = ("annotate_mc", "annotate_judge", "annotate_prm")


def columns_at_first(database: Database, visible: list[AnnotatorRecord]) -> list[AnnotatorRecord]:
    """The compared annotators, then the newest machines, then people."""
    members = compared_annotators(database).members()
    others = [one for one in visible if one not in members]
    others.sort(key=lambda one: (one.kind == "human", -one.id))
    return [*members, *others][:COLUMNS]


def ask_filter(database: Database) -> None:
    """The filter bar; every field lives in the address."""
    datasets, generators = counted(database, "choices", lambda: filter_choices(database))
    everybody = [one.label for one in in_order(list_annotators(database))]
    kinds = filters.comparisons(database)

    def choose(
        place: Any,
        label: str,
        name: str,
        options: Iterable[str],
        words: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        offered = list(options)
        place.selectbox(
            label,
            offered,
            index=None,
            placeholder="any",
            format_func=lambda one: words.get(one, one),
            **address.choice(name, offered, clears=PAGE),
        )

    def write(place: Any, label: str, name: str, hint: str, **more: Any) -> None:
        place.text_input(label, placeholder=hint, **address.text(name, clears=PAGE), **more)

    bar = st.columns([1.7, 1, 1, 1.25, 0.62], gap="small", vertical_alignment="bottom")
    write(
        bar[0],
        "Problem or steps contain",
        "text",
        'words, or "words together"',
        help="Every word must occur in the problem or its steps. Words in double quotes must "
        "stand together; the last word may be unfinished.",
    )
    choose(bar[1], "Data set", "dataset", datasets)
    choose(bar[2], "Answer", "answer", filters.ANSWERS)
    choose(bar[3], "Annotators", "disagreement", kinds, kinds)
    with bar[4].popover("More", width="stretch"):
        choose(st, "Generator", "generator", generators)
        left, right = st.columns(2)
        choose(left, "Annotator", "by", everybody)
        choose(right, "says", "says", filters.verdict_choices())
        left, right = st.columns(2)
        choose(left, "Differs", "one", everybody)
        choose(right, "from", "other", everybody)
        write(st, "only after step", "after", "any", max_chars=5)
        choose(st, "Outcome", "outcome", OFFERED, OFFERED)
        left, right = st.columns(2)
        choose(left, "by", "of", everybody)
        choose(right, "against", "against", everybody)
        left, right = st.columns(2)
        write(left, "Steps from", "from", "any", max_chars=5)
        write(right, "to", "to", "any", max_chars=5)
        choose(st, "People", "people", filters.PEOPLE)
        trained = [one for one in everybody if one.startswith("prm:")]
        choose(st, "Held out of the training of", "held_out", trained)
        write(st, "Solutions", "ids", "ids, as 12, 40, 41")


def chips(database: Database) -> None:
    """What narrows the list, each with a cross that takes it away."""
    given = filters.given()
    if not given:
        return
    with st.container(horizontal=True, gap="small", key="chips"):
        for names, words in filters.conditions(database, given):
            st.button(
                f"{words} \u2715",
                key=f"chip {names[0]}",
                help="Take this condition away",
                on_click=address.put,
                # A kept list takes its order along.
                kwargs=dict.fromkeys([*names, *PAGE, *(["sort"] if "listed" in names else [])]),
            )
        if len(given) > 1:
            st.button(
                "Clear all",
                type="tertiary",
                on_click=address.put,
                kwargs=dict.fromkeys([*filters.NAMES, *PAGE]),
            )


def show(
    found: Sequence[tuple[int, SolutionRow]],
    annotators: list[AnnotatorRecord],
    kinds: Mapping[str, str],
    groups: Sequence[ProblemGroup],
    key: str,
    *,
    scored: bool,
) -> list[int]:
    """The table; a row opens its solution. Returns the ids that are ticked.

    `found` has each solution with its place in the list. `groups`, where there are any, have a
    row of their own above their solutions. `scored` shows lowest scores. A problem is told once
    where its solutions stand together.
    """
    heads: list[str | data_table.Column] = [
        data_table.column("", "right"),
        data_table.column("Problem", "clip"),
        data_table.column("Generator", "nowrap"),
        data_table.column("Steps", "right"),
        data_table.column("Answer", "nowrap"),
    ]
    heads += [
        data_table.column(
            formatting.shorten(one.name, 30),
            f"right name {one.kind}",
            title=f"{'Lowest score' if scored else 'First error'} by {one.label}",
        )
        for one in annotators
    ]
    heads += [data_table.column("Annotators", "brief"), data_table.column("First errors")]
    rows: dict[int, data_table.CheckRow] = {}
    before: int | None = None
    query = address.query()
    for at, row in found:
        href = carried_list.solution_href(row.id, "browse", query, at)
        cells: list[data_table.Cell] = [
            data_table.link(row.id, href, "main muted"),
            problem_of(row, told=bool(groups) or row.problem_id == before),
            source(row),
            row.n_steps,
            answer(row),
        ]
        before = row.problem_id
        shape = lowest_score if scored else verdict
        cells += [shape(row.said.get(one.id)) for one in annotators]
        kind = kinds.get(row.disagreement or "", "–")
        quiet = row.disagreement in (None, "agree")
        cells.append(data_table.text(kind, "muted" if quiet else "", title=kind))
        marks = [(one.kind, row.said[one.id][0]) for one in annotators if one.id in row.said]
        cells.append(data_table.strip(row.n_steps, marks) if marks else None)
        rows[row.id] = data_table.CheckRow([row.id], f"solution {row.id}", cells)
    lines = list(rows.values())
    if groups:
        open_ids = problems.opened(groups)
        lines = [
            line
            for group in groups
            for line in (
                problems.head(group, open_ids),
                *(rows[one] for one in group.solutions if one in rows),
            )
        ]
    return data_table.checklist(
        heads,
        lines,
        key=key,
        every="every solution on this page",
        empty="No solution matches these filters. Clear one to see more.",
    )


def problem_of(row: SolutionRow, *, told: bool) -> data_table.Cell:
    """The problem, unless the row above has `told` it."""
    if told:
        return data_table.text("″", "muted", title=row.problem)
    return formatting.shorten(row.problem, problems.LINE)


def source(row: SolutionRow) -> data_table.Cell:
    """Where the solution comes from: its generator, and the data set on hovering."""
    return data_table.text(
        formatting.shorten(row.generator, 22), "muted", title=f"{row.dataset}, by {row.generator}"
    )


Said = tuple[int | None, float | None]  # a first error and the lowest score


def verdict(said: Said | None) -> data_table.Cell:
    """A first error in a narrow column."""
    if said is None:
        return data_table.text("·", "muted", title="not annotated")
    first_error = said[0]
    if first_error is None:
        return data_table.text("?", "muted", title="no verdict")
    if first_error < 0:
        return data_table.text("✓", "muted", title="no error")
    return data_table.text(f"⚑ {first_error + 1}", title=f"first error in step {first_error + 1}")


def lowest_score(said: Said | None) -> data_table.Cell:
    """The lowest score of any step, flagged where there is a first error."""
    if said is None or said[1] is None:
        return verdict(said)
    first_error, lowest = said
    flag = first_error is not None and first_error >= 0
    where = f"first error in step {(first_error or 0) + 1}" if flag else "no error"
    return data_table.text(
        f"{'⚑ ' if flag else ''}{lowest:.2f}", "" if flag else "muted", title=where
    )


def answer(row: SolutionRow) -> data_table.Cell:
    """The final answer and whether it is right."""
    given = formatting.shorten(row.final_answer or "", 14)
    if row.is_correct is None:
        return data_table.text(f"? {given}", "muted", title="not graded")
    if row.is_correct:
        return data_table.text(f"✓ {given}", "good", title="right answer")
    return data_table.text(f"✗ {given}", "bad", title="wrong answer")


def actions(
    database: Database,
    ticked: list[int],
    wanted: SolutionFilter,
    order: str,
    total: int,
) -> None:
    """What can be done with the ticked solutions, or with all that were found."""
    chosen = {"ids": ",".join(map(str, ticked))} if ticked else filters.given()
    n = len(ticked) or total
    sort = filters.sort_of(database, order, address.get("listed"))
    with st.container(width=350):
        data_table.line(
            data_table.link(
                "Review these", data_table.page_href("review", queue="filter", sort=order, **chosen)
            ),
            data_table.text("Annotate by", "muted"),
            *(
                data_table.link(
                    formatting.JOBS[kind],
                    data_table.page_href("jobs", start=formatting.JOBS[kind], **chosen),
                )
                for kind in JOBS
            ),
            key="actions",
        )
    save_as_queue(
        database,
        lambda: Contents(
            "filter",
            kept_list.lasting(database, replace(wanted, ids=tuple(ticked)) if ticked else wanted),
            sort,
        ),
        f"{n:,} ticked" if ticked else filters.in_words(database, filters.given()),
        key="browse",
    )
    limited = n > MOST_AT_ONCE
    st.download_button(
        "Export",
        lambda: as_jsonl(
            database, ticked or solution_ids(database, wanted, sort=sort, limit=MOST_AT_ONCE)
        ),
        "solutions.jsonl",
        "application/jsonl",
        icon=":material/download:",
        type="tertiary",
        disabled=limited,
        on_click="ignore",
        help=f"At most {MOST_AT_ONCE:,} at once; narrow the filter."
        if limited
        else "One line of JSON each, with everything that annotators and people said. An import "
        "of the file brings the solutions; what was said stays a record under meta.",
    )
    if ticked and st.button("Clear", type="tertiary", help="Untick every solution"):
        st.session_state.ticks = st.session_state.get("ticks", 0) + 1
        st.rerun()


database = project.project()
st.title("Browse")
ask_filter(database)
chips(database)
wanted = filters.asked_for(database, filters.given())
# A narrow window has the second part below the first.
bar = st.container(
    key="wide", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
)
above = bar.container(horizontal=True, vertical_alignment="center", width="content")
with bar.container(horizontal=True, vertical_alignment="center", width="content"):
    orders = filters.sorts(database, listed=bool(address.get("listed")))
    order = st.selectbox(
        "Order",
        list(orders),
        format_func=orders.__getitem__,
        label_visibility="collapsed",
        width=230,
        **address.choice("sort", list(orders), "oldest", clears=PAGE),
    )
    sort = filters.sort_of(database, order, address.get("listed"))
    asked_order = address.get("sort")
    visible = [one for one in list_annotators(database, with_work=True) if not one.hidden]
    annotators = columns.shown(database, "browse", visible, columns_at_first(database, visible))
    with st.popover("Columns", icon=":material/view_column:"):
        scored = st.toggle(
            "Scores",
            help="The lowest score of each solution instead of its first error",
            **address.switch("scores"),
        )
        columns.ask(database, "browse", visible, annotators)
    total, age = counted_at(
        database, f"count {wanted} {sort}", lambda: count_solutions(database, wanted, sort)
    )
    grouped = sort == "problem"
    n_problems = (
        counted(database, f"problems {wanted}", lambda: count_problems(database, wanted))
        if grouped
        else 0
    )
    pages = max(1, math.ceil((n_problems if grouped else total) / PAGE_SIZE))
    page = st.pagination(pages, **address.number("page", 1, pages)) if pages > 1 else 1
if not total and not filters.any_of(filters.given()) and sort == "oldest":
    st.text("This project has no solutions yet.")
    st.page_link("views/overview.py", label="Import or sample some")
    st.stop()
if asked_order and asked_order not in orders:
    project.complain(f"The order cannot be {formatting.shorten(asked_order, 60)}: {orders[order]}.")
start = (page - 1) * PAGE_SIZE
groups = list_problems(database, wanted, offset=start, limit=PAGE_SIZE) if grouped else []
said_by = [one.id for one in annotators]
if grouped:
    places = problems.shown(groups)
    these = SolutionFilter(ids=tuple(places))
    found = list_solutions(database, these, sort=sort, limit=len(places), annotators=said_by)
else:
    found = list_solutions(
        database, wanted, sort=sort, offset=start, limit=PAGE_SIZE, annotators=said_by
    )
    places = {row.id: at for at, row in enumerate(found, start + 1)}
if groups:
    problems.other_parts(groups)
ticked = show(
    [(places[row.id], row) for row in found],
    annotators,
    filters.kind_words(database),
    groups,
    f"solutions {st.session_state.get('ticks', 0)}",
    scored=scored,
)
with above:
    count = formatting.number_of(total, "solution")
    if grouped:
        count += f" to {formatting.number_of(n_problems, 'problem')}"
    if ticked:
        count = f"{len(ticked):,} of {count} ticked"
    st.text(
        count + (f", counted {formatting.duration(age)} ago" if age > 5 else ""), width="content"
    )
    if groups:
        problems.open_or_close_all(groups)
    if total:
        actions(database, ticked, wanted, order, total)
