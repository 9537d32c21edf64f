"""The plain records that cross the database's border in either direction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

AnnotatorKind = str  # one of KINDS
# Every kind of annotator with its words on screen, in the order of every list: from the evidence
# to the verdicts, machines before people.
KINDS: dict[AnnotatorKind, str] = {
    "mc": "Monte Carlo",
    "judge": "Judge",
    "prm": "PRM",
    "human": "People",
}
MACHINES: tuple[AnnotatorKind, ...] = ("mc", "judge", "prm")
# What comparing the annotators of a solution may come to, in words; `db.lists.kinds` has the rule
# for each. A solution may be of several kinds. They stand in the order in which they are worth a
# reviewer's time, the most telling first: of several, a list shows the first. {prm} and
# {reference} stand for the annotators' names (`db.lists.comparison.Compared.named`).
AGREE = "agree"
ANY = "any"  # of DISAGREEMENTS
DISAGREEMENTS: dict[str, str] = {
    "location": "MC and the judge flag different steps",
    "mc_only": "Only MC sees an error",
    "judge_only": "Only the judge sees an error",
    "prm_against": "{prm} against MC or the judge",
    "reference": "Against {reference}",
    "no_verdict": "No verdict",
}
COMPARISONS: dict[str, str] = {
    **DISAGREEMENTS,
    "right_answer_flagged": "Right answer, flagged step",
    AGREE: "Agreement",
}


@dataclass(frozen=True, slots=True)
class SourceLabel:
    """What ONE annotator said of one solution, as a file tells it.

    `scores` has one entry per step, None where the source says nothing; `first_error` is
    0-based, -1 for none, None for no verdict. `config` is the annotator's configuration, None for
    labels that came with a data set; `status` None is "ok" with a verdict and "unfinished" without.
    `by_name` says that whoever has the name in the project is meant, and `config` is that of a new
    one. The rollouts' `solution_id` is not known yet, and 0.
    """

    annotator: str
    scores: tuple[float | None, ...]
    first_error: int | None
    kind: AnnotatorKind = "human"
    config: dict[str, Any] | None = None
    status: str | None = None
    margin: float | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    rollouts: tuple[RolloutRecord, ...] = ()
    by_name: bool = False

    @property
    def label(self) -> str:
        """The annotator's `kind:name`."""
        return f"{self.kind}:{self.annotator}"


@dataclass(frozen=True, slots=True)
class SourceAnnotator:
    """Whoever annotated, as the file of a project tells it; its annotations come in other rows."""

    kind: AnnotatorKind
    name: str
    config: dict[str, Any]
    hidden: bool = False
    chosen: bool = False
    former_names: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its `kind:name`."""
        return f"{self.kind}:{self.name}"

    @property
    def is_person(self) -> bool:
        """Whether this is a person at work, and not whoever labelled a data set."""
        return self.kind == "human" and self.config.get("source") in ("review", "adjudication")


@dataclass(frozen=True, slots=True)
class SourceConsensus:
    """A consensus rule that was run, with what it kept and dropped at the time."""

    rule: dict[str, Any]
    counts: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SourceProject:
    """What was decided for a whole project, as its file tells it."""

    error_types: tuple[str, ...] = ()  # its own, beside those that every project has
    # The share of the problems, the seed, and whether something was exported without them.
    held_out: tuple[float, int, bool] | None = None
    consensus: SourceConsensus | None = None  # the rule that exports use


@dataclass(frozen=True, slots=True)
class SourceCorrection:
    """One human act, as the file of a project tells it; the ids in `act` are 0."""

    person: str  # the `kind:name` of the annotator
    act: CorrectionRecord


@dataclass(frozen=True, slots=True)
class About:
    """Which solution a row of a file is about: by our id, by its data set and id there, or by text.

    The first that is given and known to the project finds it; problem and steps, where they are
    given too, must then be the solution's own. `generator` only tells equal texts apart.
    """

    solution_id: int | None = None
    dataset: str | None = None
    external_id: str | None = None
    problem: str | None = None
    steps: tuple[str, ...] | None = None
    generator: str | None = None


UNKNOWN: Final = "unknown"  # the generator of a solution whose file does not say who wrote it


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One solution as an import format reads it, ready to be stored.

    `samples` is how often the generator wrote just this, as far as its file is read. `as_is` says
    that it is an export's, and the solution of an unknown generator is one of its own.
    """

    problem: str
    steps: tuple[str, ...]
    generator: str
    dataset: str
    gold_answer: str | None = None
    external_id: str | None = None
    final_answer: str | None = None
    is_correct: bool | None = None
    labels: tuple[SourceLabel, ...] = ()
    corrections: tuple[SourceCorrection, ...] = ()
    samples: int = 1
    meta: dict[str, Any] = field(default_factory=dict)
    as_is: bool = False
    line: int | None = None  # of its file, from 1

    @property
    def is_anybodys(self) -> bool:
        """Whether any solution with this problem and these steps is meant, whoever wrote it."""
        return self.generator == UNKNOWN and not self.as_is


@dataclass(frozen=True, slots=True)
class IngestCount:
    """What one chunk of an import added, and what was there already."""

    problems: int = 0
    solutions: int = 0
    annotations: int = 0
    duplicates: int = 0
    corrections: int = 0

    def __add__(self, other: IngestCount) -> IngestCount:
        return IngestCount(
            self.problems + other.problems,
            self.solutions + other.solutions,
            self.annotations + other.annotations,
            self.duplicates + other.duplicates,
            self.corrections + other.corrections,
        )


@dataclass(frozen=True, slots=True)
class AnnotatorRecord:
    """Who says something about solutions; `config` is what makes it reproducible."""

    id: int
    kind: AnnotatorKind
    name: str
    config: dict[str, Any]
    hidden: bool

    @property
    def label(self) -> str:
        """The `kind:name` form used on the command line."""
        return f"{self.kind}:{self.name}"

    @property
    def has_threshold(self) -> bool:
        """Whether its verdicts are derived from a score for each step: a PRM's, or a judge's."""
        return self.kind in ("prm", "judge") and self.config.get("threshold") is not None

    @property
    def from_file(self) -> bool:
        """Whether its scores were read from files: nobody here can make them again."""
        return self.config.get("source") == FROM_FILE

    @property
    def gives_rewards(self) -> bool:
        """Whether it says one number of a whole response, and so nothing of first errors."""
        return self.config.get("scores") == REWARD

    @property
    def is_at_work(self) -> bool:
        """Whether its annotations are made here, by a model or a person, and not read."""
        return self.config.get("source") not in (FROM_FILE, FROM_DATASET)

    @property
    def came_with_data(self) -> bool:
        """Whether this is whoever labelled a data set, and not a person at work here."""
        return self.kind == "human" and self.config.get("source") not in ("review", "adjudication")


def in_order(annotators: Iterable[AnnotatorRecord]) -> list[AnnotatorRecord]:
    """By kind, in the order of KINDS; of machines the newest version first, people by age."""
    order = list(KINDS)

    def place(one: AnnotatorRecord) -> tuple[int, int]:
        return order.index(one.kind), -one.id if one.kind in MACHINES else one.id

    return sorted(annotators, key=place)


@dataclass(frozen=True, slots=True)
class SolutionRecord:
    """One solution with its problem; the generator wrote just that `samples` times."""

    id: int
    problem_id: int
    problem: str
    gold_answer: str | None
    steps: tuple[str, ...]
    dataset: str
    generator: str
    final_answer: str | None
    is_correct: bool | None
    fingerprint: str
    external_id: str | None = None
    samples: int = 1


# `source` in the configuration of an annotator out of files, and of labels that came with the data
FROM_FILE: Final = "file"
FROM_DATASET: Final = "dataset"
REWARD: Final = "reward"  # `scores` of one that gives a number to a response, and its evidence
FAILED: Final = "failed"  # the status of a solution that its annotator could not be asked about
BEGUN: Final = "begun"  # in a file: there are rollouts, and no annotation yet


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    """What one annotator says about one solution (see docs/architecture.md).

    `status` is "ok", "unparsed", "unfinished" or FAILED; a failure is the annotator's work still.
    """

    solution_id: int
    annotator_id: int
    scores: tuple[float | None, ...]
    first_error: int | None
    status: str
    evidence: dict[str, Any]
    margin: float | None = None  # how far the verdict is from another one, 0 to 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """A solution that an annotator and its reference have both annotated."""

    solution_id: int
    problem: str
    dataset: str
    fingerprint: str  # the solution's
    scores: list[float | None]  # the annotator's
    first_error: int | None  # the annotator's
    expected: int | None  # the reference's first error


def lowest(scores: Iterable[float | None]) -> float | None:
    """The smallest score of any step; None where no step has one."""
    return min((score for score in scores if score is not None), default=None)


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """One completion sampled from the first `step + 1` steps of a solution."""

    solution_id: int
    step: int
    sample: int
    text: str
    answer: str | None
    outcome: str
    n_tokens: int


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """One human act on one solution; the log of these is never changed."""

    token: str
    solution_id: int
    annotator_id: int
    action: str  # "label" | "skip" | "undo"
    labels: tuple[int | None, ...] | None
    first_error: int | None
    note: str | None
    flags: tuple[str, ...]
    seconds: float | None
    scores_visible: bool
    undoes: str | None
    created_at: datetime
    blind: bool = False  # scores were held back until there was a verdict ...
    first_labels: tuple[int | None, ...] | None = None  # ... which was this one
    error_type: str | None = None  # why the first error is one


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A long run and how far it is."""

    id: int
    kind: str
    params: dict[str, Any]
    status: str  # "queued" | "running" | "done" | "failed" | "cancelled"
    done: int
    total: int
    message: str
    result: dict[str, Any] | None
    state: dict[str, Any]
    claim: str | None  # what the process that works on it writes with (see db.jobs)
    host: str | None
    pid: int | None
    pid_started: float | None
    heartbeat_at: datetime | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    read_at: datetime  # by the database's clock, as heartbeat_at is
