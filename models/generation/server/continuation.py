"""Whether a chat server really continues an answer that was begun, tried on a tiny chat.

A server that ignores what it does not know would close the answer and begin another, and every
completion would start from the wrong place without a word. What a server read is told by the
prompt tokens that it counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from models.errors import ModelError
from models.generation.server.connection import ServerError

# vLLM, SGLang, and llama.cpp since May 2026.
CONTINUE = {"add_generation_prompt": False, "continue_final_message": True}

# Ends in a letter: behind a full stop the blank line can be one token with it.
_BEGUN = "One two three"

Count = Callable[[list[dict[str, str]], Mapping[str, object]], Awaitable[int | None]]


async def check_continuation(count: Count, model: str) -> None:
    """Raise ModelError unless the server continues an answer, blank line at its end and all.

    `count(messages, extra)` asks for one token and returns the prompt tokens counted; None
    where the server does not count.
    """
    refusal = (
        f"{model} cannot continue a solution on this server: {{}}. Use it as a judge, or serve "
        "the model with vLLM, whose /tokenize must be reachable too"
    )
    try:
        begun = await count(_chat(_BEGUN + "\n\n"), CONTINUE)
        bare = await count(_chat(_BEGUN), CONTINUE)
        closed = await count(_chat(_BEGUN + "\n\n"), {"add_generation_prompt": False})
    except ServerError as error:
        if error.status not in (400, 422):
            raise
        raise ModelError(refusal.format(f"it refuses to ({error})")) from None
    if begun is None or bare is None or closed is None:
        raise ModelError(refusal.format("it counts no prompt tokens, so nobody can tell"))
    if begun >= closed and not await _refuses_contradiction(count):
        raise ModelError(refusal.format("it closes the answer and begins another"))
    if bare >= begun:
        raise ModelError(refusal.format("it drops the blank line behind the last step"))


async def _refuses_contradiction(count: Count) -> bool:
    """Whether it knows that an answer is either continued or begun.

    llama.cpp continues in any case, so its counts are the same with and without being asked to.
    """
    try:
        await count(_chat(_BEGUN), {**CONTINUE, "add_generation_prompt": True})
    except ServerError as error:
        if error.status not in (400, 422):
            raise
        return True
    return False


def _chat(begun: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": "Count."}, {"role": "assistant", "content": begun}]
