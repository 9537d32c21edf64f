"""Which key a server gets: a key belongs to the servers that its owner named, and to no other.

Whoever may start a job may type any address. The key comes from the environment of StepLens, and
so does the list of servers that it is sent to.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from models.errors import ModelError
from models.names import ServerName, origin


@dataclass(frozen=True, slots=True)
class KeySource:
    """The variables that hold a key and the base URLs of its servers, and the usual URL if any."""

    variable: str
    urls_variable: str
    usual: str = ""

    @property
    def key(self) -> str:
        """What the variable holds, "" where it is not set."""
        return os.environ.get(self.variable, "").strip()

    def origins(self) -> set[str]:
        """SCHEME://HOST:PORT of every server that may have the key."""
        urls = os.environ.get(self.urls_variable, "").strip() or self.usual
        try:
            return {origin(url) for url in re.split(r"[\s,]+", urls) if url}
        except ValueError:
            raise ModelError(
                f"{self.urls_variable} must hold the addresses of servers, as in "
                "http://localhost:8000/v1, with commas between them"
            ) from None


SOURCES = (
    KeySource("STEPLENS_API_KEY", "STEPLENS_BASE_URL"),
    # The names and the default of OpenAI's own client.
    KeySource("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"),
)


def key_for(server: ServerName) -> str:
    """The key that may be sent to `server`, "" if there is none.

    Raises ModelError where the environment holds no addresses, or no key.
    """
    for source in SOURCES:
        key = source.key
        if key and server.origin in source.origins():
            if not (key.isascii() and key.isprintable() and " " not in key):
                raise ModelError(
                    f"{source.variable} holds characters that no key has: set it again"
                )
            return key
    return ""


def how_to_set(server: ServerName) -> str:
    """What to do for a server that wants a key and got none, or not the right one."""
    ours = SOURCES[0]
    if key_for(server):
        return f"Set {ours.variable} to a key that is valid there"
    if ours.key:
        return (
            f"{ours.variable} is only sent to the servers in {ours.urls_variable}, and this is "
            f"none of them: if it may have the key, add {server.base_url} there, in the "
            "environment that StepLens is started in"
        )
    return (
        f"Set {ours.variable} to the key and {ours.urls_variable} to {server.base_url}, in the "
        "environment that StepLens is started in"
    )
