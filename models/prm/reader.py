"""A backbone with a small head that is read at the ends of steps, and the heads there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.errors import CheckpointError, MissingExtraError
from models.loading import load_tokenizer, load_weights
from models.names import checkpoint_folder
from models.prm.trees import Block, in_blocks

try:
    import torch
    from safetensors import SafetensorError, safe_open
    from torch import Tensor, nn
    from torch.nn import functional
    from transformers import (
        AutoModel,
        AutoModelForCausalLM,
        PreTrainedModel,
        PreTrainedTokenizerBase,
    )
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error

POSITIVE = 1
# Their logits are the head's product with the last hidden state, neither scaled nor capped.
PLAIN_LANGUAGE_MODELS = ("llama", "mistral", "qwen2")
HEADS = {"mlp": "Linear, ReLU, Linear(2)", "linear": "Linear(2)"}
HEAD_PREFIXES = ("score.", "v_head.")


class PRM(nn.Module):
    """A decoder without its language-model head, and `score`, the head that is read.

    The head of Qwen's checkpoints, and of ours unless they were told otherwise, is
    Linear(hidden, hidden), ReLU, Linear(hidden, 2); class 1 is "no error so far". Sources: arXiv
    2501.07301, section 2.1, and the model card of Qwen2.5-Math-PRM-7B.
    """

    def __init__(self, backbone: PreTrainedModel, score: nn.Module | None = None) -> None:
        super().__init__()
        self.model = backbone
        self.dropout = 0.0  # of what the head reads, in training
        self.score = score or new_head("mlp", backbone.config.hidden_size)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def forward(
        self,
        ids: Tensor,
        at: tuple[Tensor, Tensor],
        tree: tuple[Tensor, Tensor | list[Block]] | None = None,
    ) -> Tensor:
        """Logits (n, 1 or 2) at the n places `at` = (rows, columns) of `ids` (rows, width).

        Rows are padded on the right, so no mask is needed: attention only looks back. A `tree` has
        positions (rows, width) and a mask (rows, 1, width, width) to add (models/prm/trees.py), or
        its blocks, to score alone: a layer that is computed again for its gradient knows of none.
        """
        positions, mask = tree or (None, None)
        inputs = {"input_ids": ids, "position_ids": positions, "use_cache": False}
        if isinstance(mask, list):
            with in_blocks(self.model.config):
                hidden = self.model(**inputs, blocks=mask).last_hidden_state
        else:
            hidden = self.model(**inputs, attention_mask=mask).last_hidden_state
        return self.score(functional.dropout(hidden[at], self.dropout, self.training))


def new_head(kind: str, hidden: int) -> nn.Module:
    """A random head of two classes, one of HEADS: "mlp" or "linear"."""
    if kind == "linear":
        return nn.Linear(hidden, 2)
    return nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))


def probability(logits: Tensor) -> Tensor:
    """P(correct) (n,) in float32 from logits (n, 2), or (n, 1) of a scalar head."""
    logits = logits.float()
    return logits[:, 0].sigmoid() if logits.shape[1] == 1 else logits.softmax(-1)[:, POSITIVE]


def weight_names(folder: Path) -> set[str]:
    """The names of all tensors in the folder's safetensors files; no tensor is read."""
    names: set[str] = set()
    try:
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as tensors:
                names.update(tensors.keys())
    except SafetensorError as error:
        raise CheckpointError(f"The weights in {folder} cannot be read: {error}") from error
    return names


def head_weights(folder: Path, prefix: str = "score.") -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of their names; {} if none."""
    head = {}
    try:
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 (safe_open is no dict)
                    if name.startswith(prefix):
                        head[name.removeprefix(prefix)] = tensors.get_tensor(name)
    except SafetensorError as error:
        raise CheckpointError(f"The weights in {folder} cannot be read: {error}") from error
    return head


def backbone(folder: Path, dtype: torch.dtype | None) -> PreTrainedModel:
    """The folder's decoder without any head."""
    return load_weights(AutoModel, folder, dtype)[0]


def two_layer_prm(folder: Path, dtype: torch.dtype | None) -> PRM:
    """The layout of Qwen2ForProcessRewardModel: `model.*`, `score.0.*`, `score.2.*`."""
    head = head_weights(folder)
    if not head:
        raise CheckpointError(
            f"{folder} is not a process reward model (PRM) of this layout: no weights "
            "score.0.* and score.2.*"
        )
    model = PRM(backbone(folder, dtype))
    fill_head(model.score, head, folder, HEADS["mlp"])
    return model


def classifier_prm(folder: Path, dtype: torch.dtype | None) -> PRM:
    """A token classifier of two classes: `model.*`, and `score.*` of one or two layers."""
    head = head_weights(folder)
    if "weight" not in head:
        return two_layer_prm(folder, dtype)
    model = backbone(folder, dtype)
    score = nn.Linear(model.config.hidden_size, 2, bias="bias" in head)
    fill_head(score, head, folder, HEADS["linear"])
    return PRM(model, score)


def scalar_prm(folder: Path, dtype: torch.dtype | None) -> PRM:
    """Skywork's layout: `model.*` and `v_head.summary.*`, one number per token."""
    head = head_weights(folder, "v_head.summary.")
    if not head:
        raise CheckpointError(f"{folder} has no scalar head: no weights v_head.summary.*")
    model = backbone(folder, dtype)
    score = nn.Linear(model.config.hidden_size, 1)
    fill_head(score, head, folder, "Linear(1)")
    return PRM(model, score)


def two_token_prm(folder: Path, dtype: torch.dtype | None, tokens: Sequence[int]) -> PRM:
    """A language model of which only the logits of two tokens (wrong, right) are computed.

    Their softmax is that of the two among all logits, at a vocabulary's fraction of the cost.
    """
    model, left_over = load_weights(AutoModelForCausalLM, folder, dtype)
    found = sorted(n for n in left_over if n.startswith(HEAD_PREFIXES))
    if found:
        raise CheckpointError(
            f"{folder} has a reward head ({found[0]}): its language-model head is not its score. "
            "Leave the scheme to be recognised"
        )
    if model.config.model_type not in PLAIN_LANGUAGE_MODELS:
        raise CheckpointError(
            f"{folder} is a {model.config.model_type} model; the schemes that read a language "
            f"model's logits know {', '.join(PLAIN_LANGUAGE_MODELS)}"
        )
    rows = model.get_output_embeddings().weight.detach()[list(tokens)].clone()
    score = nn.Linear(rows.shape[1], len(rows), bias=False)
    score.weight = nn.Parameter(rows)
    return PRM(model.get_decoder(), score)


def init_prm(
    base: str, seed: int, head: str = "mlp", dtype: torch.dtype = torch.float32
) -> tuple[PRM, PreTrainedTokenizerBase, bool]:
    """A PRM to train, its tokenizer, and whether its head is a trained one.

    `base` is a language model, whose head, one of HEADS, starts random under `seed`; or a PRM of
    one of these heads, which it keeps. The head is float32, the backbone `dtype`. Raises
    CheckpointError when `base` is neither.
    """
    folder = checkpoint_folder(base)
    torch.manual_seed(seed)
    decoder = backbone(folder, dtype)
    trained = head_weights(folder)
    if trained:
        head = "linear" if "weight" in trained else "mlp"
    model = PRM(decoder, new_head(head, decoder.config.hidden_size))
    if trained:
        fill_head(model.score, trained, folder, HEADS[head])
    return model, load_tokenizer(folder), bool(trained)


def fill_head(score: nn.Module, head: dict[str, Tensor], folder: Path, wanted: str) -> None:
    """Fill the head. Raises CheckpointError when its tensors have other names or shapes."""
    try:
        score.load_state_dict(head)
    except RuntimeError as error:
        raise CheckpointError(
            f"The head in {folder} is not {wanted}: it has "
            f"{', '.join(f'score.{k} {tuple(v.shape)}' for k, v in sorted(head.items()))}"
        ) from error
