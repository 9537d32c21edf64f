"""transformers' Trainer for process reward models: batches, loss and evaluation are ours.

Accumulation, several devices, precision, schedules, checkpoints and reports are the Trainer's.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from models.prm.encoding import pad_batch
from models.prm.reader import PRM, probability
from models.prm.trees import tree_of, tree_tensors
from training.config import TrainConfig
from training.data import MASKED
from training.engine.batches import Item, make_batches, portions
from training.metrics.processbench.evaluation import first_error_from_scores, processbench_metrics

Portion = dict[str, Tensor]
CPU = torch.device("cpu")
FIGURES = ("error_accuracy", "correct_accuracy", "f1")  # that evaluation gives


class Batches(Dataset[dict[str, Any]]):
    """The batches of one epoch, as one of several devices gets them.

    Every device draws the same batches, of `config.batch_size` solutions over all devices, and
    takes its share, so what is learnt does not depend on their number.
    """

    def __init__(self, items: list[Item], config: TrainConfig, device: int, devices: int) -> None:
        self.items, self.config = items, config
        self.device, self.devices = device, devices
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of this epoch, counted from 0."""
        order = random.Random(f"{self.config.seed} {epoch}")
        config = self.config
        self.batches = make_batches(
            self.items, config.batch_size, config.wrong_share, order, config.trees == "on"
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> dict[str, Any]:
        trees = self.config.trees == "on"
        shares = portions(self.batches[number], self.devices, self.config.device_tokens, trees)
        mine = [tensors(portion, trees) for portion in shares[self.device]]
        tokens = sum(len(item.encoded.ids) for item in self.batches[number])
        # The Trainer counts the steps of all devices by the labels.
        labels = torch.cat([one["labels"] for one in mine])
        return {"portions": mine, "labels": labels, "tokens": tokens}


def tensors(portion: Sequence[Item], trees: bool = False) -> Portion:
    """`ids` (solutions, width), and for n kept steps their `rows`, `columns` and `labels` (n,).

    The labels are float32: the targets, MASKED where a step is not trained on. With `trees`
    several solutions are one row of nodes, with its `positions` and `mask`.
    """
    if not portion:
        nothing = torch.zeros(0, dtype=torch.long)
        one_token = torch.zeros((1, 1), dtype=torch.long)
        return {"ids": one_token, "rows": nothing, "columns": nothing, "labels": nothing.float()}
    solutions = [item.encoded for item in portion]
    targets = [target for item in portion for target in item.targets]
    labels = torch.tensor(targets, dtype=torch.float32)
    if trees and len(portion) > 1:
        ids, (rows, columns), (positions, mask) = tree_tensors(
            tree_of(solutions), CPU, torch.float32
        )
        tree = {"positions": positions, "mask": mask}
    else:
        ids, (rows, columns) = pad_batch(solutions, CPU)
        tree = {}
    return {"ids": ids, "rows": rows, "columns": columns, "labels": labels, **tree}


def logits_of(model: Any, portion: Mapping[str, Tensor]) -> Tensor:
    """The logits (n, 2) of a portion's n kept steps."""
    tree = (portion["positions"], portion["mask"]) if "mask" in portion else None
    return model(portion["ids"], (portion["rows"], portion["columns"]), tree)


class PRMTrainer(Trainer):
    """Trains a PRM; `evaluate` gives ProcessBench's figures on the validation solutions.

    The loss is the weighted cross-entropy or squared error of all marked steps of a
    batch, divided by their number over all devices and portions: how a batch is cut up makes no
    difference.
    """

    def __init__(
        self,
        model: PRM,
        args: TrainingArguments,
        training: list[Item],
        validation: list[Item],
        weights: tuple[float, float],
        config: TrainConfig,
    ) -> None:
        self.batches = Batches(training, config, args.process_index, args.world_size)
        super().__init__(
            model=model,
            args=args,
            train_dataset=self.batches,
            callbacks=[_Epochs(self.batches)],
        )
        self.model_accepts_loss_kwargs = True  # so that the steps of a batch are counted
        self.config = config
        # Those that begin alike come into one batch, as in training.
        alike = config.trees == "on"
        self.validation = sorted(validation, key=lambda i: i.encoded.ids) if alike else validation
        self.tokens = 0  # of all devices, since this process began
        self.weighting = torch.tensor(weights, device=args.device)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches; they are shared out already."""
        return DataLoader(self.batches, batch_size=1, collate_fn=_only)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a rate each for backbone and head; no decay on biases and norms."""
        if self.optimizer is None:
            groups = _parameter_groups(model or self.model, self.config)
            self.optimizer = torch.optim.AdamW(groups)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Linear warm-up, then half a cosine down to 0."""
        if self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.create_optimizer(),
                lambda step: _rate(step, num_training_steps, self.config.warmup),
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """The loss of a device's share of a batch; its portions' gradients are added up."""
        model.train()
        self.tokens += inputs["tokens"]
        shares = self._prepare_inputs(inputs)["portions"]
        total = torch.zeros((), device=self.args.device)
        for number, portion in enumerate(shares):
            last = number == len(shares) - 1
            wait = contextlib.nullcontext() if last else self.accelerator.no_sync(model)
            with wait:
                loss = self.compute_loss(model, portion, num_items_in_batch=num_items_in_batch)
                self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The summed loss of a portion over the number of marked steps in the whole batch."""
        logits = logits_of(model, inputs)
        summed = step_loss(logits, inputs["labels"], self.weighting, self.config.loss)
        # Gradients of several devices are averaged, where the sum is wanted.
        loss = summed * self.args.world_size / max(1, int(num_items_in_batch or 0))
        return (loss, logits) if return_outputs else loss

    @torch.no_grad()
    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """ "eval_loss", and of FIGURES what is defined: "eval_f1", "eval_f1_low", "eval_f1_high".

        Low and high are the ends of 95%.
        """
        model = cast(torch.nn.Module, self.model)  # under FSDP the wrapped one
        model.eval()
        world, mine = self.args.world_size, self.args.process_index
        size, trees = world * self.config.batch_size, self.config.trees == "on"
        found: list[tuple[int | None, int, float, int]] = []
        for start in range(0, len(self.validation), size):
            batch = self.validation[start : start + size]
            for portion in portions(batch, world, self.config.device_tokens, trees)[mine]:
                found += self._verdicts(model, portion)
        if world > 1:
            found = [one for part in self._gathered(found) for one in part]
        metrics = _metrics(found)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def trained_weights(self) -> dict[str, Tensor]:
        """What is learnt, whole and on the CPU: every weight, or with LoRA adapters and head.

        Devices that share their weights must all ask; the first of them gets the answer.
        """
        return self._learnt(self.accelerator.get_state_dict(self.model_wrapped))

    def _learnt(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        model = cast(torch.nn.Module, self.model)
        names = {name for name, one in model.named_parameters() if one.requires_grad}
        plain = {name.removeprefix("module."): one for name, one in weights.items()}
        here = sorted(names & plain.keys())
        return {name: plain[name].detach().cpu().contiguous() for name in here}

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """What is learnt, and nothing that the base has already."""
        if self.args.should_save:
            folder = Path(output_dir or str(self.args.output_dir))
            folder.mkdir(parents=True, exist_ok=True)
            model = cast(torch.nn.Module, self.model)
            weights = model.state_dict() if state_dict is None else state_dict
            save_file(self._learnt(weights), folder / "model.safetensors")

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """Nothing to warn of: a checkpoint has only what is learnt, and the base the rest."""
        if load_result.unexpected_keys:
            raise ValueError(f"The checkpoint has other weights: {load_result.unexpected_keys}")

    def _verdicts(
        self, model: Any, items: Sequence[Item]
    ) -> list[tuple[int | None, int, float, int]]:
        """(first error found, first error, summed loss, marked steps) of each solution."""
        made = tensors(items, self.config.trees == "on")
        portion = {name: one.to(self.args.device) for name, one in made.items()}
        logits = logits_of(model, portion).float()
        scores = probability(logits).tolist()
        labels, place, found = portion["labels"], 0, []
        for item in items:
            kept = item.encoded.n_kept_steps
            here = slice(place, place + kept)
            missing = [None] * (item.n_steps - kept)
            said = first_error_from_scores([*scores[here], *missing])
            loss = step_loss(logits[here], labels[here], self.weighting, self.config.loss).item()
            found.append((said, item.first_error, loss, int((labels[here] != MASKED).sum())))
            place += kept
        return found

    def _gathered(self, found: object) -> list[Any]:
        everything: list[Any] = [None] * self.args.world_size
        torch.distributed.all_gather_object(everything, found)
        return everything


class _Epochs(TrainerCallback):
    """Draws each epoch's batches; a resumed run those of the epoch that it is in."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.batches.set_epoch(state.global_step // len(self.batches))


def step_loss(
    logits: Tensor, labels: Tensor, weighting: Tensor, loss: str = "cross_entropy"
) -> Tensor:
    """Weighted loss (config.LOSSES), in float32, summed over the marked ones of n steps.

    `logits` (n, 2), `labels` (n,): the probability of class 1 or MASKED, `weighting` (2,).
    """
    marked = labels != MASKED  # by hand: beside soft targets `ignore_index` is not heeded
    right = torch.where(marked, labels, 0.0)
    targets = torch.stack([1 - right, right], dim=1) * marked[:, None]
    if loss == "mse":
        error = logits.float().softmax(-1)[:, 1] - right
        return (targets @ weighting * error**2).sum()  # a masked step has no weight
    return functional.cross_entropy(logits.float(), targets, weight=weighting, reduction="sum")


def _metrics(found: list[tuple[int | None, int, float, int]]) -> dict[str, float]:
    marked = sum(steps for *_, steps in found)
    result = processbench_metrics([one[0] for one in found], [one[1] for one in found])
    figures = {"eval_loss": sum(loss for _, _, loss, _ in found) / max(1, marked)}
    for name in FIGURES:
        ends = result.intervals[name]
        figures[f"eval_{name}"] = getattr(result, name)
        figures[f"eval_{name}_low"], figures[f"eval_{name}_high"] = ends.low, ends.high
    return {name: value for name, value in figures.items() if not math.isnan(value)}


def _parameter_groups(model: Any, config: TrainConfig) -> list[dict[str, Any]]:
    rates = {"backbone": config.learning_rate, "head": config.head_learning_rate}
    groups: dict[tuple[str, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            part = "head" if ".score." in f".{name}" else "backbone"
            groups.setdefault((part, parameter.dim() > 1), []).append(parameter)
    return [
        {
            "params": chosen,
            "lr": rates[part],
            "weight_decay": config.weight_decay if decayed else 0.0,
        }
        for (part, decayed), chosen in groups.items()
    ]


def _rate(step: int, total: int, warmup: float) -> float:
    """The learning rate's factor: linear warm-up, then half a cosine down to 0."""
    rising = max(1, round(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def _only(batch: list[dict[str, Any]]) -> dict[str, Any]:
    return batch[0]
