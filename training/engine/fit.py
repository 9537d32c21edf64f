"""Runs the Trainer up to the best epoch, and continues a run that was killed."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from models.prm.reader import PRM
from models.threads import set_threads
from training.config import EpochRecord, TrainConfig
from training.engine.batches import Item, TrainingError
from training.engine.trainer import PRMTrainer

Progress = Callable[[int, int, str], None]
BEST, STATE, DONE = "best.safetensors", "trainer_state.json", "done.json"
LOGS_PER_EPOCH = 20
# Arguments of the Trainer that settings of ours, or the way we use it, decide.
OURS = frozenset(
    (
        "output_dir",
        "num_train_epochs",
        "max_steps",
        "seed",
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "gradient_checkpointing",
        "save_strategy",
        "eval_strategy",
        "load_best_model_at_end",
        "learning_rate",
        "lr_scheduler_type",
        "warmup_steps",
        "weight_decay",
        "use_cpu",
    )
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model with the weights of the best epoch, and what every epoch came to."""

    model: PRM
    best_epoch: int
    history: tuple[EpochRecord, ...]


@dataclass(frozen=True, slots=True)
class _Phase:
    """Epochs of the head alone, or of everything; `before` are those of earlier phases."""

    name: str
    epochs: int
    before: int
    head_alone: bool
    config: TrainConfig


def fit(
    build: Callable[[], PRM],
    training: list[Item],
    validation: list[Item],
    weights: tuple[float, float],
    config: TrainConfig,
    folder: Path,
    progress: Progress | None = None,
) -> Fitted:
    """Train what `build` makes, which must be the same each time.

    `folder` keeps what a later call in the same words continues from. Raises TrainingError for a
    loss that is no number, and for an argument of the Trainer that is not to be chosen.
    """
    history: list[EpochRecord] = []
    per_epoch = math.ceil(len(training) / config.batch_size)
    total = per_epoch * (config.head_epochs + config.epochs)
    for phase in _phases(config):
        done = folder / phase.name / DONE
        if not done.is_file():
            model = _loaded(build(), folder / BEST)
            trainer = _trainer(model, training, validation, weights, phase, folder)

            def report(step: int, words: str, before: int = phase.before) -> None:
                if progress:
                    progress(before * per_epoch + step, total, words)

            trainer.add_callback(_Keeper(trainer, phase, folder / BEST, report))
            _train(trainer, done.parent)
            records = _records(trainer.state.log_history, phase.before)
            if trainer.args.should_save:
                _write(done, [_as_json(record) for record in records])
            trainer.accelerator.wait_for_everyone()
        history += [EpochRecord(**record) for record in json.loads(done.read_text("utf-8"))]
    best_epoch = _best(folder / BEST)[0]
    if progress:
        progress(total, total, f"best was epoch {best_epoch}")
    return Fitted(_loaded(build(), folder / BEST), best_epoch, tuple(history))


def steps_behind(folder: Path) -> int:
    """The optimizer steps of the phase that a killed run in `folder` was in, 0 for a new one."""
    last = [_last_checkpoint(phase) for phase in folder.glob("*/")]
    return max((int(one.name.rsplit("-", 1)[1]) for one in last if one), default=0)


def _phases(config: TrainConfig) -> list[_Phase]:
    if not config.head_epochs:
        return [_Phase("all", config.epochs, 0, False, config)]
    together = replace(config, head_learning_rate=config.learning_rate)
    return [
        _Phase("head", config.head_epochs, 0, True, config),
        _Phase("all", config.epochs, config.head_epochs, False, together),
    ]


def _trainer(
    model: PRM,
    training: list[Item],
    validation: list[Item],
    weights: tuple[float, float],
    phase: _Phase,
    folder: Path,
) -> PRMTrainer:
    config = phase.config
    model.dropout = config.dropout
    if phase.head_alone:
        model.model.requires_grad_(False)
    if config.gradient_checkpointing:
        # Its name before and after Transformers 5.2x.
        enable = getattr(model.model, "activation_checkpointing_enable", None)
        (enable or model.model.gradient_checkpointing_enable)({"use_reentrant": False})
        model.model.enable_input_require_grads()
    per_epoch = math.ceil(len(training) / config.batch_size)
    trainer = PRMTrainer(
        model, _arguments(model, phase, folder, per_epoch), training, validation, weights, config
    )
    trainer.remove_callback(PrinterCallback)
    set_threads(model)
    return trainer


def _arguments(model: PRM, phase: _Phase, folder: Path, per_epoch: int) -> TrainingArguments:
    chosen = dict(phase.config.trainer)
    if taken := sorted(OURS & chosen.keys()):
        raise TrainingError(
            f"{', '.join(taken)}: not to be set under [trainer]; see `steplens train --help` for "
            "the settings of ours that say it"
        )
    cuda = torch.cuda.is_available() and phase.config.device != "cpu"
    if chosen.get("fsdp"):
        layers = list(model.model._no_split_modules or ())
        chosen["fsdp_config"] = {
            "version": 2,
            "transformer_layer_cls_to_wrap": layers,
            **(chosen.get("fsdp_config") or {}),
        }
    usual = {
        "bf16": cuda,
        "max_grad_norm": 1.0,
        "report_to": "none",
        "logging_steps": max(1, per_epoch // LOGS_PER_EPOCH),
        "ddp_find_unused_parameters": False,
        "dataloader_pin_memory": cuda,
    }
    try:
        args = TrainingArguments(
            output_dir=str(folder / phase.name),
            num_train_epochs=phase.epochs,
            per_device_train_batch_size=1,  # a batch of ours
            seed=phase.config.seed,
            use_cpu=not cuda,
            save_strategy="no",  # the keeper says when
            eval_strategy="no",
            logging_nan_inf_filter=False,
            remove_unused_columns=False,
            disable_tqdm=True,
            **{**usual, **chosen},
        )
    except (TypeError, ValueError) as error:
        raise TrainingError(f"The Trainer refuses its arguments: {error}") from error
    args._n_gpu = min(args.n_gpu, 1)  # one device a process: several are torchrun's to start
    return args


def _train(trainer: PRMTrainer, folder: Path) -> None:
    last = _last_checkpoint(folder)
    if last is not None:
        trainer.state = TrainerState.load_from_json(str(last / STATE))
        if _stale(_records(trainer.state.log_history, 0)) >= trainer.config.patience:
            return  # it was killed between its last epoch and the end
    trainer.train(resume_from_checkpoint=None if last is None else str(last))


class _Keeper(TrainerCallback):
    """Evaluates after every epoch, keeps the best weights, stops, and says how far it is."""

    def __init__(
        self, trainer: PRMTrainer, phase: _Phase, best: Path, report: Callable[[int, str], None]
    ) -> None:
        self.trainer, self.phase, self.best, self.report = trainer, phase, best, report
        self.epoch_began = self.saved = time.monotonic()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Tell how far it is, which may raise to stop the run."""
        if state.is_world_process_zero:
            self.report(state.global_step, _words(_records(state.log_history, self.phase.before)))

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
        self.epoch_began = time.monotonic()
        records = _records(state.log_history, self.phase.before)
        latest = records[-1]
        if _score(latest) > _best(self.best)[1]:
            weights = self.trainer.trained_weights()
            if args.should_save:
                _keep(weights, latest, self.best)
        control.should_training_stop = _stale(records) >= self.phase.config.patience

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Remember when; the checkpoint before this one has had its day."""
        self.saved = time.monotonic()
        if args.should_save:
            _remove_checkpoints(Path(str(args.output_dir)), but=f"checkpoint-{state.global_step}")

    def _due(self, args: TrainingArguments) -> bool:
        """Whether it is time to save: all devices must, at the same step."""
        due = time.monotonic() - self.saved > 60 * self.phase.config.save_minutes
        if args.world_size == 1:
            return due
        told = torch.tensor(due, device=args.device)
        torch.distributed.broadcast(told, 0)
        return bool(told)


def _records(logs: list[dict[str, Any]], before: int) -> list[EpochRecord]:
    """The epochs that a Trainer's log tells of, numbered after the `before` earlier ones."""
    records: list[EpochRecord] = []
    last, summed, began = 0, 0.0, 0
    for entry in logs:
        if "loss" in entry:
            summed += entry["loss"] * (entry["step"] - last)
            last = entry["step"]
        elif "eval_loss" in entry:
            records.append(
                EpochRecord(
                    epoch=before + len(records) + 1,
                    train_loss=summed / max(1, last - began),
                    validation_loss=entry["eval_loss"],
                    error_accuracy=entry.get("eval_error_accuracy"),
                    correct_accuracy=entry.get("eval_correct_accuracy"),
                    f1=entry.get("eval_f1"),
                    seconds=entry.get("seconds", 0.0),
                )
            )
            summed, began = 0.0, last
    return records


def _words(records: list[EpochRecord]) -> str:
    if not records:
        return "first epoch"
    latest = records[-1]
    f1 = "not defined" if latest.f1 is None else f"{latest.f1:.3f}"
    return (
        f"epoch {latest.epoch}: loss {latest.train_loss:.3f}, validation loss "
        f"{latest.validation_loss:.3f}, F1 {f1}"
    )


def _score(record: EpochRecord) -> tuple[float, float]:
    """F1, and of equal ones the lower validation loss."""
    return (-1.0 if record.f1 is None else record.f1, -record.validation_loss)


def _stale(records: list[EpochRecord]) -> int:
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


def _best(file: Path) -> tuple[int, tuple[float, float]]:
    """(epoch, score) of the weights that are kept; without any, what every epoch is better than."""
    if not file.is_file():
        return 0, (-math.inf, -math.inf)
    with safe_open(file, framework="pt") as kept:
        told = kept.metadata()
    return int(told["epoch"]), (float(told["f1"]), float(told["loss"]))


def _loaded(model: PRM, file: Path) -> PRM:
    """`model` with the weights in `file`, where there are any."""
    if file.is_file():
        model.load_state_dict(load_file(file), strict=False)
    return model


def _last_checkpoint(folder: Path) -> Path | None:
    """The Trainer's newest whole checkpoint. Its state is written last: one without is a part."""
    whole = [one for one in folder.glob("checkpoint-*") if _readable(one / STATE)]
    return max(whole, key=lambda one: int(one.name.rsplit("-", 1)[1]), default=None)


def _readable(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text("utf-8")), dict)
    except (OSError, ValueError):
        return False


def _as_json(record: EpochRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in EpochRecord.__slots__}


def _write(file: Path, content: object) -> None:
    """Write the file as a whole, and remove the checkpoints that it makes needless."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content), "utf-8")
    os.replace(partial, file)
    _remove_checkpoints(file.parent)


def _remove_checkpoints(folder: Path, but: str = "") -> None:
    for checkpoint in folder.glob("checkpoint-*"):
        if checkpoint.name != but:
            shutil.rmtree(checkpoint, ignore_errors=True)
