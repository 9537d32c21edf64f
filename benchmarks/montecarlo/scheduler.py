"""`annotate mc` against its backend alone: what planning, grading, storing and narrow waves cost.

    python -m benchmarks.montecarlo.scheduler [--problems 400] [--solutions 4] [--model SPEC]

Wall time of the whole job, over the time that the same backend needs for the very same
completions when it is given all of them at once (the widest batches it can take). A backend that
is given all at once reads a prompt once for all its completions, which nobody can have who waits
for the first outcome before asking for the second; so the job is also compared with the widest
calls in which no prompt stands twice. On one thread the processor time says the same as the wall
time, and does not mind what else runs on the machine. vLLM computes in a process of its own, so
there the wall time counts; its prefix cache is emptied before the backend is timed alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from db import jobs
from db.engine import create_database
from labeling.jobs.runner import run_job
from models.generation import load as generators
from models.generation.base import CompletionRequest

MODEL = "playground:policy"


class Recorder:
    """A generator that remembers what it was asked, wave by wave."""

    def __init__(self, generator: Any):
        self._generator = generator
        self.waves: list[list[CompletionRequest]] = []
        self.seconds: list[float] = []
        self.sampling: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def complete(self, requests: Sequence[CompletionRequest], sampling: Any) -> Any:
        """Note the wave and pass it on."""
        self.waves.append(list(requests))
        self.sampling = sampling
        began = time.process_time()
        try:
            return self._generator.complete(requests, sampling)
        finally:
            self.seconds.append(time.process_time() - began)


def without_repeats(
    requests: Sequence[CompletionRequest],
) -> list[list[CompletionRequest]]:
    """The widest calls in which every prompt stands once: call n has each prompt's n-th."""
    seen: Counter[tuple[int, ...]] = Counter()
    calls: list[list[CompletionRequest]] = []
    for request in requests:
        place = seen[request.prompt_ids]
        seen[request.prompt_ids] += 1
        if place == len(calls):
            calls.append([])
        calls[place].append(request)
    return calls


def forget(backend: Any) -> None:
    """Empty vLLM's prefix cache; others keep nothing between calls."""
    if hasattr(backend, "engine"):
        backend.engine.reset_prefix_cache()


def main() -> None:
    """Print one line a strategy."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--problems", type=int, default=400)
    parser.add_argument("--solutions", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--wave", type=int, default=0, help="0: the default")
    parser.add_argument("--strategies", nargs="+", default=["scan", "bisect", "adaptive"])
    parser.add_argument("--waves", action="store_true", help="width and time of each wave")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    backend = generators.load_generator(options.model)
    recorder = Recorder(backend)
    generators.load_generator = lambda *_: recorder  # type: ignore[assignment,return-value]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'project.db'}"
        database = create_database(url)
        sample = {"problems": options.problems, "solutions": options.solutions, "seed": 21}
        made = run_job(database, jobs.create_job(database, "sample", sample).id)
        print(f"{made['solutions']:,} distinct solutions, {options.threads} thread")
        for strategy in options.strategies:
            recorder.waves.clear()
            recorder.seconds.clear()
            params = {"model": options.model, "samples": 8, "strategy": strategy, "seed": 1}
            if options.wave:
                params["wave"] = options.wave
            began, spent = time.monotonic(), time.process_time()
            result = run_job(database, jobs.create_job(database, "annotate_mc", params).id)
            wall, cpu = time.monotonic() - began, time.process_time() - spent
            widths = [len(wave) for wave in recorder.waves]
            everything = [request for wave in recorder.waves for request in wave]
            full = sum(width == max(widths) for width in widths)
            print(
                f"{strategy}: {wall:.1f} s, processor {cpu:.1f} s, of it in the model "
                f"{sum(recorder.seconds):.1f} s; {len(widths)} waves, {full} of {max(widths)}; "
                f"{result['tokens_generated']:,} tokens generated, "
                f"{result['tokens_prompted']:,} prompted",
                flush=True,
            )
            for name, calls in {
                "all at once": [everything],
                "no prompt twice in a call": without_repeats(everything),
            }.items():
                forget(backend)
                began, spent = time.monotonic(), time.process_time()
                for call in calls:
                    backend.complete(call, recorder.sampling)
                alone, cpu_alone = time.monotonic() - began, time.process_time() - spent
                print(
                    f"  over the backend alone, {name}: {wall / alone:.2f} (wall), "
                    f"{cpu / cpu_alone:.2f} (processor)",
                    flush=True,
                )
            if options.waves:
                pairs = zip(widths, recorder.seconds, strict=True)
                print("  " + ", ".join(f"{width} in {spent:.1f} s" for width, spent in pairs))
        database.close()


if __name__ == "__main__":
    main()
