"""Many requests at once: what each came to, and whose failure it was when one failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from models.errors import ModelError
from models.generation.base import Completion, IncompleteError
from models.generation.server.connection import REFUSED, ServerError


class Batch:
    """The completions of `n` requests, and why some of them have none.

    A request that is refused costs only itself, and so does one that goes on failing while others
    are answered. Everything else is the server's failure, and ends the batch.
    """

    def __init__(self, n: int) -> None:
        self._completions: list[Completion | None] = [None] * n
        self._reasons: dict[int, str] = {}
        self._answered = 0

    async def ask(self, place: int, ask: Callable[[], Awaitable[Completion]]) -> None:
        """Take what the request at `place` comes to. Raises what is the server's failure."""
        answered_before = self._answered
        try:
            self._completions[place] = await ask()
        except ServerError as error:
            alone = error.tried_out and self._answered > answered_before
            if error.status not in REFUSED and not alone:
                raise
            self._reasons[place] = str(error)
        else:
            self._answered += 1

    def completions(self) -> list[Completion]:
        """All of them, in order. Raises IncompleteError where some are lacking."""
        if not self._reasons:
            return [one for one in self._completions if one is not None]
        n, first = len(self._completions), next(iter(self._reasons.values()))
        message = first if n == 1 else f"{len(self._reasons)} of {n} requests failed: {first}"
        raise IncompleteError(message, self._completions, self._reasons)

    def ended_by(self, error: ModelError) -> ModelError:
        """`error` with what was answered before it, if anything was."""
        if not self._answered and not self._reasons:
            return error
        return IncompleteError(str(error), self._completions, self._reasons, ended=True)
