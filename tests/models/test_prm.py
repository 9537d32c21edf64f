"""The PRM: layout, input encoding and scores, against a straight-line reference."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import Qwen2Config, Qwen2Model

from models.errors import CheckpointError, ModelError
from models.names import checkpoint_revision
from models.prm.encoding import Encoded, encode_solution
from models.prm.formats import SeparatorChat
from models.prm.load import load_scorer
from models.prm.reader import init_prm
from models.prm.save import save_prm
from models.prm.schemes import SYSTEM_PROMPT
from models.prm.transformers import LoadedPRM, load_prm, score_solutions
from tests.support.tiny import save_tiny_policy, tiny_tokenizer

SEPARATOR_ID = 3
SETTINGS = {"separator": "<extra_0>", "system_prompt": "", "max_length": 200}
SOLUTIONS = [
    ("Tom has 3 apples.", ["He buys 4.", "So 3 + 4 = 7.", "The answer is 7."]),
    ("Tom has 3 apples and buys 4 more. And then more and more.", ["The answer is 7."]),
    ("Tom", ["a", "b", "c", "d", "e"]),
]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return save_tiny_policy(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def checkpoint(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PRM folder of ours, with a random head."""
    model, tokenizer, _ = init_prm(str(policy), seed=1)
    folder = tmp_path_factory.mktemp("prm") / "out"
    save_prm(model, tokenizer, folder, SETTINGS)
    return folder


@pytest.fixture(scope="module")
def prm(checkpoint: Path) -> LoadedPRM:
    return load_prm(str(checkpoint))


def reference_scores(
    folder: Path, problem: str, steps: Sequence[str], system: str = ""
) -> list[float]:
    """One solution, no batch, no class of ours: tensors from the file, formulas by hand."""
    weights = load_file(folder / "model.safetensors")
    config = Qwen2Config(**json.loads((folder / "config.json").read_text()))
    backbone = Qwen2Model(config).eval()
    backbone.load_state_dict(
        {k.removeprefix("model."): v for k, v in weights.items() if k.startswith("model.")}
    )
    tokenizer = tiny_tokenizer()
    start = f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    chat = f"{start}<|im_start|>user\n{problem}<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer.encode(chat, add_special_tokens=False)
    scores = []
    for step in steps:
        ids += tokenizer.encode(step, add_special_tokens=False) + [SEPARATOR_ID]
        with torch.no_grad():
            x = backbone(torch.tensor([ids])).last_hidden_state[0, -1].double()
        w = {k: v.double() for k, v in weights.items()}
        x = torch.clamp(w["score.0.weight"] @ x + w["score.0.bias"], min=0)
        x = w["score.2.weight"] @ x + w["score.2.bias"]
        scores.append(float(torch.exp(x[1]) / torch.exp(x).sum()))
    return scores


def test_scores_equal_the_reference_in_any_batch(prm: LoadedPRM, checkpoint: Path) -> None:
    expected = [reference_scores(checkpoint, *solution) for solution in SOLUTIONS]
    for batch_tokens in (1, 200, 10_000):
        got = score_solutions(prm, SOLUTIONS, batch_tokens=batch_tokens)
        for row, wanted in zip(got, expected, strict=True):
            assert row == pytest.approx(wanted, abs=1e-5)
    assert max(map(max, expected)) - min(map(min, expected)) > 0.01


def test_in_bfloat16_scores_are_nearly_the_same(prm: LoadedPRM, checkpoint: Path) -> None:
    low = load_prm(str(checkpoint), dtype="bfloat16")
    assert {weight.dtype for weight in low.model.parameters()} == {torch.bfloat16}
    for got, wanted in zip(low.score(SOLUTIONS), prm.score(SOLUTIONS), strict=True):
        assert got == pytest.approx(wanted, abs=0.02)
    with pytest.raises(ModelError, match="STEPLENS_VLLM"):
        load_scorer("vllm:anything", dtype="bfloat16")


def test_published_checkpoint_without_our_file(checkpoint: Path, tmp_path: Path) -> None:
    """The model card's system prompt and separator apply, remote code is ignored."""
    folder = tmp_path / "published"
    shutil.copytree(checkpoint, folder)
    (folder / "steplens.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Evil", "AutoConfig": "evil.Config"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('remote code ran')\n")
    loaded = load_prm(str(folder))
    assert isinstance(loaded.format, SeparatorChat)
    assert loaded.format.system_prompt == SYSTEM_PROMPT
    assert "\\boxed{}" in SYSTEM_PROMPT
    assert loaded.format.separator_id == SEPARATOR_ID
    assert loaded.format.max_length == 256
    assert loaded.provenance == {}
    got = score_solutions(loaded, SOLUTIONS[:1])
    assert got[0] == pytest.approx(
        reference_scores(checkpoint, *SOLUTIONS[0], system=SYSTEM_PROMPT), abs=1e-5
    )


def test_layout_of_the_saved_folder(checkpoint: Path, prm: LoadedPRM) -> None:
    names = set(load_file(checkpoint / "model.safetensors"))
    assert {n.split(".")[0] for n in names} == {"model", "score"}
    assert {n for n in names if n.startswith("score")} == {
        "score.0.weight",
        "score.0.bias",
        "score.2.weight",
        "score.2.bias",
    }
    config = json.loads((checkpoint / "config.json").read_text())
    assert config["architectures"] == ["Qwen2ForProcessRewardModel"]
    assert prm.provenance == SETTINGS
    assert prm.revision == checkpoint_revision(checkpoint)


def test_save_and_load_again_change_nothing(prm: LoadedPRM, tmp_path: Path) -> None:
    save_prm(prm.model, prm.tokenizer, tmp_path / "again", prm.provenance)
    again = load_prm(str(tmp_path / "again"))
    assert again.revision == prm.revision
    assert score_solutions(again, SOLUTIONS) == score_solutions(prm, SOLUTIONS)


def test_sharded_weights_are_read(checkpoint: Path, prm: LoadedPRM, tmp_path: Path) -> None:
    folder = tmp_path / "sharded"
    shutil.copytree(checkpoint, folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    from huggingface_hub import save_torch_state_dict

    save_torch_state_dict(weights, folder, max_shard_size=20_000)
    assert len(list(folder.glob("*.safetensors"))) > 1
    loaded = load_prm(str(folder))
    assert score_solutions(loaded, SOLUTIONS) == score_solutions(prm, SOLUTIONS)


def test_a_prm_as_base_keeps_its_head(checkpoint: Path, policy: Path) -> None:
    model, _, trained = init_prm(str(checkpoint), seed=99)
    assert trained
    weights = load_file(checkpoint / "model.safetensors")
    assert torch.equal(model.get_parameter("score.0.weight"), weights["score.0.weight"])
    first, _, trained = init_prm(str(policy), seed=4)
    second, _, _ = init_prm(str(policy), seed=4)
    assert not trained
    last = "score.2.weight"
    assert torch.equal(first.get_parameter(last), second.get_parameter(last))


# Encoding


def encode(problem: str, steps: Sequence[str], max_length: int = 200, system: str = "") -> Encoded:
    return encode_solution(tiny_tokenizer(), problem, steps, SEPARATOR_ID, max_length, system)


def test_the_tokenizer_is_the_one_that_was_saved(prm: LoadedPRM) -> None:
    """Transformers would take Qwen2's rules instead, and cut " 7." elsewhere."""
    text = "So 3 + 4 = 7. It's  the\n\n answer"
    assert prm.tokenizer.encode(text) == tiny_tokenizer().encode(text)


def test_separator_ids_follow_the_steps() -> None:
    tokenizer = tiny_tokenizer()
    encoded = encode("Tom has 3", ["So 3 + 4 = 7.", "The answer is 7."], system="Be brief")
    assert tokenizer.decode(list(encoded.ids)) == (
        "<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nTom has 3<|im_end|>\n"
        "<|im_start|>assistant\nSo 3 + 4 = 7.<extra_0>The answer is 7.<extra_0>"
    )
    assert [encoded.ids[p] for p in encoded.separator_positions] == [SEPARATOR_ID] * 2
    assert encoded.n_kept_steps == 2


def test_step_ids_do_not_depend_on_what_follows() -> None:
    """Joined text would merge a step's last characters with the separator's first ones."""
    tokenizer = tiny_tokenizer()
    encoded = encode("Tom", ["x <", "extra_0> y"])
    assert len(encoded.separator_positions) == 2
    first, second = encoded.separator_positions
    assert tokenizer.decode(list(encoded.ids[first + 1 : second])) == "extra_0> y"


def test_a_separator_in_the_text_is_no_step_end(prm: LoadedPRM) -> None:
    encoded = encode("What is <extra_0>?", ["a <extra_0> b", "c"])
    assert encoded.ids.count(SEPARATOR_ID) == 2
    assert len(encoded.separator_positions) == 2
    text = tiny_tokenizer().decode(list(encoded.ids))
    assert "What is <extra_0>?" in text
    assert "a <extra_0> b<extra_0>c<extra_0>" in text
    scores = score_solutions(prm, [("What is <extra_0>?", ["a <extra_0> b", "c"])])
    assert len(scores[0]) == 2


def test_whole_steps_are_dropped_on_overflow() -> None:
    full = encode("Tom", ["aa", "bb", "cc"])
    last = full.separator_positions[-1]
    assert encode("Tom", ["aa", "bb", "cc"], max_length=last + 1) == full
    cut = encode("Tom", ["aa", "bb", "cc"], max_length=last)
    assert cut.n_kept_steps == 2
    assert cut.ids == full.ids[: full.separator_positions[1] + 1]
    # A later step that would fit alone does not move up.
    assert encode("Tom", ["a" * 300, "b"], max_length=100).n_kept_steps == 0


def test_dropped_steps_score_none(prm: LoadedPRM) -> None:
    solutions = [("Tom", ["a", "b" * 300, "c"]), ("T" * 300, ["a"]), SOLUTIONS[0], ("Tom", [])]
    seen = []
    scores = score_solutions(prm, solutions, progress=lambda *done: seen.append(done))
    assert scores[0][0] is not None
    assert scores[0][1:] == [None, None]
    assert scores[1] == [None]
    assert None not in scores[2]
    assert scores[3] == []
    assert seen[-1] == (4, 4)


# Errors


def test_where_memory_runs_out_batches_are_halved(
    checkpoint: Path, prm: LoadedPRM, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = load_prm(str(checkpoint))
    most, forward = 1, small.model.forward

    def fits(ids: torch.Tensor, at: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        if len(ids) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(ids, at)

    monkeypatch.setattr(small.model, "forward", fits)
    for got, wanted in zip(
        score_solutions(small, SOLUTIONS, tree_tokens=0), prm.score(SOLUTIONS), strict=True
    ):
        assert got == pytest.approx(wanted, abs=1e-5)
    most = 0
    with pytest.raises(ModelError, match="too much for the memory of cpu"):
        score_solutions(small, SOLUTIONS, tree_tokens=0)


def test_other_models_are_refused(policy: Path, checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a process reward model"):
        load_prm(str(policy))
    folder = tmp_path / "scalar"
    shutil.copytree(checkpoint, folder)
    weights = load_file(folder / "model.safetensors")
    weights["score.2.weight"] = weights["score.2.weight"][:1].contiguous()
    weights["score.2.bias"] = weights["score.2.bias"][:1].contiguous()
    from safetensors.torch import save_file

    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"score\.2\.weight \(1, 32\)"):
        load_prm(str(folder))
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="lacks the weights norm"):
        load_prm(str(folder))


def test_a_separator_of_several_tokens_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prm"
    shutil.copytree(checkpoint, folder)
    (folder / "steplens.json").write_text(json.dumps({"separator": "<sep>"}))
    with pytest.raises(CheckpointError, match="single token"):
        load_prm(str(folder))
    (folder / "steplens.json").write_text("{")
    with pytest.raises(CheckpointError, match="not readable JSON"):
        load_prm(str(folder))


def test_a_prm_is_no_generator(checkpoint: Path) -> None:
    from models.generation.load import load_generator

    with pytest.raises(CheckpointError, match="reward model"):
        load_generator(str(checkpoint))
