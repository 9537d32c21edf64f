"""What both ways to judge share: asking with failures taken one by one, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from db.annotations import replace_unstorable
from db.records import FAILED, AnnotationRecord, SolutionRecord
from labeling.judge.verdicts import scores

if TYPE_CHECKING:
    from models.errors import ModelError
    from models.generation.base import Completion, CompletionRequest, Generator, Sampling

Chat = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Lack:
    """Why there is no reply, or no reference: it failed, or cannot be used."""

    reason: str
    status: Literal["failed", "unparsed"] = FAILED


@dataclass(frozen=True, slots=True)
class Judgements:
    """What came of asking about some solutions.

    `ended` is the error with which the model failed as a whole; solutions that it was not asked
    about any more have no annotation then.
    """

    annotations: list[AnnotationRecord]
    replies: list[Completion]
    ended: ModelError | None


def complete(
    generator: Generator, requests: Sequence[CompletionRequest], sampling: Sampling
) -> tuple[list[Completion | Lack | None], ModelError | None]:
    """(by request: what came, why nothing came, or None if it was not answered; what ended it).

    Raises ModelError where nothing was answered at all.
    """
    from models.generation.base import IncompleteError

    try:
        return list(generator.complete(requests, sampling)), None
    except IncompleteError as error:
        reasons = {at: Lack(reason) for at, reason in error.reasons.items()}
        found = [reasons.get(at, one) for at, one in enumerate(error.completions)]
        return found, error if error.ended else None


def nothing(
    solution: SolutionRecord, prompt: Chat, sampling: Sampling, seed: int, lack: Lack
) -> AnnotationRecord:
    """The annotation that says why there is no verdict."""
    evidence = {
        **asked(prompt, sampling, seed),
        "reason": replace_unstorable(lack.reason),
    }
    none = scores(None, len(solution.steps))
    return AnnotationRecord(solution.id, 0, none, None, lack.status, evidence)


def asked(prompt: Chat, sampling: Sampling, seed: int) -> dict[str, Any]:
    """The part of an annotation's evidence that says what was asked, and how."""
    how = {"temperature": sampling.temperature, "max_tokens": sampling.max_tokens, "seed": seed}
    return {"prompt": prompt, "sampling": how}
