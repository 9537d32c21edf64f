"""Which scorer a PRM's name stands for; what it needs is imported only then."""

from __future__ import annotations

from models.cluster import Cluster
from models.errors import ModelError
from models.names import parse_model_name
from models.prm.base import Scorer


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
        from models.prm.ray import ReplicatedScorer

        return ReplicatedScorer(cluster, lambda: load_scorer(spec, scheme, dtype=dtype))
    if parse_model_name(spec).scheme != "vllm":
        from models.prm.transformers import load_prm

        return load_prm(spec, scheme=scheme, dtype=dtype)
    if dtype:
        raise ModelError(
            "vllm: takes its dtype from the environment: leave out --dtype, and write for example "
            """STEPLENS_VLLM='{"dtype": "float32"}' (docs/generators.md)"""
        )
    from models.prm.vllm import VllmPRM

    return VllmPRM(spec, scheme)
