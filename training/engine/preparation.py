"""What a run will learn from: its data split and encoded for its base."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.names import checkpoint_folder
from models.prm.reader import head_weights
from models.prm.trees import supports
from training.config import TrainConfig, resolved
from training.data import Example, split_by_problem
from training.engine.batches import (
    Item,
    TrainingError,
    class_weights,
    encode_examples,
    trainable,
    tree_saving,
)
from training.engine.start import outline, precision, with_separator
from training.sources import TrainingData

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

# Times the tokens. Batches of solutions that begin alike are less varied, and with a mask attention
# loses its causal kernel: for less than this neither is worth it.
PAYS = 2.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run learns from, and what it is chosen on. No weights were loaded for it.

    `config` has its epochs, rates and precision. `examples` are those of training and validation;
    `training` and `validation` hold the ones with a step to learn from or to judge by.
    `saving` is how many times the tokens of its prefix trees the training part has; 1.0 without.
    `class_weights` and `class_counts` are of class 0 (first errors) and class 1 of the training
    part.
    """

    config: TrainConfig
    max_length: int
    n_weights: int  # of the base's decoder
    is_prm: bool  # the base, already
    tokenizer: PreTrainedTokenizerBase
    separator_id: int
    examples: tuple[list[Example], list[Example]]
    training: list[Item]
    validation: list[Item]
    saving: float
    class_weights: tuple[float, float]
    class_counts: tuple[int, int]
    n_truncated: int  # steps that lie beyond max_length
    n_cut: int  # solutions that have such steps


def prepare(data: TrainingData, base: str, config: TrainConfig) -> Prepared:
    """Split the data by problem and encode it for `base`.

    Raises ExportError, ModelError, and TrainingError where nothing could be learnt.
    """
    folder = checkpoint_folder(base)
    backbone = outline(folder)
    tokenizer, separator_id = with_separator(folder, config.separator)
    is_prm = bool(head_weights(folder))
    n_weights = sum(p.numel() for p in backbone.parameters())
    config = resolved(config, n_weights, is_prm)
    config = replace(config, precision=precision(config, backbone.config.hidden_size))
    max_length = min(config.max_length, backbone.config.max_position_embeddings)
    examples = split_by_problem(data.examples, config.validation_fraction, config.seed)
    items = [
        encode_examples(tokenizer, part, separator_id, max_length, config.system_prompt)
        for part in examples
    ]
    training, validation = ([i for i in part if trainable(i)] for part in items)
    if not validation:
        raise TrainingError(
            "No solution held out for validation has a step that fits and is labelled: "
            "export more solutions or raise max_length"
        )
    saving = _saving(config, backbone.config, training, validation)
    if config.trees == "auto":
        config = replace(config, trees="on" if saving >= PAYS else "off")
    saving = saving if config.trees == "on" else 1.0
    weights, counts = class_weights(training, config.class_balance)
    beyond = [i.n_steps - i.encoded.n_kept_steps for part in items for i in part]
    return Prepared(
        config,
        max_length,
        n_weights,
        is_prm,
        tokenizer,
        separator_id,
        examples,
        training,
        validation,
        saving,
        weights,
        counts,
        sum(beyond),
        sum(map(bool, beyond)),
    )


def _saving(
    config: TrainConfig, shape: PreTrainedConfig, training: list[Item], validation: list[Item]
) -> float:
    """How many times as many tokens there are one by one as in trees; 1.0 where there are none.

    Independent of the tokens that fit into memory, since a run may go on with fewer.
    Raises TrainingError where trees are wanted of a base that is not known to compute them.
    """
    longest = max(len(item.encoded.ids) for item in training + validation)
    if config.trees == "off":
        return 1.0
    if not supports(shape, longest):
        if config.trees == "auto":
            return 1.0
        raise TrainingError(
            f"Prefix trees are not known to be right for {shape.model_type} with solutions of "
            f"{longest:,} tokens: train with --trees off"
        )
    return tree_saving(training, config.batch_size)
