"""The report of a run, in Markdown and as JSON: its findings, the figures, and how to repeat it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labeling.consensus.export import own_version
from labeling.lessons.findings import (
    BASELINES,
    F1,
    FINDINGS,
    FLAWS,
    LAST_LOWEST,
    THRESHOLDS,
    TOLERANCE,
    WAYS,
    Finding,
)
from labeling.lessons.parts import Part, record_of, result_of, write_json, write_text
from labeling.lessons.plan import CONSENSUS, SOURCES, TEST, TRAINING, prm_name, settings_hash
from labeling.lessons.settings import Settings

MARKDOWN, JSON = "report.md", "report.json"
VERSIONS = ("torch", "transformers", "numpy")


def write_report(folder: Path, settings: Settings, parts: Sequence[Part]) -> Path:
    """Write both reports of a run whose parts are all done; returns the Markdown."""
    told = {
        "settings": asdict(settings),
        "settings_hash": settings_hash(settings),
        "command": command_of(settings),
        "versions": {"steplens": own_version(), **{name: version(name) for name in VERSIONS}},
        "machine": platform.machine(),
        "revisions": _revisions(folder, settings),
        "labels": result_of(folder, "labels"),
        "thresholds": result_of(folder, "thresholds"),
        "figures": result_of(folder, "figures"),
    }
    records = [record_of(folder, part.name) for part in parts]
    spent = {"core_seconds": round(sum(one["core_seconds"] for one in records))}
    write_json(folder / JSON, told | {"spent": spent})
    file = folder / MARKDOWN
    write_text(file, markdown(told | {"spent": spent}))
    return file


def command_of(settings: Settings) -> str:
    """What makes just this report again."""
    return f"steplens lessons --size {settings.size}"


def markdown(told: dict[str, Any]) -> str:
    """The report as Markdown."""
    figures, settings = told["figures"], told["settings"]
    sections = [
        "# The paper's lessons, measured again",
        _introduction(told),
        "## Findings",
        _findings(figures),
        "## Labels",
        _labels(told["labels"]),
        "## Finding the first error",
        _step_level(figures),
        f"## Best-of-{settings['n']}",
        _best_of_n(figures),
        "## Monte Carlo's threshold",
        _thresholds(figures, told["thresholds"]),
        "## Three biases",
        _biases(figures),
        "## What this world cannot show",
        LIMITS.strip(),
        "## To repeat it",
        _repeat(told),
    ]
    return "\n\n".join(sections) + "\n"


LIMITS = """
- The problems are word problems of two to six steps, and the models have one to two million
  weights. What a method does here it need not do with 7B models and competition mathematics.
- The judge was trained on exact labels of other solutions, and is far better than the paper's:
  Qwen2.5-72B-Instruct has an F1 of 61.2 on ProcessBench; the table of labels says what the judge
  has here. So its labels are nearly the true ones, and a consensus with it filters nearly by the
  truth.
- The PRMs' base is the policy itself, since the better models that are shipped have seen labels. It
  is no better than what it judges.
- The policy's flawed solutions mostly have a wrong answer, where the paper's often have a right
  one.
- "Human labels" are the world's exact labels, of the same solutions and without a person's
  mistakes.
"""


def _introduction(told: dict[str, Any]) -> str:
    settings, figures, labels = told["settings"], told["figures"], told["labels"]
    seeds = len(settings["seeds"])
    return (
        "Process reward models (PRMs) trained on the same solutions with labels of different "
        "sources, after *The Lessons of Developing Process Reward Models in Mathematical "
        "Reasoning* (Zhang et al., arXiv 2501.07301), in the playground, where the exact first "
        f"error of every solution is known. {labels['solutions']:,} solutions to learn from; "
        f"{figures['solutions']:,} solutions to {figures['problems']:,} other problems to measure "
        f"on, {figures['with_error']:,} of them with an error; {_seeds(seeds)} of training. "
        "Settings and rules were settled before the first run, and nothing was tuned to a result."
    )


def _seeds(n: int) -> str:
    return "one seed" if n == 1 else f"{n} seeds"


def _findings(figures: dict[str, Any]) -> str:
    decided = {one["key"]: one for one in figures["findings"]}
    rows = [
        (
            finding.claim,
            finding.paper,
            _compared(one),
            f"**{one['verdict']}**",
            one["why"],
            _trace(finding, figures),
        )
        for finding in FINDINGS
        for one in (decided[finding.key],)
    ]
    head = ("The paper's finding", "its figures", "here", "verdict", "why", "rows behind it")
    rule = (
        "A finding says that one figure is above another. It is *reproduced* when the 95% interval "
        "of the difference is above 0, *not reproduced* when it is below 0, and *not testable at "
        "this size* when it holds 0. The interval holds both what other problems and what other "
        "trainings would change. All in percent."
    )
    return f"{rule}\n\n{table(head, rows)}"


def _trace(finding: Finding, figures: dict[str, Any]) -> str:
    by_source = figures["prms"]
    names = [name for source in finding.sources for name in by_source.get(source, ())]
    if THRESHOLDS in finding.sources:
        names += [name for source in figures["thresholds"] for name in by_source[source]]
    if FLAWS in finding.sources:
        return "the data sets `lessons-temperature-…`"
    return ", ".join(f"`prm:{name}`" for name in names)


def _compared(one: dict[str, Any]) -> str:
    if one["lower"] is None:
        return _difference(one["difference"])
    return f"{_points(one['higher'])} and {_points(one['lower'])}: " + _difference(
        one["difference"]
    )


def _labels(labels: dict[str, Any]) -> str:
    rows = [
        (
            SOURCES[source],
            f"{one['solutions']:,}",
            f"{one['with_error']:,}",
            _percent(one["exact"] / one["solutions"]),
            _percent(one["error_accuracy"]),
            _percent(one["correct_accuracy"]),
            _percent(one["f1"]),
        )
        for source, one in labels["sources"].items()
    ]
    head = ("source", "solutions", "with an error", "exact", "on wrong", "on right", "F1")
    kept = labels["sources"][CONSENSUS]["solutions"] / labels["solutions"]
    left_out = "".join(f" Left out: {n:,}, {reason}." for reason, n in labels["left_out"].items())
    return (
        "What the labels themselves are worth, by the exact ones (F1 is ProcessBench's: the "
        f"harmonic mean of the two accuracies). The consensus keeps {_percent(kept)}% of the "
        f"solutions; the paper's kept about 40%.{left_out}\n\n{table(head, rows)}"
    )


def _step_level(figures: dict[str, Any]) -> str:
    rows = []
    for source in SOURCES:
        one = figures["sources"][source]
        f1 = one["figures"][F1]
        wrong = [_of_errors(offsets) for offsets in one["offsets"]]
        shares = [_mean([o[name] / n for o, n in wrong]) for name in PLACES]
        accuracies = [_mean(values) for values in one["accuracies"].values()]
        rows.append(
            (
                SOURCES[source],
                _points(f1["value"]),
                _interval(f1["problems"]),
                _interval(f1["seeds"]),
                *map(_points, accuracies),
                *map(_points, shares),
            )
        )
    head = ("labels from", "F1", "over problems", "over seeds", "on wrong", "on right", *PLACES)
    return (
        "Where the PRMs see the first error at a threshold of 0.5, which is not tuned; means over "
        "seeds. The last four are shares of the solutions with an error: the verdict is at the "
        f"exact step, before it, behind it, or sees none.\n\n{table(head, rows)}"
    )


PLACES = ("exact", "early", "late", "missed")


def _of_errors(offsets: dict[str, int]) -> tuple[dict[str, int], int]:
    return offsets, max(sum(offsets[name] for name in (*PLACES, "no_verdict")), 1)


def _best_of_n(figures: dict[str, Any]) -> str:
    rows = [
        (
            SOURCES[source],
            *(_with_interval(figures["sources"][source]["figures"][way]) for way in WAYS),
        )
        for source in SOURCES
    ]
    base = {name: figures["baselines"][name] for name in BASELINES}
    told = ", ".join(
        f"{name} {_points(one['value'])} {_interval(one['problems'])}" for name, one in base.items()
    )
    return (
        f"The share of {figures['best_of_n_problems']:,} problems whose picked response has the "
        "right answer, with the interval over problems and seeds. Without a PRM (over problems): "
        f"{told}.\n\n{table(('labels from', *WAYS), rows)}"
    )


def _thresholds(figures: dict[str, Any], labels: dict[str, Any]) -> str:
    rows = []
    for source, threshold in figures["thresholds"].items():
        one, quality = figures["sources"][source]["figures"], labels["sources"].get(source)
        rows.append(
            (
                f"{threshold:g}",
                "–" if quality is None else _percent(quality["f1"]),
                _points(one[F1]["value"]),
                _interval(one[F1]["problems"]),
                _points(one["product"]["value"]),
                _interval(one["product"]["problems"]),
            )
        )
    head = ("threshold", "F1 of the labels", "F1", "over problems", "product", "over problems")
    return (
        "A step is an error with no larger share of successes than the threshold. At 0 the figures "
        "are means over the seeds and the labels those of the table above; at each other one there "
        f"is one training.\n\n{table(head, rows)}"
    )


def _biases(figures: dict[str, Any]) -> str:
    heat = [
        (
            f"{one['temperature']:g}",
            f"{one['right']:,}",
            f"{one['flawed']:,}",
            _points(one["share"]["value"]),
            _interval(one["share"]["problems"]),
        )
        for one in figures["flaws"]
    ]
    by_source = [
        (
            SOURCES[source],
            *(_with_interval(one["figures"][name]) for name in (TOLERANCE, LAST_LOWEST)),
        )
        for source, one in figures["sources"].items()
        if source in SOURCES
    ]
    asked = next(iter(figures["sources"].values()))["asked"]
    heads = ("temperature", "right answers", "with a wrong step", "share", "over problems")
    return (
        "Right answers of the policy with a wrong step, by its temperature:\n\n"
        f"{table(heads, heat)}\n\n"
        f"How often a PRM names the exact error of the test's {asked[TOLERANCE]:,} right answers "
        f"with a wrong step, and how often the lowest score of a solution ({asked[LAST_LOWEST]:,}) "
        f"is at its last step:\n\n{table(('labels from', TOLERANCE, LAST_LOWEST), by_source)}"
    )


def _repeat(told: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {one}" for name, one in told["versions"].items())
    revisions = ", ".join(f"{name} `{one}`" for name, one in told["revisions"].items())
    settings = ", ".join(f"{name} {_plain(value)}" for name, value in told["settings"].items())
    return (
        f"```\n{told['command']}\n```\n\n"
        f"The same settings give the same figures on the same kind of machine. It took "
        f"{told['spent']['core_seconds']:,} core-seconds.\n\n"
        f"- settings `{told['settings_hash']}`: {settings}\n"
        f"- weights: {revisions}\n- versions: {versions}, on {told['machine']}\n\n"
        "Every figure can be followed to its rows. `parts/` has the result of each part, "
        "`exports/` what the PRMs learnt from, `prms/` the PRMs, and the project has the solutions "
        f"with all that was said of them (data sets `{TRAINING}` and `{TEST}`):\n\n"
        "```\nsteplens --db sqlite:///project.db app\n```"
    )


def _revisions(folder: Path, settings: Settings) -> dict[str, str]:
    some = result_of(folder, prm_name(CONSENSUS, settings.seeds[0]))
    return {
        settings.base: some["base_revision"],
        **{
            name: result_of(folder, name)["revision"]
            for names in result_of(folder, "figures")["prms"].values()
            for name in names
        },
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}" if value == value else "–"


def _points(value: float | None) -> str:
    return "–" if value is None else _percent(value)


def _interval(ends: Sequence[float | None]) -> str:
    return "–" if None in ends else f"({_points(ends[0])} to {_points(ends[1])})"


def _with_interval(estimate: dict[str, Any]) -> str:
    return f"{_points(estimate['value'])} {_interval(estimate['both'])}"


def _difference(estimate: dict[str, Any]) -> str:
    value = estimate["value"]
    return "–" if value is None else f"{100 * value:+.1f} {_interval(estimate['both'])}"
