"""What the secrets say about sign-in; read and checked before the server starts."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CALLBACK = "/oauth2callback"
PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
SHORTEST_SECRET = 32  # Whoever guesses it can sign in as anybody.
HELP = "docs/team.md has an example."


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that can work: where it is written, and where people come back to."""

    file: Path
    redirect_uri: str
    providers: tuple[str, ...]

    @property
    def host(self) -> str:
        """The name under which people reach the app."""
        return (urlsplit(self.redirect_uri).hostname or "").lower()


def secrets_files(given: Path | None = None) -> list[Path]:
    """The files that Streamlit is told to read, later ones before earlier ones."""
    if given is not None:
        return [given.resolve()]
    return [folder / ".streamlit" / "secrets.toml" for folder in (Path.home(), Path.cwd())]


def read_sign_in(given: Path | None = None) -> SignIn | None:
    """The sign-in that is configured, None when there is none.

    Raises ValueError, saying what to change, for one that could not work or would not be safe.
    """
    found: tuple[Path, Any] | None = None
    for file in secrets_files(given):
        if given is not None or file.exists():
            written = _toml(file)
            _check_people(file, written)
            found = (file, written["auth"]) if "auth" in written else found
    if found is None:
        if given is not None:
            raise ValueError(f"{given} has no [auth] section. {HELP}")
        return None
    return _checked(*found)


def providers(auth: Mapping[str, Any]) -> list[str]:
    """The names that st.login takes; "default" is the one written in [auth] itself."""
    own = ["default"] if any(key in auth for key in PROVIDER_KEYS) else []
    named = [
        name
        for name, section in auth.items()
        if isinstance(section, Mapping) and name != "client_kwargs"
    ]
    return list(dict.fromkeys(own + named))


def is_loopback(host: str | None) -> bool:
    """Whether only this machine can reach that address or name."""
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"the secrets in {file} cannot be read: {error}") from error


def _check_people(file: Path, written: Mapping[str, Any]) -> None:
    """The lists of people and managers that app.auth.identity goes by."""
    section = written.get("steplens", {})
    for role in ("people", "managers"):
        listed = section.get(role, []) if isinstance(section, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise ValueError(f'{role} of [steplens] in {file} must be a list: ["ada@example.org"]')


def _checked(file: Path, auth: Any) -> SignIn:
    """The section as a SignIn; ValueError for the first thing that is wrong with it."""
    where = f"[auth] in {file}"
    if not isinstance(auth, Mapping):
        raise ValueError(f"{where} is not a section. {HELP}")
    _require(where, auth, ("redirect_uri", "cookie_secret"))
    if len(auth["cookie_secret"]) < SHORTEST_SECRET:
        raise ValueError(
            f"cookie_secret of {where} is shorter than {SHORTEST_SECRET} characters. Make one: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    _require_https(f"redirect_uri of {where}", auth["redirect_uri"])
    if urlsplit(auth["redirect_uri"]).path != CALLBACK:
        raise ValueError(f"redirect_uri of {where} must end in the host's name and {CALLBACK}")
    names = providers(auth)
    if not names:
        raise ValueError(f"{where} names no provider: it needs {', '.join(PROVIDER_KEYS)}. {HELP}")
    for name in names:
        section = auth.get(name, auth)
        here = where if section is auth else f"[auth.{name}] in {file}"
        if "_" in name:
            raise ValueError(f"{here}: Streamlit takes no provider's name with an underscore")
        _require(here, section, PROVIDER_KEYS)
        _require_https(f"server_metadata_url of {here}", section["server_metadata_url"])
    _require_authlib()
    return SignIn(file, auth["redirect_uri"], tuple(names))


def _require(where: str, section: Mapping[str, Any], keys: Sequence[str]) -> None:
    missing = [key for key in keys if not isinstance(section.get(key), str) or not section[key]]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}. {HELP}")


def _require_https(what: str, url: str) -> None:
    """On the wire between machines, http would show everybody the cookie that signs in."""
    address = urlsplit(url.replace("{port}", "1"))
    if address.scheme == "https" and address.hostname:
        return
    if address.scheme != "http" or not is_loopback(address.hostname):
        raise ValueError(f"{what} must begin with https:// (http:// only on this machine)")


def _require_authlib() -> None:
    try:
        importlib.import_module("authlib.integrations.starlette_client")
    except ImportError as error:
        raise ValueError("sign-in needs Authlib: pip install 'steplens[auth]'") from error
