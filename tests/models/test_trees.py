"""Prefix trees: logits, gradients and scores are those of one solution at a time."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModel, PreTrainedModel

from models.prm import trees
from models.prm.encoding import Encoded
from models.prm.reader import PRM
from models.prm.transformers import LoadedPRM, load_prm, score_solutions
from models.prm.trees import (
    FAMILIES,
    MASKED_KERNELS,
    blocks_of,
    groups,
    node_tensors,
    supports,
    tree_of,
    tree_tensors,
)
from tests.support.tiny_prms import (
    save_classifier,
    save_math_shepherd,
    save_qwen,
    save_rlhflow,
    save_skywork,
)

CPU = torch.device("cpu")
SHARED = [7, 3, 9, 4, 1, 8]
SOLUTIONS = [
    Encoded((*SHARED, 5, 2, 6, 2), (7, 9), 2),
    Encoded((*SHARED, 5, 2, 6, 6, 2), (7, 10), 2),
    Encoded((*SHARED, 5, 2), (7,), 1),
    Encoded((*SHARED, 9, 9, 9, 2), (9,), 1),
    Encoded((*SHARED, 5, 2, 6, 2), (7, 9), 2),  # the first one again
    Encoded((1, 2, 3), (1, 2), 2),
]
PROBLEM = "Tom has 3 apples and buys 4 more."
TEXTS = [
    (PROBLEM, ["So 3 + 4 = 7.", "The answer is 7."]),
    ("Tom", ["a", "b + c"]),
    (PROBLEM, ["So 3 + 4 = 7.", "The answer is 8."]),
    (PROBLEM, ["So 3 + 4 = 7."]),
    (PROBLEM, ["So 3 + 4 = 8.\nHe buys.", "The answer is 8.", "7"]),
]
SCHEMES = {
    "qwen": save_qwen,
    "math-shepherd": save_math_shepherd,
    "rlhflow": save_rlhflow,
    "skywork": save_skywork,
    "classifier": save_classifier,
}


def model(family: str, **changes: Any) -> PRM:
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=12,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
        initializer_range=0.4,
        pad_token_id=None,
        bos_token_id=None,
        eos_token_id=None,
        **changes,
    )
    backbone: PreTrainedModel = AutoModel.from_config(config)
    return PRM(backbone).eval()


def as_tree(prm: PRM, solutions: list[Encoded]) -> torch.Tensor:
    return prm(*tree_tensors(tree_of(solutions), CPU, torch.float32))


def one_by_one(prm: PRM, solutions: list[Encoded]) -> torch.Tensor:
    every = []
    for one in solutions:
        at = torch.tensor(one.separator_positions)
        every.append(prm(torch.tensor([one.ids]), (torch.zeros_like(at), at)))
    return torch.cat(every)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_and_gradients_are_those_of_one_solution_at_a_time(family: str) -> None:
    prm = model(family)
    assert supports(prm.model.config, 64)
    gradients = []
    logits = [as_tree(prm, SOLUTIONS), one_by_one(prm, SOLUTIONS)]
    for one in logits:
        prm.zero_grad()
        (one.sigmoid() * torch.arange(one.numel()).view_as(one)).sum().backward()
        gradients.append(
            {name: p.grad.clone() for name, p in prm.named_parameters() if p.grad is not None}
        )
    assert torch.allclose(logits[0], logits[1], atol=1e-5)
    assert logits[0].std() > 0.01
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradient, gradients[1][name], rtol=1e-3, atol=1e-4), name


@pytest.mark.parametrize("nodes", [1, 3, 128])
def test_blocks_of_any_size_see_what_a_mask_shows(
    nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "NODES", nodes)
    tree = tree_of(SOLUTIONS)
    ids, at, positions = node_tensors(tree, CPU)
    for family in FAMILIES:
        prm = model(family)
        config = prm.model.config
        if config._attn_implementation == "sdpa":
            found = prm(ids, at, (positions, blocks_of(tree, CPU, torch.float32)))
            assert torch.allclose(found, one_by_one(prm, SOLUTIONS), atol=1e-5)
        assert config._attn_implementation in MASKED_KERNELS
    seen = sum(block.mask.numel() for block in blocks_of(tree, CPU, torch.float32))
    assert (seen < len(tree.ids) ** 2) == (nodes < len(tree.ids))


def test_a_window_shorter_than_a_solution_and_an_unknown_family_are_no_trees() -> None:
    for family in ("mistral", "gemma2"):
        config = model(family, sliding_window=8).model.config
        assert supports(config, 8)
        assert not supports(config, 9)
    assert not supports(AutoConfig.for_model("gpt_neox"), 8)


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=7), min_size=1, max_size=8),
    st.integers(1, 20),
)
@settings(max_examples=200, deadline=None)
def test_a_tree_holds_every_prefix_once(sequences: list[list[int]], budget: int) -> None:
    solutions = [Encoded(tuple(s), (0, len(s) - 1), 2) for s in sequences]
    tree = tree_of(solutions)
    prefixes = {tuple(s[:n]) for s in sequences for n in range(1, len(s) + 1)}
    assert len(tree.ids) == len(prefixes)
    for solution, (first, last) in zip(solutions, tree.reads, strict=True):
        seen = [j for j in range(last + 1) if last < tree.ends[j]]
        assert tuple(tree.ids[j] for j in seen) == solution.ids
        assert [tree.positions[j] for j in seen] == list(range(len(seen)))
        assert seen[0] == first
    cut = groups(solutions, budget)
    assert sorted(i for group in cut for i in group) == list(range(len(solutions)))
    for group in cut:
        assert len(group) == 1 or len(tree_of([solutions[i] for i in group]).ids) <= budget


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scores_of_every_scheme_are_the_same_in_trees(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prm = load_prm(str(SCHEMES[scheme](tmp_path)), scheme="trl" if scheme == "classifier" else None)
    expected = score_solutions(prm, TEXTS, tree_tokens=0)
    passes, told = watched(prm, monkeypatch), []
    got = score_solutions(prm, TEXTS, progress=lambda *done: told.append(done))
    assert any(passes)
    assert told[-1] == (len(TEXTS), len(TEXTS))
    for row, wanted in zip(got, expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-5)


def test_a_model_that_runs_no_trees_scores_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prm = load_prm(str(save_qwen(tmp_path)))
    expected = score_solutions(prm, TEXTS)
    monkeypatch.setattr(prm.model.model.config, "model_type", "another")
    passes = watched(prm, monkeypatch)
    for row, wanted in zip(score_solutions(prm, TEXTS), expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-5)
    assert not any(passes)


def test_a_tree_that_memory_does_not_hold_is_halved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prm = load_prm(str(save_qwen(tmp_path)))
    expected = score_solutions(prm, TEXTS)
    forward = prm.model.forward

    def fits(ids: Any, at: Any, tree: Any = None) -> torch.Tensor:
        if tree is not None and len(at[0]) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(ids, at, tree)

    monkeypatch.setattr(prm.model, "forward", fits)
    for row, wanted in zip(score_solutions(prm, TEXTS), expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-5)


def watched(prm: LoadedPRM, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each forward pass from now on is one over a tree."""
    forward, passes = prm.model.forward, []

    def seen(ids: Any, at: Any, tree: Any = None) -> torch.Tensor:
        passes.append(tree is not None)
        return forward(ids, at, tree)

    monkeypatch.setattr(prm.model, "forward", seen)
    return passes
