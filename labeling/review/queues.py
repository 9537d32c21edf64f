"""The review queues: what each is called, what it holds, and why a solution is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.annotations import annotations_of
from db.engine import Database, stable_hash
from db.lists.comparison import Compared
from db.records import AGREE, COMPARISONS, AnnotationRecord, AnnotatorKind, lowest
from db.review import queues as held

NO_COMPARISON = "Fewer than two of Monte Carlo, a judge and a PRM have annotated this project."
SCORES = "This queue needs a PRM's scores and graded answers."


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """One queue as people see it.

    `name` is its word in an address, `words` on screen. `reason` says why a solution is in it.
    Where these would give a verdict away, a blind reviewer sees `blind_words` for both. In all of
    them {prm} and {reference} stand for names (`Compared.named`). `needs` says what to
    do when it is empty. `members` is what it holds and in which order. Where an annotator of the
    kind `by` brings a solution here, `figures` says so from its annotation and threshold.
    """

    name: str
    words: str
    reason: str
    needs: str
    members: held.Members
    blind_words: str | None = None
    by: AnnotatorKind | None = None
    figures: Callable[[AnnotationRecord, float], str] | None = None


def _close_to_threshold(said: AnnotationRecord, threshold: float) -> str:
    if said.margin is None:
        return ""
    return f"A score is {said.margin:.2f} from the threshold of {threshold:.2f}. "


def _lowest_score(answer: str) -> Callable[[AnnotationRecord, float], str]:
    def figures(said: AnnotationRecord, threshold: float) -> str:
        least = lowest(said.scores)
        if least is None:
            return ""
        return f"The lowest score is {least:.2f}, and the final answer is {answer}. "

    return figures


def _fewest_successes(said: AnnotationRecord, threshold: float) -> str:
    successes, trials = said.evidence.get("successes"), said.evidence.get("trials")
    if not successes or not trials:
        return ""
    counts = list(zip(successes, trials, strict=False))
    visited = [step for step, (k, _) in enumerate(counts) if k]
    if not visited:
        return ""
    step = min(visited, key=lambda one: counts[one][0] / counts[one][1])
    return f"At step {step + 1} only {successes[step]} of {trials[step]} rollouts are correct. "


def _share_of_votes(said: AnnotationRecord, threshold: float) -> str:
    share = (said.evidence.get("votes") or {}).get("share")
    return "" if share is None else f"Only {share:.0%} of the judge's votes say so. "


DISAGREEMENT = ReviewQueue(
    "disagreement",
    "All disagreements",
    "Annotators disagree",
    NO_COMPARISON,
    held.disagreements,
)
BY_KIND = tuple(
    ReviewQueue(
        kind,
        words,
        DISAGREEMENT.reason,
        NO_COMPARISON,
        held.of_kind(kind),
        blind_words="Annotators disagree",
    )
    for kind, words in COMPARISONS.items()
    if kind != AGREE
)
FILTER = ReviewQueue(
    "filter", "From Browse", "Chosen in Browse", "Choose other solutions in Browse.", held.chosen
)
ADJUDICATION = ReviewQueue(
    "adjudication",
    "Adjudication: people disagree",
    "People disagree",
    "Nobody disagrees, or every conflict is settled.",
    held.conflicts,
)
QUEUES: dict[str, ReviewQueue] = {
    queue.name: queue
    for queue in (
        DISAGREEMENT,
        *BY_KIND,
        ReviewQueue(
            "uncertain_prm",
            "{prm} least sure",
            "{prm} is unsure",
            "Score the solutions with a PRM first, in Jobs.",
            held.least_sure("prm"),
            by="prm",
            figures=_close_to_threshold,
        ),
        ReviewQueue(
            "uncertain_mc",
            "MC least sure",
            "Monte Carlo is unsure",
            "Run Monte Carlo first, in Jobs.",
            held.least_sure("mc"),
            by="mc",
            figures=_fewest_successes,
        ),
        ReviewQueue(
            "split_votes",
            "Judge's votes split",
            "The judge's votes are split",
            "Run a judge with several votes first, in Jobs.",
            held.least_sure("judge"),
            by="judge",
            figures=_share_of_votes,
        ),
        ReviewQueue(
            "high_wrong",
            "Wrong answer, high {prm} score",
            "Wrong answer, and {prm} sees no error",
            SCORES,
            held.high_wrong,
            blind_words="{prm} against the answer",
            by="prm",
            figures=_lowest_score("wrong"),
        ),
        ReviewQueue(
            "low_right",
            "Right answer, low {prm} score",
            "Right answer, and {prm} sees an error",
            SCORES,
            held.low_right,
            blind_words="{prm} against the answer",
            by="prm",
            figures=_lowest_score("right"),
        ),
        ReviewQueue(
            "random",
            "Random control",
            "Random control",
            "There are no solutions. Import or sample some, in Jobs.",
            held.shuffled,
        ),
        ReviewQueue(
            "known",
            "Quality control (known labels)",
            "Quality control",
            "This queue needs solutions that came with labels; choose whose under Options.",
            held.known,
        ),
        ADJUDICATION,
        FILTER,
    )
}

# The queues that are always there, by what they are for.
GROUPS: dict[str, tuple[ReviewQueue, ...]] = {
    "Annotators disagree": (DISAGREEMENT, *BY_KIND),
    "A model is unsure": tuple(
        QUEUES[name] for name in ("uncertain_prm", "uncertain_mc", "split_votes")
    ),
    "A PRM against the answer": (QUEUES["high_wrong"], QUEUES["low_right"]),
    "Control": (QUEUES["random"], QUEUES["known"]),
    "People disagree": (ADJUDICATION,),
}


def in_words(queue: ReviewQueue, *, blind: bool) -> str:
    """What the queue is called on screen."""
    return (queue.blind_words if blind else None) or queue.words


def in_address(queue: ReviewQueue, *, blind: bool) -> str:
    """What the queue is called in an address; to a blind reviewer a code that tells nothing."""
    return stable_hash(queue.name)[:8] if blind and queue.blind_words else queue.name


def by_address(given: str) -> ReviewQueue | None:
    """The queue that an address means, by its name or its code."""
    names = {in_address(one, blind=True): one for one in QUEUES.values()}
    return QUEUES.get(given) or names.get(given)


def in_general(queue: ReviewQueue, *, blind: bool) -> str:
    """Why a solution is in the queue, without figures."""
    return (queue.blind_words if blind else None) or queue.reason


def in_figures(
    database: Database, queue: ReviewQueue, compared: Compared, ids: Sequence[int]
) -> list[str]:
    """Why, for each solution, with the figures that brought it here; "" where none did."""
    member = None if queue.by is None else getattr(compared, queue.by)
    if member is None or queue.figures is None:
        return ["" for _ in ids]
    said = {a.solution_id: a for a in annotations_of(database, ids) if a.annotator_id == member.id}
    threshold = float(member.config.get("threshold") or 0.5)
    return ["" if one not in said else queue.figures(said[one], threshold) for one in ids]
