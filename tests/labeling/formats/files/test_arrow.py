"""Arrow files and the folders that `datasets` saves: read as the JSON of the same rows is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import ipc

from labeling.formats.files.folders import file_stem, files_of
from labeling.formats.reading import read_rows
from tests.labeling.formats.test_rows import GOOD, read_all, solutions_of, write_rows

OPENERS = {"stream": ipc.new_stream, "file": ipc.new_file}


def arrow(path: Path, rows: list[Any], form: str = "stream", chunk: int = 700) -> Path:
    table = pyarrow.Table.from_pylist(rows)
    with OPENERS[form](str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return path


def saved(folder: Path, *shards: list[Any]) -> Path:
    """A folder as datasets.Dataset.save_to_disk leaves it, with a cache of map() in it."""
    folder.mkdir(parents=True)
    names = [f"data-{at:05}-of-{len(shards):05}.arrow" for at in range(len(shards))]
    for name, rows in zip(names, shards, strict=True):
        arrow(folder / name, rows)
    arrow(folder / "cache-1a2b.arrow", [GOOD["jsonl"] | {"id": "cached"}])
    state = {"_data_files": [{"filename": name} for name in names], "_format_type": None}
    (folder / "state.json").write_text(json.dumps(state, indent=2))
    (folder / "dataset_info.json").write_text(json.dumps({"features": {}}, indent=2))
    return folder


@pytest.mark.parametrize("form", OPENERS)
@pytest.mark.parametrize("format", sorted(GOOD))
def test_rows_are_those_of_json(format: str, form: str, tmp_path: Path) -> None:
    rows = [GOOD[format]] * 1200
    read = read_all(format, arrow(tmp_path / "file.arrow", rows, form))
    assert read == (read_all(format, write_rows(tmp_path / "file.jsonl", *rows))[0], [])
    assert len(read[0]) == 1200 * solutions_of(format, tmp_path)


def test_a_saved_data_set_is_its_shards_and_nothing_else(tmp_path: Path) -> None:
    rows = [GOOD["jsonl"] | {"id": str(number)} for number in range(4)]
    folder = saved(tmp_path / "eggs", rows[:3], rows[3:])
    files = files_of(folder)
    found = [row for file in files for row in read_all("jsonl", file)[0]]
    assert [row.external_id for row in found] == ["0", "1", "2", "3"]
    assert {row.dataset for row in found} == {"eggs"}


def test_a_saved_dict_of_splits_is_named_by_them(tmp_path: Path) -> None:
    for split in ("gsm8k", "math"):
        saved(tmp_path / "bench" / split, [GOOD["processbench"]])
    (tmp_path / "bench" / "dataset_dict.json").write_text('{"splits": ["gsm8k", "math"]}')
    files = files_of(tmp_path / "bench")
    found = [row.dataset for file in files for row in read_all("processbench", file)[0]]
    assert found == ["processbench-gsm8k", "processbench-math"]


def test_a_state_that_names_no_files_says_what_to_do(tmp_path: Path) -> None:
    folder = saved(tmp_path / "eggs", [GOOD["jsonl"]])
    (folder / "state.json").write_text("{}")
    with pytest.raises(ValueError, match="save it anew with save_to_disk"):
        files_of(folder)


def test_a_shard_is_named_without_its_number() -> None:
    assert file_stem(Path("data/test-00000-of-00002.parquet")) == "test"
    assert file_stem(Path("eggs/data-00000-of-00001.arrow")) == "eggs"
    assert file_stem(Path("SCAN-Base.train-100.jsonl")) == "SCAN-Base.train-100"


@pytest.mark.parametrize("form", OPENERS)
def test_broken_files(form: str, tmp_path: Path) -> None:
    rows = [GOOD["jsonl"] | {"id": str(number)} for number in range(5000)]
    path = arrow(tmp_path / "file.arrow", rows, form)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    if form == "file":  # its directory stands at the end
        with pytest.raises(ValueError, match="is an Arrow file that cannot be read"):
            read_rows("jsonl", path)
    else:
        found, (rejection,) = read_all("jsonl", path)
        assert 700 <= len(found) < 5000
        assert "damaged" in rejection.reason
    path.write_bytes(whole[:40])
    with pytest.raises(ValueError, match="is an Arrow file that cannot be read"):
        read_rows("jsonl", path)


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    path = arrow(tmp_path / "file.arrow", [GOOD["jsonl"]] * 3000)
    positions: list[int] = []
    assert sum(1 for _ in read_rows("jsonl", path, on_bytes=positions.append)) == 3000
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size
