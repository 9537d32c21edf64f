"""Rows whose fields go by other names than ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from labeling.formats.base import Json


def renamed(row: dict[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    """The row with what it calls `names[ours]` under `ours`, and no longer under its own name.

    A name with dots reaches into objects, unless a field is called just that. What `ours` held
    before gives way.
    """
    if not names:
        return row
    found = {ours: _reached(row, theirs) for ours, theirs in names.items()}
    rest = {
        name: value
        for name, value in row.items()
        if name not in names and name not in names.values()
    }
    return rest | {ours: value[0] for ours, value in found.items() if value}


def parsed(given: Collection[str], known: Collection[str]) -> dict[str, str]:
    """OURS=THEIRS, several times, as a mapping. Raises ValueError for a name that is not ours."""
    names: dict[str, str] = {}
    for one in given:
        ours, equals, theirs = one.partition("=")
        if not equals or not theirs:
            raise ValueError(
                f"a field is given as OURS=THEIRS, such as scores=rewards, not {one!r}"
            )
        if ours not in known:
            raise ValueError(f"there is no field {ours!r} to fill; ours are {', '.join(known)}")
        if ours in names:
            raise ValueError(f"the field {ours} is given twice")
        names[ours] = theirs
    return names


def _reached(row: dict[str, Json], name: str) -> tuple[Json, ...]:
    """The value of that name, or nothing."""
    if name in row:
        return (row[name],)
    first, dot, rest = name.partition(".")
    inner = row.get(first)
    return _reached(inner, rest) if dot and isinstance(inner, dict) else ()
