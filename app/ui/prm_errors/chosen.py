"""What is chosen among the solutions: an outcome, a cell, a change between versions, or points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.components.data_table import data_table
from app.ui import address
from app.ui.navigation import beside
from app.ui.prm_errors.choice import OF_THE_LIST, Choice, given_filter
from app.ui.prm_errors.part import PARTS, mask
from app.ui.prm_errors.population import NOT_SCORED, Population
from db.engine import Database
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import find_list
from training.metrics.processbench.evaluation import NO_ERROR
from training.metrics.processbench.scored import NO_VERDICT, OUTCOMES, outcomes, verdicts

MISTAKES = ("missed", "false_alarm", "early", "late")
WORDS = {
    "missed": "missed",
    "false_alarm": "false alarms",
    "early": "flagged too early",
    "late": "flagged too late",
    "exact": "first error found",
    "right": "clean, and rightly so",
    "no_verdict": "no verdict, with an error",
    "no_verdict_right": "no verdict, without an error",
}
CHANGES = {
    "both_right": "both right",
    "fixed": "fixed",
    "broken": "broken",
    "both_wrong": "both wrong",
    "shared": "scored by both",
}
BETWEEN, WITH, WITHOUT = ":", "error", "none"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of these, or none of them for all mistakes.

    `cell` is (verdict, reference), verdict None for no verdict; `change` one of CHANGES, of which
    `erroneous` tells the solutions with an error from those without one; `picked` are the
    ids of a kept list; `part` is one of PARTS.
    """

    t: float
    outcome: str | None = None
    cell: tuple[int | None, int] | None = None
    change: str | None = None
    erroneous: bool | None = None
    picked: tuple[int, ...] = ()
    part: str | None = None

    def words(self) -> str:
        """What the list is of."""
        if self.outcome is not None:
            return WORDS[self.outcome]
        if self.cell is not None:
            said, expected = self.cell
            seen = "no verdict" if said is None else _step(said)
            return f"PRM: {seen}, reference: {_step(expected)}"
        if self.change is not None:
            more = {True: ", with an error", False: ", without an error", None: ""}
            return CHANGES[self.change] + more[self.erroneous]
        if self.part is not None:
            return PARTS[self.part][0]
        return "picked" if self.picked else "mistakes"


def read(database: Database, threshold: float) -> Chosen:
    """What the address says, at the annotator's own `threshold` unless it says another."""
    outcome, part = address.get("outcome"), address.get("part")
    change, _, which = (address.get("change") or "").partition(BETWEEN)
    return Chosen(
        t=_share(address.get("t"), threshold),
        outcome=outcome if outcome in OUTCOMES else None,
        cell=_cell(address.get("cell") or ""),
        change=change if change in CHANGES else None,
        erroneous={WITH: True, WITHOUT: False}.get(which),
        picked=_picked(database, address.get("picked")),
        part=part if part in PARTS else None,
    )


def change_in_address(change: str, erroneous: bool | None = None) -> str:
    """One of CHANGES, or the part of it with or without an error, as `read` understands it."""
    return change if erroneous is None else f"{change}{BETWEEN}{WITH if erroneous else WITHOUT}"


def here(**which: str) -> str:
    """The address of this page with another list: its `part`, `change` or `outcome`."""
    return data_table.page_href("prm_errors", **{**address.query(without=OF_THE_LIST), **which})


def of_part(part: str, slice: str = "") -> None:
    """Make the list be of a part, and the page of a slice, as clicking a number or a mark asks for.

    "" for either leaves the page as it is, or the list of every mistake.
    """
    wanted = {name: value for name, value in (("slice", slice), ("part", part)) if value}
    if wanted:
        address.put(**{**dict.fromkeys(OF_THE_LIST), **wanted})


def of_threshold(highest: str) -> None:
    """Move the page to where scores up to `highest` are flagged, and list what is flagged there."""
    t = math.nextafter(float(highest), math.inf)
    if t > 1:  # Every score is, which no threshold says.
        of_part("measured")
    else:
        cut = repr(max(t, 0.0))
        address.put(**{**dict.fromkeys(OF_THE_LIST), "t": cut, "part": "flagged-step"})


def to_address(cell: tuple[int | None, int] | None) -> str | None:
    """A cell as `read` understands it."""
    if cell is None:
        return None
    said, expected = cell
    verdict = "?" if said is None else "none" if said < 0 else str(said + 1)
    return f"{verdict},{'none' if expected < 0 else expected + 1}"


def members(population: Population, chosen: Chosen) -> np.ndarray:
    """Which of the solutions found are chosen, as a mask (n,)."""
    these, ids = population.found.scored, population.found.ids
    said = verdicts(these, chosen.t)
    if chosen.outcome is not None:
        return np.asarray(outcomes(said, these.reference) == OUTCOMES.index(chosen.outcome))
    if chosen.cell is not None:
        verdict = NO_VERDICT if chosen.cell[0] is None else chosen.cell[0]
        return np.asarray((said == verdict) & (these.reference == chosen.cell[1]))
    if chosen.change is not None:
        these_changed = changes(population, chosen.t)[chosen.change]
        if chosen.erroneous is None:
            return these_changed
        return these_changed & ((these.reference != NO_ERROR) == chosen.erroneous)
    if chosen.picked:
        return np.isin(ids, chosen.picked)
    if chosen.part is not None:
        return mask(chosen.part, population.found, chosen.t)
    mistakes = [OUTCOMES.index(one) for one in MISTAKES]
    return np.isin(outcomes(said, these.reference), mistakes)


def changes(population: Population, t: float) -> dict[str, np.ndarray]:
    """Which of the solutions found each of CHANGES holds, of those that both PRMs can be judged on.

    Fixed are those that only this PRM gets right, broken those that only the other one does;
    shared are all of them.
    """
    these = population.found.scored
    mine = verdicts(these, t) == these.reference
    other = population.other_said == these.reference
    counts = population.other_said != NOT_SCORED
    if population.both is not None:
        counts &= np.isin(population.found.ids, population.both[0].ids)
    return {
        "both_right": counts & mine & other,
        "fixed": counts & mine & ~other,
        "broken": counts & ~mine & other,
        "both_wrong": counts & ~mine & ~other,
        "shared": counts,
    }


def measured_query(choice: Choice, population: Population, **which: str) -> dict[str, str]:
    """The filter of Browse for all solutions of the page, a slice apart, with `which` they are."""
    given = {**given_filter(), **which, "of": choice.prm.label, "against": choice.reference.label}
    return {**given, "held_out": choice.prm.label} if population.held_out else given


def _picked(database: Database, token: str | None) -> tuple[int, ...]:
    """The ids of the kept list with this token; none where there is no such list."""
    kept = find_list(database, token) if token else None
    wanted = None if kept is None else SolutionFilter(listed=kept.id)
    return () if wanted is None else tuple(solution_ids(database, wanted))


def _step(first_error: int) -> str:
    return "no error" if first_error == NO_ERROR else f"step {first_error + 1}"


def _share(text: str | None, otherwise: float) -> float:
    try:
        given = float(text or "")
    except ValueError:
        return otherwise
    return given if 0 <= given <= 1 else otherwise


def _cell(text: str) -> tuple[int | None, int] | None:
    if text.startswith("?,"):
        cell = beside.cell_of("none," + text.removeprefix("?,"))
        return None if cell is None else (None, cell[1])
    return beside.cell_of(text)
