"""Trains a process reward model on an export: one plain loop, one folder written at the end."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.names import checkpoint_folder, checkpoint_revision
from models.prm.encoding import pad_batch, separator_token
from models.prm.reader import POSITIVE, PRM, init_prm
from models.prm.save import save_prm
from models.prm.schemes import STEPLENS_FILE, read_json
from models.threads import set_threads
from training.batches import (
    Item,
    TrainingError,
    class_weights,
    encode_examples,
    make_batches,
    trainable,
)
from training.config import EpochRecord, TrainConfig, TrainReport, resolved_rates
from training.data import (
    MASKED,
    Export,
    ExportError,
    HeldOut,
    fingerprint,
    read_export,
    split_by_problem,
)
from training.evaluation import first_error_from_scores, processbench_metrics
from training.folders import check_free, whole_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Progress = Callable[[int, int, str], None]


def train(
    export_dir: str | Path,
    base: str,
    out: str | Path,
    config: TrainConfig,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> TrainReport:
    """Train a PRM from the language model `base` on an export; write it to `out`.

    Keeps the epoch with the best ProcessBench F1 on held-out problems. `out` appears whole or
    not at all. `progress(done, total, message)` counts batches and may raise to stop the run.
    Raises ExportError, ModelError, TrainingError, or FileExistsError when `out` holds
    something: with `overwrite` only another checkpoint of ours is replaced.
    """
    started = time.monotonic()
    target = Path(out)
    check_free(target, "checkpoint", STEPLENS_FILE, overwrite)  # before hours of work
    export = read_export(export_dir)
    part = _held_out(export)
    folder = checkpoint_folder(base)
    device = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
    with torch.random.fork_rng():
        model, tokenizer, has_head = init_prm(base, config.seed)
        separator_id = _prepare_separator(model, tokenizer, config.separator, has_head)
        max_length = min(config.max_length, model.model.config.max_position_embeddings)
        split = split_by_problem(export.examples, config.validation_fraction, config.seed)
        config = resolved_rates(config, sum(p.numel() for p in model.model.parameters()))
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
        if truncated and progress:
            progress(0, 1, f"{truncated} steps lie beyond {max_length} tokens and are left out")
        best, history = _fit(model.to(device), training, validation, weights, config, progress)
    model.load_state_dict(best.state)
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
        best_epoch=best.epoch,
        history=tuple(history),
        seconds=round(time.monotonic() - started, 1),
        held_out_share=part.share,
        n_validation_wrong=sum(i.first_error >= 0 for i in validation),
    )
    settings = {
        "separator": config.separator,
        "system_prompt": config.system_prompt,
        "max_length": max_length,
        "base": base,
        "base_revision": checkpoint_revision(folder),
        "export_checksum": export.checksum,
        "held_out": asdict(part),
        "config": asdict(config),
        "report": asdict(report),
        "training_problems": sorted({fingerprint(e.problem) for e in split[0]}),
        "validation_problems": sorted({fingerprint(e.problem) for e in split[1]}),
        "base_problems": _base_problems(folder) if has_head else [],
        "versions": {name: version(name) for name in ("torch", "transformers")},
    }
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    with whole_folder(target, "checkpoint", STEPLENS_FILE, overwrite=overwrite) as partial:
        save_prm(model, tokenizer, partial, settings, dtype)
    return report


@dataclass(slots=True)
class _Best:
    """The best epoch until now; of equal F1s the one with the lower validation loss."""

    epoch: int
    score: tuple[float, float]  # F1, minus the loss
    state: dict[str, Tensor]


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


def _fit(
    model: PRM,
    training: list[Item],
    validation: list[Item],
    weights: tuple[float, float],
    config: TrainConfig,
    progress: Progress | None,
) -> tuple[_Best, list[EpochRecord]]:
    """Run the epochs and return the best one's weights and the history."""
    device = model.device
    order = random.Random(config.seed)
    optimizer = torch.optim.AdamW(_parameter_groups(model, config))
    per_epoch = math.ceil(len(training) / config.batch_size)
    total = per_epoch * config.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate(step, total, config.warmup)
    )
    weighting = torch.tensor(weights, device=device)
    history: list[EpochRecord] = []
    best = _Best(0, (-math.inf, -math.inf), {})
    message = "first epoch"
    for epoch in range(1, config.epochs + 1):
        began = time.monotonic()
        set_threads(model)
        model.train()
        losses = []
        batches = make_batches(training, config.batch_size, config.wrong_share, order)
        for number, batch in enumerate(batches):
            if progress:
                progress((epoch - 1) * per_epoch + number, total, message)
            loss = _loss(*_logits(model, batch, config.dropout), weighting)
            if not math.isfinite(loss.item()):
                raise TrainingError(
                    f"The loss became {loss.item()} in epoch {epoch}: lower the learning rate "
                    f"(now {config.learning_rate})"
                )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        record = _validate(model, validation, weighting, config.batch_size)
        seconds = round(time.monotonic() - began, 2)
        history.append(EpochRecord(epoch, sum(losses) / len(losses), *record, seconds))
        latest = history[-1]
        score = (-1.0 if latest.f1 is None else latest.f1, -latest.validation_loss)
        if score > best.score:
            state = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}
            best = _Best(epoch, score, state)
        message = (
            f"epoch {epoch}: loss {latest.train_loss:.3f}, validation loss "
            f"{latest.validation_loss:.3f}, F1 "
            + ("not defined" if latest.f1 is None else f"{latest.f1:.3f}")
        )
        if epoch - best.epoch >= config.patience:
            break
    if progress:
        progress(total, total, f"best was epoch {best.epoch}")
    return best, history


def _logits(model: PRM, batch: Sequence[Item], dropout: float) -> tuple[Tensor, Tensor]:
    """Logits (n, 2) in float32 at the n kept steps of a batch, and their targets (n)."""
    ids, at = pad_batch([item.encoded for item in batch], model.device)
    targets = torch.tensor([t for item in batch for t in item.targets], device=model.device)
    with torch.autocast("cuda", torch.bfloat16, enabled=model.device.type == "cuda"):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[at]
        logits = model.score(functional.dropout(hidden, dropout, model.training))
    return logits.float(), targets


def _loss(logits: Tensor, targets: Tensor, weighting: Tensor) -> Tensor:
    """Weighted cross-entropy over the marked steps."""
    return functional.cross_entropy(logits, targets, weight=weighting, ignore_index=MASKED)


@torch.no_grad()
def _validate(
    model: PRM, items: list[Item], weighting: Tensor, batch_size: int
) -> tuple[float, float | None, float | None, float | None]:
    """Mean loss, accuracies on wrong and on right solutions, and their F1 (None: undefined)."""
    model.eval()
    losses = []
    predicted: list[int | None] = []
    for start in range(0, len(items), batch_size):
        batch = items[start : start + batch_size]
        logits, targets = _logits(model, batch, 0.0)
        losses.append(_loss(logits, targets, weighting).item())
        scores = logits.softmax(-1)[:, POSITIVE].tolist()
        for item in batch:
            kept = item.encoded.n_kept_steps
            missing = [None] * (item.n_steps - kept)
            predicted.append(first_error_from_scores([*scores[:kept], *missing]))
            scores = scores[kept:]
    result = processbench_metrics(predicted, [i.first_error for i in items], samples=1)
    figures = (result.error_accuracy, result.correct_accuracy, result.f1)
    error, correct, f1 = (None if math.isnan(x) else x for x in figures)
    return sum(losses) / len(losses), error, correct, f1


def _parameter_groups(model: PRM, config: TrainConfig) -> list[dict[str, Any]]:
    """Backbone and head with their learning rates; no decay on biases and norms."""
    groups = []
    for part, rate in (
        (model.model, config.learning_rate),
        (model.score, config.head_learning_rate),
    ):
        for decayed in (True, False):
            chosen = [p for p in part.parameters() if (p.dim() > 1) == decayed]
            decay = config.weight_decay if decayed else 0.0
            groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups


def _rate(step: int, total: int, warmup: float) -> float:
    """The learning rate's factor: linear warm-up, then half a cosine down to 0."""
    rising = max(1, round(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


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
