"""What a training learned, or would learn from and take, as the command line says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.tables import figure
from app.ui.formatting import duration, number_of
from labeling.evaluation.results import few_in_validation

if TYPE_CHECKING:
    from training.config import TrainReport
    from training.dry_run.run import DryRun

PLACES = 10  # of steps that have a line each


def training_summary(report: TrainReport) -> str:
    """What a training run learned from, and what its best epoch reached in validation."""
    best = report.best
    chosen = (
        f"best epoch {best.epoch} of {report.epochs}"
        if best.epoch
        else f"none of {report.epochs} epochs was better than the base, which is kept as it was"
    )
    few = few_in_validation(report.n_validation, report.n_validation_wrong)
    lines = [
        f"{report.n_training:,} solutions ({report.n_training_wrong:,} with an error), "
        f"{report.n_validation:,} for validation; {chosen}",
        f"in validation: error accuracy {figure(best.error_accuracy)}, correct accuracy "
        f"{figure(best.correct_accuracy)}, F1 {figure(best.f1)}" + (" (too few)" if few else ""),
    ]
    if report.held_out_share:
        lines.append(f"{report.held_out_share:.0%} of the problems stay apart, to evaluate it on")
    for name, count in report.leaks.items():
        lines.append(f"{count:,} problems of {name} are to evaluate on and were left out")
    if report.n_truncated_steps:
        lines.append(f"{report.n_truncated_steps:,} steps did not fit and were dropped")
    if report.saving > 1:
        lines.append(f"prefix trees: {report.saving:.1f} times fewer tokens")
    if report.warning:
        lines.append(report.warning)
    return "\n".join(lines)


def dry_run_summary(found: DryRun) -> str:
    """What a training would learn from, cut, leave out and take."""
    counts, epoch = found.counts, found.epoch
    lines = ["Nothing was written. This run would learn from"]
    for name, part in (("training", counts.training), ("validation", counts.validation)):
        lines.append(
            f"{name:<12}{number_of(part.solutions, 'solution')} ({part.wrong:,} with an error), "
            f"{part.tokens:,} tokens, the longest {part.longest:,}"
        )
    lines.append("step               right  first errors")
    for place, (right, wrong) in enumerate(counts.places[:PLACES], start=1):
        lines.append(f"{place:>8}{right:>16,}{wrong:>14,}")
    if later := counts.places[PLACES:]:
        right, wrong = (sum(one) for one in zip(*later, strict=True))
        lines.append(f"{'later':>8}{right:>16,}{wrong:>14,}")
    if counts.cut_steps:
        lines.append(
            f"cut         {number_of(counts.cut_steps, 'step')} of "
            f"{number_of(counts.cut_solutions, 'solution')}, beyond --max-length"
        )
    if counts.left_out:
        lines.append(
            f"left out    {number_of(counts.left_out, 'solution')} without a step to learn from"
        )
    for name, count in found.leaks.items():
        lines.append(f"leaks       {number_of(count, 'problem')} of {name}")
    if found.leaks:
        lines.append(f"            {number_of(found.leaked, 'solution')} to them left out")
    lines.append(
        f"epoch       {epoch.batches:,} batches in {epoch.passes:,} passes, "
        f"{epoch.tokens:,} tokens, {_computed(found)}"
    )
    lines += _memory(found)
    if found.pace is None or found.seconds is None:
        return "\n".join([*lines, "time        not measured"])
    epochs = found.config.epochs + found.config.head_epochs
    lines += [
        f"time        {duration(found.seconds)} at most, {number_of(epochs, 'epoch')} and their "
        "validation",
        f"            {found.pace.training:,.0f} tokens/s in {found.config.precision}, measured on "
        f"{found.pace.batches} of the batches",
    ]
    return "\n".join(lines)


def _computed(found: DryRun) -> str:
    """What is computed beside the tokens of all solutions, or of them."""
    tokens, computed = found.epoch.tokens, found.epoch.computed
    if found.config.trees == "on":
        return f"{tokens / computed:.1f} times what prefix trees compute of them"
    return f"{computed / tokens - 1:.0%} padding"


def _memory(found: DryRun) -> list[str]:
    needed = found.memory
    lines = [
        f"{name:<12}{_size(getattr(needed, name))}"
        for name in ("weights", "gradients", "optimizer", "activations")
    ]
    lines[0] += f" ({needed.n_learnt:,} of {needed.n_weights:,} are learnt)"
    lines.append(
        f"memory      {_size(needed.total)} of {_size(needed.available)} free on the {found.device}"
    )
    if found.remedies:
        lines.append(
            f"            does not fit; what helps, the most first: {'; '.join(found.remedies)}"
        )
    return lines


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.1f} MB"
