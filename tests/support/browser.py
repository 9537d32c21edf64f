"""Driving the app in a real Chromium: a Streamlit server for a script, and a page on it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
SERVER_FLAGS = (
    "--server.address=127.0.0.1",
    "--server.allowedHosts=localhost",  # an option with several values is repeated
    "--server.allowedHosts=127.0.0.1",
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
    "--client.toolbarMode=minimal",
    "--client.showErrorDetails=full",
)
START_SECONDS = 60
WAIT = 30_000  # milliseconds for what should be there: machines are shared, and some are slow
expect.set_options(timeout=WAIT)
LOOPBACK = ("localhost", "127.0.0.1")


def chromium_path() -> str:
    """Where Chromium is. Without one the test skips, except under CI=true, where it fails."""
    for name in CHROMIUM_NAMES:
        path = shutil.which(name)
        if path:
            return path
    why = f"no browser: none of {', '.join(CHROMIUM_NAMES)} is on the PATH"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium; one per test module is enough."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def streamlit_server(
    script: Path,
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    base: str = "",
) -> Iterator[str]:
    """Serve `script` on a free port with the settings of the app; yields its URL.

    `options` are further command line arguments, such as `--theme.base=dark`; `base` is a path
    below which everything is served. Fails the test with the server's output when it does not
    become healthy.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += [*SERVER_FLAGS, f"--server.baseUrlPath={base}", *options]
    environment = {**os.environ, **(env or {})}
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), environment.get("PYTHONPATH")])
    )
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        url = f"http://localhost:{port}{base}"
        try:
            if not _healthy(server, url):
                log.seek(0)
                pytest.fail(f"{script} is not served:\n{log.read().decode(errors='replace')}")
            yield url
        finally:
            _stop(server)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(server: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=30) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.1)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it started."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=30)


@contextmanager
def open_page(
    browser: Browser, url: str, *, width: int = 1280, height: int = 800
) -> Iterator[Page]:
    """A page in a context of its own (own localStorage). Requests off this machine are aborted.

    They are kept in `page.strangers`, page errors in `page.errors`.
    """
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.strangers = strangers = []  # type: ignore[attr-defined]
    page.errors = errors = []  # type: ignore[attr-defined]

    def gate(route):  # type: ignore[no-untyped-def]
        host = urlparse(route.request.url).hostname
        if host in (*LOOPBACK, None):
            return route.continue_()
        strangers.append(route.request.url)
        return route.abort()

    context.route("**/*", gate)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(WAIT)
    try:
        page.goto(url)
        yield page
    finally:
        context.close()
