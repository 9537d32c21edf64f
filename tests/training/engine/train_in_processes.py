"""Trains as `torchrun` starts it: EXPORT BASE OUT SETTINGS-AS-JSON [--sharded].

Accelerate shards weights (FSDP2) on accelerators alone; with --sharded it is told that this
processor is one, so that the same code runs over gloo.
"""

import json
import os
import sys
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType
from torch.distributed.tensor import DTensor

import training.engine.fit
from training.config import TrainConfig
from training.train import train


def take_for_an_accelerator() -> None:
    start = PartialState.__init__

    def started(self: PartialState, *args: Any, **kwargs: Any) -> None:
        start(self, *args, **kwargs)
        if self.distributed_type == DistributedType.MULTI_CPU:
            self.distributed_type = DistributedType.MULTI_XPU

    PartialState.__init__ = started  # type: ignore[method-assign]
    train_ = training.engine.fit._train

    def watched(trainer: Any, folder: Any) -> None:
        train_(trainer, folder)
        assert all(isinstance(one, DTensor) for one in trainer.model.parameters())

    training.engine.fit._train = watched


def main(export: str, base: str, out: str, settings: str, *more: str) -> None:
    torch.set_num_threads(1)
    if "--sharded" in more:
        take_for_an_accelerator()
    report = train(export, base, out, TrainConfig(**json.loads(settings)))
    if int(os.environ.get("RANK", "0")) == 0:
        print(json.dumps([[one.train_loss, one.validation_loss, one.f1] for one in report.history]))


if __name__ == "__main__":
    main(*sys.argv[1:])
