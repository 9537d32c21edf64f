"""Consensus over a project: gather what everybody said, apply the rule, count, export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from db.annotations import annotations_of
from db.annotators import find_annotator, list_annotators
from db.engine import Database
from db.lists.comparison import compared_annotators
from db.records import AnnotationRecord, SolutionRecord
from db.results import add_consensus, add_export, latest_consensus
from db.solutions import each_solution
from labeling.consensus import held_out
from labeling.consensus.export import write_export
from labeling.consensus.rule import (
    Candidate,
    Dropped,
    HumanVerdict,
    Kept,
    Rule,
    RuleError,
    Verdict,
    decide,
    summarise,
)
from labeling.formats.base import ExportRow
from labeling.montecarlo.planner import has_whole_steps

KEPT, DROPPED = "kept", "dropped"
WITH_ERROR, WITHOUT_ERROR = "kept with a first error", "kept without an error"
BY_PERSON = "decided by a person"
HELD_OUT = Dropped(held_out.REASON)


@dataclass(slots=True)
class ConsensusSummary:
    """What a rule keeps and drops; `members` has the ids of the solutions of each group.

    Groups are KEPT and its three parts, DROPPED and each reason. `held_out_problems` are the
    problems of the solutions that are held out.
    """

    kept: int = 0
    kept_with_error: int = 0
    kept_without_error: int = 0
    by_human: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[int]] = field(default_factory=dict)
    held_out_problems: int = 0

    @property
    def total(self) -> int:
        """Solutions looked at."""
        return self.kept + sum(self.dropped.values())

    def counts(self) -> dict[str, Any]:
        """The form that is stored and written into manifests."""
        return {
            "total": self.total,
            "kept": self.kept,
            "kept_with_error": self.kept_with_error,
            "kept_without_error": self.kept_without_error,
            "by_human": self.by_human,
            "dropped": dict(self.dropped),
        }


def default_rule(database: Database) -> Rule | None:
    """The paper's rule: the compared MC and judge agree. None without both."""
    compared = compared_annotators(database)
    if compared.mc is None or compared.judge is None:
        return None
    return Rule(annotators=(compared.mc.label, compared.judge.label))


def remembered_rule(database: Database) -> Rule | None:
    """The rule that was run last, with the names that its annotators have now; None without one.

    Raises DatabaseError for an annotator that does not exist.
    """
    latest = latest_consensus(database)
    return None if latest is None else _named_now(database, Rule.from_json(latest.rule))


def preview(database: Database, rule: Rule) -> ConsensusSummary:
    """Apply the rule to every solution as it is now, but for those that are held out.

    Raises DatabaseError for an annotator that does not exist.
    """
    members: dict[str, list[int]] = {}
    problems: set[int] = set()

    def outcomes(now: Database) -> Iterator[Kept | Dropped]:
        for solution, outcome in _decisions(now, rule):
            if outcome == HELD_OUT:
                problems.add(solution.problem_id)
            for group in _groups(outcome):
                members.setdefault(group, []).append(solution.id)
            yield outcome

    with database.snapshot() as now:
        counts = summarise(outcomes(now))
    del counts["total"]  # ConsensusSummary derives it.
    return ConsensusSummary(**counts, members=members, held_out_problems=len(problems))


def run_consensus(database: Database, rule: Rule) -> ConsensusSummary:
    """`preview`, remembered as the rule that exports use."""
    rule = _named_now(database, rule)
    summary = preview(database, rule)
    add_consensus(database, rule.to_json(), summary.counts())
    return summary


def export_consensus(
    database: Database,
    out_dir: str | Path,
    format: str,
    rule: Rule | None = None,
    *,
    file: str = "jsonl",
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write what the rule (default: the last one run) keeps, and return the manifest.

    From the first export on it is settled which problems are held out. Raises ValueError without
    a rule, when nothing is kept, or when `out_dir` is taken.
    """
    rule = remembered_rule(database) if rule is None else _named_now(database, rule)
    if rule is None:
        raise ValueError("no consensus was run yet. Run: steplens consensus mc:NAME judge:NAME")
    with database.snapshot() as now:  # The counts and the rows are of the same moment.
        summary = preview(now, rule)
        if not summary.kept:
            raise ValueError(
                "the consensus keeps no solution, so there is nothing to export. Reasons: "
                + ", ".join(f"{reason} ({count})" for reason, count in summary.dropped.items())
            )
        part = held_out.held_out(now)
        rows = (
            export_row(solution, outcome)
            for solution, outcome in _decisions(now, rule)
            if isinstance(outcome, Kept)
        )
        manifest = write_export(
            out_dir,
            rows,
            format,
            rule=rule.to_json(),
            counts=summary.counts(),
            reasons=summary.dropped,
            held_out={
                "share": part.share,
                "seed": part.seed,
                "problems": summary.held_out_problems,
                "solutions": summary.dropped.get(held_out.REASON, 0),
            },
            extra={
                "annotators": {
                    label: find_annotator(now, label).config for label in rule.annotators
                }
            },
            file=file,
            overwrite=overwrite,
        )
    held_out.settle(database, part)
    add_export(database, str(Path(out_dir).resolve()), format, manifest)
    return manifest


def _named_now(database: Database, rule: Rule) -> Rule:
    """The rule in the names that its annotators have now."""
    labels = (find_annotator(database, label).label for label in rule.annotators)
    return replace(rule, annotators=tuple(labels))


def _decisions(database: Database, rule: Rule) -> Iterator[tuple[SolutionRecord, Kept | Dropped]]:
    rule = _named_now(database, rule)
    chosen = [find_annotator(database, label) for label in rule.annotators]
    for annotator in chosen:
        if (
            rule.mc_threshold > 0
            and annotator.kind == "mc"
            and not has_whole_steps(annotator.config)
        ):
            raise RuleError(
                f"{annotator.label} stopped at first successes (strategy "
                f"{annotator.config.get('strategy')}), so its shares say nothing above 0. "
                "Annotate with --strategy exhaustive to use an MC threshold"
            )
    members = {annotator.id: annotator.label for annotator in chosen}
    rated = {one.id for one in chosen if one.kind == "mc" and has_whole_steps(one.config)}
    people = [one for one in list_annotators(database) if one.kind == "human"]
    reviewers = {one.id: one.name for one in people if one.config.get("source") == "review"}
    judges = {one.id: one.name for one in people if one.config.get("source") == "adjudication"}
    part = held_out.held_out(database)
    for chunk in each_solution(database):
        by_solution: dict[int, list[AnnotationRecord]] = {}
        for annotation in annotations_of(database, [solution.id for solution in chunk]):
            by_solution.setdefault(annotation.solution_id, []).append(annotation)
        for solution in chunk:
            if solution.problem in part:
                yield solution, HELD_OUT
                continue
            annotations = by_solution.get(solution.id, [])
            settled = any(a.annotator_id in judges for a in annotations)
            heard = judges if settled else reviewers  # An adjudication decides for the people.
            yield solution, decide(rule, _candidate(solution, annotations, members, rated, heard))


def _groups(outcome: Kept | Dropped) -> Iterator[str]:
    if isinstance(outcome, Dropped):
        yield from (DROPPED, outcome.reason)
        return
    yield from (KEPT, WITH_ERROR if outcome.first_error >= 0 else WITHOUT_ERROR)
    if outcome.by == "human":
        yield BY_PERSON


def _candidate(
    solution: SolutionRecord,
    annotations: list[AnnotationRecord],
    members: dict[int, str],
    rated: set[int],
    reviewers: dict[int, str],
) -> Candidate:
    verdicts = {
        members[a.annotator_id]: Verdict(a.status, a.first_error, a.scores, a.annotator_id in rated)
        for a in annotations
        if a.annotator_id in members
    }
    humans = {
        reviewers[a.annotator_id]: HumanVerdict(
            tuple(None if score is None else int(score) for score in a.scores),
            a.first_error,
            tuple(a.evidence.get("flags") or ()),
            a.evidence.get("error_type"),
        )
        for a in annotations
        if a.annotator_id in reviewers
    }
    return Candidate(len(solution.steps), verdicts, humans)


def export_row(solution: SolutionRecord, kept: Kept) -> ExportRow:
    """A solution with the labels that a rule kept, as every export writes it."""
    return ExportRow(
        problem=solution.problem,
        steps=solution.steps,
        labels=kept.labels,
        first_error=kept.first_error,
        generator=solution.generator,
        dataset=solution.dataset,
        problem_id=solution.problem_id,
        solution_id=solution.id,
        decided_by=kept.by,
        gold_answer=solution.gold_answer,
        external_id=solution.external_id,
        final_answer=solution.final_answer,
        is_correct=solution.is_correct,
        error_types=kept.error_types,
        rates=kept.rates,
    )
