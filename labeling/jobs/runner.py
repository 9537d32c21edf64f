"""Jobs: long work in a process of its own, with progress, heartbeat, log, cancel and resume.

`python -m labeling.jobs.runner JOB_ID` works on one job of the database in STEPLENS_DB; the app
starts it that way, the command line calls `run_job` in its own process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from db import jobs
from db.engine import DEFAULT_URL, Database, open_database
from db.records import JobRecord
from labeling.jobs.context import JobCancelled, JobContext, Report
from labeling.jobs.files import log_file
from models.names import refuse_secrets

HEARTBEAT_SECONDS = 10.0
LOG_SECONDS = 5.0

Work = Callable[[JobContext], dict[str, Any]]

# Imported only when a job of the kind runs: most of them load torch.
WORK = {
    "annotate_mc": "labeling.montecarlo.job:annotate_mc",
    "annotate_judge": "labeling.judge.job:annotate_judge",
    "annotate_prm": "labeling.prm.job:annotate_prm",
    "rethreshold": "labeling.prm.rethreshold:rethreshold",
    "import": "labeling.jobs.importing:run_import",
    "import_scores": "labeling.scores.job:import_scores",
    "export_project": "labeling.project:run_export",
    "grade": "labeling.answers.job:run_grade",
    "sample": "labeling.demo.sample:run_sample",
    "train": "labeling.jobs.training:run_train",
    "evaluate": "labeling.evaluation.processbench:run_evaluate",
    "best_of_n": "labeling.evaluation.best_of_n:run_best_of_n",
}


def run_job(
    database: Database,
    job_id: int,
    echo: Report | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Do a job in this process, from where it stopped, and return its result.

    `echo` is told its progress, `say` the lines of its log.

    Raises DatabaseError when another process works on it, LostJobError when one took it over,
    JobCancelled, or whatever the work raised. The job's row says how it ended, unless it is
    another process's now; starting it again resumes it.
    """
    job = jobs.claim_job(database, job_id)
    module, _, function = WORK[job.kind].partition(":")
    try:
        with _heartbeats(database, job):
            work: Work = getattr(import_module(module), function)
            result = work(JobContext(database, job, echo, say))
    except jobs.LostJobError:
        raise
    except JobCancelled:
        jobs.finish_job(database, job, "cancelled", "cancelled; start it again to continue", None)
        raise
    except KeyboardInterrupt:
        jobs.finish_job(database, job, "cancelled", "interrupted; start it again to continue", None)
        raise
    except Exception as error:
        jobs.finish_job(database, job, "failed", f"{error}" or type(error).__name__, None)
        raise
    jobs.finish_job(database, job, "done", "", result)
    return result


@contextmanager
def _heartbeats(database: Database, job: JobRecord) -> Iterator[None]:
    """Says every few seconds that this process lives, however long the work takes to report."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            try:
                jobs.beat(database, job)
            except jobs.LostJobError:
                return  # The work's own next write tells it.
            except Exception as error:  # A server that is away for a moment ends no job.
                print(f"no heartbeat: {error}", file=sys.stderr)

    thread = threading.Thread(target=beat, name=f"heartbeats of job {job.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def start_job(database: Database, kind: str, params: dict[str, Any]) -> JobRecord:
    """Start a job in a detached process, or resume the unfinished one with the same params.

    Raises ValueError for an unknown kind, a model's name with a password in it, or when that
    very job is running already.
    """
    refuse_secrets(str(params.get("model", "")))
    if kind not in WORK:
        raise ValueError(f"no kind of job {kind!r}; there are {', '.join(WORK)}")
    job = jobs.create_job(database, kind, params)
    jobs.queue_job(database, job.id)
    log = log_file(database, job.id)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        # -P: a models.py in the working folder must not be taken for ours. The URL may hold a
        # password, which everybody on the machine could read among the arguments.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "labeling.jobs.runner", str(job.id)],
            env={**os.environ, "STEPLENS_DB": database.url},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    jobs.wait_for_process(database, job.id, process.pid)
    return jobs.get_job(database, job.id)


class _LogEcho:
    """Prints progress to the log every few seconds."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if done == total or now - self._last > LOG_SECONDS:
            self._last = now
            _log(f"{done:,}/{total:,}  {message}")


def _log(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


def main() -> None:
    """Work on one job until it ends; the exit status says how it ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job_id", type=int)
    arguments = parser.parse_args()
    url = os.environ.pop("STEPLENS_DB", DEFAULT_URL)  # Nothing that the job starts needs it.
    database = open_database(url)
    try:
        result = run_job(database, arguments.job_id, _LogEcho(), _log)
    except JobCancelled:
        print("cancelled")
        sys.exit(2)
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}")
        sys.exit(1)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    print(f"done: {result}")


if __name__ == "__main__":
    main()
