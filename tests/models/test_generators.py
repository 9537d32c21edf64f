"""Model names, checkpoints, and completions of a tiny random language model."""

import functools
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import models.names
from models.errors import CheckpointError, ModelError
from models.generation.base import CompletionRequest, Sampling, default_temperature
from models.generation.load import load_generator
from models.generation.transformers import SeededDraw, TransformersGenerator, uniforms
from models.names import (
    ModelName,
    checkpoint_folder,
    checkpoint_revision,
    parse_model_name,
    resolve_checkpoint,
)
from tests.support.tiny import save_tiny_policy, tiny_tokenizer


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_policy(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def generator(policy: Path) -> TransformersGenerator:
    torch.set_num_threads(1)
    return TransformersGenerator(f"transformers:{policy}", batch_size=8, stretch=16)


def requests(generator: TransformersGenerator, n: int, prefix: str = "") -> list[CompletionRequest]:
    """`n` different prompts of different lengths."""
    texts = [f"Tom has {i} apples" + " and buys more" * (i % 5) for i in range(n)]
    return [
        CompletionRequest(generator.prompt_ids([{"role": "user", "content": text}], prefix), seed)
        for seed, text in enumerate(texts)
    ]


# Names


def test_names_are_taken_apart_and_put_together(policy: Path) -> None:
    name = parse_model_name("openai:qwen@http://localhost:8000/v1")
    assert name == ModelName("openai", "qwen@http://localhost:8000/v1")
    assert str(name) == "openai:qwen@http://localhost:8000/v1"
    assert parse_model_name(str(policy)) == ModelName("transformers", str(policy))


@pytest.mark.parametrize("spec", ["", "gpt-5", "transformers:", "huggingface:x", "nowhere/there"])
def test_other_names_are_refused_with_the_known_forms(spec: str) -> None:
    with pytest.raises(ModelError):
        parse_model_name(spec)


def test_resolving(policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.names, "PLAYGROUND_CHECKPOINTS", tmp_path)
    shutil.copytree(policy, tmp_path / "policy")
    assert resolve_checkpoint("playground:policy") == str(tmp_path / "policy")
    assert resolve_checkpoint(f"vllm:{policy}") == str(policy)
    assert checkpoint_folder("playground:policy") == tmp_path / "policy"
    with pytest.raises(CheckpointError, match="it has: policy"):
        resolve_checkpoint("playground:judge")
    with pytest.raises(CheckpointError):
        resolve_checkpoint("playground:../policy")
    with pytest.raises(ModelError, match="server"):
        resolve_checkpoint("openai:m@http://localhost")


def test_revision_follows_the_weights_and_the_config(policy: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(policy, copy)
    assert checkpoint_revision(copy) == checkpoint_revision(policy)
    assert len(checkpoint_revision(copy)) == 12
    (copy / "README.md").write_text("not part of the model")
    assert checkpoint_revision(copy) == checkpoint_revision(policy)
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    assert checkpoint_revision(copy) != checkpoint_revision(policy)


def test_loading_errors_say_what_to_do(policy: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no folder"):
        load_generator("transformers:/no/such/folder")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        load_generator(str(tmp_path))
    shutil.copy(policy / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(CheckpointError, match=r"no \*\.safetensors"):
        load_generator(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"not a tensor file")
    with pytest.raises(CheckpointError, match="could not be loaded"):
        load_generator(str(tmp_path))
    with pytest.raises(CheckpointError, match="could not be fetched"):
        load_generator("transformers:nobody/nothing-here")
    with pytest.raises(ModelError, match=r"pip install 'steplens\[vllm\]'"):
        load_generator("vllm:whatever")


def test_remote_code_is_not_run(policy: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(policy, copy)
    text = (copy / "config.json").read_text()
    auto_map = '"auto_map": {"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Config"},'
    (copy / "config.json").write_text(text.replace("{", "{" + auto_map, 1))
    (copy / "evil.py").write_text("open('ran', 'w')\nraise SystemExit('remote code ran')\n")
    assert load_generator(str(copy)).revision == checkpoint_revision(copy)


# Prompts


def test_prompt_is_the_template_and_the_prefix_with_its_blank_line(
    generator: TransformersGenerator,
) -> None:
    ids = generator.prompt_ids([{"role": "user", "content": "Tom has 3"}], "So 3\n\n")
    assert generator.tokenizer.decode(list(ids)) == (
        "<|im_start|>user\nTom has 3<|im_end|>\n<|im_start|>assistant\nSo 3\n\n"
    )
    assert all(isinstance(i, int) for i in ids)


def test_default_temperature_is_the_models_own(
    generator: TransformersGenerator, policy: Path, tmp_path: Path
) -> None:
    assert generator.default_temperature() == 0.7
    assert default_temperature(generator) == 0.7
    shutil.copytree(policy, tmp_path / "copy")
    (tmp_path / "copy" / "generation_config.json").unlink()
    assert default_temperature(load_generator(str(tmp_path / "copy")), otherwise=0.9) == 0.9


# Completions


def test_greedy_equals_a_token_by_token_loop(
    generator: TransformersGenerator, policy: Path
) -> None:
    """Against the model alone: no cache, no padding, no batch, no generate."""
    model = AutoModelForCausalLM.from_pretrained(policy).eval()
    tokenizer = tiny_tokenizer()
    wanted = requests(generator, 5)
    got = generator.complete(wanted, Sampling(temperature=0, max_tokens=40))
    for request, completion in zip(wanted, got, strict=True):
        ids = list(request.prompt_ids)
        reason = "length"
        while len(ids) - len(request.prompt_ids) < 40:
            with torch.no_grad():
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] == tokenizer.eos_token_id:
                reason = "stop"
                break
        new = ids[len(request.prompt_ids) :]
        assert completion.text == tokenizer.decode(new, skip_special_tokens=True)
        assert (completion.n_tokens, completion.finish_reason) == (len(new), reason)


@pytest.mark.parametrize("top_p", [1.0, 0.8])
def test_a_row_does_not_depend_on_its_neighbours(
    generator: TransformersGenerator, top_p: float
) -> None:
    sampling = Sampling(temperature=1.0, top_p=top_p, max_tokens=60)
    wanted = requests(generator, 20)
    together = generator.complete(wanted, sampling)
    alone = [generator.complete([request], sampling)[0] for request in wanted]
    backwards = generator.complete(wanted[::-1], sampling)[::-1]
    assert together == alone == backwards
    assert len({completion.text for completion in together}) > 10


def test_equal_prompts_read_once_give_the_same_texts(generator: TransformersGenerator) -> None:
    sampling = Sampling(max_tokens=40)
    prompts = [request.prompt_ids for request in requests(generator, 3)]
    wanted = [CompletionRequest(prompts[i % 3], i) for i in range(18)]
    together = generator.complete(wanted, sampling)
    assert together == [generator.complete([request], sampling)[0] for request in wanted]
    assert len({completion.text for completion in together}) > 9


def test_the_stretch_does_not_change_the_text(
    generator: TransformersGenerator, policy: Path
) -> None:
    sampling = Sampling(max_tokens=50)
    wanted = requests(generator, 6)
    other = TransformersGenerator(str(policy), batch_size=4, stretch=50)
    assert other.complete(wanted, sampling) == generator.complete(wanted, sampling)


def test_the_seed_decides(generator: TransformersGenerator) -> None:
    prompt = requests(generator, 1)[0].prompt_ids
    sampling = Sampling(max_tokens=30)
    rows = generator.complete([CompletionRequest(prompt, s) for s in (7, 8, 7, -1)], sampling)
    assert rows[0] == rows[2]
    assert rows[0] != rows[1]
    assert rows[3] not in rows[:3]


def test_draws_follow_the_distribution() -> None:
    """Frequencies over 20,000 seeds, at a temperature and cut by top_p, within 4 sigma."""
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    n = 20_000
    seeds = np.arange(n, dtype=np.uint64)
    for temperature, top_p, kept in ((1.0, 1.0, 4), (0.5, 1.0, 4), (1.0, 0.8, 2)):
        draw = SeededDraw(seeds, np.full(n, 3), 5, temperature, top_p)
        scores = draw(torch.zeros((n, 6), dtype=torch.long), logits.repeat(n, 1))
        assert int(torch.isfinite(scores).sum()) == n
        counts = torch.bincount(scores.argmax(-1), minlength=4) / n
        expected = torch.softmax(logits / temperature, -1)
        expected[kept:] = 0
        expected /= expected.sum()
        sigma = (expected * (1 - expected) / n).sqrt()
        assert (counts - expected).abs().le(4 * sigma + 1e-9).all()


def test_uniforms_are_even_and_unrelated() -> None:
    grid = uniforms(np.repeat(np.arange(300), 300), np.tile(np.arange(300), 300))
    grid = grid.reshape(300, 300)
    assert grid.min() >= 0
    assert grid.max() < 1
    assert abs(grid.mean() - 0.5) < 4 / np.sqrt(12 * grid.size)
    neighbours = np.corrcoef(grid[:-1].ravel(), grid[1:].ravel())[0, 1]
    positions = np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1]
    assert max(abs(neighbours), abs(positions)) < 4 / np.sqrt(grid.size)


def test_stop_strings_cut_the_text_and_the_tokens(generator: TransformersGenerator) -> None:
    wanted = requests(generator, 12)
    whole = generator.complete(wanted, Sampling(max_tokens=60))
    stop = (" ", "o")
    cut = generator.complete(wanted, Sampling(max_tokens=60, stop=stop))
    assert any(row.n_tokens < before.n_tokens for row, before in zip(cut, whole, strict=True))
    for row, before in zip(cut, whole, strict=True):
        assert not any(s in row.text for s in stop)
        assert before.text.startswith(row.text)
        ended = any(s in before.text for s in stop)
        assert row.finish_reason == ("stop" if ended else before.finish_reason)


def test_end_token_stops_and_is_counted(generator: TransformersGenerator) -> None:
    model = generator.model
    end = generator.tokenizer.eos_token_id
    bias = torch.zeros(model.config.vocab_size)
    bias[end] = 1e4
    hook = model.lm_head.register_forward_hook(lambda m, i, o: o + bias)
    try:
        rows = generator.complete(requests(generator, 3), Sampling(max_tokens=5))
    finally:
        hook.remove()
    assert [(r.text, r.n_tokens, r.finish_reason) for r in rows] == [("", 1, "stop")] * 3


def test_cut_by_max_tokens_or_context_is_length(generator: TransformersGenerator) -> None:
    prompt = requests(generator, 1)[0].prompt_ids
    long = prompt * (250 // len(prompt))
    room = generator.context - len(long)
    assert 0 < room < 40
    full = prompt * 30
    sampling = Sampling(temperature=0, max_tokens=40)
    rows = generator.complete([CompletionRequest(p, 0) for p in (prompt, long, full)], sampling)
    assert rows[2].finish_reason == "length"
    assert (rows[2].text, rows[2].n_tokens) == ("", 0)
    for row, most in zip(rows, (40, room), strict=False):
        assert row.n_tokens <= most
        assert row.finish_reason == ("length" if row.n_tokens == most else "stop")


@torch.inference_mode()
def test_options_are_told_as_the_models_own_distribution_has_them(
    generator: TransformersGenerator,
) -> None:
    """Whatever is drawn, in whatever company, and prompts that are read once included."""
    asked = requests(generator, 9) + requests(generator, 3)
    options = (("7", "3"), ("apples",))
    for sampling in (Sampling(0.0, max_tokens=1), Sampling(1.3, 0.5, 20)):
        told = generator.complete(asked, replace(sampling, options=options))
        assert told[3].text == generator.complete(asked, sampling)[3].text
        for request, one in zip(asked, told, strict=True):
            logits = generator.model(torch.tensor([request.prompt_ids])).logits[0, -1]
            logprobs = torch.log_softmax(logits, dim=-1)
            tokens = [
                [generator.tokenizer.encode(word)[0] for word in option] for option in options
            ]
            expected = [float(logprobs[mine].logsumexp(0)) for mine in tokens]
            assert one.option_logprobs == pytest.approx(expected, abs=1e-4)
    assert generator.complete(asked[:1], sampling)[0].option_logprobs == ()
    alike = Sampling(0.0, max_tokens=1, options=(("7 more",), ("7 apples",)))
    with pytest.raises(ModelError, match="7 more and 7 apples begin with the same token"):
        generator.complete(asked[:1], alike)


def test_checkpoint_sampling_settings_do_not_leak(generator: TransformersGenerator) -> None:
    """The fixture's generation config has a repetition penalty, which must not apply."""
    assert generator.model.generation_config.repetition_penalty in (None, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_p": 0},
        {"top_p": 1.5},
        {"max_tokens": 0},
        {"stop": ("",)},
        {"stop": "ab"},
    ],
)
def test_impossible_sampling_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        Sampling(**wrong)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
    ids=["cuda", "cpu"],
)
def test_where_memory_runs_out_batches_get_smaller(
    policy: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    generator = TransformersGenerator(str(policy), stretch=5)
    asked = requests(generator, 9)
    sampling = Sampling(temperature=1.0, max_tokens=24)
    wanted = generator.complete(asked, sampling)
    most, forward = 3, generator.model.forward

    @functools.wraps(forward)
    def small(*args: Any, **kwargs: Any) -> Any:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        # Not from the beginning: rows must keep what they have.
        if len(ids) > most and (kwargs["past_key_values"].get_seq_length() > 40 or most == 0):
            raise error
        return forward(*args, **kwargs)

    monkeypatch.setattr(generator.model, "forward", small)
    assert generator.complete(asked, sampling) == wanted
    assert generator.batch_size <= most
    most = 0
    with pytest.raises(ModelError, match="too much for the memory of cpu"):
        generator.complete(asked, sampling)
    monkeypatch.setattr(generator.model, "forward", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generator.complete(asked, sampling)


def test_a_model_too_large_for_memory_is_said(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.nn.Module, "to", full)
    with pytest.raises(ModelError, match="does not fit into the memory of cpu"):
        TransformersGenerator(str(policy))


def test_empty_prompts_and_no_requests(generator: TransformersGenerator) -> None:
    assert generator.complete([], Sampling()) == []
    with pytest.raises(ModelError, match="at least one token"):
        generator.complete([CompletionRequest((), 0)], Sampling())


def test_importing_generators_needs_no_torch() -> None:
    code = (
        "import sys, models.generation.load, models.prm.load, models.names\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
