"""Fixtures shared by all tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What every test's database is a copy of, since migrating each takes longer than most tests.

    The name of a database on the server STEPLENS_TEST_POSTGRES, else the path of a file.
    """
    if server := os.environ.get("STEPLENS_TEST_POSTGRES"):
        with _postgres(server) as url:
            create_database(url).close()
            yield urlsplit(url).path[1:]
    else:
        file = tmp_path_factory.mktemp("migrated") / "project.db"
        create_database(f"sqlite:///{file}").close()
        yield str(file)


@pytest.fixture
def database(tmp_path: Path, migrated: str) -> Iterator[Database]:
    """An empty project: in a file of its own, or on the server STEPLENS_TEST_POSTGRES.

    That is the URL of a database whose role may create others; .ci/postgres sets it.
    """
    copy: AbstractContextManager[str]
    if server := os.environ.get("STEPLENS_TEST_POSTGRES"):
        copy = _postgres(server, migrated)
    else:
        copy = nullcontext(f"sqlite:///{shutil.copy(migrated, tmp_path / 'project.db')}")
    with copy as url:
        opened = create_database(url)
        yield opened
        opened.close()


@contextmanager
def _postgres(server: str, template: str = "template1") -> Iterator[str]:
    """A database of one's own, dropped afterwards."""
    import psycopg

    name = f"steplens_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            shutil.rmtree(f"{name}.d", ignore_errors=True)  # the logs of its jobs
