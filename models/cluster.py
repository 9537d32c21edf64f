"""How many copies of a model run over a Ray cluster, and on how many GPUs each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """Copies of a model over a Ray cluster, each with `gpus` GPUs; None: what fits."""

    replicas: int | None = None
    gpus: float | None = None
