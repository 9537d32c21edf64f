"""Runs the Trainer up to the best epoch, and continues a run that was killed."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PrinterCallback, TrainerState, TrainingArguments

from models.prm.reader import PRM
from models.threads import set_threads
from training.config import Course, EpochRecord, TrainConfig
from training.engine.batches import Item, TrainingError, epoch_size
from training.engine.keeper import (
    PRECISION,
    Keeper,
    Phase,
    Progress,
    Teller,
    Watch,
    best_kept,
    course_of,
    epochs_of,
    remove_checkpoints,
    stale,
)
from training.engine.start import recompute_activations
from training.engine.trainer import PRMTrainer

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
        "bf16",
    )
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model with the weights of the best epoch, and what every epoch came to."""

    model: PRM
    best_epoch: int
    history: tuple[EpochRecord, ...]


def fit(
    build: Callable[[], PRM],
    training: list[Item],
    validation: list[Item],
    weights: tuple[float, float],
    config: TrainConfig,
    folder: Path,
    progress: Progress | None = None,
    watch: Watch | None = None,
    say: Callable[[str], None] | None = None,
    judges_base: bool = False,
) -> Fitted:
    """Train what `build` makes, which must be the same each time.

    With `judges_base` that is a candidate for the best, as epoch 0.

    `folder` keeps what a later call in the same words continues from. `watch` is told the course of
    the run whenever there is news of it, `say` how each epoch ended. Raises TrainingError for a
    loss that is no number, and for an argument of the Trainer that is not to be chosen.
    """
    behind = Course()
    total = math.ceil(epoch_size(training) / config.batch_size) * (
        config.head_epochs + config.epochs
    )
    for phase in _phases(config, judges_base):
        done = folder / phase.name / DONE
        if not done.is_file():
            model = _loaded(build(), folder / BEST)
            trainer = new_trainer(model, training, validation, weights, phase, folder)
            teller = Teller(phase, behind, total, progress, watch, say)
            trainer.add_callback(Keeper(trainer, phase, folder / BEST, teller))
            _train(trainer, done.parent)
            if trainer.args.should_save:
                _write(
                    done, dataclasses.asdict(course_of(trainer.state.log_history, phase, behind))
                )
            trainer.accelerator.wait_for_everyone()
        behind = _read(done)
    best_epoch = best_kept(folder / BEST)[0]
    if progress:
        best = f"best was epoch {best_epoch}" if best_epoch else "no epoch was better than the base"
        progress(total, total, best)
    return Fitted(_loaded(build(), folder / BEST), best_epoch, behind.history)


def steps_behind(folder: Path) -> int:
    """The optimizer steps of the phase that a killed run in `folder` was in, 0 for a new one."""
    last = [_last_checkpoint(phase) for phase in folder.glob("*/")]
    return max((int(one.name.rsplit("-", 1)[1]) for one in last if one), default=0)


def precision_behind(folder: Path) -> str | None:
    """What a killed run in `folder` computed in: it goes on in that; None for a new one."""
    file = folder / PRECISION
    return file.read_text("utf-8") if steps_behind(folder) and file.is_file() else None


def _phases(config: TrainConfig, judges_base: bool) -> list[Phase]:
    if not config.head_epochs:
        return [Phase("all", config.epochs, 0, False, config, judges_base)]
    together = replace(config, head_learning_rate=config.learning_rate)
    return [
        Phase("head", config.head_epochs, 0, True, config, judges_base),
        Phase("all", config.epochs, config.head_epochs, False, together),
    ]


def new_trainer(
    model: PRM,
    training: list[Item],
    validation: list[Item],
    weights: tuple[float, float],
    phase: Phase,
    folder: Path,
) -> PRMTrainer:
    """A Trainer of one phase, in whose `folder` its checkpoints are to be. Keeps nothing yet."""
    config = phase.config
    model.dropout = config.dropout
    if phase.head_alone:
        model.model.requires_grad_(False)
    if config.gradient_checkpointing:
        recompute_activations(model)
    per_epoch = math.ceil(epoch_size(training) / config.batch_size)
    trainer = PRMTrainer(
        model, _arguments(model, phase, folder, per_epoch), training, validation, weights, config
    )
    trainer.remove_callback(PrinterCallback)
    set_threads(model)
    return trainer


def _arguments(model: PRM, phase: Phase, folder: Path, per_epoch: int) -> TrainingArguments:
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
            bf16=phase.config.precision == "bfloat16",
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
        if stale(epochs_of(trainer.state.log_history, 0)) >= trainer.config.patience:
            return  # it was killed between its last epoch and the end
    trainer.train(resume_from_checkpoint=None if last is None else str(last))


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


def _read(file: Path) -> Course:
    """The course that `_write` wrote."""
    told = json.loads(file.read_text("utf-8"))
    losses = tuple((epochs, loss) for epochs, loss in told.pop("losses"))
    history = tuple(EpochRecord(**record) for record in told.pop("history"))
    return Course(losses, history, **told)


def _write(file: Path, content: object) -> None:
    """Write the file as a whole, and remove the checkpoints that it makes needless."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content), "utf-8")
    os.replace(partial, file)
    remove_checkpoints(file.parent)
