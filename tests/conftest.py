"""Fixtures shared by all tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A worker of pytest-xdist inherits a width, which the console would keep whatever a test sets.
os.environ.pop("COLUMNS", None)

from db.engine import Database, create_database

if importlib.util.find_spec("hypothesis"):  # not where vLLM is tested
    from hypothesis import settings

    # A slow machine is no wrong result.
    settings.register_profile("steplens", deadline=None)
    settings.load_profile("steplens")

# They run in an environment of their own: make test-vllm.
collect_ignore = [] if importlib.util.find_spec("vllm") else ["in_vllm"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a database, so that `-m database` runs it on another kind of server."""
    for item in items:
        if "database" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty project: in a file of its own, or on the server STEPLENS_TEST_POSTGRES.

    That is the URL of a database whose role may create others; .ci/postgres sets it.
    """
    server = os.environ.get("STEPLENS_TEST_POSTGRES")
    with _postgres(server) if server else nullcontext(f"sqlite:///{tmp_path}/project.db") as url:
        opened = create_database(url)
        yield opened
        opened.close()


@contextmanager
def _postgres(server: str) -> Iterator[str]:
    """A database for one test, dropped after it."""
    import psycopg

    name = f"steplens_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            shutil.rmtree(f"{name}.d", ignore_errors=True)  # the logs of its jobs
