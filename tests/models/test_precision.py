"""bfloat16 on a CPU: who waits for it is told where it is slow, and vLLM computes in float32."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from click.testing import CliRunner

from app.cli.main import main
from models import precision
from models.precision import bfloat16_slowdown, warning
from models.prm.transformers import load_prm

# oneDNN then does without the instructions that this CPU may have.
AN_OLDER_CPU = {"ONEDNN_MAX_CPU_ISA": "AVX2"}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the setting is for x86")
def test_a_cpu_without_its_instructions_is_found_slow_by_measuring() -> None:
    code = "from models.precision import bfloat16_slowdown as s; print(s())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **AN_OLDER_CPU},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(told.stdout) > 2


def test_a_cpu_with_them_is_not() -> None:
    if not torch.cpu._is_avx512_bf16_supported():
        pytest.skip("this CPU has no AVX512-BF16")
    assert bfloat16_slowdown() < precision.SLOW
    assert warning("cpu", torch.bfloat16) == ""


def test_only_bfloat16_on_a_slow_cpu_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "bfloat16_slowdown", lambda: 100.0)
    assert warning("cpu", torch.bfloat16).startswith("bfloat16 takes 100 times as long as float32")
    assert warning("cpu", torch.float32) == ""
    assert warning("cuda", torch.bfloat16) == ""
    assert load_prm("playground:prm").warning == ""
    assert "--dtype" in load_prm("playground:prm", dtype="bfloat16").warning


def test_the_command_line_and_the_job_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "bfloat16_slowdown", lambda: 100.0)
    db = ["--db", f"sqlite:///{tmp_path / 'project.db'}"]
    sample = ["playground", "sample", "--problems", "2", "--solutions", "1"]
    for words in (sample, ["annotate", "prm", "--model", "playground:prm", "--dtype", "bfloat16"]):
        done = CliRunner().invoke(main, [*db, *words])
        assert done.exit_code == 0, done.output
    assert "bfloat16 takes 100 times as long" in " ".join(done.output.split())


def test_vllm_computes_in_float32_where_bfloat16_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, object]] = []

    class Engine:
        def __init__(self, folder: str, **arguments: object) -> None:
            given.append(arguments)

    vllm = {"LLM": Engine, "PoolingParams": None, "SamplingParams": None, "TokensPrompt": None}
    modules: dict[str, dict[str, object]] = {
        "vllm": {**vllm},
        "vllm.config": {"PoolerConfig": None},
        "vllm.platforms": {"current_platform": SimpleNamespace(is_cpu=lambda: True)},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "models.vllm_engine", raising=False)
    from models import vllm_engine

    monkeypatch.setattr(vllm_engine.atexit, "register", lambda *_: None)
    for slowdown in (100.0, 0.5):
        monkeypatch.setattr(vllm_engine, "bfloat16_slowdown", lambda x=slowdown: x)
        vllm_engine.start("vllm:m", tmp_path)
    monkeypatch.setattr(vllm_engine, "bfloat16_slowdown", lambda: 100.0)
    monkeypatch.setenv("STEPLENS_VLLM", '{"dtype": "bfloat16"}')
    vllm_engine.start("vllm:m", tmp_path)
    monkeypatch.delitem(sys.modules, "models.vllm_engine")
    assert [one.get("dtype") for one in given] == ["float32", None, "bfloat16"]
