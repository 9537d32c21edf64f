"""Where a job's model runs: in this process, or in copies over a Ray cluster."""

from __future__ import annotations

from typing import Any

from models.cluster import Cluster


def cluster(params: dict[str, Any]) -> Cluster | None:
    """None for this process; with `engine` "ray", `replicas` copies with `gpus` GPUs each."""
    if params.get("engine", "here") == "here":
        return None
    return Cluster(params.get("replicas"), params.get("gpus"))
