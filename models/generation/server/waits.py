"""How long to wait before a server is asked again: what its headers say, or twice as long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_BACKOFF = 60.0  # seconds

_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:ms|[dhms]))+")
_PART = re.compile(r"([0-9.]+)(ms|[dhms])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait after the failed attempt number `attempt`, from 0; `chance` is in [0, 1).

    Doubled each time, and shortened by up to a half, so that requests that failed together do
    not come back together.
    """
    return min(LONGEST_BACKOFF, 2.0**attempt) * (1 - chance / 2)


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a server asks to be left alone; None where it does not say.

    `headers` have lower-case names, `now` is in seconds since 1970. Sources: Retry-After in
    seconds or as a date (RFC 9110, 10.2.3); else OpenAI's x-ratelimit-reset-* ("1s", "6m0s"),
    the longest of the limits that have nothing remaining.
    """
    told = _retry_after(headers.get("retry-after", "").strip(), now)
    return _reset(headers) if told is None else told


def duration(text: str) -> float | None:
    """Seconds of "6m0s", "1.5s", "20ms" or a plain number; None for anything else."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def _retry_after(text: str, now: float) -> float | None:
    if (seconds := duration(text)) is not None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    # "GMT" is read with a zone, "-0000" without one: both are UTC.
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)


def _reset(headers: Mapping[str, str]) -> float | None:
    waits = []
    for name, text in headers.items():
        _, ours, kind = name.partition("x-ratelimit-reset-")
        # A limit that has some left did not refuse the request.
        if ours and headers.get(f"x-ratelimit-remaining-{kind}", "0").strip() == "0":
            waits.append(duration(text))
    return max((wait for wait in waits if wait is not None), default=None)
