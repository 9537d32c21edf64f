"""The labels of each source for the same solutions, as exports that PRMs are trained on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database, open_database
from db.records import AnnotationRecord, SolutionRecord
from db.solutions import each_solution
from labeling.consensus.export import write_export
from labeling.consensus.rule import Candidate, Kept, Rule, Verdict, decide, summarise
from labeling.consensus.run import export_row, run_consensus
from labeling.demo.sample import TRUTH as TRUE_NAME
from labeling.lessons.parts import Result, Task
from labeling.lessons.plan import CONSENSUS, JUDGE, MC, RANDOM, TRUTH, threshold_source
from labeling.lessons.solutions import JUDGE as JUDGE_LABEL
from labeling.lessons.solutions import MC as MC_LABEL
from training.metrics.processbench.evaluation import first_error_offsets, processbench_metrics

TRUTH_LABEL = f"human:{TRUE_NAME}"
EVERYBODY = (MC_LABEL, JUDGE_LABEL, TRUTH_LABEL)
RULES = {
    MC: Rule((MC_LABEL,)),
    JUDGE: Rule((JUDGE_LABEL,)),
    TRUTH: Rule((TRUTH_LABEL,)),
    CONSENSUS: Rule((MC_LABEL, JUDGE_LABEL)),
}
NO_VERDICT = "without a verdict of somebody"
IN_TEST = "a problem that is in the test too"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A solution with the verdicts of everybody, by their label."""

    solution: SolutionRecord
    candidate: Candidate

    @property
    def true_error(self) -> int:
        """The exact first error."""
        first_error = self.candidate.verdicts[TRUTH_LABEL].first_error
        assert first_error is not None
        return first_error


def export_labels(task: Task) -> Result:
    """Write an export of each source, and say what its labels are worth by the exact ones.

    Only solutions of which everybody has a verdict are in any. RANDOM has one export a seed, with
    as many solutions as the consensus keeps, drawn from Monte Carlo's.
    """
    database = open_database(task.database_url)
    try:
        labelled, left_out = labelled_solutions(
            database, task.params["training"], task.params["test"]
        )
        run_consensus(database, RULES[CONSENSUS])
        configs = {label: find_annotator(database, label).config for label in EVERYBODY}
    finally:
        database.close()
    kept: dict[str, list[tuple[Labelled, Kept]]] = {}
    for source, rule in RULES.items():
        decided = [(one, decide(rule, one.candidate)) for one in labelled]
        kept[source] = [(one, said) for one, said in decided if isinstance(said, Kept)]
        counts = summarise(said for _, said in decided)
        write_labels(task.folder / "exports" / source, rule, kept[source], counts, configs)
    for seed in task.params["seeds"]:
        drawn = random.Random(seed).sample(kept[MC], len(kept[CONSENSUS]))
        counts = summarise(said for _, said in drawn)
        write_labels(
            task.folder / "exports" / f"{RANDOM}-{seed}", RULES[MC], drawn, counts, configs
        )
    return {
        "solutions": len(labelled),
        "left_out": left_out,
        "sources": {source: quality_of(rows) for source, rows in kept.items()},
    }


def export_thresholds(task: Task) -> Result:
    """An export of Monte Carlo's labels at each threshold above 0, and what they are worth."""
    database = open_database(task.database_url)
    try:
        labelled, _ = labelled_solutions(database, task.params["training"], task.params["test"])
        configs = {MC_LABEL: find_annotator(database, MC_LABEL).config}
    finally:
        database.close()
    sources: dict[str, Result] = {}
    for successes in task.params["thresholds"]:
        rule = Rule((MC_LABEL,), mc_threshold=successes / task.params["samples"])
        decided = [(one, decide(rule, one.candidate)) for one in labelled]
        kept = [(one, said) for one, said in decided if isinstance(said, Kept)]
        counts = summarise(said for _, said in decided)
        source = threshold_source(successes)
        write_labels(task.folder / "exports" / source, rule, kept, counts, configs)
        sources[source] = quality_of(kept)
    return {"sources": sources}


def labelled_solutions(
    database: Database, training: str, test: str
) -> tuple[list[Labelled], dict[str, int]]:
    """The solutions to learn from, and how many others there are, by the reason.

    Problems of two draws may coincide: one that is in the test is not learnt from.
    """
    tested = {one.problem for chunk in each_solution(database, dataset=test) for one in chunk}
    names = {find_annotator(database, label).id: label for label in EVERYBODY}
    found, left_out = [], Counter[str]()
    for chunk in each_solution(database, dataset=training):
        said: dict[int, list[AnnotationRecord]] = {}
        for one in annotations_of(database, [solution.id for solution in chunk]):
            if one.annotator_id in names and one.status == "ok" and one.first_error is not None:
                said.setdefault(one.solution_id, []).append(one)
        for solution in chunk:
            verdicts = {
                names[one.annotator_id]: Verdict(
                    one.status, one.first_error, one.scores, names[one.annotator_id] == MC_LABEL
                )
                for one in said.get(solution.id, [])
            }
            if solution.problem in tested:
                left_out[IN_TEST] += 1
            elif len(verdicts) < len(EVERYBODY):
                left_out[NO_VERDICT] += 1
            else:
                found.append(Labelled(solution, Candidate(len(solution.steps), verdicts)))
    return found, dict(left_out)


def write_labels(
    out: Path,
    rule: Rule,
    rows: Sequence[tuple[Labelled, Kept]],
    counts: dict[str, Any],
    configs: dict[str, Any],
) -> None:
    """Write what a rule keeps of the solutions as an export."""
    write_export(
        out,
        (export_row(one.solution, said) for one, said in rows),
        "jsonl",
        rule=rule.to_json(),
        counts=counts,
        reasons=counts["dropped"],
        held_out={"share": 0.0, "seed": 0},
        extra={"annotators": {label: configs[label] for label in rule.annotators}},
        overwrite=True,
    )


def quality_of(rows: Sequence[tuple[Labelled, Kept]]) -> Result:
    """How good a source's labels are: its first errors beside the exact ones."""
    pairs = [(said.first_error, one.true_error) for one, said in rows]
    told = processbench_metrics([said for said, _ in pairs], [true for _, true in pairs])
    offsets = first_error_offsets(pairs)
    return {
        "solutions": len(rows),
        "with_error": sum(said >= 0 for said, _ in pairs),
        "exact": sum(said == true for said, true in pairs),
        "error_accuracy": told.error_accuracy,
        "correct_accuracy": told.correct_accuracy,
        "f1": told.f1,
        "offsets": {name: getattr(offsets, name) for name in offsets.__slots__},
    }
