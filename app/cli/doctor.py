"""What is installed and what works, for `steplens doctor`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util

from app.auth.sign_in import read_sign_in
from db.engine import NoDatabaseError, open_database, schema_versions

CORE = ("streamlit", "sqlalchemy", "alembic", "pandas", "plotly", "click", "math-verify")
TRAIN = ("torch", "transformers", "accelerate", "peft", "safetensors")
SLOW_IMPORT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Check:
    """One line: "ok" works, "off" is optional and absent, "bad" is needed and does not work."""

    what: str
    state: str
    detail: str


def examine(url: str) -> list[Check]:
    """Every check, in the order they are shown. Never raises."""
    return [
        Check("Python", "ok", sys.version.split()[0]),
        *_packages("core", CORE, "bad", "pip install steplens"),
        *_packages("train", TRAIN, "off", "pip install 'steplens[train]'"),
        _accelerator(),
        _optional("vLLM", "vllm", "vllm", "on a GPU machine, for vllm: models"),
        _optional("servers", "httpx2", "openai", "for openai: models"),
        _optional("Ray", "ray", "ray", "for --engine ray"),
        _chromium(),
        *_checkpoints(),
        _sign_in(),
        _database(url),
    ]


def _packages(group: str, names: tuple[str, ...], missing: str, cure: str) -> Iterator[Check]:
    versions, absent = [], []
    for name in names:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        yield Check(group, missing, f"missing: {', '.join(absent)}. {cure}")
    else:
        yield Check(group, "ok", ", ".join(versions))


def _accelerator() -> Check:
    """Asked in a child process: importing torch here would make every other check slow."""
    if util.find_spec("torch") is None:
        return Check("GPU", "off", "unknown without torch")
    code = (
        "import torch; print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else "
        "f'none; {torch.get_num_threads()} CPU threads')"
    )
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-c", code],
            capture_output=True,
            text=True,
            timeout=SLOW_IMPORT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Check("GPU", "bad", f"torch did not start in {SLOW_IMPORT_SECONDS} s")
    if answer.returncode:
        last = (answer.stderr.strip() or "no message").splitlines()[-1]
        return Check("GPU", "bad", f"torch does not start: {last}")
    detail = answer.stdout.strip()
    return Check("GPU", "off" if detail.startswith("none") else "ok", detail)


def _optional(what: str, package: str, extra: str, use: str) -> Check:
    if util.find_spec(package) is None:
        return Check(what, "off", f"not installed. pip install 'steplens[{extra}]' {use}")
    return Check(what, "ok", f"{package} {metadata.version(package)}")


def _chromium() -> Check:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return Check("Chromium", "ok", f"{path} (for the browser tests)")
    return Check("Chromium", "off", "not found; the browser tests skip")


def _checkpoints() -> Iterator[Check]:
    if util.find_spec("torch") is None:
        return
    from models.names import checkpoint_revision, resolve_checkpoint

    for name in ("policy", "judge", "prm"):
        spec = f"playground:{name}"
        try:
            yield Check(spec, "ok", checkpoint_revision(resolve_checkpoint(spec)))
        except (OSError, ValueError) as error:
            yield Check(spec, "bad", str(error))


def _sign_in() -> Check:
    try:
        sign_in = read_sign_in()
    except ValueError as error:
        return Check("sign-in", "bad", str(error))
    if sign_in is None:
        return Check("sign-in", "off", "no [auth] section; for a team see docs/team.md")
    return Check("sign-in", "ok", f"{', '.join(sign_in.providers)}, from {sign_in.file}")


def _database(url: str) -> Check:
    try:
        database = open_database(url)
        version, _ = schema_versions(database)
        shown = database.engine.url.render_as_string(hide_password=True)
        database.close()
    except NoDatabaseError as error:
        return Check("database", "off", str(error))
    except (ValueError, OSError) as error:
        return Check("database", "bad", str(error))
    return Check("database", "ok", f"{shown}, schema {version}")
