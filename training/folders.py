"""Folders that appear whole or not at all: exports and checkpoints.

A folder is filled under a hidden name beside its target and renamed once it is on disk. Its maker
holds a lock on it, which the system drops with the process, however that ends; so the next one to
write there can tell what a killed process left behind, and clears it away.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LEFT_BEHIND = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.steplens-(?P<what>partial|old)")


@contextmanager
def whole_folder(target: Path, kind: str, marker: str, *, overwrite: bool) -> Iterator[Path]:
    """An empty folder to fill, which becomes `target` at the end; after an error it is gone.

    With `overwrite`, a folder that holds the file `marker` is replaced: it is of the same `kind`.
    Raises FileExistsError as `check_free` does, before and after, and OSError when the disk
    refuses.
    """
    target = target.resolve()  # what a link leads to is replaced, and not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_left_behind(target.parent)
    check_free(target, kind, marker, overwrite)
    partial, lock = _locked_folder(target)
    try:
        yield partial
        _to_disk(partial)
        check_free(target, kind, marker, overwrite)  # Others may have written meanwhile.
        _put_in_place(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(lock)


@contextmanager
def resumable_folder(target: Path, words: str) -> Iterator[Path]:
    """A hidden folder beside `target` that the next process finds again by the same words.

    It is gone when the block ends, and after an error that left nothing of worth in it. Raises
    FileExistsError while another process is at the same work.
    """
    folder = resumable_path(target, words)
    folder.mkdir(parents=True, exist_ok=True)
    lock = lock_on(folder, wait=False)
    if lock is None:
        raise FileExistsError(f"Another process is already making {target}, with the same settings")
    try:
        yield folder
    except BaseException:
        if not any(file.is_file() for file in folder.rglob("*")):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def resumable_path(target: Path, words: str) -> Path:
    """Where `resumable_folder` is."""
    target = target.resolve()
    digest = hashlib.sha256(words.encode()).hexdigest()[:8]
    return target.with_name(f".{target.name}.{digest}.steplens-training")


def check_free(target: Path, kind: str, marker: str, overwrite: bool) -> None:
    """Raise FileExistsError, with what to do, when no `kind` ("export") may be written there."""
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; the {kind} is a folder, choose another name")
    if not target.exists() or not any(target.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{target} is not empty; choose another folder, or pass --overwrite")
    if not (target / marker).is_file():
        raise FileExistsError(
            f"{target} holds files but no {marker}: it is no {kind} and is not replaced; "
            "choose another folder"
        )


def free_folder(parent: Path, stem: str) -> Path:
    """`parent/STEM-N` with the first N, from 1, that is free."""
    return free_file(parent, stem, "")


def free_file(parent: Path, stem: str, ending: str) -> Path:
    """`parent/STEM-N` and the ending, with the first N, from 1, that is free."""
    number = 1
    while (parent / f"{stem}-{number}{ending}").exists():
        number += 1
    return parent / f"{stem}-{number}{ending}"


def clear_left_behind(parent: Path) -> None:
    """Remove the unfinished folders in `parent` whose makers are gone, and no others.

    A folder that was being replaced when its process died is put back.
    """
    for folder in parent.iterdir():
        found = _LEFT_BEHIND.fullmatch(folder.name)
        if found is None or not folder.is_dir() or (lock := lock_on(folder, wait=False)) is None:
            continue
        try:
            target = parent / found["name"]
            if found["what"] == "old" and not target.exists():
                folder.rename(target)
            else:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def lock_on(path: Path, *, wait: bool) -> int | None:
    """The descriptor that locks a folder or a file, until it is closed or the process ends.

    None when it is gone, or locked and not to `wait` for. On a file system without locks whoever
    waits goes on without one; nothing is cleared there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        locked = True
    except OSError:
        locked = wait
    try:
        if locked and os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            return descriptor
    except OSError:
        pass  # It was deleted after we had opened it.
    os.close(descriptor)
    return None


def _locked_folder(target: Path) -> tuple[Path, int]:
    """A new hidden folder beside `target`, and the lock that says it is being filled."""
    while True:
        partial = _hidden(target, "partial")
        partial.mkdir()
        lock = lock_on(partial, wait=True)
        if lock is not None:
            return partial, lock
        # Gone: it was taken for a dead one's in the moment before it was locked.


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename the finished folder; what it replaces is moved aside first and deleted last."""
    old, lock = None, None
    if target.exists() and any(target.iterdir()):
        lock = lock_on(target, wait=True)
        old = _hidden(target, "old")
        target.rename(old)
    try:
        partial.rename(target)
        _sync(target.parent)
    except OSError:
        if old is not None:
            old.rename(target)
        raise
    else:
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    finally:
        if lock is not None:
            os.close(lock)


def _hidden(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.steplens-{what}")


def _to_disk(folder: Path) -> None:
    """Have the system write the folder and all in it to the disk."""
    for where, _, files in os.walk(folder):
        for name in files:
            _sync(Path(where, name))
        _sync(Path(where))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
