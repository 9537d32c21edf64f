"""The rows behind a finding: where the app shows them, and the files that they were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labeling.lessons.findings import (
    F1,
    FINDINGS,
    FLAWS,
    HOTTEST,
    LAST_LOWEST,
    THRESHOLDS,
    TOLERANCE,
    VOTE,
    Finding,
)
from labeling.lessons.labels import TRUTH_LABEL
from labeling.lessons.plan import TEST, export_of, flaw_dataset
from labeling.lessons.report.section import Code, Link, Section, Table, Told

# Figures of single steps: two PRMs are compared solution by solution. Others choose a response.
IN_STEPS = (F1, TOLERANCE, LAST_LOWEST)
RIGHT, WITH_ERROR = "Right answer", "an error"  # words of the app's addresses
TEXT = (
    "Links open the app, while it serves the project of this run on this machine; paths are in the "
    "run's folder. `parts/` has the result of each part with what it was made from, `exports/` "
    "what the PRMs learnt from, `prms/` the PRMs."
)
OPEN = "steplens --db sqlite:///project.db app"


def section(told: Told) -> Section | None:
    """A row for each finding: the solutions in the app, and the files."""
    if "figures" not in told:
        return None
    rows = tuple(
        (
            str(number),
            links(one, told["figures"]),
            tuple(map(Code, paths(one, told["figures"]))),
        )
        for number, one in numbered(told)
    )
    table = Table(("", "solutions in the app", "files"), rows)
    return Section("The rows behind each finding", (TEXT,), commands=(OPEN,), table=table)


def numbered(told: Told) -> list[tuple[int, Finding]]:
    """The findings that this run asks about, as the report counts them."""
    decided = {one["key"] for one in told["figures"]["findings"]}
    return list(enumerate((one for one in FINDINGS if one.key in decided), start=1))


def links(finding: Finding, figures: Mapping[str, Any]) -> tuple[Link, ...]:
    """The solutions that a finding rests on: those of each seed beside each other."""
    source, figure = finding.higher
    if source == FLAWS:
        heats = sorted(one["temperature"] for one in figures["flaws"])
        ends = (heats[-1], heats[0]) if figure == HOTTEST else (heats[0], heats[-1])
        return tuple(_flawed(heat) for heat in dict.fromkeys(ends))
    if source == THRESHOLDS:
        names = [(at, figures["prms"][one][0]) for one, at in figures["thresholds"].items()]
        return tuple(_of_prm(f"at {at:g}", figure, name) for at, name in names)
    sides = [one for one in (finding.higher, finding.lower) if one and one[0] != VOTE]
    figure = sides[0][1]
    sources = list(dict.fromkeys(source for source, _ in sides))
    pairs = list(zip(*(figures["prms"][source] for source in sources), strict=True))
    if figure not in IN_STEPS and len(sources) > 1:
        return tuple(_of_prm(name, figure, name) for pair in pairs for name in pair)
    return tuple(_of_prm(_seed(pair[0]), figure, *pair) for pair in pairs)


def _seed(name: str) -> str:
    """Of which training a PRM's name speaks."""
    return f"seed {name.rpartition('-seed')[2]}"


def _of_prm(words: str, figure: str, name: str, other: str | None = None) -> Link:
    """What a PRM says of the test's solutions, beside another's where there is one."""
    if figure not in IN_STEPS:
        query = {"dataset": TEST, "by": f"prm:{name}", "sort": "problem"}
        return Link(words, "browse", query)
    query = {"prm": f"prm:{name}", "ref": TRUTH_LABEL, "dataset": TEST}
    query |= {"vs": f"prm:{other}"} if other else {}
    if figure == TOLERANCE:
        query |= {"answer": RIGHT, "by": TRUTH_LABEL, "says": WITH_ERROR}
    if figure == LAST_LOWEST:
        query |= {"part": "last"}
    return Link(words, "prm_errors", query)


def _flawed(temperature: float) -> Link:
    """The policy's right answers with a wrong step at a temperature."""
    query = {"answer": RIGHT, "by": TRUTH_LABEL, "says": WITH_ERROR}
    dataset = flaw_dataset(temperature)
    return Link(f"temperature {temperature:g}", "browse", {"dataset": dataset, **query})


def paths(finding: Finding, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a finding was made of, as a shell reads them."""
    sources = [one for one in finding.sources if one not in (FLAWS, THRESHOLDS)]
    found = ["parts/figures.json"]
    if FLAWS in finding.sources:
        heats = [flaw_dataset(one["temperature"]) for one in figures["flaws"]]
        found += [f"parts/{name}.json" for name in heats]
    if THRESHOLDS in finding.sources:
        sources += figures["thresholds"]
    for source in sources:
        names = figures["prms"][source]
        seeds = [name.removeprefix(f"{source}-seed") for name in names]
        exports = dict.fromkeys(export_of(source, int(seed)) for seed in seeds)
        found += [f"exports/{one}" for one in exports]
        name = f"{source}-seed{_any_of(seeds)}"
        found += [f"prms/{name}", f"parts/{name}.json"]
    return tuple(dict.fromkeys(found))


def _any_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else "{" + ",".join(words) + "}"
