"""Trains a process reward model on an export, and writes it as one folder at the end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from models.names import checkpoint_folder, checkpoint_revision
from models.prm.encoding import separator_token
from models.prm.reader import PRM, init_prm
from models.prm.save import save_prm
from models.prm.schemes import STEPLENS_FILE, read_json
from training.config import TrainConfig, TrainReport, resolved
from training.data import Export, ExportError, HeldOut, fingerprint, read_export, split_by_problem
from training.engine.adapters import merge, with_adapters
from training.engine.batches import TrainingError, class_weights, encode_examples, trainable
from training.engine.fit import Progress, Watch, fit, steps_behind
from training.folders import check_free, resumable_folder, resumable_path, whole_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def train(
    export_dir: str | Path,
    base: str,
    out: str | Path,
    config: TrainConfig,
    progress: Progress | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
) -> TrainReport:
    """Train a PRM from the language model `base` on an export; write it to `out`.

    Keeps the epoch with the best ProcessBench F1 on the validation part. `out` appears whole or
    not at all. `progress(done, total, message)` counts batches and may raise to stop the run;
    `watch(course)` is told the losses and epochs so far.
    Raises ExportError, ModelError, TrainingError, or FileExistsError when `out` holds
    something: with `overwrite` only another checkpoint of ours is replaced.
    """
    started = time.monotonic()
    target = Path(out)
    check_free(target, "checkpoint", STEPLENS_FILE, overwrite)  # before hours of work
    export = read_export(export_dir)
    part = _held_out(export)
    folder = checkpoint_folder(base)
    revision = checkpoint_revision(folder)
    words = json.dumps([export.checksum, revision, asdict(config)], sort_keys=True)
    # What reports write here must outlive the working folder, where the Trainer would put it.
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", f"{target}.runs")
    first = int(os.environ.get("RANK", "0")) == 0  # of the processes that torchrun started
    with torch.random.fork_rng(), _working_folder(target, words, first) as working:
        model, tokenizer, separator_id, has_head = _start(base, config)
        max_length = min(config.max_length, model.model.config.max_position_embeddings)
        split = split_by_problem(export.examples, config.validation_fraction, config.seed)
        config = resolved(config, sum(p.numel() for p in model.model.parameters()), has_head)
        items = [
            encode_examples(tokenizer, part, separator_id, max_length, config.system_prompt)
            for part in split
        ]
        truncated = sum(i.n_steps - i.encoded.n_kept_steps for part in items for i in part)
        training, validation = ([i for i in part if trainable(i)] for part in items)
        if not validation:
            raise TrainingError(
                "No solution held out for validation has a step that fits and is labelled: "
                "export more solutions or raise max_length"
            )
        weights, counts = class_weights(training, config.class_balance)
        report_progress = progress if first else None
        if truncated and report_progress:
            report_progress(
                0, 1, f"{truncated} steps lie beyond {max_length} tokens and are left out"
            )
        if (behind := steps_behind(working)) and report_progress:
            report_progress(0, 1, f"continues an earlier run after its step {behind:,}")
        del model
        fitted = fit(
            lambda: _start(base, config)[0],
            training,
            validation,
            weights,
            config,
            working,
            report_progress,
            watch if first else None,
        )
        report = TrainReport(
            out=str(target),
            n_training=len(training),
            n_training_wrong=sum(i.first_error >= 0 for i in training),
            n_validation=len(validation),
            n_truncated_steps=truncated,
            n_left_out=len(export.examples) - len(training) - len(validation),
            n_positive_steps=counts[1],
            n_negative_steps=counts[0],
            class_weights=weights,
            best_epoch=fitted.best_epoch,
            history=fitted.history,
            seconds=round(time.monotonic() - started, 1),
            held_out_share=part.share,
            n_validation_wrong=sum(i.first_error >= 0 for i in validation),
        )
        settings = {
            "separator": config.separator,
            "system_prompt": config.system_prompt,
            "max_length": max_length,
            "base": base,
            "base_revision": revision,
            "export_checksum": export.checksum,
            "held_out": asdict(part),
            "config": asdict(config),
            "report": asdict(report),
            "training_problems": sorted({fingerprint(e.problem) for e in split[0]}),
            "validation_problems": sorted({fingerprint(e.problem) for e in split[1]}),
            "base_problems": _base_problems(folder) if has_head else [],
            "versions": {name: version(name) for name in ("torch", "transformers")},
        }
        if first:
            dtype = torch.bfloat16 if _on_gpu(config) else torch.float32
            with whole_folder(target, "checkpoint", STEPLENS_FILE, overwrite=overwrite) as partial:
                if config.lora:
                    merge(fitted.model, partial / "adapter" if config.keep_adapter else None)
                save_prm(fitted.model, tokenizer, partial, settings, dtype)
    return report


@contextmanager
def _working_folder(target: Path, words: str, first: bool) -> Iterator[Path]:
    """What a killed run left, to go on from; the first process's, which all of them share."""
    if not first:
        yield resumable_path(target, words)
        return
    with resumable_folder(target, words) as folder:
        try:
            yield folder
        except TrainingError:  # It would come to the same end again.
            for left in folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            raise


def _start(base: str, config: TrainConfig) -> tuple[PRM, PreTrainedTokenizerBase, int, bool]:
    """The PRM to train, the same each time, its tokenizer, separator, and whether it was one."""
    dtype = torch.bfloat16 if config.lora and _on_gpu(config) else torch.float32
    model, tokenizer, has_head = init_prm(base, config.seed, config.head, dtype)
    separator_id = _prepare_separator(model, tokenizer, config.separator, has_head)
    if config.lora:
        model.model = with_adapters(model.model, config)
    return model, tokenizer, separator_id, has_head


def _on_gpu(config: TrainConfig) -> bool:
    return torch.cuda.is_available() and config.device != "cpu"


def _held_out(export: Export) -> HeldOut:
    """The part of the problems that the export left out for evaluation.

    Raises ExportError when it holds a problem of that part all the same.
    """
    part = HeldOut.of_manifest(export.manifest)
    leaked = sum(example.problem in part for example in export.examples)
    if leaked:
        raise ExportError(
            f"{leaked:,} rows belong to problems that the export's manifest says are held out for "
            "evaluation: export again"
        )
    return part


def _base_problems(folder: Path) -> list[str] | None:
    """Fingerprints of the problems that a PRM was trained on before this; None if not known."""
    known = read_json(folder / STEPLENS_FILE)
    try:
        parts = (known["training_problems"], known["validation_problems"])
        return sorted({*parts[0], *parts[1], *known.get("base_problems", [])})
    except (KeyError, TypeError):
        return None


def _prepare_separator(
    model: PRM, tokenizer: PreTrainedTokenizerBase, separator: str, trained: bool
) -> int:
    """Make the separator one token, and let it start out as a blank line unless it is trained.

    A policy knows steps that a blank line separates and has never seen the separator.
    """
    known = tokenizer.encode(separator, add_special_tokens=False)
    if len(known) != 1 or known[0] == tokenizer.unk_token_id:
        tokenizer.add_tokens([separator], special_tokens=True)
        if len(tokenizer) > _embeddings(model).num_embeddings:
            model.model.resize_token_embeddings(len(tokenizer))
    separator_id = separator_token(tokenizer, separator, "the base model")
    table = _embeddings(model).weight
    blank = tokenizer.encode("\n\n", add_special_tokens=False)
    if blank and not trained:
        with torch.no_grad():
            table[separator_id] = table[blank].mean(dim=0)
    return separator_id


def _embeddings(model: PRM) -> nn.Embedding:
    return cast(nn.Embedding, model.model.get_input_embeddings())
