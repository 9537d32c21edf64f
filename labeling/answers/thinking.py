"""What a reasoning model says, without what it thinks on the way.

The marks are those of vLLM's reasoning parsers (docs.vllm.ai, Reasoning Outputs) and of Sky-T1 and
OpenThinker. Templates that open the thinking in the prompt leave only its end in the reply.
"""

from __future__ import annotations

import re

_MARK = re.compile(
    r"<(?P<tag>/?)(?:seed:)?(?:think|thinking|thoughts?)>"  # DeepSeek-R1, Qwen3, Seed-OSS
    r"|\[(?P<mistral>/?)THINK\]"
    r"|\u25c1(?P<kimi>/?)think\u25b7"
    r"|<\|(?P<of_thought>begin|end)_of_thought\|>"
    # gpt-oss: thinking and tool calls have channels of their own beside the answer's.
    r"|<\|channel\|>\s{0,3}(?P<channel>analysis|commentary|final)\b[^<\n]{0,40}(?:<\|message\|>)?",
    re.IGNORECASE,
)
_ENDS = ("/", "end", "final")
# The same channels once a tokenizer has dropped its special tokens.
_BARE_THOUGHT = re.compile(r"\s{0,10}analysis(?=[^\W_])")
_BARE_ANSWER = "assistantfinal"
_AROUND_ANSWER = re.compile(
    r"<\|(?:begin_of_solution|end_of_solution|message|end|return)\|>", re.IGNORECASE
)


def without_thinking(text: str) -> str | None:
    """What follows the thinking in `text`; None where the thinking never ends.

    The last mark decides: a model may quote marks while it thinks, and what stands before it is
    thinking or was said before the thinking was over.
    """
    start = answer_start(text)
    if start == 0:
        return text
    return None if start is None else _AROUND_ANSWER.sub("", text[start:])


def answer_start(text: str) -> int | None:
    """Where in `text` the thinking is over; None where it never ends."""
    last = None
    for last in _MARK.finditer(text):  # noqa: B007
        pass
    if last is not None:
        ends = any(part and part.lower() in _ENDS for part in last.groups())
        return last.end() if ends else None
    if _BARE_THOUGHT.match(text):
        found = text.rfind(_BARE_ANSWER)
        return found + len(_BARE_ANSWER) if found >= 0 else None
    return 0
