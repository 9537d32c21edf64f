"""Serving the app: Streamlit with safe settings, on this machine only."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

# Streamlit's own defaults bind every interface, accept any host name, ask for an e-mail address
# on the first start and report usage.
HERE = Path(__file__).parent
OPTIONS = (
    ("server.address", "127.0.0.1"),
    ("server.headless", "true"),
    ("server.allowedHosts", "localhost"),  # An option with several values is repeated.
    ("server.allowedHosts", "127.0.0.1"),
    ("server.fileWatcherType", "none"),
    ("browser.gatherUsageStats", "false"),
    ("browser.serverAddress", "localhost"),
    ("client.toolbarMode", "minimal"),
    ("client.showErrorDetails", "none"),
    ("theme.base", str(HERE / "theme" / "steplens.toml")),
)


def serve(url: str, port: int) -> None:
    """Replace this process by the app's server. ValueError when the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ValueError(
                f"port {port} is in use (another StepLens?). Open http://localhost:{port}, "
                "or choose another one with --port."
            ) from error
    sys.stdout.flush()
    command, environment = server_command(url, port)
    os.execve(command[0], command, environment)


def server_command(url: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The command line and environment that serve the project at `url`."""
    main = HERE / "main.py"
    command = [sys.executable, "-m", "streamlit", "run", str(main), f"--server.port={port}"]
    command += [f"--{name}={value}" for name, value in OPTIONS]
    return command, {**os.environ, "STEPLENS_DB": url}
