"""Doing the parts of a run: several at a time, each in a worker process, none twice."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labeling.jobs.context import Report
from labeling.lessons.noise.plan import noise_parts
from labeling.lessons.parts import SETTINGS, Part, identities, is_done, write_json
from labeling.lessons.people.plan import people_parts
from labeling.lessons.plan import parts_of
from labeling.lessons.report.write import write_report
from labeling.lessons.settings import Settings

LOG = "workers.log"
ONE_THREAD = {"STEPLENS_THREADS": "1"}  # as labeling.lessons.worker has it for training


class LessonsError(ValueError):
    """A run cannot go on; the message says what to do."""


def run_lessons(folder: Path, settings: Settings, workers: int, report: Report) -> Path:
    """Do what is left of the run in `folder`, and return its report.

    Raises LessonsError for a folder that another process works in or that was begun with other
    settings, and for a part that failed; KeyboardInterrupt leaves what is done.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _settle(folder, settings)
        parts = every_part(settings)
        _Run(folder, parts, report).to_the_end(workers)
        return write_report(folder, settings, parts)


def every_part(settings: Settings) -> list[Part]:
    """All parts of a run, each behind what it needs."""
    return [*parts_of(settings), *noise_parts(settings), *people_parts(settings)]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LessonsError(f"Another process is at work in {folder}") from None
    finally:
        os.close(lock)


def _settle(folder: Path, settings: Settings) -> None:
    """Keep the settings, or hold them against those that the folder was begun with."""
    file, now = folder / SETTINGS, json.loads(json.dumps(asdict(settings)))
    if file.exists():
        before = json.loads(file.read_text("utf-8"))
        other = [name for name, value in before.items() if name in now and now[name] != value]
        if other:
            raise LessonsError(
                f"{folder} was begun with another {', '.join(sorted(other))}; choose another --out"
            )
    elif any(folder.iterdir()):
        raise LessonsError(
            f"{folder} is not empty, and no run of the lessons; choose another --out"
        )
    write_json(file, now)


class _Run:
    """The parts that are left, dealt out to threads that each have a worker process."""

    def __init__(self, folder: Path, parts: Sequence[Part], report: Report):
        self.folder, self.report = folder, report
        self.identities = identities(parts)
        self.left: list[Part] = []
        self.done: set[str] = set()
        for part in parts:
            kept = is_done(folder, part.name, self.identities[part.name])
            if kept and self.done.issuperset(part.needs):
                self.done.add(part.name)
            else:
                self.left.append(part)
        self.costs = {part.name: part.cost for part in parts}
        self.under_way: dict[str, float] = {}  # the share that is done of each
        self.failure: BaseException | None = None
        self.workers: list[subprocess.Popen[str]] = []
        self.changed = threading.Condition()

    def to_the_end(self, workers: int) -> None:
        """Do what is left with so many workers, which do not outlive it."""
        threads = [
            threading.Thread(target=self._work, daemon=True)
            for _ in range(min(workers, len(self.left)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except KeyboardInterrupt as error:
            self._stop(error)
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if self.failure is not None:
            raise self.failure

    def _work(self) -> None:
        """Take part after part, until there is none or one has failed."""
        worker: subprocess.Popen[str] | None = None
        try:
            while (part := self._next()) is not None:
                worker = worker or self._start()
                self._do(worker, part)
        except (Exception, KeyboardInterrupt) as error:
            with self.changed:
                self.failure = self.failure or error
                self.changed.notify_all()
        finally:
            if worker is not None:
                with suppress(BrokenPipeError):
                    worker.communicate()  # it ends with its input

    def _start(self) -> subprocess.Popen[str]:
        with self.changed:
            if self.failure is not None:
                raise self.failure
            worker = _start(self.folder)
            self.workers.append(worker)
        return worker

    def _stop(self, why: BaseException) -> None:
        """End everything now: of what is done nothing is lost, and the rest can be killed."""
        with self.changed:
            self.failure = self.failure or why
            self.changed.notify_all()
            for worker in self.workers:
                worker.kill()

    def _next(self) -> Part | None:
        """The next part whose inputs are there, as soon as there is one."""
        with self.changed:
            while self.left and self.failure is None:
                for part in self.left:
                    if self.done.issuperset(part.needs):
                        self.left.remove(part)
                        self.under_way[part.name] = 0.0
                        return part
                self.changed.wait()
        return None

    def _do(self, worker: subprocess.Popen[str], part: Part) -> None:
        assert worker.stdin is not None
        assert worker.stdout is not None
        order = {"part": asdict(part), "identity": self.identities[part.name]}
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
        for line in worker.stdout:
            told: dict[str, Any] = json.loads(line)
            if "failed" in told:
                raise LessonsError(
                    f"{part.name}: {told['failed']} (the whole of it is in {self.folder / LOG})"
                )
            if "finished" in told:
                self._ended(part)
                return
            self._tell(part, told["done"] / max(told["total"], 1), told["message"])
        raise LessonsError(
            f"{part.name}: its process ended; {self.folder / LOG} may say why. "
            "The same command goes on from there"
        )

    def _ended(self, part: Part) -> None:
        with self.changed:
            del self.under_way[part.name]
            self.done.add(part.name)
            self.changed.notify_all()
        self._tell(part, 1.0, "done")

    def _tell(self, part: Part, share: float, message: str) -> None:
        with self.changed:
            if part.name in self.under_way:
                self.under_way[part.name] = min(share, 1.0)
            done = sum(self.costs[name] for name in self.done)
            done += sum(self.costs[name] * share for name, share in self.under_way.items())
            total = sum(self.costs.values())
            self.report(round(done), round(total), f"{part.name}: {message}")


def _start(folder: Path) -> subprocess.Popen[str]:
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "labeling.lessons.worker", str(folder)],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # Ctrl-C is for the run, which ends them
        )
