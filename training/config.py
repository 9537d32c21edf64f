"""The settings and the outcome of a training run; imports no torch, so pages can use it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from models.names import SEPARATOR

PASSES, PASSES_OF_A_PRM = 12, 4
LOSSES = ("cross_entropy", "mse")
TREES = ("auto", "on", "off")
LABELS = ("hard", "soft")
PRECISIONS = ("auto", "float32", "bfloat16")
SMALL = 100_000_000  # weights: below, a backbone is trained like the playground's


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The settings of a run; the paper (arXiv 2501.07301) states none of them.

    Epochs of 0 and learning rates of None follow from the base (`resolved`).
    `class_balance` is the power of the inverse class frequency that weights the loss (0: none,
    1: both classes count the same). `wrong_share` is the share of solutions with an error in
    the batches; 0 keeps their share in the data. An empty `system_prompt` leaves it to the
    chat template. `patience` counts epochs without a better validation F1.

    `batch_size` is the number of solutions of an optimizer step, over all devices;
    `device_tokens` is how many padded tokens a device computes at once: a step is as many passes as
    it takes. `head` is what a language model gets, "mlp" (the paper's Linear, ReLU, Linear) or
    "linear". With `lora` (a rank, 0 for none) the backbone's weights stay, and adapters beside them
    are trained, at `lora_alpha` / `lora` of their strength; they are merged into the weights in the
    end, and with `keep_adapter` also kept apart. Before `epochs` of everything come
    `head_epochs` of the head alone, at its own rate; then both learn at `learning_rate`.
    With "soft" `labels` the target of a step is its Monte-Carlo success rate where the data has
    one; with "hard" ones it is 1, or 0 at the first error.
    `loss` is "cross_entropy", or "mse": the squared error of the probability that a step is right.
    `trees` is whether solutions that begin alike share a batch and what they share is computed
    once: "auto" where that saves at least half of all tokens.
    `precision` is what products are computed in: "auto" takes bfloat16 where that is faster. The
    weights that are learnt stay float32.
    `save_minutes` is how much work a killed run loses at most. `trainer` are further arguments of
    transformers' TrainingArguments, such as fsdp, deepspeed or report_to.
    """

    epochs: int = 0
    batch_size: int = 16
    learning_rate: float | None = None
    head_learning_rate: float | None = None
    weight_decay: float = 0.05
    warmup: float = 0.1
    dropout: float = 0.1
    class_balance: float = 0.5
    wrong_share: float = 0.3
    patience: int = 4
    validation_fraction: float = 0.15
    max_length: int = 4096
    separator: str = SEPARATOR
    system_prompt: str = ""
    seed: int = 0
    device: str | None = None
    head: str = "mlp"
    loss: str = "cross_entropy"
    labels: str = "hard"
    device_tokens: int = 16_384
    head_epochs: int = 0
    lora: int = 0
    lora_alpha: int = 32
    keep_adapter: bool = False
    gradient_checkpointing: bool = False
    trees: str = "auto"
    precision: str = "auto"
    save_minutes: float = 10.0
    trainer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What one pass over the training solutions led to; losses are per step, cross-entropy in nats.

    Epoch 0 is a base that is a PRM, as it was: it has no training loss. Otherwise None is what is
    not defined, since the validation part has no solution of that class. `intervals` are the lower
    and upper ends of 95% of what is defined, by its name here.
    """

    epoch: int
    train_loss: float | None
    validation_loss: float
    error_accuracy: float | None
    correct_accuracy: float | None
    f1: float | None
    seconds: float
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainReport:
    """The outcome of a run. Counts are of solutions unless the name says steps.

    `best_epoch` is 0 where no epoch was better than the base; `history` begins with that one if the
    base is a PRM. `n_validation` chose the best epoch; `held_out_share` of the problems was in no
    part of it.
    """

    out: str
    n_training: int
    n_training_wrong: int
    n_validation: int
    n_truncated_steps: int
    n_left_out: int
    n_positive_steps: int
    n_negative_steps: int
    class_weights: tuple[float, float]
    best_epoch: int
    history: tuple[EpochRecord, ...]
    seconds: float
    held_out_share: float = 0.0
    n_validation_wrong: int | None = None  # None in reports that were written before it was
    leaks: dict[str, int] = field(default_factory=dict)  # problems left out, by evaluation set
    warning: str = ""  # of what made it slow
    saving: float = 1.0  # times fewer tokens, by prefix trees

    @property
    def best(self) -> EpochRecord:
        """The epoch whose weights the checkpoint has, or the base."""
        return next(one for one in self.history if one.epoch == self.best_epoch)

    @property
    def epochs(self) -> int:
        """How many passes over the data it made."""
        return self.history[-1].epoch


@dataclass(frozen=True, slots=True)
class Course:
    """How a run is going: (epochs, loss) at every point that was logged, and its whole epochs.

    It makes `epochs` at most, and stops after `patience` of them without a better one.
    """

    losses: tuple[tuple[float, float], ...] = ()
    history: tuple[EpochRecord, ...] = ()
    epochs: int = 0
    patience: int = 0


def resolved(config: TrainConfig, n_weights: int, is_prm: bool) -> TrainConfig:
    """`config` with epochs and learning rates where it has none, for a base of `n_weights`.

    Tiny models are far from converged and take 1e-3; the fine-tuning of billions of weights is
    commonly done at 1e-5. A new head learns at ten times the rate of a large backbone. A base that
    is a PRM already is near its optimum: a tenth of the rates, and few passes. With the rates of a
    new one the playground's fell from an F1 of 0.77 to 0.63 on 1,492 solutions (docs/training.md).
    """
    rate, head = (1e-3, 1e-3) if n_weights < SMALL else (1e-5, 1e-4)
    passes = PASSES
    if is_prm:
        rate, head, passes = rate / 10, head / 10, PASSES_OF_A_PRM
    return replace(
        config,
        epochs=config.epochs or passes,
        learning_rate=rate if config.learning_rate is None else config.learning_rate,
        head_learning_rate=head if config.head_learning_rate is None else config.head_learning_rate,
    )
