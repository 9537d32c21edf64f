"""The process reward model: a backbone with a two-class head read after every step.

Layout of the released checkpoints: a decoder without its language-model head, and
`score` = Linear(hidden, hidden), ReLU, Linear(hidden, 2); class 1 is "no error so far".
Source: "The Lessons of Developing Process Reward Models in Mathematical Reasoning"
(arXiv 2501.07301, section 2.1) and the model card of Qwen2.5-Math-PRM-7B.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import CheckpointError, MissingExtraError
from models.loading import chat_ids, load_tokenizer, load_weights
from models.names import SEPARATOR, checkpoint_folder, checkpoint_revision

try:
    import torch
    from huggingface_hub import save_torch_state_dict
    from safetensors import SafetensorError, safe_open
    from torch import Tensor, nn
    from transformers import AutoModel
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error

STEPLENS_FILE = "steplens.json"
ARCHITECTURE = "Qwen2ForProcessRewardModel"  # the name under which vLLM serves this layout
# The model card's system prompt; raw, since "\b" is a backspace otherwise.
SYSTEM_PROMPT = r"Please reason step by step, and put your final answer within \boxed{}."
POSITIVE = 1


class PRM(nn.Module):
    """A backbone and the head that gives two logits at every position."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        hidden = backbone.config.hidden_size
        self.model = backbone
        self.score = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def forward(self, ids: Tensor, at: tuple[Tensor, Tensor]) -> Tensor:
        """Logits (n, 2) at the n places `at` = (rows, columns) of `ids` (rows, width).

        Rows are padded on the right, so no mask is needed: attention only looks back.
        """
        hidden = self.model(input_ids=ids, use_cache=False).last_hidden_state
        return self.score(hidden[at])


@dataclass(frozen=True, slots=True)
class InputFormat:
    """How a solution is written for a PRM: the separator's text and id, and the limits."""

    separator: str
    separator_id: int
    system_prompt: str
    max_length: int


@dataclass(frozen=True, slots=True)
class LoadedPRM:
    """A PRM ready to score. `provenance` is the content of steplens.json, {} without one."""

    model: PRM
    tokenizer: Any
    format: InputFormat
    name: str
    revision: str
    provenance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A solution as token ids, and where the separator of each kept step is."""

    ids: tuple[int, ...]
    separator_positions: tuple[int, ...]
    n_kept_steps: int


def load_prm(spec: str, device: str | None = None) -> LoadedPRM:
    """Load one of our PRM checkpoints or a published one of the same layout.

    float32 on a CPU, bfloat16 on a GPU; no remote code, safetensors only. Raises
    CheckpointError when the folder is missing or holds another kind of model.
    """
    folder = checkpoint_folder(spec)
    target = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.bfloat16 if target.startswith("cuda") else torch.float32
    head = _head_weights(folder)
    if not head:
        raise CheckpointError(
            f"{folder} is not a process reward model (PRM) of the layout read here: no "
            "weights score.0.* and score.2.*"
        )
    model = _with_backbone(folder, dtype)
    _load_head(model, head, folder)
    model.to(device=target, dtype=dtype).eval()
    tokenizer = load_tokenizer(folder)
    settings = _settings(folder)
    separator = settings.get("separator", SEPARATOR)
    positions = int(getattr(model.model.config, "max_position_embeddings", 1 << 20))
    form = InputFormat(
        separator=separator,
        separator_id=separator_token(tokenizer, separator, spec),
        system_prompt=settings.get("system_prompt", SYSTEM_PROMPT),
        max_length=min(int(settings.get("max_length", positions)), positions),
    )
    return LoadedPRM(model, tokenizer, form, spec, checkpoint_revision(folder), settings)


def init_prm(base: str, seed: int) -> tuple[PRM, Any, bool]:
    """A float32 PRM to train, its tokenizer, and whether its head is a trained one.

    `base` is a language model, whose head starts random under `seed`, or a PRM, which keeps
    its head. Raises CheckpointError when `base` is neither.
    """
    folder = checkpoint_folder(base)
    torch.manual_seed(seed)
    model = _with_backbone(folder, torch.float32)
    head = _head_weights(folder)
    if head:
        _load_head(model, head, folder)
    return model, load_tokenizer(folder), bool(head)


def save_prm(
    model: PRM, tokenizer: Any, out: Path, settings: dict[str, Any], dtype: Any = None
) -> None:
    """Write a checkpoint folder: the layout above, the tokenizer, and steplens.json.

    `settings` needs "separator", "system_prompt" and "max_length"; the rest of it is the
    record of how the checkpoint came about.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", dtype or tensor.dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_torch_state_dict(weights, out)
    config = model.model.config.to_diff_dict()
    for key in ("auto_map", "_name_or_path"):  # code and a folder that are not in this one
        config.pop(key, None)
    config["architectures"] = [ARCHITECTURE]
    config["dtype"] = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    tokenizer.save_pretrained(out)
    (out / STEPLENS_FILE).write_text(json.dumps(settings, indent=2) + "\n", "utf-8")


def separator_token(tokenizer: Any, separator: str, name: str) -> int:
    """The one token id of `separator`. Raises CheckpointError when it is not one token."""
    ids = tokenizer.encode(separator, add_special_tokens=False)
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        raise CheckpointError(
            f"The step separator {separator!r} is {len(ids)} tokens in the vocabulary of {name}; "
            "a PRM needs a single token there"
        )
    return int(ids[0])


def encode_solution(
    tokenizer: Any,
    problem: str,
    steps: Sequence[str],
    separator_id: int,
    max_length: int,
    system_prompt: str,
) -> Encoded:
    """The chat with the problem, then every step followed by the separator's id.

    The id is appended, never joined as text: a tokenizer merges joined text
    (QwenLM/ProcessBench#12). A separator written in the problem or a step is spelled out in
    ordinary tokens. A step whose separator lies at or beyond `max_length` is dropped with all
    later ones; `n_kept_steps` says how many remain.
    """
    messages = [{"role": "system", "content": system_prompt}] if system_prompt else []
    messages.append({"role": "user", "content": problem})
    ids = _spell_out(tokenizer, chat_ids(tokenizer, messages), separator_id)
    positions: list[int] = []
    for step in steps:
        tokens = tokenizer.encode(step, add_special_tokens=False)
        tokens = _spell_out(tokenizer, tokens, separator_id)
        if len(ids) + len(tokens) >= max_length:
            break
        ids = [*ids, *tokens, separator_id]
        positions.append(len(ids) - 1)
    return Encoded(tuple(ids), tuple(positions), len(positions))


def pad_batch(batch: Sequence[Encoded], device: Any) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Ids (rows, width) padded on the right, and the (rows, columns) of all separators."""
    width = max(len(e.ids) for e in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    for row, encoded in enumerate(batch):
        ids[row, : len(encoded.ids)] = torch.tensor(encoded.ids)
    rows = torch.tensor([r for r, e in enumerate(batch) for _ in e.separator_positions])
    columns = torch.tensor([p for e in batch for p in e.separator_positions])
    return ids.to(device), (rows.long().to(device), columns.long().to(device))


def score_solutions(
    prm: LoadedPRM,
    solutions: Sequence[tuple[str, Sequence[str]]],
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[float | None]]:
    """P(no error so far) for every step of every (problem, steps), None for dropped steps.

    One forward pass per batch of solutions of similar length; the softmax is taken in
    float32. `progress` is told (solutions done, all solutions).
    """
    form = prm.format
    encoded = [
        encode_solution(
            prm.tokenizer, problem, steps, form.separator_id, form.max_length, form.system_prompt
        )
        for problem, steps in solutions
    ]
    scores: list[list[float | None]] = [[None] * len(steps) for _, steps in solutions]
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
    kept = [i for i in order if encoded[i].n_kept_steps]
    device = prm.model.device
    for start in range(0, len(kept), batch_size):
        chosen = kept[start : start + batch_size]
        ids, at = pad_batch([encoded[i] for i in chosen], device)
        with torch.inference_mode():
            positive = prm.model(ids, at).float().softmax(-1)[:, POSITIVE].tolist()
        for i in chosen:
            n = encoded[i].n_kept_steps
            scores[i][:n], positive = positive[:n], positive[n:]
        if progress:
            progress(len(order) - len(kept) + start + len(chosen), len(order))
    return scores


def _spell_out(tokenizer: Any, ids: Sequence[int], separator_id: int) -> list[int]:
    """`ids` with every separator replaced by the ordinary tokens of its text."""
    if separator_id not in ids:
        return list(ids)
    text = tokenizer.convert_ids_to_tokens(separator_id)
    plain = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return [t for i in ids for t in (plain if i == separator_id else (i,)) if t != separator_id]


def _with_backbone(folder: Path, dtype: Any) -> PRM:
    """A PRM whose backbone has the folder's weights and whose head is random."""
    return PRM(load_weights(AutoModel, folder, dtype)[0])


def _head_weights(folder: Path) -> dict[str, Tensor]:
    """The head's tensors in a checkpoint, by their name behind `score.`; {} without a head."""
    head = {}
    try:
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 (safe_open is no dict)
                    if name.startswith("score."):
                        head[name.removeprefix("score.")] = tensors.get_tensor(name)
    except SafetensorError as error:
        raise CheckpointError(f"The weights in {folder} cannot be read: {error}") from error
    return head


def _load_head(model: PRM, head: dict[str, Tensor], folder: Path) -> None:
    """Fill the head. Raises CheckpointError when its tensors have other names or shapes."""
    try:
        model.score.load_state_dict(head)
    except RuntimeError as error:
        raise CheckpointError(
            f"The head in {folder} is not Linear, ReLU, Linear(2): it has "
            f"{', '.join(f'score.{k} {tuple(v.shape)}' for k, v in sorted(head.items()))}"
        ) from error


def _settings(folder: Path) -> dict[str, Any]:
    """The content of steplens.json; {} for a checkpoint that is not ours."""
    file = folder / STEPLENS_FILE
    if not file.is_file():
        return {}
    try:
        settings = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{file} is not readable JSON: {error}") from error
    if not isinstance(settings, dict):
        raise CheckpointError(f"{file} must hold a JSON object")
    return settings
