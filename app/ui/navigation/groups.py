"""Groups of solutions that no query tells, by the words of an address: who is in them now."""

from __future__ import annotations

import json
from functools import partial

from app.ui.counts import counted
from db.annotators import find_annotator
from db.engine import Database
from db.lists.filters import Members
from labeling.consensus.held_out import held_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import ConsensusSummary, preview, remembered_rule
from labeling.evaluation.mc_thresholds import solutions_at
from labeling.evaluation.provenance import held_out_solutions


def consensus(database: Database, rule: Rule) -> ConsensusSummary:
    """What the rule keeps and drops now. Raises ValueError for a rule that cannot be applied."""
    part = held_out(database)
    return counted(database, f"consensus {rule} {part}", partial(preview, database, rule))


def consensus_query(rule: Rule, group: str) -> dict[str, str]:
    """The filter of Browse that means one group of `ConsensusSummary.members`."""
    return {"consensus": group, "rule": json.dumps(rule.to_json())}


def in_consensus(database: Database, group: str, rule: str) -> Members:
    """The solutions of a group under a rule as an address has it, the remembered one without.

    Raises ValueError when that is no rule or there is none, and for a group without members.
    """
    chosen = rule_of(rule) or remembered_rule(database)
    if chosen is None:
        raise ValueError("This project remembers no consensus rule.")
    members = consensus(database, chosen).members.get(group)
    if members is None:
        raise ValueError(f"By this consensus no solution is {group[:100]}.")
    return Members(members)


def rule_of(text: str) -> Rule | None:
    """The rule that an address writes, None for no text. Raises ValueError for another text."""
    if not text:
        return None
    stored = json.loads(text)
    if not isinstance(stored, dict):
        raise ValueError("That is no consensus rule.")
    return Rule.from_json(stored)


def rule_in_words(text: str) -> str:
    """Who must agree, of a rule as an address writes it."""
    try:
        rule = rule_of(text)
    except (ValueError, TypeError):
        rule = None
    return "" if rule is None else f"by {' = '.join(rule.annotators)}"


def at_share(database: Database, share: float, outcome: str, of: str, against: str) -> Members:
    """What Monte Carlo's labels come to where a step is wrong up to this share of completions.

    Raises ValueError as `labeling.evaluation.mc_thresholds.solutions_at` does.
    """
    name = f"at {share} {outcome} {of} {against}"
    return Members(
        counted(database, name, lambda: solutions_at(database, of, against, share, outcome))
    )


def out_of_training(database: Database, label: str) -> Members:
    """What an annotator said of problems that are held out of its training.

    Raises ValueError where it is not known what it was trained on.
    """
    annotator = find_annotator(database, label)
    ids = counted(
        database, f"held out of {annotator.id}", lambda: held_out_solutions(database, annotator)
    )
    if ids is None:
        raise ValueError(f"It is not known what {annotator.label} was trained on.")
    return Members(ids)
