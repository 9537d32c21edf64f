"""`steplens train --dry-run`: what a run would learn from and take; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from training.config import TrainConfig
from training.dry_run.counts import Counts, Epoch, count, first_epoch
from training.dry_run.memory import Memory, memory
from training.dry_run.pace import Pace, measure, tokens_of
from training.engine.leaks import without_leaks
from training.engine.memory import remedies
from training.engine.preparation import prepare
from training.engine.start import on_gpu
from training.sources import TrainingData, of_export


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would come to. `config` has what was chosen for it.

    `leaks` are problems by evaluation set, and `leaked` the solutions to them, which are left out.
    Without `pace` it would not fit into memory, so nothing was run, and `remedies` are the settings
    that help, the most first; `seconds` is the most that all
    epochs would then take: it stops earlier where nothing gets better.
    """

    config: TrainConfig
    device: str
    counts: Counts
    epoch: Epoch
    leaks: dict[str, int]
    leaked: int
    memory: Memory
    pace: Pace | None
    seconds: float | None
    remedies: list[str]


def dry_run(
    source: str | Path | TrainingData,
    base: str,
    config: TrainConfig,
    evaluation_sets: Mapping[str, Iterable[str]] | None = None,
    refuse_leaks: bool = False,
) -> DryRun:
    """Find out what `train` in the same words would learn from and take, by a few batches of it.

    Writes nothing. Raises what `train` raises before it trains.
    """
    given = source if isinstance(source, TrainingData) else of_export(source, config.labels)
    examples, leaks = without_leaks(given.examples, evaluation_sets or {}, refuse=refuse_leaks)
    data = prepare(replace(given, examples=examples), base, config)
    config = data.config
    epoch = first_epoch(data.training, config)
    needed = memory(base, data, epoch.largest)
    pace, seconds = None, None
    if needed.fits:
        with torch.random.fork_rng():
            pace = measure(base, data)
        once = epoch.tokens / pace.training + tokens_of(data.validation) / pace.validation
        seconds = once * (config.epochs + config.head_epochs)
    return DryRun(
        config=config,
        device="cuda" if on_gpu(config) else "cpu",
        counts=count(data),
        epoch=epoch,
        leaks=leaks.by_set,
        leaked=len(given.examples) - len(examples),
        memory=needed,
        pace=pace,
        seconds=seconds,
        remedies=[] if needed.fits else remedies(data, needed.fixed, needed.available),
    )
