"""Prints, as JSON, what training takes of this machine's memory: EXPORT BASE SETTINGS-AS-JSON.

`reckoned` are the bytes that a dry run says, `measured` those by which the process grew at most.
"""

import json
import re
import sys
from pathlib import Path

import torch

from training.config import TrainConfig
from training.dry_run.counts import first_epoch
from training.dry_run.memory import memory
from training.dry_run.pace import measure
from training.engine.preparation import prepare
from training.sources import of_export


def of_process(name: str) -> int:
    """VmRSS or VmHWM, in bytes."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


def main(export: str, base: str, settings: str) -> None:
    torch.set_num_threads(1)
    config = TrainConfig(**json.loads(settings))
    data = prepare(of_export(export, "hard"), base, config)
    reckoned = memory(base, data, first_epoch(data.training, data.config).largest)
    before = of_process("VmRSS")
    measure(base, data)
    parts = {name: getattr(reckoned, name) for name in ("activations", "total")}
    print(json.dumps({**parts, "measured": of_process("VmHWM") - before}))


if __name__ == "__main__":
    main(*sys.argv[1:])
