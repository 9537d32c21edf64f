"""Asking one OpenAI-compatible server: its key, its limits, its errors in words."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar
from urllib.parse import urlsplit

from models.errors import MissingExtraError, ModelError
from models.generation.server.keys import how_to_set, key_for
from models.generation.server.waits import asked_wait, backoff
from models.names import ServerName

try:
    import httpx2
except ImportError as error:
    raise MissingExtraError("A model behind a server", error, "openai") from error

TIMEOUT_VARIABLE = "STEPLENS_TIMEOUT"
CONCURRENCY_VARIABLE = "STEPLENS_CONCURRENCY"
CONCURRENCY = 64
CONNECT_SECONDS = 10.0
POOL = 32  # connections; each request looks through all of its pool's
LONGEST_WAIT = 600.0  # seconds; a server that wants to be left alone for longer ends the job
MOST_BYTES = 16 << 20  # of a reply; the longest judgement has a few hundred thousand
MOST_WORDS = 300  # characters of a server's own words in a message
SECRET_LENGTH = 8  # a shorter key is a word such as "EMPTY", and may stand in a solution
REFUSED = (400, 413, 422)  # what is refused is the request, not the key or the address
PASSING = (408, 429, 500, 502, 503, 504)

SEE_LOG = "See its log, then start the job again: what is stored is kept"
START_IT = "Start it, or correct the address behind the @ in the model's name"
CORRECT = "Correct MODEL@BASE_URL in the model's name"
LOWER = f"Lower {CONCURRENCY_VARIABLE}"

T = TypeVar("T")
Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a request is tried, in seconds; tests bring their own clock."""

    tries: int = 8
    timeout: float = 600.0  # of one try, from connecting to the last byte
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


class ServerError(ModelError):
    """A server refused, or went on failing. `status`: its HTTP status, None without an answer.

    `tried_out`: the server could be reached, and failed at every try.
    """

    def __init__(self, message: str, status: int | None = None, *, tried_out: bool = False) -> None:
        super().__init__(message)
        self.status, self.tried_out = status, tried_out


class Unreadable(ValueError):
    """A reply is not what the interface promises; the message says what is amiss."""


class Failure(Exception):
    """One try failed, and another may do better. `wait`: seconds that the server asks for."""

    def __init__(
        self, words: str, cure: str, status: int | None = None, wait: float | None = None
    ) -> None:
        super().__init__(words)
        self.cure, self.status, self.wait = cure, status, wait


class Unreachable(Failure):
    """There was no connection."""


class Server:
    """One server, and the key for it, which stands in the environment only."""

    def __init__(self, name: ServerName, patience: Patience, concurrency: int) -> None:
        self.name, self.patience, self.concurrency = name, patience, concurrency
        self._key = key_for(name)
        self._ssl = httpx2.create_ssl_context()
        self._pools: Iterator[httpx2.AsyncClient] = iter(())

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """The time in which it may be asked: connections belong to one loop."""
        headers = {"Accept-Encoding": "identity"}  # else a small reply could unpack to a huge one
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        async with AsyncExitStack() as stack:
            pools = [
                await stack.enter_async_context(
                    httpx2.AsyncClient(
                        headers=headers,
                        verify=self._ssl,
                        follow_redirects=False,  # the key goes to no other place
                        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
                        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
                    )
                )
                for _ in range(-(-self.concurrency // POOL))
            ]
            self._pools = cycle(pools)
            yield

    async def get(self, path: str, read: Callable[[object], T], tries: int) -> T:
        """What `read` makes of the JSON at `path`, where the server must be up already.

        Raises ServerError as `post`, and at once when there is no connection.
        """
        return await self._ask("GET", path, None, self._reading(read), tries, 1)

    async def post(self, path: str, body: Body, read: Callable[[object], T]) -> T:
        """What `read` makes of the JSON that answers `body`.

        Failures that may pass are tried again, `read` raising Unreadable among them. Raises
        ServerError when the server refuses, or goes on failing.
        """
        tries = self.patience.tries
        return await self._ask("POST", path, body, self._reading(read), tries, tries)

    async def post_once(self, path: str, body: Body, read: Callable[[object], T]) -> T:
        """`post`, tried once: raises Failure where another try or server may do better."""
        return await self._once("POST", path, body, self._reading(read))

    async def probe(self, path: str, body: Body, tries: int) -> object:
        """The JSON that answers `body`; None where the server knows no such request.

        Raises ServerError when it goes on failing.
        """
        try:
            return await self._ask("POST", path, body, _json_or_none, tries, tries)
        except ServerError as error:
            if error.status is None or error.status in PASSING:
                raise
            return None

    def said(self, failure: Failure, times: int = 1) -> str:
        """A failure as a sentence, and what to do about it."""
        again = f", {times} times in a row" if times > 1 else ""
        return f"{self.title} {failure}{again}. {failure.cure}"

    def clean(self, text: str) -> str:
        """A server's text without our key, should it send it back, and without half characters."""
        if len(self._key) >= SECRET_LENGTH:
            text = text.replace(self._key, "[key]")
        return text.encode("utf-8", "replace").decode()

    def quoted(self, text: str) -> str:
        """A server's own words as part of a message: one short printable line without our key."""
        if self._key:  # a host's name comes in lower case
            text = re.sub(re.escape(self._key), "[key]", text, flags=re.IGNORECASE)
        line = " ".join(re.sub(r"<[^<>]*>", " ", text).split())
        shown = "".join(c if c.isprintable() else "?" for c in line[:MOST_WORDS])
        return f"{shown}..." if len(line) > MOST_WORDS else shown

    async def _ask(
        self,
        method: str,
        path: str,
        body: Body | None,
        read: Callable[[bytes], T],
        tries: int,
        tries_to_connect: int,
    ) -> T:
        attempt = 0
        while True:
            try:
                return await self._once(method, path, body, read)
            except Failure as error:
                failure = error
            attempt += 1
            alone = isinstance(failure, Unreachable)
            if attempt >= (tries_to_connect if alone else tries):
                message = self.said(failure, attempt)
                raise ServerError(message, failure.status, tried_out=not alone) from None
            await self.patience.sleep(self._pause(failure, attempt - 1))

    async def _once(
        self, method: str, path: str, body: Body | None, read: Callable[[bytes], T]
    ) -> T:
        try:
            return read(await self._try(method, self.name.url(path), body))
        except Unreadable as error:
            raise Failure(f"sends replies that cannot be used ({error})", SEE_LOG) from None

    def _pause(self, failure: Failure, attempt: int) -> float:
        usual = backoff(attempt, self.patience.chance())
        if failure.wait is None:
            return usual
        if failure.wait > LONGEST_WAIT:
            raise ServerError(
                f"{self.title} {failure} and asks for a pause of {failure.wait:,.0f} s. Start "
                "the job again after that: what is stored is kept",
                failure.status,
            )
        # Together they would be refused together again: each adds a little of its own.
        return failure.wait + 0.1 * usual

    async def _try(self, method: str, url: str, body: Body | None) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with asyncio.timeout(self.patience.timeout):
                async with next(self._pools).stream(
                    method, url, content=content, headers=headers
                ) as response:
                    raw = await self._read(response)
        except TimeoutError:
            words = f"gave no answer within {self.patience.timeout:g} s"
            raise Failure(words, f"{LOWER} or raise {TIMEOUT_VARIABLE}") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            words = f"cannot be reached ({self.quoted(str(error)) or 'no answer'})"
            raise Unreachable(words, START_IT) from None
        except httpx2.TransportError as error:
            broken = self.quoted(str(error)) or type(error).__name__
            raise Failure(f"broke off an answer ({broken})", SEE_LOG) from None
        except (httpx2.InvalidURL, UnicodeError):
            raise ServerError(f"{self.title} has an address that is no URL. {CORRECT}") from None
        if response.status_code != 200:
            self._refuse(response, raw)
        return raw

    async def _read(self, response: httpx2.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ServerError(f"{self.title} packs its replies though asked not to. {CORRECT}")
        parts, size = [], 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > MOST_BYTES:
                raise ServerError(
                    f"{self.title} sends a reply of more than {MOST_BYTES >> 20} MiB, which no "
                    f"model's is. {CORRECT}"
                )
            parts.append(part)
        return b"".join(parts)

    def _reading(self, read: Callable[[object], T]) -> Callable[[bytes], T]:
        def read_raw(raw: bytes) -> T:
            reply = _json_or_none(raw)
            if reply is None:
                raise Unreadable("no JSON")
            # Some gateways send their errors with status 200.
            if isinstance(reply, dict) and reply.get("error"):
                raise Unreadable(self.quoted(_reason(raw)))
            return read(reply)

        return read_raw

    def _refuse(self, response: httpx2.Response, raw: bytes) -> None:
        """Raise what an answer other than 200 amounts to: a failure that may pass, or an error."""
        status = response.status_code
        said = self.quoted(_reason(raw))
        shown = f"{status}: {said}" if said else f"{status}"
        if 300 <= status < 400:
            where = self.quoted(_host(response.headers.get("location", "")))
            raise ServerError(
                f"{self.title} redirects to {where}, which is not followed since the key goes "
                "nowhere else. Give the final address in the model's name",
                status,
            )
        if status == 429 and b"insufficient_quota" in raw:
            raise ServerError(
                f"{self.title} says that the account has no credit left ({shown}). Add credit, "
                "then start the job again: what is stored is kept",
                status,
            )
        if status in PASSING:
            wait = asked_wait(response.headers, self.patience.now())
            limited = status == 429
            words = f"limits requests ({shown})" if limited else f"fails ({shown})"
            raise Failure(words, f"{LOWER} or wait" if limited else SEE_LOG, status, wait)
        raise ServerError(f"{self.title} {self._refusal(status, shown, said)}", status)

    def _refusal(self, status: int, shown: str, said: str) -> str:
        if status in (401, 403):
            verb = "refuses the" if self._key else "wants a"
            return f"{verb} key ({shown}). {how_to_set(self.name)}"
        if status in REFUSED and re.search("context|too long|maximum.*length", said, re.I):
            return (
                f"has no room for the prompt and the tokens asked for ({shown}). Lower "
                "--max-tokens, or serve the model with a longer context"
            )
        if status in (404, 405):
            return f"does not know the model or the address ({shown}). {CORRECT}"
        return f"does not accept the request ({shown}). {CORRECT}"

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"The server at {self.name.base_url}"


def patience_from_environment() -> Patience:
    """The usual patience, with the time-out in seconds that STEPLENS_TIMEOUT gives."""
    return Patience(timeout=_positive(TIMEOUT_VARIABLE, Patience().timeout))


def concurrency_from_environment() -> int:
    """How many requests are sent at once: STEPLENS_CONCURRENCY, or 64."""
    return max(1, int(_positive(CONCURRENCY_VARIABLE, CONCURRENCY)))


def _positive(variable: str, usual: float) -> float:
    text = os.environ.get(variable, "").strip()
    try:
        value = float(text) if text else usual
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise ModelError(f"{variable} must be a number above 0, not {text!r}")
    return value


def _json_or_none(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _reason(raw: bytes) -> str:
    """What a server says is wrong: {"error": {"message"}} and its common variants, or any text."""
    said = _json_or_none(raw)
    if said is None:
        return raw.decode("utf-8", "replace")
    for name in ("error", "message", "detail"):
        while isinstance(said, dict) and name in said:
            said = said[name]
    return said if isinstance(said, str) else json.dumps(said)


def _host(location: str) -> str:
    """Where a redirect leads, in short."""
    try:
        url = urlsplit(location)
    except ValueError:
        return "an address that is no URL"
    return f"{url.scheme}://{url.hostname}" if url.hostname else "another path"
