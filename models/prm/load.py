"""Process reward models: loading one of any scheme, scoring with it, and saving our own.

Our own checkpoints have the layout of the released Qwen2.5-Math-PRMs (models/prm/reader.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from models.errors import MissingExtraError, ModelError
from models.generation.base import Cluster
from models.loading import load_tokenizer
from models.memory import ADVICE, forget, out_of_memory, place
from models.names import checkpoint_folder, checkpoint_revision, parse_model_name
from models.prm.encoding import (
    Encoded,
    encode_solution,
    pad_batch,
    separator_token,
    token_batches,
)
from models.prm.formats import StepFormat
from models.prm.reader import (
    POSITIVE,
    PRM,
    backbone,
    fill_head,
    head_weights,
    probability,
)
from models.prm.schemes import (
    ARCHITECTURE,
    OWN,
    SCHEMES,
    STEPLENS_FILE,
    SYSTEM_PROMPT,
    check_scheme,
    open_prm,
    read_json,
)

try:
    import torch
    from huggingface_hub import save_torch_state_dict
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error

# What callers need of a PRM comes from here; the parts are in models/prms.
__all__ = [
    "ARCHITECTURE",
    "OWN",
    "POSITIVE",
    "PRM",
    "SCHEMES",
    "STEPLENS_FILE",
    "SYSTEM_PROMPT",
    "Encoded",
    "LoadedPRM",
    "Scorer",
    "encode_solution",
    "init_prm",
    "load_prm",
    "load_scorer",
    "pad_batch",
    "save_prm",
    "score_solutions",
    "separator_token",
]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Padded tokens of a batch. A GPU wants many; a CPU is busy with one solution already, and with
# thousands of tokens its caches overflow (benchmarks/prm_scoring.py).
BATCH_TOKENS_CUDA = 32768
BATCH_TOKENS_CPU = 1024


Solutions = Sequence[tuple[str, Sequence[str]]]  # (problem, steps)


class Scorer(Protocol):
    """A PRM that is ready to score, wherever it runs."""

    @property
    def revision(self) -> str:
        """What identifies its weights."""
        ...

    @property
    def scheme(self) -> str:
        """Its name in SCHEMES."""
        ...

    def score(self, solutions: Solutions) -> list[list[float | None]]:
        """P(the step is correct) for every step of every solution, None for dropped steps."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedPRM:
    """A PRM ready to score. `provenance` is the content of steplens.json, {} without one.

    `format` writes solutions (models/prm/formats.py), `scheme` is a name in SCHEMES.
    """

    model: PRM
    tokenizer: Any
    format: StepFormat
    name: str
    revision: str
    scheme: str = OWN
    provenance: dict[str, Any] = field(default_factory=dict)

    def score(self, solutions: Solutions) -> list[list[float | None]]:
        """As `score_solutions`."""
        return score_solutions(self, solutions)


def load_scorer(
    spec: str,
    scheme: str | None = None,
    cluster: Cluster | None = None,
    dtype: str | None = None,
) -> Scorer:
    """The PRM that `spec` names: vllm:PATH_OR_ID in vLLM, all others by Transformers' classes.

    It runs in this process, or in copies on `cluster`. Raises as `load_prm` does, and ModelError
    where vLLM is missing or does not serve the scheme, or is told a `dtype`.
    """
    if cluster is not None:
        from models.generation.ray import ReplicatedScorer

        return ReplicatedScorer(spec, cluster, scheme, dtype)
    if parse_model_name(spec).scheme != "vllm":
        return load_prm(spec, scheme=scheme, dtype=dtype)
    if dtype:
        raise ModelError(
            "vllm: takes its dtype from the environment: leave out --dtype, and write for example "
            """STEPLENS_VLLM='{"dtype": "float32"}' (docs/generators.md)"""
        )
    from models.prm.vllm import VllmPRM

    return VllmPRM(spec, scheme)


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
    return LoadedPRM(model, form.tokenizer, form, spec, revision, scheme, provenance)


def scoring_dtype(device: str) -> torch.dtype:
    """float32 on a CPU; on a GPU bfloat16, or float16 where it is not supported."""
    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def init_prm(base: str, seed: int) -> tuple[PRM, Any, bool]:
    """A float32 PRM to train, its tokenizer, and whether its head is a trained one.

    `base` is a language model, whose head starts random under `seed`, or a PRM of our layout,
    which keeps its head. Raises CheckpointError when `base` is neither.
    """
    folder = checkpoint_folder(base)
    torch.manual_seed(seed)
    model = PRM(backbone(folder, torch.float32))
    head = head_weights(folder)
    if head:
        fill_head(model.score, head, folder, "Linear, ReLU, Linear(2)")
    return model, load_tokenizer(folder), bool(head)


def save_prm(
    model: PRM, tokenizer: Any, out: Path, settings: dict[str, Any], dtype: Any = None
) -> None:
    """Write a checkpoint folder: our layout, the tokenizer, and steplens.json.

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
    (out / STEPLENS_FILE).write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def score_solutions(
    prm: LoadedPRM,
    solutions: Solutions,
    batch_tokens: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[float | None]]:
    """P(the step is correct) for every step of every (problem, steps), None for dropped steps.

    One forward pass per solution, in batches of similar length of at most `batch_tokens` padded
    tokens; what a solution is batched with changes its scores by rounding only. `progress` is
    told (solutions done, all solutions).
    """
    encoded = [prm.format.encode(problem, steps) for problem, steps in solutions]
    scores: list[list[float | None]] = [[None] * len(steps) for _, steps in solutions]
    kept = [i for i, e in enumerate(encoded) if e.n_kept_steps]
    done = len(encoded) - len(kept)
    device = prm.model.device
    budget = BATCH_TOKENS_CUDA if device.type == "cuda" else BATCH_TOKENS_CPU
    for batch in token_batches([len(encoded[i].ids) for i in kept], batch_tokens or budget):
        chosen = [kept[at] for at in batch]
        correct = _fitted(prm, [encoded[i] for i in chosen])
        for i in chosen:
            n = encoded[i].n_kept_steps
            scores[i][:n], correct = correct[:n], correct[n:]
        done += len(chosen)
        if progress:
            progress(done, len(encoded))
    return scores


def _fitted(prm: LoadedPRM, batch: Sequence[Encoded]) -> list[float]:
    """P(correct) of the kept steps of `batch`, one after the other; in halves where memory ends."""
    try:
        ids, at = pad_batch(batch, prm.model.device)
        with torch.inference_mode():
            return probability(prm.model(ids, at)).tolist()
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
    return _fitted(prm, batch[:half]) + _fitted(prm, batch[half:])
