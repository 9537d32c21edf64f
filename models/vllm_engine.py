"""vLLM engines: made with the user's settings, ended in time, errors in words."""

from __future__ import annotations

import atexit
import json
import os
import weakref
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.precision import SLOW, bfloat16_slowdown

try:
    from vllm import LLM, PoolingParams, SamplingParams, TokensPrompt
    from vllm.config import PoolerConfig
    from vllm.platforms import current_platform
except ImportError as error:
    raise ModelError(
        f"vllm: needs the package {error.name or error}, which is not installed: "
        "pip install 'steplens[vllm]', or give transformers:PATH_OR_ID"
    ) from error

# Where vLLM is missing, whoever takes these from here says so in the words above.
__all__ = ["PoolerConfig", "PoolingParams", "SamplingParams", "TokensPrompt", "start"]

SETTINGS = "STEPLENS_VLLM"  # a JSON object of engine arguments, e.g. {"tensor_parallel_size": 8}


def start(spec: str, folder: Path, **arguments: Any) -> LLM:
    """An engine for the model in `folder`; the settings in STEPLENS_VLLM come before `arguments`.

    Raises ModelError for settings that are none, and for whatever vLLM refuses.
    """
    if current_platform.is_cpu():
        # vLLM 0.32 turns a request's random generator back where it has read only a part of a
        # prompt, which torch cannot do on a CPU: prompts are read whole.
        arguments["enable_chunked_prefill"] = False
        if bfloat16_slowdown() >= SLOW:  # most checkpoints are stored in bfloat16
            arguments["dtype"] = "float32"
    try:
        engine = LLM(str(folder), trust_remote_code=False, **{**arguments, **_settings()})
    except (RuntimeError, ValueError, TypeError, OSError, MemoryError) as error:
        raise ModelError(
            f"vLLM could not load {spec}: {error}. Where memory is short, set {SETTINGS} to "
            'JSON such as {"max_model_len": 4096, "gpu_memory_utilization": 0.8, '
            '"tensor_parallel_size": 2}'
        ) from error
    # Its processes must be told to end: at the end of ours, Python waits for them first.
    atexit.register(_shut_down, weakref.ref(engine))
    return engine


def _shut_down(engine: weakref.ref[LLM]) -> None:
    if (alive := engine()) is not None:
        alive.llm_engine.engine_core.shutdown()


def _settings() -> dict[str, Any]:
    text = os.environ.get(SETTINGS, "{}")
    try:
        settings = json.loads(text)
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or "trust_remote_code" in settings:
        raise ModelError(
            f"{SETTINGS} must be a JSON object of vLLM engine arguments without "
            f"trust_remote_code, not {text!r}"
        )
    return settings
