"""Builds the shipped playground project and its PRM: `python -m labeling.demo.build`.

From the shipped policy and judge and the PRM's base, by the same jobs that a user runs. The
PRM is trained on the consensus over other problems than the project's, so the scores it shows
there are on problems that it never saw. Every part is kept in the working folder and taken from
there by the next call, so the parts may be made one by one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import random
import shutil
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

from db.annotations import annotations_of
from db.annotators import ensure_reviewer, find_annotator, save_training_problems
from db.engine import Database, create_database, open_database
from db.jobs import create_job
from db.results import forget_evaluations
from db.review.leases import next_items
from db.review.queues import Queue
from db.sqlite.snapshot import write_snapshot
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus, run_consensus
from labeling.demo.prepare import ARCHIVE, prepare_demo
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.provenance import training_problems
from labeling.jobs.runner import run_job
from labeling.review.commits import accept_commits
from training.config import TrainConfig
from training.data_files import DATA_FILES, MANIFEST

JUDGE, POLICY, PRM = "playground:judge", "playground:policy", "playground:prm"
TRUTH = "human:playground-truth"
MC_LABEL, JUDGE_LABEL = "mc:policy-k8-scan", "judge:judge-playground"
# (problems, solutions to each, seed): what the PRM learns from, is measured on, and what is shown.
LEARNT = ((3000, 4, 101), (6000, 4, 102))
HELD = ((500, 8, 303),)
SHOWN = ((150, 8, 2026), (250, 4, 2027))
MC = {"model": POLICY, "samples": 8, "strategy": "scan", "seed": 1}
JUDGED = {"model": JUDGE, "prompt": "playground", "seed": 0}
MORE = 200  # consensus solutions that the second PRM has learnt from and the first has not
SEEDS = (0, 1, 2)
# The base is near its optimum: half the usual rate for tiny models, and few passes.
RECIPE = TrainConfig(epochs=2, patience=2, batch_size=32, learning_rate=5e-4)
CORRECTIONS = 30
EXAMPLE = "example-reviewer"
WORK = Path("build/playground")


def main() -> None:
    """Make the PRM's checkpoint and the project's archive, or parts of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("learnt", "prm", "seeds", "measure", "project")
    parser.add_argument(
        "--only",
        choices=(*parts, "evaluations"),
        action="append",
        help="repeatable; evaluations: of the packed project, measured anew by this version",
    )
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the working files")
    options = parser.parse_args()
    wanted = options.only or parts
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if "learnt" in wanted:
        learn_from(work)
    if "prm" in wanted:
        build_prms(work)
    if "seeds" in wanted:
        for seed in SEEDS[1:]:
            train(work, "export", f"prm-seed{seed}", seed)
    if "measure" in wanted:
        measure(work)
    if "project" in wanted:
        build_project(work)
    if "evaluations" in wanted:
        measure_again(work)


def learn_from(work: Path) -> None:
    """The data that the PRMs learn from: a project of its own, and its consensus exported."""
    database = create_database(f"sqlite:///{work / 'learnt.db'}")
    rule = annotate(database, LEARNT)
    export_consensus(database, work / "export", "jsonl", rule, overwrite=True)
    for annotator in (MC_LABEL, JUDGE_LABEL):
        figures(database, annotator)
    database.close()
    fewer(work / "export", work / "export-fewer")


def fewer(export: Path, out: Path) -> None:
    """The export without its last `MORE` solutions, which only the second PRM learns from."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(export, out)
    file = out / DATA_FILES["jsonl"]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-MORE]))
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    content = file.read_bytes()
    manifest["files"][file.name] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(lines) - MORE,
        "bytes": len(content),
    }
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf-8")


def build_prms(work: Path) -> None:
    """Train both versions; the second is shipped, in bfloat16 like the other models."""
    import torch

    from models.names import PLAYGROUND_CHECKPOINTS
    from models.prm.save import save_prm
    from models.prm.transformers import load_prm

    train(work, "export-fewer", "prm-v1", SEEDS[0])
    trained = load_prm(str(train(work, "export", "prm-v2", SEEDS[0])))
    # No paths of this machine.
    report = {**trained.provenance["report"], "out": ""}
    provenance = {**trained.provenance, "base": "prm-base", "report": report}
    shipped = PLAYGROUND_CHECKPOINTS / "prm"
    card = (shipped / "README.md").read_bytes() if (shipped / "README.md").is_file() else b""
    shutil.rmtree(shipped, ignore_errors=True)
    save_prm(trained.model, trained.tokenizer, shipped, provenance, torch.bfloat16)
    (shipped / "README.md").write_bytes(card)


def train(work: Path, export: str, name: str, seed: int) -> Path:
    """Train a PRM from its base, as `steplens train` does; what is there already stays."""
    from training.train import train as train_prm

    out = work / name
    if not out.exists():
        report = train_prm(
            str(work / export), str(work / "prm-base"), str(out), replace(RECIPE, seed=seed), say
        )
        print(
            name, report.n_training, report.n_training_wrong, report.best, f"{report.seconds:.0f} s"
        )
    return out


def measure(work: Path) -> None:
    """What the PRMs are worth on solutions of problems that no model saw."""
    file = work / "held.db"
    database = create_database(f"sqlite:///{file}")
    for problems, solutions, seed in HELD:
        print(do(database, "sample", problems=problems, solutions=solutions, seed=seed))
    for name in ("prm-v1", "prm-v2", *(f"prm-seed{seed}" for seed in SEEDS[1:])):
        do(database, "annotate_prm", model=str(work / name), name=name, threshold=0.5)
        figures(database, f"prm:{name}")
        print(json.dumps(evaluate_best_of_n(database, f"prm:{name}", 8), indent=1))
    database.close()


def build_project(work: Path) -> None:
    """Make the project and pack it."""
    file = work / "playground.db"
    file.unlink(missing_ok=True)
    database = create_database(f"sqlite:///{file}")
    annotate(database, SHOWN)
    with chdir(work):  # a job keeps the model's name, and no path of this machine is shipped
        do(database, "annotate_prm", model="prm-v1", name="prm-v1", threshold=0.5)
    do(database, "annotate_prm", model=PRM, name="prm-v2", threshold=0.5)
    correct(database)
    evaluate(database)
    pack(database, work)


def measure_again(work: Path) -> None:
    """Bring the packed project to this version: its consensus and its evaluations made anew."""
    file = work / "playground.db"
    file.unlink(missing_ok=True)
    database = open_database(prepare_demo(file, say))
    forget_evaluations(database)
    run_consensus(database, Rule((MC_LABEL, JUDGE_LABEL)))
    evaluate(database)
    pack(database, work)


def evaluate(database: Database) -> None:
    """What the pages show of everybody in the project."""
    newer, older = (find_annotator(database, f"prm:{name}") for name in ("prm-v2", "prm-v1"))
    # The first version is not shipped. It learnt from the second's export without its last MORE
    # solutions, so all its problems are among the second's.
    problems = training_problems(database, newer) or frozenset()
    save_training_problems(database, older.config["revision"], problems)
    for annotator in (MC_LABEL, JUDGE_LABEL, "prm:prm-v1", "prm:prm-v2"):
        figures(database, annotator)
    for prm in ("prm:prm-v1", "prm:prm-v2"):
        print(do(database, "best_of_n", annotator=prm, n=8, dataset=None)["curves"]["product"])


def pack(database: Database, work: Path) -> None:
    """Write the archive that `prepare_demo` unpacks."""
    plain = work / "packed.db"
    write_snapshot(database, plain)
    database.close()
    ARCHIVE.parent.mkdir(exist_ok=True)
    ARCHIVE.write_bytes(lzma.compress(plain.read_bytes(), preset=9))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size / 1e6:.1f} MB of {plain.stat().st_size / 1e6:.1f}")


def correct(database: Database) -> None:
    """Corrections of the first disagreements by `EXAMPLE`, from the exact labels, and so marked.

    They come in as a browser's do, after as many seconds as a person may need.
    """
    truth = find_annotator(database, TRUTH)
    queue = next_items(database, Queue(), None, 2 * CORRECTIONS)
    exact = {
        one.solution_id: one
        for one in annotations_of(database, queue)
        if one.annotator_id == truth.id and one.first_error is not None
    }
    rng = random.Random(0)
    commits = [
        {
            "token": hashlib.sha256(f"{EXAMPLE} {solution_id}".encode()).hexdigest()[:32],
            "solution_id": solution_id,
            "action": "label",
            "labels": [
                None if label is None else int(label) for label in exact[solution_id].scores
            ],
            "first_error": exact[solution_id].first_error,
            "note": "An example: made by a script from the exact labels.",
            "seconds": round(rng.uniform(6, 40), 1),
        }
        for solution_id in [one for one in queue if one in exact][:CORRECTIONS]
    ]
    refused = accept_commits(database, ensure_reviewer(database, EXAMPLE), commits).refused
    assert not refused, refused


def annotate(database: Database, samples: tuple[tuple[int, int, int], ...]) -> Rule:
    """Sample, annotate by Monte Carlo and the judge, and apply the paper's rule."""
    for problems, solutions, seed in samples:
        print(do(database, "sample", problems=problems, solutions=solutions, seed=seed))
    print(do(database, "annotate_mc", **MC))
    print(do(database, "annotate_judge", **JUDGED))
    rule = Rule((MC_LABEL, JUDGE_LABEL))
    print(run_consensus(database, rule).counts())
    return rule


def figures(database: Database, annotator: str) -> None:
    """Print ProcessBench's figures of an annotator against the exact labels."""
    result = do(database, "evaluate", annotator=annotator, reference=TRUTH, dataset=None)
    print(annotator, json.dumps(result["all"]))


def do(database: Database, kind: str, **params: Any) -> dict[str, Any]:
    """Run one job to its end in this process."""
    return run_job(database, create_job(database, kind, params).id)


def say(done: int, total: int, message: str = "") -> None:
    """A line for each step of a long run."""
    print(f"{done:,}/{total:,} {message}", flush=True)


if __name__ == "__main__":
    main()
