"""Browse: every solution, filtered by what is in the address, a page at a time."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import sheet, state, words
from db.annotators import list_annotators
from db.browse import SolutionFilter, count_solutions, filter_choices, list_solutions

PAGE_SIZE = 50
ANSWERS = {"Right answer": True, "Wrong answer": False}


def back_to_first_page() -> None:
    """Another filter, another list: page 7 of the last one means nothing."""
    st.session_state.page = 1


def ask_filter(database: Any) -> SolutionFilter:
    """The filter bar; every field lives in the address."""
    datasets, generators = state.counted(database, "choices", lambda: filter_choices(database))
    visible = {one.label: one.id for one in list_annotators(database) if not one.hidden}
    kinds = {label: kind for kind, label in words.DISAGREEMENTS.items()}
    bar = st.columns([1.5, 1.1, 1.3, 0.9, 1.3, 1.2], gap="small")

    def choose(place: int, label: str, key: str, options: list[str]) -> str | None:
        with bar[place]:
            return st.selectbox(
                label,
                options,
                index=None,
                placeholder="any",
                key=key,
                bind="query-params",
                on_change=back_to_first_page,
            )

    with bar[0]:
        text = st.text_input(
            "Problem contains",
            key="text",
            bind="query-params",
            placeholder="any text",
            on_change=back_to_first_page,
        )
    dataset = choose(1, "Data set", "dataset", datasets)
    generator = choose(2, "Generator", "generator", generators)
    answer = choose(3, "Answer", "answer", list(ANSWERS))
    kind = choose(4, "Annotators", "disagreement", list(kinds))
    annotator = choose(5, "Annotated by", "by", list(visible))
    return SolutionFilter(
        dataset=dataset,
        generator=generator,
        is_correct=ANSWERS[answer] if answer else None,
        disagreement=kinds[kind] if kind else None,
        annotated_by=visible[annotator] if annotator else None,
        text=text.strip() or None,
    )


def show(found: list[Any], lineup: Any) -> None:
    """The table; a row opens its solution."""
    members = [(kind, getattr(lineup, kind)) for kind in ("mc", "judge", "prm")]
    present = [(kind, member) for kind, member in members if member is not None]
    columns: list[Any] = [
        sheet.column("", "right"),
        sheet.column("Problem", "clip"),
        sheet.column("Generator", "nowrap"),
        sheet.column("Steps", "right"),
        sheet.column("Answer", "nowrap"),
    ]
    columns += [
        sheet.column(
            words.KIND_WORDS[kind] if kind != "mc" else "MC",
            "right nowrap",
            title=f"First error by {member.label}",
        )
        for kind, member in present
    ]
    columns += [sheet.column("Annotators", "nowrap"), sheet.column("First errors")]
    rows: list[Any] = []
    for row in found:
        cells: list[Any] = [
            sheet.link(row.id, sheet.page_href("solution", id=row.id), "main muted"),
            sheet.text(words.shorten(row.problem)),
            source(row),
            row.n_steps,
            answer(row),
        ]
        cells += [verdict(getattr(row, kind)) for kind, _ in present]
        quiet = row.disagreement in (None, "agree")
        cells.append(
            sheet.text(
                words.DISAGREEMENTS.get(row.disagreement or "", "–"), "muted" if quiet else ""
            )
        )
        cells.append(
            sheet.strip(row.n_steps, [(kind, getattr(row, kind)) for kind, _ in present])
            if present
            else None
        )
        rows.append(sheet.door(cells))
    sheet.table(columns, rows, key="solutions", empty="No solution fits this filter.")


def source(row: Any) -> Any:
    """Where the solution comes from: its generator, and the data set on hovering."""
    return sheet.text(
        words.shorten(row.generator, 26), "muted", title=f"{row.dataset}, by {row.generator}"
    )


def verdict(first_error: int | None) -> Any:
    """A first error in a narrow column."""
    if first_error is None:
        return sheet.text("·", "muted", title="no verdict, or not annotated")
    if first_error < 0:
        return sheet.text("none", "muted")
    return sheet.text(f"⚑ {first_error + 1}", title=f"first error in step {first_error + 1}")


def answer(row: Any) -> Any:
    """The final answer and whether it is right."""
    given = words.shorten(row.final_answer or "", 14)
    if row.is_correct is None:
        return sheet.text(f"? {given}", "muted", title="not graded")
    if row.is_correct:
        return sheet.text(f"✓ {given}", "good", title="right answer")
    return sheet.text(f"✗ {given}", "bad", title="wrong answer")


database = state.project()
st.title("Browse")
wanted = ask_filter(database)
lineup = state.lineup(database)
total = state.counted(
    database, f"count {wanted} {lineup}", lambda: count_solutions(database, wanted, lineup)
)
if not total and wanted == SolutionFilter():
    st.text("This project has no solutions yet.")
    st.page_link("views/overview.py", label="Import or sample some")
    st.stop()
pages = max(1, math.ceil(total / PAGE_SIZE))
with st.container(
    key="wide",
    horizontal=True,
    vertical_alignment="center",
    horizontal_alignment="distribute",
):
    st.text(f"{total:,} solution{'' if total == 1 else 's'}")
    page = 1
    if pages > 1:
        page = st.pagination(pages, key="page", bind="query-params")
start = (page - 1) * PAGE_SIZE
show(list_solutions(database, wanted, lineup, offset=start, limit=PAGE_SIZE), lineup)
