"""Builds the shipped playground project and its PRM: `python -m labeling.build_demo`.

From the shipped policy and judge, by the same jobs that a user runs. The PRM is trained on the
consensus over other problems than the project's, so the scores it shows there are on problems
that it never saw. About ten minutes on two CPU cores.
"""

from __future__ import annotations

import argparse
import lzma
import shutil
import tempfile
from pathlib import Path
from typing import Any

from db.engine import Database, open_database
from db.jobs import create_job
from db.snapshot import write_snapshot
from labeling.consensus import Rule
from labeling.consensus_run import export_consensus, run_consensus
from labeling.demo import ARCHIVE
from labeling.runner import run_job

JUDGE, POLICY, PRM = "playground:judge", "playground:policy", "playground:prm"
# (problems, solutions to each, seed): what the PRM learns from, and what the project shows.
LEARNT = ((700, 3, 101),)
SHOWN = ((100, 8, 2026), (200, 4, 2027))
MC = {"model": POLICY, "samples": 8, "strategy": "scan", "seed": 1}
JUDGED = {"model": JUDGE, "prompt": "playground", "seed": 0}


def main() -> None:
    """Make the PRM's checkpoint and the project's archive; --only does one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("prm", "project"))
    parser.add_argument("--work", type=Path, help="keep the working files in this folder")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="steplens-demo-"))
    work.mkdir(parents=True, exist_ok=True)
    if options.only != "project":
        build_prm(work)
    if options.only != "prm":
        build_project(work)
    if options.work is None:
        shutil.rmtree(work)


def build_prm(work: Path) -> None:
    """Train the shipped PRM and write it, in bfloat16 like the other two, into its place."""
    import torch

    from models.names import PLAYGROUND_CHECKPOINTS
    from models.prm import load_prm, save_prm

    database = open_database(f"sqlite:///{work / 'learnt.db'}")
    rule = annotate(database, LEARNT)
    export_consensus(database, work / "export", "jsonl", rule, overwrite=True)
    out = work / "prm"
    shutil.rmtree(out, ignore_errors=True)
    result = do(database, "train", export=str(work / "export"), base=POLICY, out=str(out), seed=0)
    print("PRM:", {name: value for name, value in result.items() if name != "history"})
    trained = load_prm(str(out))
    provenance = {**trained.provenance, "report": {**trained.provenance["report"], "out": ""}}
    shipped = PLAYGROUND_CHECKPOINTS / "prm"
    shutil.rmtree(shipped, ignore_errors=True)
    save_prm(trained.model, trained.tokenizer, shipped, provenance, torch.bfloat16)
    database.close()


def build_project(work: Path) -> None:
    """Make the project and pack it."""
    file = work / "playground.db"
    file.unlink(missing_ok=True)
    database = open_database(f"sqlite:///{file}")
    annotate(database, SHOWN)
    do(database, "annotate_prm", model=PRM, name="prm-v1", threshold=0.5)
    for annotator in ("mc:policy-k8-scan", "judge:judge-playground", "prm:prm-v1"):
        reference = "human:playground-truth"
        result = do(database, "evaluate", annotator=annotator, reference=reference, dataset=None)
        print(annotator, {name: result["all"][name] for name in ("error_accuracy", "f1")})
    plain = work / "packed.db"
    write_snapshot(database, plain)
    database.close()
    ARCHIVE.parent.mkdir(exist_ok=True)
    ARCHIVE.write_bytes(lzma.compress(plain.read_bytes(), preset=9))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size / 1e6:.1f} MB of {plain.stat().st_size / 1e6:.1f}")


def annotate(database: Database, samples: tuple[tuple[int, int, int], ...]) -> Rule:
    """Sample, annotate by Monte Carlo and the judge, and apply the paper's rule."""
    for problems, solutions, seed in samples:
        print(do(database, "sample", problems=problems, solutions=solutions, seed=seed))
    print(do(database, "annotate_mc", **MC))
    print(do(database, "annotate_judge", **JUDGED))
    rule = Rule(("mc:policy-k8-scan", "judge:judge-playground"))
    print(run_consensus(database, rule).counts())
    return rule


def do(database: Database, kind: str, **params: Any) -> dict[str, Any]:
    """Run one job to its end in this process."""
    return run_job(database, create_job(database, kind, params).id)


if __name__ == "__main__":
    main()
