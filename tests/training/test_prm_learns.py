"""A PRM trained on 480 sampled solutions finds errors on unseen problems.

Their labels are the truth, which costs nothing; tests/cli/test_loop.py goes by MC and a judge.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from db import jobs
from db.engine import Database, create_database
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus, run_consensus
from labeling.jobs.runner import run_job


def do(database: Database, kind: str, **params: object) -> dict:
    return run_job(database, jobs.create_job(database, kind, params).id)


def test_it_beats_the_constant_predictors(database: Database, tmp_path: Path) -> None:
    """Whoever always says the same has F1 0, or nearly; 0.39 came out when this was written."""
    sampled = do(database, "sample", problems=150, solutions=4, seed=12)
    assert sampled["sampled"] == 600
    truth = "human:playground-truth"
    summary = run_consensus(database, Rule((truth,)))
    assert summary.kept_with_error > 30
    export_consensus(database, tmp_path / "export", "jsonl")
    checkpoint = str(tmp_path / "prm")
    base = "playground:policy"
    do(database, "train", export=str(tmp_path / "export"), base=base, out=checkpoint, seed=0)
    unseen = create_database(f"sqlite:///{tmp_path / 'unseen.db'}")
    do(unseen, "sample", problems=150, solutions=2, seed=13)
    do(unseen, "annotate_prm", model=checkpoint, name="learnt")
    shutil.rmtree(checkpoint)  # What it was trained on is known all the same.
    result = do(unseen, "evaluate", annotator="prm:learnt", reference=truth, dataset=None)
    unseen.close()
    figures = result["held_out"]
    print(figures)
    assert figures["n_error"] > 50
    assert figures["f1"] > 0.2
    assert figures["intervals"]["f1"]["low"] > 0.1
