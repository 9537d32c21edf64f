"""Parquet files: read as the JSON of the same rows is, and broken ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from labeling.formats.reading import read_rows
from tests.labeling.formats.test_rows import GOOD, read_all, solutions_of, write_rows
from tests.support.data import shared_data


def table(path: Path, rows: list[Any], **options: Any) -> Path:
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, **options)
    return path


@pytest.mark.parametrize("format", sorted(GOOD))
def test_rows_are_those_of_json(format: str, tmp_path: Path) -> None:
    rows = [GOOD[format]] * 1200
    read = read_all(format, table(tmp_path / "file.parquet", rows))
    assert read == read_all(format, write_rows(tmp_path / "file.jsonl", *rows))
    assert len(read[0]) == 1200 * solutions_of(format, tmp_path)


def test_real_rows_are_those_of_json(tmp_path: Path) -> None:
    source = shared_data("processbench/gsm8k.json")
    path = tmp_path / "gsm8k.parquet"
    pd.DataFrame(json.loads(source.read_text("utf-8"))).to_parquet(path)
    found = read_all("processbench", path)[0]
    wanted = read_all("processbench", source)[0]
    assert [(row.problem, row.steps, row.labels, row.dataset) for row in found] == (
        [(row.problem, row.steps, row.labels, row.dataset) for row in wanted]
    )
    assert len(found) == 400


def test_gaps_of_pandas_and_values_that_json_has_not(tmp_path: Path) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    rows = [
        {"problem": "p", "steps": ["a", "b"], "first_error": 1.0, "meta": {"at": at}},
        {"problem": "q", "steps": ["a", "b"], "first_error": None, "meta": None},
        {"problem": "r", "steps": ["a", ""], "first_error": -1.0, "meta": None},
    ]
    path = tmp_path / "file.parquet"
    pd.DataFrame(rows).to_parquet(path)
    found, rejections = read_all("jsonl", path)
    assert rejections == []
    assert [row.labels[0].first_error for row in found] == [1, None, -1]
    assert found[0].meta["at"].startswith("2026-01-02")
    schema = pyarrow.schema(
        [("problem", pyarrow.binary()), ("steps", pyarrow.list_(pyarrow.string()))]
    )
    binary = [{"problem": b"p", "steps": ["a"]}, {"problem": b"\xff", "steps": ["a"]}]
    parquet.write_table(pyarrow.Table.from_pylist(binary, schema), path)
    found, (rejection,) = read_all("jsonl", path)
    assert (len(found), rejection.line) == (1, 2)
    assert "not UTF-8" in rejection.reason


def test_broken_files(tmp_path: Path) -> None:
    rows = [GOOD["jsonl"] | {"id": f"{number}" * 20} for number in range(5000)]
    path = table(tmp_path / "file.parquet", rows, row_group_size=1000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="is a Parquet file that cannot be read"):
        read_rows("jsonl", path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b"\xff" * 3000 + whole[middle + 3000 :])
    found, rejections = read_all("jsonl", path)
    assert 1000 <= len(found) < 5000
    assert "damaged" in rejections[-1].reason
    assert read_all("jsonl", table(path, rows[:1]))[1] == []


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    path = table(tmp_path / "file.parquet", [GOOD["jsonl"]] * 3000)
    positions: list[int] = []
    assert sum(1 for _ in read_rows("jsonl", path, on_bytes=positions.append)) == 3000
    assert len(positions) > 2
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    rows = [
        GOOD["processbench"] | {"steps": [os.urandom(200).hex() for _ in range(8)], "label": -1}
        for _ in range(500)
    ]
    path = tmp_path / "big.parquet"
    group = pyarrow.Table.from_pylist(rows)
    with parquet.ParquetWriter(path, group.schema, use_dictionary=False) as file:
        for _ in range(50):
            file.write_table(group)
    assert path.stat().st_size > 60e6
    code = (
        "import re, sys; import pyarrow.parquet\n"
        "from labeling.formats.reading import read_rows\n"
        "peak = lambda: re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "before, rows = peak(), read_rows('processbench', sys.argv[1])\n"
        "print(sum(row.labels[0].first_error == -1 for row in rows), before, peak())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    count, before, peak = map(int, done.stdout.split())
    assert count == 25_000
    assert peak - before < 50 * 1024  # kB
