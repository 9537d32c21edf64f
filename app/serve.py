"""Serving the app: Streamlit with safe settings, beyond this machine only with sign-in."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.auth.sign_in import SignIn, is_loopback, read_sign_in, secrets_files

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]*:[0-9a-fA-F:]*")
# Streamlit's own defaults bind every interface, accept any host name, ask for an e-mail address
# on the first start and report usage. The rest are said again here so that no config.toml or
# environment variable changes them: trusted headers would let a visitor name themselves.
OPTIONS = (
    ("server.headless", "true"),
    ("server.fileWatcherType", "none"),
    ("server.enableCORS", "true"),
    ("server.enableXsrfProtection", "true"),
    ("server.trustedUserHeaders", "{}"),
    ("browser.gatherUsageStats", "false"),
    ("browser.serverAddress", "localhost"),
    ("client.toolbarMode", "minimal"),
    ("client.showErrorDetails", "none"),
    # Widgets that live in the address (app/ui/address.py) may have a default of Streamlit's too.
    ("global.disableWidgetStateDuplicationWarning", "true"),
    ("theme.base", str(HERE / "theme" / "steplens.toml")),
)


@dataclass(frozen=True, slots=True)
class Where:
    """Where the app is served, under which names people reach it, and who vouches for them."""

    port: int = 8501
    host: str = LOOPBACK
    public_names: tuple[str, ...] = ()
    secrets: Path | None = None

    @property
    def names(self) -> list[str]:
        """Every host name that requests may have."""
        own = [self.host] if is_loopback(self.host) else []
        names = ["localhost", LOOPBACK, *own, *self.public_names]
        return list(dict.fromkeys(name.lower() for name in names))

    @property
    def is_private(self) -> bool:
        """Whether only this machine is served; a public name means a proxy in front."""
        return is_loopback(self.host) and all(map(is_loopback, self.names))


def serve(url: str, where: Where) -> None:
    """Replace this process by the app's server; ValueError says why that cannot be."""
    sign_in = checked_sign_in(where)
    _probe(where)
    if sign_in is not None:
        come_in = sign_in.redirect_uri.replace("{port}", str(where.port)).removesuffix(
            "/oauth2callback"
        )
        print(f"People sign in at {come_in} (configured in {sign_in.file}).")
    sys.stdout.flush()
    command, environment = server_command(url, where, sign_in)
    os.execve(command[0], command, environment)


def checked_sign_in(where: Where) -> SignIn | None:
    """The sign-in to use there; ValueError when others could reach the app without one."""
    for name in where.public_names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(
                f"--public-name {name}: give a host name alone, such as steplens.example.org"
            )
    sign_in = read_sign_in(where.secrets)
    if sign_in is None and not where.is_private:
        asked = f"--host {where.host}" if not is_loopback(where.host) else "--public-name"
        raise ValueError(
            f"{asked} lets other people in, and without sign-in anybody could label under any "
            "name: configure sign-in (docs/team.md) and give its file with --secrets"
        )
    if not is_loopback(where.host) and not where.public_names:
        raise ValueError(
            f"--host {where.host} needs --public-name NAME too: the host name under which people "
            "reach StepLens; requests for other names are refused"
        )
    if sign_in is not None and sign_in.host not in where.names:
        raise ValueError(
            f"redirect_uri in {sign_in.file} leads to {sign_in.host}, and this server answers to "
            f"{', '.join(where.names)} only: change one, or add --public-name {sign_in.host}"
        )
    return sign_in


def server_command(
    url: str, where: Where, sign_in: SignIn | None = None
) -> tuple[list[str], dict[str, str]]:
    """The command line and environment that serve the project at `url`."""
    entry = HERE / "asgi.py"
    # -P: a models.py in the working folder must not be taken for ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(entry)]
    command += [f"--{name}={value}" for name, value in (*OPTIONS, *_options(where))]
    environment = {**os.environ, "STEPLENS_DB": url}
    environment.pop("STEPLENS_SIGN_IN", None)
    if sign_in is not None:
        environment["STEPLENS_SIGN_IN"] = "1"
    return command, environment


def _options(where: Where) -> Iterator[tuple[str, str]]:
    yield "server.address", where.host
    yield "server.port", str(where.port)
    for name in where.names:  # An option with several values is repeated.
        yield "server.allowedHosts", name
    for file in secrets_files(where.secrets):
        yield "secrets.files", str(file)


def _probe(where: Where) -> None:
    """ValueError when the server could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            where.host, where.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ValueError(
                f"port {where.port} is in use (another StepLens?). Open "
                f"http://localhost:{where.port}, or choose another one with --port."
            ) from error
        raise ValueError(
            f"cannot listen on {where.host}, port {where.port}: {error.strerror or error}. "
            "--host takes an address of this machine; 0.0.0.0 is all of them."
        ) from error
