"""Trains a process reward model on an export, and writes it as one folder at the end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from models.memory import out_of_memory
from models.names import checkpoint_folder, checkpoint_revision
from models.precision import warning
from models.prm.save import layout, save_prm
from models.prm.schemes import STEPLENS_FILE, read_json
from training.beginning import Say, of_run, of_sources
from training.card import model_card
from training.config import TrainConfig, TrainReport
from training.data import fingerprint
from training.engine.adapters import merge
from training.engine.batches import TrainingError
from training.engine.fit import Progress, Watch, fit, precision_behind, steps_behind
from training.engine.leaks import without_leaks
from training.engine.memory import OutOfMemory, shortage
from training.engine.preparation import prepare
from training.engine.start import on_gpu, start
from training.folders import check_free, resumable_folder, resumable_path, whole_folder
from training.sources import TrainingData, of_export

REPORTS = "TENSORBOARD_LOGGING_DIR"


def train(
    source: str | Path | TrainingData,
    base: str,
    out: str | Path,
    config: TrainConfig,
    progress: Progress | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
    evaluation_sets: Mapping[str, Iterable[str]] | None = None,
    refuse_leaks: bool = False,
    say: Say | None = None,
) -> TrainReport:
    """Train a PRM from the language model `base` on an export, or on other data; write it to `out`.

    Keeps the epoch with the best ProcessBench F1 on the validation part. `out` appears whole or
    not at all. `progress(done, total, message)` counts batches and may raise to stop the run;
    `watch(course)` is told the losses and epochs so far, `say(line)` what is to stand in a log:
    what is learnt from and left out, and how each epoch ended.
    Problems of `evaluation_sets` (their texts, by the set's name) are not trained on.
    Raises ExportError, LeakError (everything leaks, or with `refuse_leaks` anything), ModelError,
    TrainingError (of them OutOfMemory names what helps), or FileExistsError when `out` holds
    something: with `overwrite` only another checkpoint of ours is replaced.
    """
    started = time.monotonic()
    target = Path(out)
    check_free(target, "checkpoint", STEPLENS_FILE, overwrite)  # before hours of work
    given = source if isinstance(source, TrainingData) else of_export(source, config.labels)
    first = int(os.environ.get("RANK", "0")) == 0  # of the processes that torchrun started
    say = say if say and first else _nobody
    for line in of_sources(given.sources):
        say(line)
    examples, leaks = without_leaks(given.examples, evaluation_sets or {}, refuse=refuse_leaks)
    folder = checkpoint_folder(base)
    revision = checkpoint_revision(folder)
    learnt = [given.identity, sorted(leaks.problems), revision, _what_counts(config)]
    words = json.dumps(learnt, sort_keys=True)
    with (
        torch.random.fork_rng(),
        _reports_beside(target),
        _working_folder(target, words, first) as working,
    ):
        data = prepare(replace(given, examples=examples), base, config)
        config = data.config
        config = replace(config, precision=precision_behind(working) or config.precision)
        device = "cuda" if on_gpu(config) else "cpu"
        slow = warning(device, getattr(torch, config.precision), "--precision")
        report_progress = _with(slow, progress) if first else None
        for line in [*of_run(given, data, leaks, steps_behind(working)), *([slow] if slow else [])]:
            say(line)
        try:
            fitted = fit(
                lambda: start(base, config),
                data.training,
                data.validation,
                data.class_weights,
                config,
                working,
                report_progress,
                watch if first else None,
                say,
                judges_base=data.is_prm,  # the head of a new one is random
            )
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise shortage(replace(data, config=config)) from error
        report = TrainReport(
            out=str(target),
            n_training=len(data.training),
            n_training_wrong=sum(i.first_error >= 0 for i in data.training),
            n_validation=len(data.validation),
            n_truncated_steps=data.n_truncated,
            n_left_out=len(examples) - len(data.training) - len(data.validation),
            n_positive_steps=data.class_counts[1],
            n_negative_steps=data.class_counts[0],
            class_weights=data.class_weights,
            best_epoch=fitted.best_epoch,
            history=fitted.history,
            seconds=round(time.monotonic() - started, 1),
            held_out_share=given.held_out.share,
            n_validation_wrong=sum(i.first_error >= 0 for i in data.validation),
            leaks=leaks.by_set,
            warning=slow,
            saving=round(data.saving, 2),
        )
        settings = {
            "separator": config.separator,
            "system_prompt": config.system_prompt,
            "max_length": data.max_length,
            "base": base,
            "base_revision": revision,
            "export_checksum": given.checksum,
            "data": given.manifest(),
            "held_out": asdict(given.held_out),
            "config": asdict(config),
            "report": asdict(report),
            "training_problems": sorted({fingerprint(e.problem) for e in data.examples[0]}),
            "validation_problems": sorted({fingerprint(e.problem) for e in data.examples[1]}),
            "base_problems": _base_problems(folder) if data.is_prm else [],
            "versions": {name: version(name) for name in ("torch", "transformers")},
        }
        if first:
            dtype = getattr(torch, config.precision) if on_gpu(config) else torch.float32
            with whole_folder(target, "checkpoint", STEPLENS_FILE, overwrite=overwrite) as partial:
                if config.lora:
                    merge(fitted.model, partial / "adapter" if config.keep_adapter else None)
                save_prm(fitted.model, data.tokenizer, partial, settings, dtype)
                architecture = layout(fitted.model)["architectures"][0]
                card = model_card(target.name, settings, architecture)
                (partial / "README.md").write_text(card, "utf-8")
    return report


def _what_counts(config: TrainConfig) -> dict[str, Any]:
    """The settings that decide what is learnt: a killed run goes on with any of the others."""
    others = ("device_tokens", "gradient_checkpointing", "save_minutes")
    return {name: value for name, value in asdict(config).items() if name not in others}


@contextmanager
def _reports_beside(target: Path) -> Iterator[None]:
    """Have curves written where they outlive the working folder, in which the Trainer has them."""
    chosen = os.environ.get(REPORTS)
    os.environ[REPORTS] = chosen or f"{target}.runs"
    try:
        yield
    finally:
        if chosen is None:
            del os.environ[REPORTS]


@contextmanager
def _working_folder(target: Path, words: str, first: bool) -> Iterator[Path]:
    """What a killed run left, to go on from; the first process's, which all of them share."""
    if not first:
        yield resumable_path(target, words)
        return
    with resumable_folder(target, words) as folder:
        try:
            yield folder
        except OutOfMemory:  # other settings go on from there
            raise
        except TrainingError:  # It would come to the same end again.
            for left in folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            raise


def _nobody(line: str) -> None:
    """Hears what nobody asked for."""


def _with(warning: str, progress: Progress | None) -> Progress | None:
    """Tells the progress, and each time the warning too, if there is one."""
    if progress is None or not warning:
        return progress
    return lambda done, total, message: progress(done, total, f"{message}. {warning}")


def _base_problems(folder: Path) -> list[str] | None:
    """Fingerprints of the problems that a PRM was trained on before this; None if not known."""
    known = read_json(folder / STEPLENS_FILE)
    try:
        parts = (known["training_problems"], known["validation_problems"])
        return sorted({*parts[0], *parts[1], *known.get("base_problems", [])})
    except (KeyError, TypeError):
        return None
