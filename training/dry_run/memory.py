"""The memory that training takes on a device, by a pass over tensors that have no memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from training.engine.preparation import Prepared
from training.engine.start import blank, on_gpu
from training.engine.trainer import Portion, logits_of, step_loss


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device, at the largest pass; `available` is what the device has free now.

    `activations` holds all that a pass makes and lets go again.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    available: int
    n_weights: int
    n_learnt: int

    @property
    def fixed(self) -> int:
        """What is taken whatever a batch holds."""
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> int:
        """The most there is at one time."""
        return self.fixed + self.activations

    @property
    def fits(self) -> bool:
        """Whether the device has as much free."""
        return self.total <= self.available


def memory(base: str, data: Prepared, largest: Portion) -> Memory:
    """What a run on `data` takes on one device that holds all of the model.

    Two passes over `largest` and a step of AdamW are made with tensors that have shapes alone. The
    device's context, what an allocator leaves unused and what several devices exchange come to it.
    """
    device = "cuda" if on_gpu(data.config) else "cpu"
    model = blank(base, data.config, len(data.tokenizer))
    with FakeTensorMode() as fake, torch.device(device):
        _give_shapes(model, device)
        model.train()
        learnt = [one for one in model.parameters() if one.requires_grad]
        portion = {name: fake.from_tensor(one).to(device) for name, one in largest.items()}
        weighting = torch.ones(2)
        for _ in range(2):  # before the second there are gradients to be added to
            watched = Living([*model.parameters(), *(p.grad for p in learnt if p.grad is not None)])
            with watched:
                _pass(model, portion, weighting, data)
        optimizer = torch.optim.AdamW(learnt)
        stepping = Living([*model.parameters(), *(p.grad for p in learnt if p.grad is not None)])
        with stepping:
            optimizer.step()
        state = _bytes(one for kept in optimizer.state.values() for one in kept.values())
        return Memory(
            weights=_bytes([*model.parameters(), *model.buffers()]),
            gradients=_bytes(one.grad for one in learnt if one.grad is not None),
            optimizer=state,
            activations=max(watched.peak, stepping.peak - state),
            available=available(device),
            n_weights=sum(one.numel() for one in model.parameters()),
            n_learnt=sum(one.numel() for one in learnt),
        )


def available(device: str) -> int:
    """Bytes that are free on the device."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    return psutil.virtual_memory().available


class Living(TorchDispatchMode):
    """Counts the bytes of all tensors made under it that are still in use; `peak` is the most."""

    def __init__(self, before: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.now = self.peak = 0
        # A storage may come back under the address of one that is gone: each is told by itself.
        self.known: dict[int, weakref.finalize[..., Any] | None] = {
            one.untyped_storage()._cdata: None for one in before
        }

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Do what was asked, and watch what comes of it."""
        made = func(*args, **(kwargs or {}))
        tree_map_only(Tensor, self._watch, made)
        return made

    def _watch(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self.known:
            self.known[key] = weakref.finalize(storage, self._gone, key, storage.nbytes())
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)

    def _gone(self, key: int, size: int) -> None:
        self.known.pop(key, None)
        self.now -= size


def _give_shapes(model: nn.Module, device: str) -> None:
    """Put fake tensors of the device where the model has those of the meta device."""
    for module in model.modules():
        for name, one in module.named_parameters(recurse=False):
            fake = torch.empty(one.shape, dtype=one.dtype, device=device)
            module.register_parameter(name, nn.Parameter(fake, one.requires_grad))
        for name, held in module.named_buffers(recurse=False):
            setattr(module, name, torch.empty(held.shape, dtype=held.dtype, device=device))


def _pass(model: nn.Module, portion: Portion, weighting: Tensor, data: Prepared) -> None:
    low = data.config.precision == "bfloat16"
    with torch.autocast(portion["ids"].device.type, torch.bfloat16, enabled=low):
        logits = logits_of(model, portion)
    step_loss(logits, portion["labels"], weighting, data.config.loss).backward()


def _bytes(tensors: Iterable[Tensor]) -> int:
    """Of tensors that share none."""
    return sum(one.nbytes for one in {id(one): one for one in tensors}.values())
