"""Agreement: how far any two annotators agree, machine or human, and what people did."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, formatting, project
from app.ui.counts import counted
from app.ui.cross_table import cross_table
from db.annotators import list_annotators
from db.engine import Database
from db.lists.agreement import Work, first_error_cells, verdicts_together, work_of_people
from db.lists.browse import filter_choices
from db.records import AnnotatorRecord, in_order
from labeling.compare.agreement import Figure, PairAgreement, alpha, compare

FIGURES = {
    "Exact first error": "exact",
    "Cohen's kappa": "kappa",
    "Krippendorff's alpha": "alpha",
    "Any error or none": "binary",
    "Kappa of any error or none": "kappa_binary",
}
MEANS = {
    "exact": "Share of solutions with the same first error.",
    "kappa": "Exact agreement beyond chance between just these two (1 is perfect).",
    "alpha": "Agreement beyond chance, as if the annotators were interchangeable (1 is perfect).",
    "binary": "Share of solutions where both find some error, or both find none.",
    "kappa_binary": "The same, beyond chance.",
}
Pairs = dict[tuple[int, int], tuple[PairAgreement, list[tuple[int, int, int]]]]
MOST = 8  # annotators in the matrix: every pair is a query


def pair(
    database: Database, one: AnnotatorRecord, other: AnnotatorRecord, dataset: str | None
) -> tuple[PairAgreement, list[tuple[int, int, int]]]:
    """What there is to say of two annotators, and the cells it was counted from."""

    def count() -> tuple[PairAgreement, list[tuple[int, int, int]]]:
        cells = first_error_cells(database, one.id, other.id, dataset)
        return compare({(a, b): n for a, b, n in cells}), cells

    return counted(database, f"pair {one.id} {other.id} {dataset}", count)


def every_pair(database: Database, who: list[AnnotatorRecord], dataset: str | None) -> Pairs:
    """Of the matrix, by ids; kept together, or the first would be old before the last is there."""

    def count() -> Pairs:
        return {
            (one.id, other.id): pair(database, one, other, dataset)
            for place, other in enumerate(who)
            for one in who[:place]
        }

    return counted(database, f"matrix {[one.id for one in who]} {dataset}", count)


def choose(database: Database) -> tuple[list[AnnotatorRecord], str | None, str]:
    """(annotators, data set, figure) as the address says."""
    everybody = in_order(list_annotators(database, with_work=True))
    by_label = {one.label: one for one in everybody}
    visible = [one.label for one in everybody if not one.hidden]
    datasets, _ = counted(database, "choices", lambda: filter_choices(database))
    left, middle, right = st.columns([2.4, 1, 1], gap="small")
    chosen = left.multiselect(
        "Annotators",
        list(by_label),
        format_func=formatting.names(everybody).__getitem__,
        max_selections=MOST,
        help="People and machines alike. Hidden ones, such as known truth, can be added.",
        **address.several("who", list(by_label), visible[:MOST]),
    )
    dataset = middle.selectbox(
        "Data set", datasets, index=None, placeholder="any", **address.choice("of", datasets)
    )
    figure = right.selectbox(
        "Figure", list(FIGURES), **address.choice("figure", list(FIGURES), next(iter(FIGURES)))
    )
    return [by_label[label] for label in chosen], dataset, FIGURES[figure]


def matrix(
    database: Database, who: list[AnnotatorRecord], dataset: str | None, name: str
) -> list[AnnotatorRecord]:
    """The lower triangle; returns the two in the address, or the first two that share solutions."""
    pairs = every_pair(database, who, dataset)
    columns: list[str | data_table.Column] = [""]
    columns += [
        data_table.column(formatting.shorten(one.name, 30), "right name", title=one.label)
        for one in who[:-1]
    ]
    chosen = [one for one in who if one.label in address.get_all("pair")]
    if len(chosen) != 2:
        together = (
            [one, other]
            for place, one in enumerate(who)
            for other in who[place + 1 :]
            if pairs[one.id, other.id][0].n
        )
        chosen = next(together, who[:2])
    rows = []
    for place, one in enumerate(who[1:], start=1):
        cells: list[data_table.Cell] = [data_table.kind(one.kind, one.name, title=one.label)]
        for column, other in enumerate(who[: len(who) - 1]):
            if column >= place:
                cells.append(None)
                continue
            figure: Figure = getattr(pairs[other.id, one.id][0], name)
            if not pairs[other.id, one.id][0].n:
                cells.append(data_table.text("–", "muted", title=figure.why))
                continue
            here = address.query() | {"pair": [other.label, one.label]}
            cells.append(
                data_table.link(
                    number(figure),
                    data_table.page_href("agreement", **here),
                    "strong" if chosen == [other, one] else "",
                    title=f"{formatting.number_of(figure.n, 'solution')}. {figure.why}",
                )
            )
        rows.append(cells)
    data_table.table(columns, rows, key=f"matrix {[one.id for one in who]} {name} {dataset}")
    return chosen


def number(figure: Figure) -> str:
    """A figure in a narrow column."""
    return "–" if figure.value is None else f"{figure.value:.2f}"


def details(
    found: tuple[PairAgreement, list[tuple[int, int, int]]],
    one: AnnotatorRecord,
    other: AnnotatorRecord,
    dataset: str | None,
) -> None:
    """Two annotators: every figure with its interval, and where they put the first error."""
    said, cells = found
    st.subheader("Two annotators compared")
    data_table.line(
        data_table.kind(one.kind, one.name, title=one.label),
        data_table.text("and", "muted"),
        data_table.kind(other.kind, other.name, title=other.label),
        data_table.text("(click a figure above for another pair)", "muted"),
        key="pair",
    )
    if not said.n:
        st.text("No solution has a verdict by both.")
        return
    left, right = st.columns([1, 1.1], gap="large")
    with left:
        data_table.table(
            ["", data_table.column("", "right"), data_table.column("95% interval"), ""],
            [line(label, getattr(said, name), MEANS[name]) for label, name in FIGURES.items()],
            key="figures",
        )
        both = data_table.page_href(
            "browse", outcome="both", of=one.label, against=other.label, dataset=dataset
        )
        link = data_table.page_href("browse", one=one.label, other=other.label, dataset=dataset)
        parts: list[data_table.Cell] = [
            data_table.sentence(
                data_table.text("Both give a verdict on", "muted"),
                data_table.link(f"{said.n:,}", both),
                data_table.text("solutions." if said.n != 1 else "solution.", "muted"),
            )
        ]
        if said.differ:
            parts.append(data_table.link(f"See the {said.differ:,} on which they differ", link))
        data_table.line(*parts, key="differ")
    with right:
        cross_table(
            cells, one.label, other.label, key=f"cells {one.id} {other.id}", dataset=dataset
        )


def line(label: str, figure: Figure, means: str) -> list[data_table.Cell]:
    """One figure with its interval, and what it means on hovering."""
    drawn: list[data_table.Cell] = [data_table.text(figure.why, "muted"), None]
    if figure.value is not None and figure.low is not None and figure.high is not None:
        span = data_table.text(f"{figure.low:.2f} to {figure.high:.2f}", "muted nowrap")
        drawn = [data_table.interval(figure.value, figure.low, figure.high), span]
    return [
        data_table.text(label, title=means),
        data_table.text(number(figure), "strong", title=figure.why),
        *drawn,
    ]


def people(database: Database, who: list[AnnotatorRecord], dataset: str | None) -> None:
    """What every person did, how fast, and how near they are to known labels."""
    st.subheader("People")
    done = counted(database, "work", lambda: work_of_people(database, formatting.midnight()))
    if not done:
        st.text("Nobody has labelled anything yet.")
        st.page_link("views/review.py", label="Review disagreements")
        return
    known = [one for one in list_annotators(database, with_work=True) if one.came_with_data]
    rows = [person(database, one, known, dataset) for one in done]
    data_table.table(
        [
            "",
            data_table.column("Labelled", "right"),
            data_table.column("Skipped", "right"),
            data_table.column("Flagged", "right"),
            data_table.column("Today", "right"),
            data_table.column(
                "Median time",
                "right nowrap",
                title="Time per label; in brackets the range of the middle half",
            ),
            *(
                data_table.column(
                    f"= {formatting.shorten(one.name, 20)}", "right nowrap", title=KNOWN
                )
                for one in known
            ),
        ],
        rows,
        key="people",
    )
    reviewers = [one.person.id for one in done if one.person.config.get("source") == "review"]
    if len(reviewers) > 1:
        together(database, reviewers, dataset)


def person(
    database: Database, one: Work, known: list[AnnotatorRecord], dataset: str | None
) -> list[data_table.Cell]:
    """One person's line."""
    time = "–" if one.median is None else formatting.duration(one.median)
    if one.quartiles is not None:
        time += " ({:.0f} to {:.0f})".format(*one.quartiles)

    def door(count: int, did: str) -> data_table.Cell:
        if not count:
            return data_table.text("0", "muted")
        href = data_table.page_href("browse", who=one.person.label, did=did)
        return data_table.link(f"{count:,}", href, "quiet")

    cells: list[data_table.Cell] = [
        data_table.kind(
            "human", one.person.name, href=data_table.page_href("browse", by=one.person.label)
        ),
        door(one.labelled, "labelled"),
        door(one.skipped, "skipped"),
        door(one.flagged, "flagged"),
        door(one.today, "today"),
        time,
    ]
    for reference in known:
        figure = pair(database, reference, one.person, dataset)[0].exact
        differ = data_table.page_href(
            "browse", one=one.person.label, other=reference.label, dataset=dataset
        )
        title = f"{formatting.number_of(figure.n, 'solution')}; see those on which they differ"
        cells.append(
            data_table.link(number(figure), differ, "quiet", title=title)
            if figure.n
            else data_table.text(number(figure))
        )
    return cells


def together(database: Database, reviewers: list[int], dataset: str | None) -> None:
    """All people at once, and the way to their conflicts."""
    units = counted(
        database,
        f"together {reviewers} {dataset}",
        lambda: verdicts_together(database, reviewers, dataset),
    )
    figure = alpha(units)
    overall = f"Krippendorff's alpha of all of them: {number(figure)}"
    if figure.low is not None and figure.high is not None:
        overall += f" (95% {figure.low:.2f} to {figure.high:.2f})"
    several = sum(count for unit, count in units.items() if len(unit) > 1)
    by_several = data_table.page_href(
        "browse", people="Labelled by several people", dataset=dataset
    )
    data_table.line(
        data_table.sentence(
            data_table.text(f"{overall}, on the", "muted"),
            data_table.link(f"{several:,}", by_several),
            data_table.text("labelled by several of them.", "muted"),
        ),
        data_table.link(
            "Settle their conflicts", data_table.page_href("review", queue="adjudication")
        ),
        key="together",
    )


KNOWN = "Exact first error, over solutions whose labels are known and that this person labelled"

database = project.project()
st.title("Agreement")
who, dataset, name = choose(database)
if len(list_annotators(database, with_work=True)) < 2:
    st.text("Agreement takes two annotators, and this project has fewer.")
    st.page_link("views/jobs.py", label="Start an annotator")
elif len(who) < 2:
    st.text("Choose at least two annotators.")
else:
    first, second = matrix(database, who, dataset, name)
    details(every_pair(database, who, dataset)[first.id, second.id], first, second, dataset)
people(database, who, dataset)
