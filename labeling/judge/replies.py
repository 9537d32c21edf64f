"""Reading a judge's reply: where does it say that the solution first goes wrong?

A reply is hostile text: it may be cut short, repeat itself, quote the solution's own tags, or say
two things. What does not plainly keep its output contract is `unparsed` with a reason, never a
verdict. Every expression here is bounded, so that a megabyte of anything is read in a blink.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from labeling.answers.thinking import without_thinking
from labeling.judge.contracts.analysis import parse_analyses
from labeling.judge.contracts.boxed import parse_boxed
from labeling.judge.contracts.step import parse_step_answer
from labeling.judge.verdicts import JudgeVerdict, unparsed

Contract = Literal["analysis", "boxed", "step", "yes-no"]
CONTRACTS: tuple[Contract, ...] = ("analysis", "boxed", "step")  # that name a first error

_PARSERS = {"analysis": parse_analyses, "boxed": parse_boxed, "step": parse_step_answer}


def parse_reply(
    contract: Contract, reply: str, n_steps: int, finish_reason: Literal["stop", "length"] = "stop"
) -> JudgeVerdict:
    """Read a reply about a solution of `n_steps` steps. No text makes it raise.

    Of the contract "yes-no" no verdict is read: its words are weighed (labeling/judge/weighing.py).

    What the model thought before it answered is not read. A reply that was cut (`finish_reason`
    "length") is unparsed whatever it holds: its last words were not going to be its last.
    """
    answer = without_thinking(reply)
    if answer is None:
        return unparsed("the reply ends while the model is still thinking", n_steps)
    verdict = _PARSERS[contract](answer, n_steps)
    if finish_reason == "length":
        reason = "the reply was cut before its end; raise max_tokens"
        return replace(verdict, status="unparsed", first_error=None, reason=reason)
    return verdict
