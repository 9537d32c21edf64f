"""Which generator a model's name stands for; what it needs is imported only then."""

from __future__ import annotations

from models.cluster import Cluster
from models.errors import MissingExtraError
from models.generation.base import Generator
from models.names import parse_model_name


def load_generator(spec: str, cluster: Cluster | None = None) -> Generator:
    """Load the model that `spec` names (models/names.py has the forms), here or on `cluster`.

    Raises ModelError (CheckpointError, MissingExtraError) with a message to act on.
    """
    name = parse_model_name(spec)
    if cluster is not None:
        from models.generation.ray import ReplicatedGenerator

        return ReplicatedGenerator(spec, cluster, lambda: load_generator(spec))
    if name.scheme == "vllm":
        from models.generation.vllm import VllmGenerator

        return VllmGenerator(spec)
    if name.scheme == "openai":
        from models.generation.openai import OpenAIGenerator

        return OpenAIGenerator(spec)
    try:
        from models.generation.transformers import TransformersGenerator
    except ImportError as error:
        raise MissingExtraError(f"Loading {spec}", error) from error
    return TransformersGenerator(spec)
