"""One model many times, over the machines of a Ray cluster: the jobs' `--engine ray`.

Long-lived Ray actors. Ray Data would load its models anew for every data set, and to Monte Carlo
every wave, whose prompts depend on the outcomes of the one before, is a new one.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from models.cluster import Cluster
from models.errors import MissingExtraError, ModelError

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to Ray's makers
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's coming default
try:
    import ray
    from ray.exceptions import RayActorError, RayTaskError
    from ray.util import ActorPool
except ImportError as error:
    raise MissingExtraError("--engine ray", error, "ray") from error

PLACING_SECONDS = 120
PASSED_ON = ("STEPLENS_VLLM", "STEPLENS_THREADS")  # settings of this process that the copies need

Model = TypeVar("Model")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Replicas(Generic[Model]):
    """Copies of what `load` returns, each with a CPU core and the GPUs that `cluster` says.

    Where it says nothing, each GPU has a copy, or without GPUs each core. The copies live as long
    as this object. Raises ModelError when they do not fit, or one cannot be loaded.
    """

    def __init__(self, load: Callable[[], Model], cluster: Cluster) -> None:
        _connect()
        n, gpus = _fitting(ray.cluster_resources(), cluster)
        replica = ray.remote(num_cpus=1, num_gpus=gpus)(_Replica)
        self._actors: list[Any] = [replica.remote() for _ in range(n)]
        self._place()
        self._ask(lambda: ray.get([actor.load.remote(load) for actor in self._actors]))

    def __len__(self) -> int:
        return len(self._actors)

    def each(self, look: Callable[[Model], Result]) -> list[Result]:
        """What `look` says of every copy."""
        return self._ask(lambda: ray.get([actor.look.remote(look) for actor in self._actors]))

    def same(self, look: Callable[[Model], Result]) -> Result:
        """What `look` says of the model. Raises ModelError unless all copies agree."""
        told = self.each(look)
        if any(one != told[0] for one in told[1:]):
            raise ModelError(
                "The machines of the Ray cluster hold different versions of the model: put the "
                "same files on all of them"
            )
        return told[0]

    def spread(
        self, call: Callable[[Model, Sequence[Item]], list[Result]], items: Sequence[Item]
    ) -> list[Result]:
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

    def _ask(self, ask: Callable[[], list[Result]]) -> list[Result]:
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


class _Replica(Generic[Model]):
    """The actor around one copy of the model."""

    def ready(self) -> None:
        """Answered as soon as the actor has its place."""

    def load(self, load: Callable[[], Model]) -> None:
        self.model = _plainly(load)

    def look(self, look: Callable[[Model], Result]) -> Result:
        return look(self.model)

    def call(
        self, call: Callable[[Model, Sequence[Item]], list[Result]], items: Sequence[Item]
    ) -> list[Result]:
        return _plainly(lambda: call(self.model, items))


def _plainly(do: Callable[[], Result]) -> Result:
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
