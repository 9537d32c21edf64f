"""Training on trees: the same loss and gradients as one solution at a time, where it pays."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from models.prm.encoding import Encoded
from models.prm.reader import PRM
from models.prm.trees import n_nodes
from tests.models.test_trees import SOLUTIONS, model
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.data import MASKED
from training.engine.batches import Item, TrainingError, make_batches, portions, tree_saving
from training.engine.preparation import Prepared, prepare
from training.engine.trainer import logits_of, step_loss, tensors
from training.sources import of_export

WEIGHTS = torch.tensor([2.0, 0.5])
CHANCE = random.Random(0)


def item(encoded: Encoded) -> Item:
    n = encoded.n_kept_steps
    targets = tuple(CHANCE.choice([0.0, 0.25, 1.0, MASKED]) for _ in range(n))
    return Item(encoded, targets, CHANCE.choice([-1, 0]), n)


ITEMS = [item(one) for one in SOLUTIONS]
ITEMS.append(ITEMS[0])  # as where wrong solutions are repeated
OTHERS = [item(Encoded((11, 10, 9, 8, n), (4,), 1)) for n in range(5)]


def learnt(prm: PRM, devices: int, budget: int, trees: bool) -> tuple[float, list[torch.Tensor]]:
    """The summed loss of ITEMS, and its gradients."""
    prm.zero_grad()
    total, masks = 0.0, 0
    for share in portions(ITEMS, devices, budget, trees):
        for portion in share:
            made = tensors(portion, trees)
            masks += "mask" in made
            loss = step_loss(logits_of(prm, made), made["labels"], WEIGHTS)
            loss.backward()
            total += loss.item()
    assert bool(masks) == trees
    return total, [p.grad.clone() for p in prm.parameters() if p.grad is not None]


@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("budget", [14, 1000])
def test_loss_and_gradients_are_those_of_one_by_one(devices: int, budget: int) -> None:
    prm = model("llama")
    expected, gradients = learnt(prm, 1, 1, trees=False)
    loss, found = learnt(prm, devices, budget, trees=True)
    assert loss == pytest.approx(expected, rel=1e-5)
    for one, other in zip(found, gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_mask_is_right_where_products_are_bfloat16() -> None:
    prm = model("llama")
    expected = learnt(prm, 1, 1, trees=False)[0]
    with torch.autocast("cpu", torch.bfloat16):
        rounded = learnt(prm, 1, 1, trees=False)[0]
        found = learnt(prm, 1, 1000, trees=True)[0]
    assert rounded == pytest.approx(expected, rel=0.02)
    assert found == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("devices", [1, 2, 3, 9])
@pytest.mark.parametrize("budget", [1, 14, 1000])
def test_portions_are_trees_of_the_budget_and_lose_nothing(devices: int, budget: int) -> None:
    batch = ITEMS + OTHERS
    shares = portions(batch, devices, budget, trees=True)
    assert len({len(share) for share in shares}) == 1
    every = [portion for share in shares for portion in share]
    assert sorted(id(i) for portion in every for i in portion) == sorted(map(id, batch))
    for portion in every:
        assert len(portion) <= 1 or n_nodes([i.encoded for i in portion]) <= budget


def test_batches_hold_what_begins_alike_and_lose_nothing() -> None:
    both = ITEMS + OTHERS
    drawn = [make_batches(both, 6, 0.0, random.Random(seed), True) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    for batches in drawn:
        assert len(batches) == 2
        assert sorted(id(i) for b in batches for i in b) == sorted(map(id, both))
        assert max(len({i.encoded.ids[0] for i in b}) for b in batches) == 2  # of 7, 1 and 11


def test_what_is_saved_is_counted_in_the_batches_that_are_drawn() -> None:
    # 6 that five begin with, behind them 4, 2 more and 4; and the 3 of the last
    assert tree_saving(ITEMS, 100) == pytest.approx((10 + 11 + 8 + 10 + 10 + 3 + 10) / 19)
    assert tree_saving(ITEMS, 1) == 1.0


def prepared(folder: Path, n: int, trees: str) -> Prepared:
    """Of `n` problems with nine solutions each that differ in their last step."""
    rows = visible_rule(2 * n, seed=1)[::2]
    ends = ["So 3", "Tom", "The", "more", "buys", "4", "3 + 4", "xx bad", "xx"]
    write_export(
        folder / "export",
        [
            {**row, "steps": [*row["steps"], end], "labels": [*row["labels"], row["labels"][-1]]}
            for row in rows
            for end in ends
        ],
    )
    config = TrainConfig(device="cpu", trees=trees)
    base = save_tiny_policy(folder / "base")
    return prepare(of_export(folder / "export", "hard"), str(base), config)


def test_trees_are_taken_where_they_save_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = prepared(tmp_path, 8, "auto")
    assert alike.config.trees == "on"
    assert alike.saving > 3
    assert prepared(tmp_path, 8, "off").config.trees == "off"
    monkeypatch.setattr("training.engine.preparation.PAYS", 20.0)
    apart = prepared(tmp_path, 8, "auto")
    assert (apart.config.trees, apart.saving) == ("off", 1.0)
    assert prepared(tmp_path, 8, "on").config.trees == "on"


def test_a_base_that_computes_no_trees_is_trained_without_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.prm.trees.FAMILIES", ())
    assert prepared(tmp_path, 8, "auto").config.trees == "off"
    with pytest.raises(TrainingError, match="train with --trees off"):
        prepared(tmp_path, 8, "on")
