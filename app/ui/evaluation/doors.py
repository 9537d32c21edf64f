"""Where the solutions behind a figure of Evaluation are: on PRM errors, or in Browse."""

from __future__ import annotations

from app.components.data_table import data_table
from app.ui.evaluation.project import Shown
from app.ui.prm_errors.population import ALL


def on_prm_errors(found: Shown, prm: str, **which: str) -> str:
    """PRM errors about the same solutions; `which` are its words, a `part` or a `dataset`."""
    here = {"prm": prm, "ref": found.reference.label, "on": None if found.held_out else ALL}
    return data_table.page_href("prm_errors", **here, **which)


def in_browse(query: dict[str, str], prm: str, *, held_out: bool) -> str:
    """Browse with a filter, of what is held out of the training of `prm` where that is measured."""
    return data_table.page_href("browse", **query, **({"held_out": prm} if held_out else {}))
