"""Data sets of the Hugging Face Hub: `hf://datasets/OWNER/NAME[@REVISION][/PATH]`."""

from __future__ import annotations

import re
from pathlib import Path

from labeling.formats.files.folders import files_of

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://datasets/(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/]+))?(?:/(?P<path>.+))?"
)


def given_files(given: str | Path) -> list[Path]:
    """The files with rows at a path (`folders.files_of`) or at an address of the Hub."""
    if isinstance(given, str) and given.startswith(SCHEME):
        return fetched(given)
    return files_of(given)


def fetched(address: str) -> list[Path]:
    """The files with rows at an address of the Hub, in its cache on this machine.

    `huggingface_hub` downloads them, or finds them in its cache where the Hub is out of reach. A
    slash in a revision is written %2F, as the Hub does. Raises ValueError with what to do: for an
    address of another form, without that library, and where the files cannot be had.
    """
    parts = _ADDRESS.fullmatch(address.rstrip("/"))
    if parts is None:
        raise ValueError(
            f"{address} is no data set of the Hub; write hf://datasets/OWNER/NAME, with a "
            "revision (NAME@main) and a path in it (NAME/data/test.parquet) if you like"
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ValueError(
            f"{address} needs huggingface_hub: pip install huggingface_hub, or download the files "
            "and give their paths"
        ) from error
    revision, path = parts["revision"], parts["path"]
    try:
        folder = snapshot_download(
            parts["name"],
            repo_type="dataset",
            revision=revision.replace("%2F", "/") if revision else None,
            allow_patterns=[path, f"{path}/**"] if path else None,
        )
    except Exception as error:  # what the library and its transport raise is theirs to change
        first = str(error).strip().split("\n")[0]
        raise ValueError(
            f"{address} cannot be had ({type(error).__name__}: {first}). Is the name right, is "
            "the Hub in reach, and does a closed data set have your token (hf auth login)? "
            "Files that you downloaded yourself are imported by their paths"
        ) from error
    return files_of(Path(folder) / path if path else folder)
