"""Asking the servers of one model: the least busy next; those that fail are left out a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.errors import ModelError
from models.generation.server.connection import (
    CONNECT_SECONDS,
    LONGEST_WAIT,
    REFUSED,
    Body,
    Failure,
    Patience,
    Server,
    ServerError,
    Unreachable,
)
from models.generation.server.waits import backoff
from models.names import ServerName

FAILURES = 3  # in a row, whatever was asked: then a server is left out, if there are others
OTHER_MODEL = "{} now serves another model than when this began, or in another way"

T = TypeVar("T")
Card = TypeVar("Card")


@dataclass(slots=True, eq=False)
class _Member:
    """One of the servers. `why` it is left out, until `due` by the clock; empty while it is not."""

    server: Server
    under_way: int = 0
    failures: int = 0  # in a row
    why: str = ""
    due: float = 0.0
    times_out: int = 0  # since it last answered


class Client(Generic[Card]):
    """The servers of one model, which all have the same `look`: what they say they serve.

    A request goes to the server with the fewest under way. One that cannot be reached, or fails
    three times in a row, is left out, and what it did not answer is asked of the others; it is
    looked at again after 1, 2, 4 ... 60 seconds, or after the pause it asked for. A server that is
    the only one is never left out, and each request waits for it as long as `patience` says.
    """

    def __init__(
        self,
        names: Sequence[ServerName],
        patience: Patience,
        concurrency: int,
        look: Callable[[Server, int], Awaitable[Card]],
    ) -> None:
        self.patience = patience
        self._look = look
        self._members = [_Member(Server(name, patience, concurrency)) for name in names]
        self._card: Card | None = None

    @property
    def servers(self) -> list[Server]:
        """All of them, in the order of their names."""
        return [member.server for member in self._members]

    @property
    def left_out(self) -> list[str]:
        """Why each server is left out that is."""
        return [member.why for member in self._members if member.why]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """The time in which `card` and `post` may be awaited: connections belong to one loop."""
        self._looking = asyncio.Lock()
        async with AsyncExitStack() as stack:
            for server in self.servers:
                await stack.enter_async_context(server.connected())
            yield

    async def card(self) -> Card:
        """What all servers that can be reached say they serve; the others are left out for now.

        Raises ModelError where they differ, where one refuses, or none answers.
        """
        alone = len(self._members) == 1
        tries = self.patience.tries if alone else 1
        told = await asyncio.gather(
            *(self._look(server, tries) for server in self.servers), return_exceptions=True
        )
        cards = []
        for member, card in zip(self._members, told, strict=True):
            if not isinstance(card, BaseException):
                cards.append((member, card))
            elif alone or not isinstance(card, ServerError) or not _may_pass(card):
                raise card
            else:
                self._leave_out(member, str(card))
        if not cards:
            raise ModelError(self._nobody())
        first, self._card = cards[0]
        for member, card in cards:
            if card != self._card:
                raise ModelError(
                    f"The servers of a model must serve the same: {first.server.name.base_url} "
                    f"says {self._card}, {member.server.name.base_url} says {card}"
                )
        return self._card

    async def post(self, path: str, body: Body, read: Callable[[object], T]) -> T:
        """What `read` makes of the JSON that answers `body`.

        Failures that may pass are tried again, on another server where there is one. Raises
        ServerError when a server refuses the request, or all go on failing.
        """
        if len(self._members) == 1:
            return await self._members[0].server.post(path, body, read)
        failed: set[_Member] = set()
        rounds = 0
        while True:
            member = await self._next(failed)
            member.under_way += 1
            try:
                answer = await member.server.post_once(path, body, read)
            except ServerError as error:
                if error.status in REFUSED:
                    raise
                if not member.why:
                    self._leave_out(member, str(error))
                continue
            except Failure as failure:
                last = failure
                self._count_failure(member, failure)
                failed.add(member)
            else:
                member.failures = 0
                if not member.why:
                    member.times_out = 0
                return answer
            finally:
                member.under_way -= 1
            living = self._living()
            if living and failed.issuperset(living):  # Each has had its try.
                rounds += 1
                if rounds >= self.patience.tries:
                    words = member.server.said(last, rounds)
                    raise ServerError(words, last.status, tried_out=True) from None
                await self.patience.sleep(backoff(rounds - 1, self.patience.chance()))
                failed.clear()

    def clean(self, text: str) -> str:
        """A server's text without our keys, and without half characters."""
        for server in self.servers:
            text = server.clean(text)
        return text

    def quoted(self, text: str) -> str:
        """A server's own words as part of a message: one short printable line without our keys."""
        for server in self.servers:
            text = server.quoted(text)
        return text

    def _living(self) -> list[_Member]:
        return [member for member in self._members if not member.why]

    async def _next(self, failed: set[_Member]) -> _Member:
        """The least busy server, of those that did not fail at the request if there are any."""
        if not self._looking.locked() and self._due():
            async with self._looking:
                await self._look_again(self._due())
        while not (living := self._living()):
            async with self._looking:
                if not self._living():
                    await self._wait()
        return min(living, key=lambda member: (member in failed, member.under_way))

    def _due(self) -> list[_Member]:
        now = self.patience.now()
        return [member for member in self._members if member.why and member.due <= now]

    async def _wait(self) -> None:
        """Until the first may be looked at again. Raises ServerError when that is hopeless."""
        first = min(self._members, key=lambda member: member.due)
        pause = max(0.0, first.due - self.patience.now())
        tried = min(member.times_out for member in self._members)
        if tried >= self.patience.tries or pause > LONGEST_WAIT:
            raise ServerError(self._nobody())
        await self.patience.sleep(pause)
        await self._look_again([first])

    async def _look_again(self, members: Sequence[_Member]) -> None:
        await asyncio.gather(*(self._look_at(member) for member in members))

    async def _look_at(self, member: _Member) -> None:
        """Take a server in again that answers, and serves what it did."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                card = await self._look(member.server, 1)
        except TimeoutError:
            self._leave_out(member, f"{member.server.title} gives no answer")
        except ModelError as error:
            self._leave_out(member, str(error))
        else:
            if card != self._card:
                self._leave_out(member, OTHER_MODEL.format(member.server.title))
            else:
                member.why, member.failures = "", 0

    def _count_failure(self, member: _Member, failure: Failure) -> None:
        member.failures += 1
        if member.why:  # It was under way when the server was left out.
            return
        if isinstance(failure, Unreachable) or member.failures >= FAILURES:
            self._leave_out(member, member.server.said(failure), failure.wait)

    def _leave_out(self, member: _Member, why: str, wait: float | None = None) -> None:
        usual = backoff(member.times_out, self.patience.chance())
        member.why, member.times_out = why, member.times_out + 1
        member.due = self.patience.now() + (usual if wait is None else wait)

    def _nobody(self) -> str:
        return f"None of the {len(self._members)} servers answers: {' '.join(self.left_out)}"


def _may_pass(error: ServerError) -> bool:
    """Whether a server that did not answer at the start may do so later: it is down, or busy."""
    return error.tried_out or error.status is None
