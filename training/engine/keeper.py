"""What a run does after each step and epoch: tells, evaluates, saves, keeps the best, and stops."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.config import Course, EpochRecord, TrainConfig
from training.engine.batches import TrainingError
from training.engine.trainer import FIGURES, PRMTrainer

PRECISION = "precision.txt"

Progress = Callable[[int, int, str], None]
Watch = Callable[[Course], None]


@dataclass(frozen=True, slots=True)
class Phase:
    """Epochs of the head alone, or of everything; `before` are those of earlier phases.

    With `judges_base` the model as it begins is judged first, as epoch 0.
    """

    name: str
    epochs: int
    before: int
    head_alone: bool
    config: TrainConfig
    judges_base: bool = False


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells whoever waits how a phase is going, after what lies `behind` it."""

    phase: Phase
    behind: Course
    total: int
    progress: Progress | None
    watch: Watch | None
    say: Callable[[str], None] | None = None

    def step(self, state: TrainerState, per_epoch: int, pace: str) -> None:
        """Before each step; `progress` may raise to stop the run."""
        if self.progress:
            done = self.phase.before * per_epoch + state.global_step
            course = course_of(state.log_history, self.phase, self.behind)
            self.progress(done, self.total, _words(course.history) + pace)

    def news(self, state: TrainerState) -> None:
        """Whenever something was logged."""
        if self.watch:
            self.watch(course_of(state.log_history, self.phase, self.behind))

    def epoch(self, history: Sequence[EpochRecord]) -> None:
        """After each epoch."""
        if self.say:
            self.say(_words(history))


class Keeper(TrainerCallback):
    """Evaluates after every epoch, keeps the best weights, stops, and has it told how it goes."""

    def __init__(self, trainer: PRMTrainer, phase: Phase, best: Path, teller: Teller) -> None:
        self.trainer, self.phase, self.best, self.teller = trainer, phase, best, teller
        self.epoch_began = self.saved = time.monotonic()
        self.tokens_before = 0  # this epoch

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Judge the base, unless this is a run that goes on and has done so."""
        if self.phase.judges_base and state.global_step == 0:
            self.trainer.evaluate()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Tell how far it is, which may raise to stop the run."""
        if state.is_world_process_zero:
            self.teller.step(state, len(self.trainer.batches), self._pace())

    def _pace(self) -> str:
        """Tokens a second in this epoch, as far as it is known."""
        tokens = self.trainer.tokens - self.tokens_before
        seconds = time.monotonic() - self.epoch_began
        return f"; {tokens / seconds:,.0f} tokens/s" if tokens else ""

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Evaluate and save after an epoch, and save where much work would be lost."""
        over = state.global_step % len(self.trainer.batches) == 0
        if over:
            control.should_log = control.should_evaluate = True
        control.should_save = over or self._due(args)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Stop at a loss that is no number."""
        loss = (logs or {}).get("loss", 0.0)
        if state.is_world_process_zero:
            self.teller.news(state)
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss} in epoch {math.ceil(state.epoch or 1)}: lower the "
                f"learning rate (now {self.phase.config.learning_rate})"
            )

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Keep the weights if they are the best so far; stop when none were for long."""
        state.log_history[-1]["seconds"] = round(time.monotonic() - self.epoch_began, 2)
        self.epoch_began, self.tokens_before = time.monotonic(), self.trainer.tokens
        records = epochs_of(state.log_history, self.phase.before)
        latest = records[-1]
        if _score(latest) > best_kept(self.best)[1]:
            weights = self.trainer.trained_weights() if latest.epoch else {}  # the base has its own
            if args.should_save:
                _keep(weights, latest, self.best)
        if state.is_world_process_zero:
            self.teller.epoch(records)
        control.should_training_stop = stale(records) >= self.phase.config.patience

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Remember when; the checkpoint before this one has had its day."""
        self.saved = time.monotonic()
        if args.should_save:
            self.best.with_name(PRECISION).write_text(self.phase.config.precision, "utf-8")
            remove_checkpoints(Path(str(args.output_dir)), but=f"checkpoint-{state.global_step}")

    def _due(self, args: TrainingArguments) -> bool:
        """Whether it is time to save: all devices must, at the same step."""
        due = time.monotonic() - self.saved > 60 * self.phase.config.save_minutes
        if args.world_size == 1:
            return due
        told = torch.tensor(due, device=args.device)
        torch.distributed.broadcast(told, 0)
        return bool(told)


def epochs_of(logs: list[dict[str, Any]], before: int) -> list[EpochRecord]:
    """The epochs that a Trainer's log tells of, numbered after the `before` earlier ones.

    What was judged before the first step is epoch 0, the base.
    """
    records: list[EpochRecord] = []
    epoch = before
    last, summed, began = 0, 0.0, 0
    for entry in logs:
        if "loss" in entry:
            summed += entry["loss"] * (entry["step"] - last)
            last = entry["step"]
        elif "eval_loss" in entry:
            epoch += entry["step"] > 0
            records.append(
                EpochRecord(
                    epoch=epoch,
                    train_loss=summed / max(1, last - began) if entry["step"] else None,
                    validation_loss=entry["eval_loss"],
                    error_accuracy=entry.get("eval_error_accuracy"),
                    correct_accuracy=entry.get("eval_correct_accuracy"),
                    f1=entry.get("eval_f1"),
                    seconds=entry.get("seconds", 0.0),
                    intervals=_intervals(entry),
                )
            )
            summed, began = 0.0, last
    return records


def _intervals(entry: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    ends = {name: (f"eval_{name}_low", f"eval_{name}_high") for name in FIGURES}
    return {name: (entry[low], entry[high]) for name, (low, high) in ends.items() if low in entry}


def course_of(logs: list[dict[str, Any]], phase: Phase, behind: Course) -> Course:
    """What lies behind a phase, and what the Trainer's log tells of the phase itself."""
    losses = [
        (round(phase.before + one["epoch"], 3), float(one["loss"])) for one in logs if "loss" in one
    ]
    history = (*behind.history, *epochs_of(logs, phase.before))
    config = phase.config
    planned = config.head_epochs + config.epochs
    return Course((*behind.losses, *losses), history, planned, config.patience)


def _words(records: Sequence[EpochRecord]) -> str:
    if not records:
        return "first epoch"
    latest = records[-1]
    f1 = "not defined" if latest.f1 is None else f"{latest.f1:.3f}"
    judged = f"validation loss {latest.validation_loss:.3f}, F1 {f1}"
    if latest.train_loss is None:
        return f"the base: {judged}"
    return f"epoch {latest.epoch}: loss {latest.train_loss:.3f}, {judged}"


def _score(record: EpochRecord) -> tuple[float, float]:
    """F1, and of equal ones the lower validation loss."""
    return (-1.0 if record.f1 is None else record.f1, -record.validation_loss)


def stale(records: list[EpochRecord]) -> int:
    """How many epochs have gone by since the best."""
    if not records:
        return 0
    best = max(range(len(records)), key=lambda at: (_score(records[at]), -at))
    return len(records) - 1 - best


def _keep(weights: dict[str, Tensor], record: EpochRecord, file: Path) -> None:
    f1, loss = _score(record)
    told = {"epoch": str(record.epoch), "f1": repr(f1), "loss": repr(loss)}
    partial = file.with_suffix(".partial")
    save_file(weights, partial, metadata=told)
    os.replace(partial, file)


def best_kept(file: Path) -> tuple[int, tuple[float, float]]:
    """(epoch, score) of the weights that are kept; without any, what every epoch is better than."""
    if not file.is_file():
        return 0, (-math.inf, -math.inf)
    with safe_open(file, framework="pt") as kept:
        told = kept.metadata()
    return int(told["epoch"]), (float(told["f1"]), float(told["loss"]))


def remove_checkpoints(folder: Path, but: str = "") -> None:
    """Remove the Trainer's checkpoints in `folder`, `but` the one of this name."""
    for checkpoint in folder.glob("checkpoint-*"):
        if checkpoint.name != but:
            shutil.rmtree(checkpoint, ignore_errors=True)
