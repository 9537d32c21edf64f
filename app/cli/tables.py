"""Results of evaluation and training as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from rich.markup import escape
from rich.table import Table

from db.results import EvaluationRecord
from labeling.evaluation.results import (
    BestOfNJson,
    Figures,
    IntervalJson,
    LengthsJson,
    MeanJson,
    OffsetsJson,
    PolicyJson,
    ProcessBenchJson,
    ReportJson,
    ResponsesJson,
    picks,
    too_few,
)
from labeling.evaluation.stored import headline
from labeling.evaluation.versions import VersionsJson
from training.metrics.few import FEW

CURVE_COLUMNS = 9  # that fit a terminal


def processbench_table(result: ProcessBenchJson) -> Table:
    """The figures of each data set and their mean; the same on problems the PRM never saw."""
    threshold = result["threshold"]
    policy = (
        "no threshold"
        if threshold is None
        else f"threshold {threshold}, {result['threshold_policy']}"
    )
    table = Table(
        "solutions",
        "error accuracy",
        "correct accuracy",
        "F1",
        "95% of F1",
        "wrong/right",
        "no verdict",
        title=f"{result['annotator']} against {result['reference']} ({policy})",
        box=None,
        pad_edge=False,
        title_justify="left",
    )
    _add_report(table, "all", result["all"])
    if result["held_out"] is not None:
        share = result.get("held_out_share")  # not in older results
        what = "problems not trained on" if share is None else f"held-out {share:.0%} of problems"
        _add_report(table, what, result["held_out"])
    return table


def offsets_table(offsets: OffsetsJson) -> Table:
    """Where the verdicts lie: one line for solutions with an error, one for those without."""
    table = Table("verdicts", "", "solutions", "share", box=None, pad_edge=False)
    for title, names in (
        ("with an error", ("exact", "early", "late", "missed", "no_verdict")),
        ("without one", ("right", "false_alarm", "no_verdict_right")),
    ):
        counts = [cast(dict[str, int], offsets)[name] for name in names]
        for name, count in zip(names, counts, strict=True):
            words = name.removesuffix("_right").replace("_", " ")
            share = f"{count / sum(counts):.1%}" if sum(counts) else "–"
            table.add_row(title if name == names[0] else "", words, f"{count:,}", share)
    return table


def policies_table(policies: list[PolicyJson], tuned_on: str | None) -> Table:
    """What each way to set the threshold gives: the mean F1, and by data set F1 and threshold."""
    datasets = list(policies[0]["f1s"])
    table = Table("threshold", "mean F1", *map(escape, datasets), box=None, pad_edge=False)
    words = {
        "fixed": "fixed",
        "tuned": f"tuned on {tuned_on}",
        "best": "best for each: a bound",
    }
    for policy in policies:
        table.add_row(
            escape(words[policy["name"]]),
            figure(policy["mean"]),
            *(
                f"{figure(policy['f1s'][one])} at {figure(policy['thresholds'][one])}"
                for one in datasets
            ),
        )
    return table


def training_note(result: ProcessBenchJson | BestOfNJson) -> str:
    """What to think of figures on problems that the annotator may have seen; often empty."""
    who = result["annotator"]
    if result["training_data"] == "unknown":
        return unknown_training(who)
    if result["training_data"] == "known" and result.get("held_out", "") is None:
        return f"{who} was trained on every one of these problems: no figure is held out."
    return ""


def unknown_training(who: str) -> str:
    """What to think of the figures of an annotator of which little is known."""
    return f"It is not known what {who} was trained on: it may have seen these problems."


def versions_table(result: VersionsJson) -> Table:
    """On how many solutions which of two versions is right."""
    table = Table(
        "solutions",
        "both right",
        f"only {escape(result['first'])}",
        f"only {escape(result['second'])}",
        "neither",
        "p",
        title=f"{result['first']} and {result['second']} against {result['reference']}",
        box=None,
        pad_edge=False,
        title_justify="left",
    )
    for name, paired in (
        ("with an error", result["with_an_error"]),
        ("without one", result["without_one"]),
        ("together", result["together"]),
    ):
        counts = (paired["both"], paired["only_first"], paired["only_second"], paired["neither"])
        table.add_row(name, *(f"{count:,}" for count in counts), f"{paired['p_value']:.2g}")
    return table


def _add_report(table: Table, name: str, report: ReportJson) -> None:
    datasets = report["datasets"]
    if len(datasets) > 1:
        for dataset, figures in datasets.items():
            table.add_row(f"{name}, {escape(dataset)}", *_cells(figures))
        name = f"{name}, mean of {len(datasets)} data sets"
    table.add_row(name, *_cells(report))


def _cells(figures: Figures) -> list[str]:
    interval = figures["intervals"]["f1"]
    return [
        figure(figures["error_accuracy"]),
        figure(figures["correct_accuracy"]),
        f"[bold]{figure(figures['f1'])}[/bold]",
        _span(interval),
        f"{figures['n_error']}/{figures['n_correct']}" + (" too few" if too_few(figures) else ""),
        str(figures["n_unparsed"]),
    ]


def best_of_n_table(result: ResponsesJson, title: str) -> Table:
    """One row for each way to choose, the best-known measure first."""
    n = result["n"]
    heads = ("chosen by", "accuracy", "95%", f"above maj@{n}", "95%")
    few = "(too few) " if result["problems"] < FEW else ""
    table = _titled(
        f"{title}, {result['problems']:,} problems {few}with {result['responses']:,} responses"
        + (f", mean of {len(result['datasets'])} data sets" if len(result["datasets"]) > 1 else ""),
        *heads,
    )
    for name, pick in picks(result["curves"]).items():
        row = [
            name.replace("N", str(n)),
            f"[bold]{figure(pick['accuracy'])}[/bold]",
            _span(pick["interval"]),
        ]
        if name != "maj@N":
            row += [f"{pick['above_majority']:+.3f}", _span(pick["above_majority_interval"], "+")]
        table.add_row(*row)
    return table


def best_of_n_datasets(result: ResponsesJson) -> Table:
    """The accuracies of the most responses by data set, and their mean."""
    datasets, n = result["datasets"], str(result["n"])
    heads = [
        f"{escape(name)} ({one['problems']:,}{', too few' if one['problems'] < FEW else ''})"
        for name, one in datasets.items()
    ]
    table = _titled("by data set (problems)", "chosen by", *heads, "mean")
    for way, mean in picks(result["curves"]).items():
        cells = [figure(picks(one["curves"])[way]["accuracy"]) for one in datasets.values()]
        table.add_row(way.replace("N", n), *cells, f"[bold]{figure(mean['accuracy'])}[/bold]")
    return table


def best_of_n_curve(result: ResponsesJson) -> Table:
    """The accuracies of n = 1 to N responses, at most CURVE_COLUMNS of them."""
    sizes = result["sizes"]
    shown = list(range(len(sizes)))
    if len(sizes) > CURVE_COLUMNS:
        shown = [at for at in shown if sizes[at] & (sizes[at] - 1) == 0 or at == len(sizes) - 1]
    table = _titled("of n responses", "n =", *(str(sizes[at]) for at in shown))
    for way, curve in result["curves"].items():
        table.add_row(
            way.replace("N", "n"), *(figure(curve[at]["accuracy"]).lstrip("0") for at in shown)
        )
    return table


def pick_lengths_tables(result: ResponsesJson) -> list[Table]:
    """What length does to the picks of the most responses; nothing where it is not known."""
    lengths, n = result["lengths"], result["n"]
    if lengths is None:
        return []
    attributes = dict.fromkeys(one["attribute"] for one in lengths["groups"])
    return [
        _picked(lengths, n),
        *(_accuracy_by_length(lengths, attribute, n) for attribute in attributes),
    ]


def _picked(lengths: LengthsJson, n: int) -> Table:
    """How long the responses are that each score picks, beside all and the right ones."""
    table = _titled(
        f"steps of what is picked of {n}",
        "chosen by", "steps", "above all", "95%", "above right", "95%",
    )  # fmt: skip
    for way, one in lengths["picked"].items():
        table.add_row(
            way, _steps(one["steps"]),
            *(cell for mean in (one["above_all"], one["above_right"])
              for cell in (_steps(mean, "+"), _span(mean["interval"], "+", 2))),
        )  # fmt: skip
    table.add_row("all", _steps(lengths["all"]))
    table.add_row("right ones", _steps(lengths["right"]))
    return table


def _accuracy_by_length(lengths: LengthsJson, attribute: str, n: int) -> Table:
    """How often each way is right, in groups of problems by the length of their responses."""
    groups = [one for one in lengths["groups"] if one["attribute"] == attribute]
    heads = [
        f"{one['name']} ({one['problems']:,}{', too few' if one['problems'] < FEW else ''})"
        for one in groups
    ]
    table = _titled(f"right, by {attribute} (problems)", "chosen by", *heads)
    for way in groups[0]["accuracy"] if groups else ():
        cells = [figure(one["accuracy"][way]["value"]) for one in groups]
        table.add_row(way.replace("N", str(n)), *cells)
    return table


def _steps(mean: MeanJson, sign: str = "") -> str:
    return "–" if mean["value"] is None else f"{mean['value']:{sign}.2f}"


def _span(interval: IntervalJson, sign: str = "", digits: int = 3) -> str:
    """An interval, or a dash where it is not defined."""
    low, high = interval["low"], interval["high"]
    if low is None or high is None:
        return "–"
    return f"{low:{sign}.{digits}f} to {high:{sign}.{digits}f}"


def evaluations_table(
    evaluations: Iterable[EvaluationRecord], annotators: Mapping[int, str]
) -> Table:
    """Stored evaluations, a line each; `annotators` are the labels by id."""
    table = Table(box=None, pad_edge=False)
    for head in ("", "figure", "annotator", "against", "data set", "solutions", "trained on", "on"):
        table.add_column(head, no_wrap=head in ("", "figure", "solutions", "on"), overflow="fold")
    for one in evaluations:
        name, value = headline(one)
        measured = one.measured
        table.add_row(
            str(one.id),
            f"{name} [bold]{figure(value)}[/bold]" if name else one.kind,
            escape(annotators.get(one.annotator_id, "")),
            escape(annotators.get(one.reference_id or 0, "")),
            escape(measured.dataset or "all"),
            _count(measured.n_solutions) + (" held out" if measured.held_out else ""),
            _count(measured.n_training),
            f"{one.created_at:%Y-%m-%d}",
        )
    return table


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _titled(title: str, *heads: str) -> Table:
    return Table(*heads, title=title, box=None, pad_edge=False, title_justify="left")


def left_out(result: ResponsesJson) -> str:
    """How many problems were not used, a line for each reason."""
    return "\n".join(
        f"{count:,} problems left out: {reason}" for reason, count in result["left_out"].items()
    )


def figure(value: float | None, sign: str = "") -> str:
    """Three decimals, or a dash where the figure is not defined."""
    return "–" if value is None or value != value else f"{value:{sign}.3f}"
