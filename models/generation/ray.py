"""One model many times, over the machines of a Ray cluster: the jobs' `--engine ray`.

Long-lived Ray actors. Ray Data would load its models anew for every data set, and to Monte Carlo
every wave, whose prompts depend on the outcomes of the one before, is a new one.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

from models.errors import MissingExtraError, ModelError
from models.generation.base import (
    ChatPrompt,
    Cluster,
    Completion,
    CompletionRequest,
    Generator,
    Sampling,
    count_prompt_tokens,
    load_generator,
)
from models.names import parse_model_name

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to Ray's makers
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's coming default
try:
    import ray
    from ray.exceptions import RayActorError, RayTaskError
    from ray.util import ActorPool
except ImportError as error:
    raise MissingExtraError("--engine ray", error, "ray") from error


PLACING_SECONDS = 120
PASSED_ON = ("STEPLENS_VLLM",)  # settings of this process that the copies need


class Replicas:
    """Copies of what `load` returns, each with a CPU core and the GPUs that `cluster` says.

    Where it says nothing, each GPU has a copy, or without GPUs each core. The copies live as long
    as this object. Raises ModelError when they do not fit, or one cannot be loaded.
    """

    def __init__(self, load: Callable[[], Any], cluster: Cluster) -> None:
        _connect()
        n, gpus = _fitting(ray.cluster_resources(), cluster)
        replica = ray.remote(num_cpus=1, num_gpus=gpus)(_Replica)
        self._actors: list[Any] = [replica.remote() for _ in range(n)]
        self._place()
        self._ask(lambda: ray.get([actor.load.remote(load) for actor in self._actors]))

    def __len__(self) -> int:
        return len(self._actors)

    def same(self, look: Callable[[Any], Any]) -> Any:
        """What `look` says of the model. Raises ModelError unless all copies agree."""
        told = self._ask(lambda: ray.get([actor.look.remote(look) for actor in self._actors]))
        if any(one != told[0] for one in told[1:]):
            raise ModelError(
                "The machines of the Ray cluster hold different versions of the model: put the "
                "same files on all of them"
            )
        return told[0]

    def spread(self, call: Callable[[Any, Any], list[Any]], items: Sequence[Any]) -> list[Any]:
        """`call(model, part)` for equal parts of `items`, one to each copy; results in order.

        Parts are neighbours, since neighbours share prefixes that a copy may keep.
        """
        size = max(1, math.ceil(len(items) / len(self)))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        done = self._ask(
            lambda: list(
                ActorPool(self._actors).map(
                    lambda actor, part: actor.call.remote(call, part), parts
                )
            )
        )
        return [one for part in done for one in part]

    def _place(self) -> None:
        """Wait until every copy has its machine; Ray would wait for ever for a busy one."""
        ready = [actor.ready.remote() for actor in self._actors]
        placed, _ = ray.wait(ready, num_returns=len(ready), timeout=PLACING_SECONDS)
        if len(placed) < len(ready):
            self._give_back()
            raise ModelError(
                f"The Ray cluster is busy: {len(placed)} of {len(ready)} replicas found a place "
                f"within {PLACING_SECONDS} s. Wait for its other work, or lower --replicas"
            )

    def _give_back(self) -> None:
        """Free the places of all copies now: a traceback may keep this object alive."""
        for actor in self._actors:
            ray.kill(actor)

    def _ask(self, ask: Callable[[], list[Any]]) -> list[Any]:
        try:
            return ask()
        except RayTaskError as error:
            cause = error.cause
            raise (cause if isinstance(cause, ModelError) else ModelError(str(error))) from None
        except RayActorError as error:
            self._give_back()
            raise ModelError(
                "A replica of the model has died, perhaps for want of memory, or with its machine "
                f"({str(error).splitlines()[0]}). Start the job again: what is stored is kept"
            ) from error


class _Replica:
    """The actor around one copy of the model."""

    def ready(self) -> None:
        """Answered as soon as the actor has its place."""

    def load(self, load: Callable[[], Any]) -> None:
        self.model = _plainly(load)

    def look(self, look: Callable[[Any], Any]) -> Any:
        return look(self.model)

    def call(self, call: Callable[[Any, Any], list[Any]], items: Any) -> list[Any]:
        return _plainly(lambda: call(self.model, items))


class ReplicatedGenerator:
    """A generator whose completions are made by copies of it.

    Prompts stay chats until they reach a copy, where the tokenizer is.
    """

    def __init__(self, spec: str, cluster: Cluster) -> None:
        if parse_model_name(spec).scheme == "openai":
            raise ModelError(
                f"{spec} is behind a server, which has its copies itself: leave out --engine ray"
            )
        self.name = spec
        self._replicas = Replicas(lambda: load_generator(spec), cluster)
        self.revision, size, self._temperature = self._replicas.same(
            lambda model: (model.revision, model.batch_size, model.default_temperature())
        )
        self.batch_size = size * len(self._replicas)

    def prompt_ids(self, messages: list[dict[str, str]], answer_prefix: str = "") -> ChatPrompt:
        """The chat itself."""
        return ChatPrompt.of(messages, answer_prefix)

    def default_temperature(self) -> float | None:
        """The temperature that the model's authors recommend; None where they say nothing."""
        return self._temperature

    def complete(
        self, requests: Sequence[CompletionRequest], sampling: Sampling
    ) -> list[Completion]:
        """One completion per request, in the order of the requests."""
        return self._replicas.spread(lambda model, part: _complete(model, part, sampling), requests)


class ReplicatedScorer:
    """A PRM whose scores are computed by copies of it."""

    def __init__(
        self, spec: str, cluster: Cluster, scheme: str | None = None, dtype: str | None = None
    ) -> None:
        from models.prm.load import load_scorer

        self._replicas = Replicas(lambda: load_scorer(spec, scheme, dtype=dtype), cluster)
        self.scheme, self.revision = self._replicas.same(lambda prm: (prm.scheme, prm.revision))

    def score(self, solutions: Sequence[tuple[str, Sequence[str]]]) -> list[list[float | None]]:
        """P(correct) of every step of every (problem, steps), as the PRM alone gives them."""
        return self._replicas.spread(lambda prm, part: prm.score(part), solutions)


def _complete(
    model: Generator, requests: Sequence[CompletionRequest], sampling: Sampling
) -> list[Completion]:
    """Completions that say how long their prompts were: whoever asked has no tokenizer."""
    heads = [CompletionRequest(_as_prompt(model, request), request.seed) for request in requests]
    return [
        Completion(one.text, one.n_tokens, one.finish_reason, count_prompt_tokens(request, one))
        for request, one in zip(heads, model.complete(heads, sampling), strict=True)
    ]


def _as_prompt(model: Generator, request: CompletionRequest) -> Any:
    prompt = request.prompt
    if not isinstance(prompt, ChatPrompt):
        return prompt
    messages = [{"role": role, "content": content} for role, content in prompt.messages]
    return model.prompt_ids(messages, prompt.answer_prefix)


def _plainly(do: Callable[[], Any]) -> Any:
    """`do()`; its errors as plain ones: not all of them survive the way to another process."""
    try:
        return do()
    except ModelError as error:
        raise ModelError(str(error)) from None
    except (ValueError, OSError, ImportError) as error:
        raise ModelError(f"{type(error).__name__}: {error}") from None


def _connect() -> None:
    """Join the cluster that RAY_ADDRESS or `ray start` gives, or start one on this machine."""
    if ray.is_initialized():
        return
    settings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        ray.init(
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": settings} if settings else None,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"Ray cannot be reached or started: {error}. Correct RAY_ADDRESS, or unset it to use "
            "this machine alone"
        ) from error


def _fitting(resources: dict[str, float], cluster: Cluster) -> tuple[int, float]:
    """(copies, GPUs to each) on a cluster with `resources`. ModelError where they do not fit.

    Ray would wait for machines without a word.
    """
    has_cpus, has_gpus = int(resources.get("CPU", 0)), resources.get("GPU", 0.0)
    each = (1.0 if has_gpus else 0.0) if cluster.gpus is None else cluster.gpus
    room = min(has_cpus, math.floor(has_gpus / each)) if each else has_cpus
    wanted = room if cluster.replicas is None else cluster.replicas
    if not 1 <= wanted <= room:
        raise ModelError(
            f"The Ray cluster has {has_cpus} CPU cores and {has_gpus:g} GPUs, room for {room} "
            f"replicas of 1 core and {each:g} GPUs, not for {max(wanted, 1)}. Add machines to "
            "it, or ask for fewer replicas (--replicas, --gpus)"
        )
    return wanted, each
