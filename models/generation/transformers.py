"""Completions by Transformers' own `generate`, reproducible row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    DynamicCache,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
)

from models.errors import CheckpointError, ModelError
from models.generation.base import Completion, CompletionRequest, Sampling
from models.generation.options import first_tokens, of_tokens
from models.loading import chat_ids, load_tokenizer, load_weights
from models.memory import ADVICE, forget, out_of_memory, place
from models.names import checkpoint_folder, checkpoint_revision
from models.threads import set_threads

# Rows that have ended are only dropped between two calls of `generate`: short stretches waste
# few steps on ended rows, long ones pay for fewer calls.
STRETCH = 16
CACHE_SHARE_CUDA = 0.4  # of the memory that is free once the weights are loaded
CACHE_BYTES_CPU = 1 << 30
MAX_BATCH = 256


def uniforms(seeds: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """A number in [0, 1) for every (seed, position): splitmix64's finaliser over both.

    Counter-based: it has no state, so a row draws the same numbers whatever runs beside it.
    52 bits, so that the product with a sum of probabilities stays below that sum. Source:
    Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        mixed = _splitmix(_splitmix(seeds.astype(np.uint64)) + positions.astype(np.uint64))
    return (mixed >> np.uint64(12)).astype(np.float64) * 2.0**-52


def _splitmix(x: np.ndarray) -> np.ndarray:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class SeededDraw(LogitsProcessor):
    """Draws each row's next token from its own seed and leaves only that token finite.

    `generate` then runs greedily: its own sampling takes one random stream for the whole
    batch, which would make a completion depend on its neighbours.
    """

    def __init__(
        self, seeds: np.ndarray, drawn: np.ndarray, width: int, temperature: float, top_p: float
    ) -> None:
        self.seeds, self.drawn, self.width = seeds, drawn, width
        self.temperature, self.top_p = temperature, top_p

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (rows, vocabulary) of which one a row is 0 and all others are -inf."""
        position = self.drawn + (input_ids.shape[1] - self.width)
        draws = torch.from_numpy(uniforms(self.seeds, position)).to(scores.device)[:, None]
        probabilities = torch.softmax(scores.float() / self.temperature, dim=-1)
        if self.top_p < 1:
            ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
            beyond = ordered.cumsum(dim=-1) - ordered >= self.top_p
            probabilities = probabilities.scatter(-1, order, ordered.masked_fill(beyond, 0.0))
        upto = probabilities.double().cumsum(dim=-1)
        chosen = torch.searchsorted(upto, draws * upto[:, -1:], right=True)
        return torch.full_like(scores, float("-inf")).scatter_(-1, chosen, 0.0)


class OptionReader(LogitsProcessor):
    """Notes the log-probabilities of some tokens as the first one of each row; changes nothing."""

    def __init__(self, rows: list[_Row], tokens: tuple[tuple[int, ...], ...]) -> None:
        self.rows, self.tokens = rows, tokens

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """The same scores (rows, vocabulary)."""
        fresh = [at for at, row in enumerate(self.rows) if not (row.out or row.option_logprobs)]
        flat = [token for option in self.tokens for token in option]
        if fresh:
            told = torch.log_softmax(scores[fresh].float(), dim=-1)[:, flat].tolist()
            for at, logprobs in zip(fresh, told, strict=True):
                found = dict(zip(flat, logprobs, strict=True))
                self.rows[at].option_logprobs = of_tokens(self.tokens, found)
        return scores


@dataclass(slots=True)
class _Row:
    """One request on its way."""

    prompt: tuple[int, ...]
    seed: int
    limit: int
    out: list[int] = field(default_factory=list)
    text: str = ""
    finish: str = ""
    option_logprobs: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.prompt) + len(self.out)


class TransformersGenerator:
    """A causal language model loaded from a folder, run in this process.

    Weights come from safetensors files and code from Transformers only. float32 on a CPU,
    bfloat16 on a GPU. A completion is decided by its prompt, its seed and the sampling; how
    rows are batched only enters through floating-point rounding.
    """

    def __init__(
        self,
        spec: str,
        *,
        batch_size: int | None = None,
        stretch: int | None = None,
        device: str | None = None,
    ) -> None:
        folder = checkpoint_folder(spec)
        self.name = spec
        self.revision = checkpoint_revision(folder)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        on_cuda = self.device.type == "cuda"
        self.tokenizer = load_tokenizer(folder)
        dtype = torch.bfloat16 if on_cuda else torch.float32
        self.model, left_over = load_weights(AutoModelForCausalLM, folder, dtype)
        if any(name.startswith("score.") for name in left_over):
            # With tied embeddings it would load, and speak nonsense in full confidence.
            raise CheckpointError(f"{folder} is a reward model: it scores and cannot generate")
        place(self.model, spec, self.device)
        recommended = self.model.generation_config
        self._temperature = recommended.temperature if recommended.do_sample else None
        self._ends = _end_ids(recommended.eos_token_id, self.tokenizer.eos_token_id)
        self._pad = next(
            (t for t in (self.tokenizer.pad_token_id, *self._ends) if t is not None), 0
        )
        # Nothing of the checkpoint's own sampling settings may change the probabilities unseen.
        self.model.generation_config = GenerationConfig()
        self.context = int(getattr(self.model.config, "max_position_embeddings", 1 << 20))
        self.batch_size = batch_size or self._fitting_batch()
        self.stretch = stretch or STRETCH

    def prompt_ids(
        self, messages: list[dict[str, str]], answer_prefix: str = ""
    ) -> tuple[int, ...]:
        """The chat up to the assistant's turn, then the ids of `answer_prefix`.

        The prefix is appended as ids since chat templates strip a trailing blank line
        (huggingface/transformers#34214). Raises ModelError without a chat template.
        """
        return (*chat_ids(self.tokenizer, messages), *self._encode(answer_prefix))

    def default_temperature(self) -> float | None:
        """The temperature in the checkpoint's generation_config.json, if it says to sample."""
        return None if self._temperature is None else float(self._temperature)

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests.

        A prompt that leaves no room in the model's context gets the empty text with
        "length". Raises ModelError for an empty prompt.
        """
        set_threads(self.model)
        rows = []
        for request in requests:
            if not request.prompt_ids:
                raise ModelError("A prompt must have at least one token")
            room = self.context - len(request.prompt_ids)
            row = _Row(request.prompt_ids, request.seed, min(sampling.max_tokens, room))
            row.finish = "length" if room < 1 else ""
            rows.append(row)
        waiting = [row for row in rows if not row.finish]
        while waiting:
            waiting.sort(key=lambda row: (len(row), row.prompt))
            batch, waiting = waiting[: self.batch_size], waiting[self.batch_size :]
            waiting += self._fitted(batch, sampling, alone=not waiting)
        return [
            Completion(
                row.text,
                len(row.out),
                "stop" if row.finish == "stop" else "length",
                option_logprobs=row.option_logprobs,
            )
            for row in rows
        ]

    def _fitted(self, rows: list[_Row], sampling: Sampling, alone: bool) -> list[_Row]:
        """As `_run`; where memory runs out, batches are half as large from there on.

        What its rows have so far stays, and how rows are batched changes no completion.
        """
        try:
            return self._run(rows, sampling, alone)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            if len(rows) == 1:
                raise ModelError(
                    f"One completion behind {len(rows[0]):,} tokens is too much for the memory of "
                    f"{self.device}. {ADVICE}"
                ) from error
        # Only here is the error gone, which held the batch's tensors.
        forget(self.device)
        self.batch_size = len(rows) // 2
        return [row for row in rows if not row.finish]

    @torch.inference_mode()
    def _run(self, rows: list[_Row], sampling: Sampling, alone: bool) -> list[_Row]:
        """Run a batch, dropping rows as they end; returns the few that are left for another.

        `alone`: there is no other batch for them, so all rows are run to their end.
        """
        enough = 1 if alone else len(rows) // 4
        ids = torch.full((len(rows), max(map(len, rows))), self._pad)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, -len(row) :] = torch.tensor([*row.prompt, *row.out])
            mask[index, -len(row) :] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        cache = DynamicCache(config=self.model.config)
        self._read_prompts(rows, ids, mask, cache)
        while len(rows) >= max(1, enough):
            width = ids.shape[1]
            ids = self._stretch(rows, ids, mask, cache, sampling)
            for row, new in zip(rows, ids[:, width:].tolist(), strict=True):
                self._take(row, new, sampling.stop)
            mask = functional.pad(mask, (0, ids.shape[1] - width), value=1)
            kept = [index for index, row in enumerate(rows) if not row.finish]
            if len(kept) < len(rows):
                rows = [rows[index] for index in kept]
                chosen = torch.tensor(kept, dtype=torch.long, device=self.device)
                ids, mask = ids[chosen], mask[chosen]
                cache.batch_select_indices(chosen)
        return rows

    def _read_prompts(
        self, rows: list[_Row], ids: Tensor, mask: Tensor, cache: DynamicCache
    ) -> None:
        """Fill the cache with all but the prompts' last tokens, reading equal prompts once.

        Monte Carlo asks for several completions of every prefix.
        """
        first: dict[tuple[int, ...], int] = {}
        place = [first.setdefault((*row.prompt, *row.out), len(first)) for row in rows]
        if len(first) == len(rows) or min(map(len, rows)) < 2:
            return  # `generate` reads them itself
        unique = torch.tensor([place.index(i) for i in range(len(first))], device=self.device)
        seen = mask[unique, :-1]
        self.model(
            ids[unique, :-1],
            attention_mask=seen,
            position_ids=(seen.cumsum(-1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache.batch_select_indices(torch.tensor(place, device=self.device))

    def _stretch(
        self,
        rows: list[_Row],
        ids: Tensor,
        mask: Tensor,
        cache: DynamicCache,
        sampling: Sampling,
    ) -> Tensor:
        """`ids` with up to `stretch` more tokens a row; `cache` holds what was read before."""
        processors = LogitsProcessorList()
        if sampling.options:
            processors.append(OptionReader(rows, first_tokens(sampling.options, self._encode)))
        if sampling.temperature > 0:
            seeds = np.array([row.seed % (1 << 64) for row in rows], dtype=np.uint64)
            drawn = np.array([len(row.out) for row in rows], dtype=np.int64)
            processors.append(
                SeededDraw(seeds, drawn, ids.shape[1], sampling.temperature, sampling.top_p)
            )
        generate = cast(Callable[..., Tensor], self.model.generate)
        return generate(
            ids,
            attention_mask=mask,
            past_key_values=cache,
            generation_config=GenerationConfig(
                max_new_tokens=min(self.stretch, max(row.limit - len(row.out) for row in rows)),
                do_sample=False,
                eos_token_id=self._ends or None,
                pad_token_id=self._pad,
            ),
            logits_processor=processors,
        )

    def _take(self, row: _Row, new: list[int], stop: tuple[str, ...]) -> None:
        """Append new tokens to a row and end it at an end token, a stop string or its limit."""
        before = len(row.out)
        new = new[: row.limit - before]
        end = next((i for i, token in enumerate(new) if token in self._ends), None)
        row.out += new if end is None else new[: end + 1]
        text = self._decode(row.out)
        cut = _first_stop(text, stop)
        if cut is not None:
            # The tokens that were drawn behind the stop string are not part of the completion.
            upto = before + 1
            while _first_stop(self._decode(row.out[:upto]), stop) is None:
                upto += 1
            del row.out[upto:]
            text = text[:cut]
        if cut is not None or end is not None:
            row.finish = "stop"
        elif len(row.out) >= row.limit:
            row.finish = "length"
        row.text = text

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _decode(self, ids: list[int]) -> str:
        text = self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return cast(str, text)

    def _fitting_batch(self) -> int:
        """Rows whose key-value caches fit beside the weights, at most 256."""
        config = self.model.config
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        head_size = getattr(config, "head_dim", None) or (
            config.hidden_size // config.num_attention_heads
        )
        per_token = 2 * config.num_hidden_layers * heads * head_size * self.model.dtype.itemsize
        free = CACHE_BYTES_CPU
        if self.device.type == "cuda":
            free = int(torch.cuda.mem_get_info(self.device)[0] * CACHE_SHARE_CUDA)
        return max(1, min(MAX_BATCH, free // (per_token * min(self.context, 2048))))


def _end_ids(*sources: int | list[int] | None) -> list[int]:
    """End-of-turn token ids of a generation config (one or a list) and a tokenizer."""
    found: list[int] = []
    for source in sources:
        for token in source if isinstance(source, (list, tuple)) else [source]:
            if token is not None and token not in found:
                found.append(int(token))
    return found


def _first_stop(text: str, stop: tuple[str, ...]) -> int | None:
    """Where the first stop string in `text` begins."""
    return min((at for at in (text.find(s) for s in stop) if at >= 0), default=None)
