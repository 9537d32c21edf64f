"""Uploaded files: held while they are looked at, kept in the project's folder once imported."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from db.engine import Database
from labeling.jobs.files import data_folder

CHUNK = 1 << 20
LONGEST_NAME = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Uploaded(Protocol):
    """What `st.file_uploader` gives."""

    file_id: str
    name: str

    def getbuffer(self) -> memoryview:
        """The whole content, without a copy."""


@dataclass(frozen=True, slots=True)
class Held:
    """An upload that is looked at; its folder goes with it, at the latest with the session."""

    folder: tempfile.TemporaryDirectory[str]
    path: Path


def safe_name(given: str) -> str:
    """A file name of letters, digits, dots, hyphens and underscores that reminds of `given`.

    A format may name a data set after its file, so the name is worth keeping; of a path only the
    last part counts, and a leading dot goes.
    """
    name = _UNSAFE.sub("-", re.split(r"[/\\]", given)[-1]).strip("-.")
    return name[-LONGEST_NAME:].lstrip("-.") or "rows"


def hold(uploads: list[Uploaded], held: dict[str, Held]) -> list[Held]:
    """The uploads as files, in their order; `held` keeps them between runs and forgets the rest.

    Raises OSError where there is no room.
    """
    for gone in held.keys() - {one.file_id for one in uploads}:
        held.pop(gone).folder.cleanup()
    for one in uploads:
        if one.file_id not in held:
            folder = tempfile.TemporaryDirectory(prefix="steplens-upload-")
            path = Path(folder.name) / safe_name(one.name)
            path.write_bytes(one.getbuffer())
            held[one.file_id] = Held(folder, path)
    return [held[one.file_id] for one in uploads]


def keep(database: Database, path: Path) -> Path:
    """A copy in the project's folder, below a folder named after its content.

    The same file is kept once, so that importing it again goes on with the import that was
    interrupted. Raises OSError where it cannot be written.
    """
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    kept = data_folder(database) / "uploads" / digest / path.name
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
        try:
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, part, CHUNK)
            part.close()
            Path(part.name).replace(kept)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    return kept
