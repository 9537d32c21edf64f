"""Results of evaluation and training as text for the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def processbench_table(result: dict[str, Any]) -> Table:
    """One row for all solutions, one for those on problems the PRM never saw."""
    threshold = result["threshold"]
    policy = f"threshold {threshold}, {result['threshold_policy']}" if threshold else "no threshold"
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
    for name in ("all", "held_out"):
        row = result.get(name)
        if row is None:
            continue
        interval = row["intervals"]["f1"]
        table.add_row(
            {"all": "all", "held_out": "problems not trained on"}[name],
            _figure(row["error_accuracy"]),
            _figure(row["correct_accuracy"]),
            f"[bold]{_figure(row['f1'])}[/bold]",
            f"{_figure(interval['low'])}-{_figure(interval['high'])}",
            f"{row['n_error']}/{row['n_correct']}",
            str(row["n_unparsed"]),
        )
    return table


def best_of_n_table(result: dict[str, Any]) -> Table:
    """One row for each way to choose, the best-known measure first."""
    n, left_out = result["n"], result["trained_on_problems"]
    table = Table(
        "chosen by",
        "accuracy",
        "95%",
        f"above maj@{n}",
        "95%",
        title=f"Best-of-{n} by {result['annotator']}, {result['problems']:,} problems"
        + (f" ({left_out:,} it was trained on left out)" if left_out else ""),
        box=None,
        pad_edge=False,
        title_justify="left",
    )
    for name, pick in result["picks"].items():
        inside, above = pick["interval"], pick["above_majority_interval"]
        table.add_row(
            name.replace("N", str(n)),
            f"[bold]{_figure(pick['accuracy'])}[/bold]",
            f"{_figure(inside['low'])} to {_figure(inside['high'])}",
            f"{pick['above_majority']:+.3f}",
            f"{above['low']:+.3f} to {above['high']:+.3f}",
        )
    return table


def training_summary(report: Any) -> str:
    """What a training run learned from, and what its best epoch reached on held-out problems."""
    best = report.history[report.best_epoch - 1]
    lines = [
        f"{report.n_training:,} solutions ({report.n_training_wrong:,} with an error), "
        f"{report.n_validation:,} held out; best epoch {best.epoch} of {len(report.history)}",
        f"on the held-out ones: error accuracy {_figure(best.error_accuracy)}, correct accuracy "
        f"{_figure(best.correct_accuracy)}, F1 {_figure(best.f1)}",
    ]
    if report.n_truncated_steps:
        lines.append(f"{report.n_truncated_steps:,} steps did not fit and were dropped")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    """Three decimals, or a dash where the figure is not defined."""
    return "–" if value is None or value != value else f"{value:.3f}"
