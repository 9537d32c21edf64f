"""The exact command, seeds, versions and hashes: what makes the same report again."""

from __future__ import annotations

from labeling.lessons.report.section import Cell, Code, Section, Table, Told


def section(told: Told) -> Section | None:
    """A row for each thing that the figures depend on."""
    settings = told["settings"]
    rows: list[tuple[Cell, ...]] = [
        ("settings", (Code(told["settings_hash"]), Code(_settings(settings)))),
        ("seeds", _plain(settings["seeds"])),
        ("versions", ", ".join(f"{name} {one}" for name, one in told["versions"].items())),
        ("machine", told["machine"]),
        *((f"weights of {name}", tuple(map(Code, these))) for name, these in _weights(told)),
    ]
    text = (
        "The same settings give the same figures on the same kind of machine. It took "
        f"{told['spent']['core_seconds']:,} core-seconds."
    )
    table = Table(("", "of this run"), tuple(rows))
    return Section("To repeat it", (text,), commands=(told["command"],), table=table)


def _weights(told: Told) -> list[tuple[str, list[str]]]:
    """The hashes of the base, and of each source's PRMs in the order of the seeds."""
    found: dict[str, list[str]] = {}
    for name, revision in told["revisions"].items():
        found.setdefault(name.rpartition("-seed")[0] or name, []).append(revision)
    return list(found.items())


def _settings(settings: dict[str, object]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in settings.items())


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
