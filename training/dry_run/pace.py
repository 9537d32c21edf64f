"""How fast a run would be, by training on a few batches whose outcome is thrown away."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.engine.batches import Item
from training.engine.fit import new_trainer
from training.engine.keeper import Phase
from training.engine.preparation import Prepared
from training.engine.start import start
from training.engine.trainer import PRMTrainer

SECONDS, BATCHES = 20.0, 12  # it measures until one of them is reached, after a first batch
VALIDATION = 16  # solutions


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second in training, measured on so many batches, and in validation."""

    training: float
    validation: float
    batches: int


def measure(base: str, data: Prepared) -> Pace:
    """Train the base on its first batches. Raises as training does, where memory runs out too."""
    quiet = {**data.config.trainer, "report_to": "none"}
    config = replace(data.config, trainer=quiet)
    some = data.validation[:VALIDATION]
    with tempfile.TemporaryDirectory() as folder:
        trainer = new_trainer(
            start(base, config),
            data.training,
            some,
            data.class_weights,
            Phase("all", config.epochs, 0, False, config),
            Path(folder),
        )
        watch = Stopwatch(trainer)
        trainer.add_callback(watch)
        trainer.train()
        began = time.monotonic()
        trainer.evaluate()
        return Pace(
            watch.tokens / watch.seconds,
            tokens_of(some) / (time.monotonic() - began),
            watch.batches,
        )


def tokens_of(items: list[Item]) -> int:
    """Of all the items, without padding."""
    return sum(len(item.encoded.ids) for item in items)


class Stopwatch(TrainerCallback):
    """Measures the steps after the first, which also warms up, and ends the run.

    Of an epoch of one batch that one is measured.
    """

    def __init__(self, trainer: PRMTrainer) -> None:
        self.trainer = trainer
        self.began, self.tokens_before = 0.0, 0
        self.seconds, self.tokens, self.batches = 0.0, 0, 0

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start, and start anew after the first step."""
        if state.global_step <= 1:
            self.began, self.tokens_before = time.monotonic(), self.trainer.tokens

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Read it, and stop where it has been long enough."""
        self.seconds = time.monotonic() - self.began
        self.tokens = self.trainer.tokens - self.tokens_before
        self.batches = max(1, state.global_step - 1)
        enough = self.seconds > SECONDS or self.batches == BATCHES
        control.should_training_stop = enough or state.global_step == len(self.trainer.batches)
