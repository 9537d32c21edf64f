"""Which files of a folder hold rows, and what a data set that is such a file is called."""

from __future__ import annotations

import json
import re
from pathlib import Path

from labeling.formats.files.compression import ENDINGS
from training.data_files import DATA_FILES, MANIFEST

ROW_ENDINGS = (".json", ".jsonl", ".ndjson", ".parquet", ".arrow")
# What `datasets` writes beside the rows when it saves a data set, or a dict of them, to disk.
_STATE, _DESCRIPTIONS = "state.json", ("state.json", "dataset_info.json", "dataset_dict.json")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def file_stem(path: Path) -> str:
    """The file's name without its endings: "gsm8k" for gsm8k.json and gsm8k.jsonl.gz.

    A shard's number is no part of it ("test" for test-00000-of-00002.parquet), and the shards that
    `datasets` saves are called by their folder.
    """
    name = path.name
    for ending in (*ENDINGS, *ROW_ENDINGS):
        name = name.removesuffix(ending)
    if name != (name := _SHARD.sub("", name)) and path.suffix == ".arrow" and path.parent.name:
        return path.parent.name
    return name or path.name


def files_of(path: str | Path) -> list[Path]:
    """The file itself; of a folder, the files in it that hold rows by their names, sorted.

    Folders in it are looked into, hidden ones not. Where a folder is an export, its data alone is
    meant; of one that `datasets` saved, the shards that it names. Raises FileNotFoundError where
    nothing is.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no file {path}")
    if (path / MANIFEST).is_file():
        data = [path / name for name in DATA_FILES.values() if (path / name).is_file()]
        if data:
            return data
    found = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and _holds_rows(file)
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    found = [file for file in found if not _is_beside_rows(file)]
    if not found:
        endings = ", ".join(ROW_ENDINGS)
        raise FileNotFoundError(f"there is no file with rows ({endings}) in the folder {path}")
    return found


def _holds_rows(file: Path) -> bool:
    name = file.name
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name.endswith(ROW_ENDINGS)


def _is_beside_rows(file: Path) -> bool:
    """Whether a file of an export or a saved data set is a description of it, or a cache."""
    if file.name == "dataset_dict.json":
        return True
    if file.name == MANIFEST and any(
        file.with_name(name).is_file() for name in DATA_FILES.values()
    ):
        return True
    state = file.with_name(_STATE)
    if not (state.is_file() and file.with_name("dataset_info.json").is_file()):
        return False
    return file.name in _DESCRIPTIONS or (
        file.suffix == ".arrow" and file.name not in _shards(state)
    )


def _shards(state: Path) -> set[str]:
    """The files that a saved data set consists of. Raises ValueError where it does not say."""
    try:
        told = json.loads(state.read_text("utf-8"))
        return {one["filename"] for one in told["_data_files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{state} does not name the files of its data set, as datasets writes it: save it anew "
            "with save_to_disk, or give the .arrow files themselves"
        ) from error
