"""Scores by a PRM of any scheme in this process: what it computes in, and in which batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.errors import MissingExtraError, ModelError
from models.memory import ADVICE, forget, out_of_memory, place
from models.names import checkpoint_folder, checkpoint_revision
from models.precision import warning
from models.prm.base import Scores, Solutions
from models.prm.encoding import Encoded, pad_batch, token_batches
from models.prm.formats import StepFormat
from models.prm.reader import PRM, probability
from models.prm.schemes import OWN, STEPLENS_FILE, check_scheme, open_prm, read_json
from models.prm.trees import (
    TREE_TOKENS,
    blocks_of,
    groups,
    node_tensors,
    supports,
    tree_of,
    tree_tensors,
)
from models.threads import set_threads

try:
    import torch
    from transformers import PreTrainedTokenizerBase
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Padded tokens of a batch. A GPU wants many; a CPU is busy with one solution already, and with
# thousands of tokens its caches overflow (benchmarks/prm_scoring.py).
BATCH_TOKENS_CUDA = 32768
BATCH_TOKENS_CPU = 1024


@dataclass(frozen=True, slots=True)
class LoadedPRM:
    """A PRM ready to score. `provenance` is the content of steplens.json, {} without one.

    `format` writes solutions (models/prm/formats.py), `scheme` is a name in SCHEMES.
    """

    model: PRM
    tokenizer: PreTrainedTokenizerBase
    format: StepFormat
    name: str
    revision: str
    scheme: str = OWN
    provenance: dict[str, Any] = field(default_factory=dict)
    warning: str = ""

    def score(self, solutions: Solutions) -> Scores:
        """As `score_solutions`."""
        return score_solutions(self, solutions)


def load_prm(
    spec: str, device: str | None = None, scheme: str | None = None, dtype: str | None = None
) -> LoadedPRM:
    """Load one of our PRM checkpoints, or a published one whose scheme is recognised.

    `scheme`, a name in SCHEMES, overrides what the checkpoint's files say. `dtype`, a name in
    DTYPES, is what it computes in: else float32 on a CPU, bfloat16 on a GPU (float16 where it has
    none). No remote code, safetensors only. Raises CheckpointError when the folder is missing or
    holds another kind of model, ModelError for an unknown scheme or a model too large for memory.
    """
    check_scheme(scheme)  # before anything is fetched
    folder = checkpoint_folder(spec)
    target = device or ("cuda" if torch.cuda.is_available() else "cpu")
    computed = DTYPES[dtype] if dtype else scoring_dtype(target)
    read, form, scheme = open_prm(spec, folder, computed, scheme)
    model = read()
    place(model, spec, target, computed)
    provenance = read_json(folder / STEPLENS_FILE)
    revision = checkpoint_revision(folder)
    slow = warning(target, computed)
    return LoadedPRM(model, form.tokenizer, form, spec, revision, scheme, provenance, slow)


def scoring_dtype(device: str) -> torch.dtype:
    """float32 on a CPU; on a GPU bfloat16, or float16 where it is not supported."""
    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def score_solutions(
    prm: LoadedPRM,
    solutions: Solutions,
    batch_tokens: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    tree_tokens: int = TREE_TOKENS,
) -> Scores:
    """P(the step is correct) for every step of every (problem, steps), None for dropped steps.

    Solutions that begin alike are scored together, as trees of at most `tree_tokens` nodes (0: none
    are); the others in batches of similar length of at most `batch_tokens` padded tokens. What a
    solution is scored with changes its scores by rounding only. `progress` is told (solutions done,
    all solutions).
    """
    set_threads(prm.model)
    encoded = [prm.format.encode(problem, steps) for problem, steps in solutions]
    scores: Scores = [[None] * len(steps) for _, steps in solutions]
    kept = [i for i, e in enumerate(encoded) if e.n_kept_steps]
    done = len(encoded) - len(kept)
    device = prm.model.device
    budget = BATCH_TOKENS_CUDA if device.type == "cuda" else BATCH_TOKENS_CPU
    for chosen, as_tree in _passes(prm, encoded, kept, batch_tokens or budget, tree_tokens):
        correct = _fitted(prm, [encoded[i] for i in chosen], as_tree)
        for i in chosen:
            n = encoded[i].n_kept_steps
            scores[i][:n], correct = correct[:n], correct[n:]
        done += len(chosen)
        if progress:
            progress(done, len(encoded))
    return scores


def _passes(
    prm: LoadedPRM, encoded: Sequence[Encoded], kept: Sequence[int], budget: int, tree_tokens: int
) -> list[tuple[list[int], bool]]:
    """The solutions of every forward pass, and whether they are computed as a tree."""
    fit = [i for i in kept if supports(prm.model.model.config, len(encoded[i].ids))]
    trees = [
        [fit[at] for at in group]
        for group in groups([encoded[i] for i in fit], tree_tokens)
        if len(group) > 1
    ]
    in_trees = {i for tree in trees for i in tree}
    others = [i for i in kept if i not in in_trees]
    batches = token_batches([len(encoded[i].ids) for i in others], budget)
    return [([others[at] for at in batch], False) for batch in batches] + [
        (tree, True) for tree in trees
    ]


def _fitted(prm: LoadedPRM, batch: Sequence[Encoded], as_tree: bool) -> list[float]:
    """P(correct) of the kept steps of `batch`, one after the other; in halves where memory ends."""
    try:
        with torch.inference_mode():
            return probability(_logits(prm.model, batch, as_tree)).tolist()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(batch) == 1:
            raise ModelError(
                f"One solution of {len(batch[0].ids):,} tokens is too much for the memory of "
                f"{prm.model.device}. {ADVICE}"
            ) from error
    # Only here is the error gone, which held the batch's tensors.
    forget(prm.model.device)
    half = len(batch) // 2
    parts = batch[:half], batch[half:]
    return [one for part in parts for one in _fitted(prm, part, as_tree and len(part) > 1)]


def _logits(model: PRM, batch: Sequence[Encoded], as_tree: bool) -> torch.Tensor:
    if not as_tree:
        return model(*pad_batch(batch, model.device))
    tree, dtype = tree_of(batch), next(model.parameters()).dtype
    if model.model.config._attn_implementation != "sdpa":
        return model(*tree_tensors(tree, model.device, dtype))
    ids, at, positions = node_tensors(tree, model.device)
    return model(ids, at, (positions, blocks_of(tree, model.device, dtype)))
