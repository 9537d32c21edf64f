"""The loss of steps with hard and soft targets, and what is masked."""

import pytest
import torch
from torch.nn import functional

from models.prm.encoding import encoded
from training.config import LOSSES
from training.data import MASKED
from training.engine.batches import Item, TrainingError, class_weights
from training.engine.trainer import step_loss, tensors

WEIGHTS = torch.tensor([1.7, 0.6])


def item(targets: tuple[float, ...], first_error: int) -> Item:
    """A solution whose steps are a token and a separator each."""
    n = len(targets)
    return Item(encoded(range(2 * n), range(1, 2 * n, 2)), targets, first_error, n)


def test_hard_targets_give_the_loss_of_classes() -> None:
    torch.manual_seed(0)
    logits = torch.randn(64, 2, requires_grad=True)
    classes = torch.randint(0, 2, (64,))
    classes[::5] = -100
    wanted = functional.cross_entropy(logits, classes, weight=WEIGHTS, reduction="sum")
    loss = step_loss(logits, classes.float(), WEIGHTS)
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-6)
    gradients = [torch.autograd.grad(one, logits)[0] for one in (wanted, loss)]
    torch.testing.assert_close(*gradients)
    assert not gradients[1][::5].any()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_soft_target_is_learnt_as_it_is(loss: str) -> None:
    """At the optimum the probability is the target: 7 of 8 successes are neither 0 nor 1."""
    logits = torch.zeros(1, 2, requires_grad=True)
    label = torch.tensor([0.875])
    even = torch.ones(2)
    optimizer = torch.optim.SGD([logits], lr=1.0)
    for _ in range(400):
        optimizer.zero_grad()
        step_loss(logits, label, even, loss).backward()
        optimizer.step()
    assert logits.softmax(-1)[0, 1].item() == pytest.approx(0.875, abs=1e-4)


def test_squared_error_weights_classes_and_leaves_masked_steps_out() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    loss = step_loss(logits, torch.tensor([1.0, 0.0, MASKED]), WEIGHTS, "mse")
    assert loss.item() == pytest.approx((0.6 + 1.7) / 4)
    assert not torch.autograd.grad(loss, logits)[0][2].any()


def test_the_loss_of_nothing_is_zero_with_a_gradient() -> None:
    """Devices that share their weights take part with a portion of no solution, too."""
    logits = torch.zeros(0, 2, requires_grad=True)
    loss = step_loss(logits, tensors([])["labels"], WEIGHTS)
    loss.backward()
    assert loss.item() == 0


def test_labels_stay_probabilities() -> None:
    portion = tensors([item((0.875, 0.0, MASKED), 1), item((1.0, MASKED), -1)])
    labels = portion["labels"]
    assert labels.dtype == torch.float32
    assert sorted(labels.tolist()) == [MASKED, MASKED, 0.0, 0.875, 1.0]
    assert int(labels.ne(-100).sum()) == 3  # as the Trainer counts the steps of a batch


def test_class_weights_count_first_errors_whatever_the_targets() -> None:
    hard = [item((1.0, 1.0, 0.0, MASKED), 2), item((1.0, MASKED), -1)]
    soft = [item((0.875, 0.5, 0.125, MASKED), 2), item((0.25, MASKED), -1)]
    assert class_weights(hard, 0.5) == class_weights(soft, 0.5)
    assert class_weights(hard, 0.5)[1] == (1, 3)
    with pytest.raises(TrainingError, match="no first error"):
        class_weights([item((0.5,), -1)], 0.5)
