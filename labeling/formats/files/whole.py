"""Writing a file that appears whole or not at all, compressed as its name says."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

_PACKED: dict[str, Callable[[BinaryIO, str], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


@contextmanager
def whole_file(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A stream whose content becomes `target` once it is on disk; after an error nothing is left.

    It is compressed where the name ends in .gz, .bz2 or .xz. Raises FileExistsError for a target
    that is there, unless it is a file to `overwrite`, and OSError when the disk refuses.
    """
    target = target.resolve()  # what a link leads to is replaced, and not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    _check_free(target, overwrite)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.steplens-partial")
    try:
        with partial.open("xb") as stream:
            pack = _PACKED.get(target.suffix)
            if pack is None:
                yield stream
            else:
                with cast(BinaryIO, pack(stream, "wb")) as packed:
                    yield packed
            stream.flush()
            os.fsync(stream.fileno())
        _check_free(target, overwrite)  # Others may have written meanwhile.
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _check_free(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise FileExistsError(f"{target} is a folder; name a file in it")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already; choose another name, or --overwrite")
