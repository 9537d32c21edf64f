"""Completions by vLLM in this process, for any model that vLLM serves."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import ModelError
from models.generation.base import Completion, CompletionRequest, Sampling
from models.generation.options import first_tokens, of_tokens
from models.loading import chat_ids, load_tokenizer
from models.names import checkpoint_folder, checkpoint_revision
from models.vllm_engine import SamplingParams, TokensPrompt, start

ROWS = 256  # vLLM's default of sequences that it runs together


class VllmGenerator:
    """A causal language model in vLLM, with its prefix cache on.

    Each completion is a request of its own, since each has its own seed; the prefix cache reads a
    prompt once for all of them. vLLM draws from a generator per request, so a completion is
    decided by its prompt, its seed and the sampling, but differs from Transformers' for the same
    seed. Settings that change speed and memory, not results, come from STEPLENS_VLLM.
    """

    def __init__(self, spec: str) -> None:
        folder = checkpoint_folder(spec)
        self.name = spec
        self.revision = checkpoint_revision(folder)
        self.tokenizer = load_tokenizer(folder)
        self.batch_size = ROWS
        self.engine = start(spec, folder, enable_prefix_caching=True)
        self.context = int(self.engine.model_config.max_model_len)
        recommended = self.engine.model_config.try_get_generation_config()
        sampled = recommended.get("do_sample", "temperature" in recommended)
        self._temperature = recommended.get("temperature", 1.0) if sampled else None

    def prompt_ids(
        self, messages: list[dict[str, str]], answer_prefix: str = ""
    ) -> tuple[int, ...]:
        """The chat up to the assistant's turn, then the ids of `answer_prefix`."""
        return (*chat_ids(self.tokenizer, messages), *self._encode(answer_prefix))

    def default_temperature(self) -> float | None:
        """The temperature in the checkpoint's generation_config.json, if it says to sample."""
        return None if self._temperature is None else float(self._temperature)

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests.

        A prompt that leaves no room in the model's context gets the empty text with "length".
        Raises ModelError for an empty prompt.
        """
        if not all(request.prompt_ids for request in requests):
            raise ModelError("A prompt must have at least one token")
        options = first_tokens(sampling.options, self._encode)
        rooms = [self.context - len(request.prompt_ids) for request in requests]
        fitting = [place for place, room in enumerate(rooms) if room > 0]
        done = self.engine.generate(
            [TokensPrompt(prompt_token_ids=list(requests[i].prompt_ids)) for i in fitting],
            [_params(sampling, requests[i].seed, rooms[i], options) for i in fitting],
            use_tqdm=False,
        )
        found = [Completion("", 0, "length")] * len(requests)
        for place, output in zip(fitting, done, strict=True):
            said = output.outputs[0]
            cut = said.finish_reason == "length"
            found[place] = Completion(
                said.text,
                len(said.token_ids),
                "length" if cut else "stop",
                option_logprobs=of_tokens(
                    options, {at: one.logprob for at, one in said.logprobs[0].items()}
                )
                if options and said.logprobs
                else (),
            )
        return found

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False)


def _params(
    sampling: Sampling, seed: int, room: int, options: tuple[tuple[int, ...], ...]
) -> SamplingParams:
    return SamplingParams(
        # Of the model's own distribution: vLLM's default takes them before the temperature.
        logprob_token_ids=[token for option in options for token in option] or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=min(sampling.max_tokens, room),
        stop=list(sampling.stop) or None,
        seed=seed % (1 << 63),
    )
