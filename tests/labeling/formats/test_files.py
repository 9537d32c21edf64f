"""Import files: broken ones, huge ones, any bytes; reading goes on and memory stays constant."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.records import ImportRow
from labeling.formats.catalog import READERS
from labeling.formats.files import compression, stream
from labeling.formats.files.folders import file_stem, files_of
from labeling.formats.reading import Note, Rejection, read_rows
from tests.labeling.formats.test_rows import GOOD, read_all, write_rows

ROW = json.dumps(GOOD["jsonl"])


@pytest.mark.parametrize("list_form", [False, True])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"problem": "p", "steps": ["a\xff"]}', "not UTF-8"),
        (b'{"problem": "p", "steps": ["a"],}', "bad JSON"),
        (b'{"problem": "p", "steps": [NaN]}', "bad JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"problem": ' + b"9" * 5000 + b"}", "thousands of digits"),
        (b"null", "the row must be an object, not null"),
        (b'"text"', "must be an object"),
        (b"12", "must be an object"),
    ],
)
def test_reading_goes_on_after_a_bad_row(
    tmp_path: Path, list_form: bool, bad: bytes, reason: str
) -> None:
    good = ROW.encode()
    content = b"[\n%s,\n%s,\n%s\n]" if list_form else b"%s\n%s\n%s"
    path = tmp_path / "file.json"
    path.write_bytes(content % (good, bad, good))
    rows, rejections = read_all("jsonl", path)
    assert len(rows) == 2
    assert [(found.line, found.path) for found in rejections] == [(3 if list_form else 2, path)]
    assert reason in rejections[0].reason


@pytest.mark.parametrize(
    ("content", "good", "reason"),
    [
        ("", 0, "empty"),
        (f"[{ROW},", 1, "ends inside the JSON list"),
        (f"[{ROW}, {{", 1, "ends inside this row"),
        (f"[{ROW}] x", 1, "after the end"),
        ("not json", 0, "bad JSON"),
    ],
)
def test_broken_files(tmp_path: Path, content: str, good: int, reason: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    rows, rejections = read_all("jsonl", path)
    assert len(rows) == good
    assert len(rejections) == 1
    assert reason in rejections[0].reason


def test_blank_lines_and_a_byte_order_mark_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{ROW}\r\n\r\n\n{ROW}".encode())
    rows, rejections = read_all("jsonl", path)
    assert (len(rows), rejections) == (2, [])


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pyarrow.compress(content, "zstd", asbytes=True),
}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("list_form", [False, True])
def test_compressed_files_are_known_by_content(
    tmp_path: Path, list_form: bool, packing: str
) -> None:
    rows = [GOOD["jsonl"] | {"id": str(number)} for number in range(5000)]
    text = json.dumps(rows) if list_form else "".join(json.dumps(row) + "\n" for row in rows)
    path = tmp_path / "file.json"
    path.write_bytes(PACKED[packing](text.encode()))
    found, rejections = read_all("jsonl", path)
    assert ([row.external_id for row in found], rejections) == ([row["id"] for row in rows], [])
    if not list_form:
        path.write_bytes(path.read_bytes() * 2)  # as `cat` makes of two files
        assert len(read_all("jsonl", path)[0]) == 10_000


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("list_form", [False, True])
def test_truncated_files_give_the_rows_before_and_a_rejection(
    tmp_path: Path, list_form: bool, packing: str
) -> None:
    rows = [GOOD["jsonl"] | {"id": os.urandom(80).hex()} for _ in range(20_000)]
    text = json.dumps(rows) if list_form else "\n".join(map(json.dumps, rows))
    path = tmp_path / "file.jsonl.gz"
    packed = PACKED[packing](text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    found, rejections = read_all("jsonl", path)
    assert 2000 < len(found) < 19_000
    assert len(rejections) == 1
    assert "truncated" in rejections[0].reason


def test_a_row_without_end_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.formats.files.stream.MAX_ROW", 1 << 20)
    path = tmp_path / "file.jsonl"
    path.write_text(f'{ROW}\n{{"problem": "{"x" * (5 << 20)}"}}\n{ROW}\n')
    rows, rejections = read_all("jsonl", path)
    assert [len(rows), [found.line for found in rejections]] == [2, [2]]
    path.write_text(f'[{ROW},\n{{"problem": "{"x" * (5 << 20)}')
    rows, rejections = read_all("jsonl", path)
    assert [len(rows), [found.line for found in rejections]] == [1, [2]]


def test_what_cannot_be_read_at_all_raises_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_rows("jsonl", tmp_path / "nothing.jsonl")
    with pytest.raises(IsADirectoryError):
        read_rows("jsonl", tmp_path)
    with pytest.raises(ValueError, match="known: jsonl, processbench"):
        read_rows("csv", tmp_path / "nothing.csv")
    (tmp_path / "table").write_bytes(b"PAR1xxxx")
    with pytest.raises(ValueError, match="is a Parquet file"):
        read_rows("jsonl", tmp_path / "table")


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_progress_is_in_bytes_on_disk_and_ends_at_the_size(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"file{ending}"
    rows = [json.dumps(GOOD["jsonl"] | {"id": os.urandom(90).hex()}) for _ in range(9001)]
    text = "\n".join(rows)
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    positions: list[int] = []
    assert sum(1 for _ in read_rows("jsonl", path, on_bytes=positions.append)) == 9001
    assert len(positions) > 2
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size


def test_file_stem() -> None:
    names = ("gsm8k.json", "a.b.jsonl.gz", "c.jsonl.zst", "plain", ".json")
    assert [file_stem(Path(name)) for name in names] == ["gsm8k", "a.b", "c", "plain", ".json"]


def test_a_folder_stands_for_the_files_with_rows_in_it(tmp_path: Path) -> None:
    for name in (
        "b.jsonl",
        "a.json.xz",
        "more/c.ndjson.zst",
        "README.md",
        ".hidden.jsonl",
        "d.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(ROW)
    for name in (".git", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / ".git" / "e.json").write_text(ROW)
    names = [str(file.relative_to(tmp_path)) for file in files_of(tmp_path)]
    assert names == ["a.json.xz", "b.jsonl", "more/c.ndjson.zst"]
    assert files_of(tmp_path / "README.md") == [tmp_path / "README.md"]  # asked for by name
    with pytest.raises(FileNotFoundError, match=r"no file with rows \(.json, .jsonl"):
        files_of(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        files_of(tmp_path / "nothing")


# Laws

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = []
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [path, *(found for key, item in items for found in _paths(item, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_row_with_any_value_anywhere_never_raises(tmp_path: Path, data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(sorted(READERS)))
    good = GOOD[format]
    row = _replaced(good, data.draw(st.sampled_from(_paths(good))), data.draw(JSON))
    rows, rejections = read_all(format, write_rows(tmp_path / "file.jsonl", good, row, good))
    assert len(rows) + len(rejections) >= 3
    for found in rows:
        assert found.steps
        json.dumps([found.problem, found.steps, found.meta], ensure_ascii=False).encode()
        assert all(len(label.scores) == len(found.steps) for label in found.labels)
        assert "\x00" not in "".join([found.problem, *found.steps, found.generator])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200), st.booleans(), st.sampled_from(sorted(READERS)))
def test_any_bytes_in_a_file_never_raise(
    tmp_path: Path, noise: bytes, at: int, list_form: bool, format: str
) -> None:
    row = json.dumps(GOOD[format])
    text = (f"[{row}, {row}]" if list_form else f"{row}\n{row}\n").encode()
    path = tmp_path / "file.json"
    path.write_bytes(b" " + text[:at] + noise + text[at:])
    assert all(isinstance(found, ImportRow | Rejection | Note) for found in read_rows(format, path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(JSON.filter(lambda value: value == value), max_size=8), st.integers(1, 7))
def test_a_list_is_cut_where_json_cuts_it(tmp_path: Path, items: list[Any], indent: int) -> None:
    items = json.loads(json.dumps(items).replace("NaN", "0").replace("Infinity", "1"))
    path = tmp_path / "file.json"
    path.write_text(json.dumps(items, indent=indent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "CHUNK", indent)  # Every kind of value meets a window's edge.
        assert [value.value for value in stream.open_values(path)] == items


# Memory


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("form", ["list", "gz"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    row = GOOD["processbench"] | {"steps": ["A step. " * 60] * 8, "label": -1}
    block = json.dumps([row] * 250)[1:-1].replace('"x-1"', '"x-2"')
    path = tmp_path / ("big.json" if form == "list" else "big.jsonl.gz")
    if form == "list":
        with path.open("w") as file:
            file.write("[")
            file.write((block + ",\n") * 99 + block)
            file.write("]")
        assert path.stat().st_size > 95e6
    else:
        lines = (json.dumps(row) + "\n").encode() * 250
        with path.open("wb") as raw:
            member = gzip.compress(lines, 1)
            for _ in range(100):
                raw.write(member)
    # Not getrusage: its peak begins with that of the process that started this one.
    code = (
        "import re, sys; from labeling.formats.reading import read_rows\n"
        "peak = lambda: re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "before, rows = peak(), read_rows('processbench', sys.argv[1])\n"
        "print(sum(row.labels[0].first_error == -1 for row in rows), before, peak())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    count, before, peak = map(int, done.stdout.split())
    print(
        f"{form}: {count} rows, peak {peak / 1024:.0f} MB, of which imports {before / 1024:.0f} MB"
    )
    assert count == 25_000
    assert peak < 150 * 1024  # kB


# Files of another kind


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (
            json.dumps({"version": 1, "data": [GOOD["jsonl"]] * 900}, indent=1),
            """jq -c '.["data"][]'""",
        ),
        (json.dumps(GOOD["prm800k"], indent=2), "jq -c . FILE"),
        ("\n".join([json.dumps(GOOD["jsonl"], indent=2)] * 900), "jq -c . FILE"),
        ("problem,steps,label\n" + '"1+1?","[\'It is 2.\']",1\n' * 900, "pandas.read_csv(FILE)"),
        ("problem\tsteps\n" + "1+1?\tIt is 2.\n" * 900, "looks like CSV"),
        ("problem: 1+1?\nsteps:\n- It is 2.\n" * 900, "it begins with 'problem: 1+1?'"),
    ],
    ids=["object of rows", "object", "objects", "csv", "tsv", "yaml"],
)
def test_a_file_of_another_kind_is_one_error_that_says_what_to_do(
    tmp_path: Path, content: str, advice: str
) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    rows, (rejection,) = read_all("jsonl", path)
    assert rows == []
    assert rejection.line == 1
    assert advice in rejection.reason


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("list_form", [False, True])
def test_utf_16_without_a_mark_is_one_error(tmp_path: Path, encoding: str, list_form: bool) -> None:
    text = json.dumps([GOOD["jsonl"]] * 900) if list_form else f"{ROW}\n" * 900
    path = tmp_path / "file.jsonl"
    path.write_bytes(text.encode(encoding))
    rows, (rejection,) = read_all("jsonl", path)
    assert rows == []
    assert (
        f"iconv -f {encoding.upper().replace('-LE', 'LE').replace('-BE', 'BE')}" in rejection.reason
    )
    fixed = tmp_path / "fixed.jsonl"
    fixed.write_text(path.read_bytes().decode(encoding))
    assert len(read_all("jsonl", fixed)[0]) == 900


def test_an_object_on_one_line_that_is_no_row_is_told_from_a_row(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"data": [GOOD["jsonl"]]}))
    assert "If the rows are in 'data'" in read_all("jsonl", path)[1][0].reason
    path.write_text(json.dumps({"problem": {"0": "1+1?"}, "steps": {"0": ["It is 2."]}}))
    assert 'orient="records"' in read_all("processbench", path)[1][0].reason


def test_bad_first_lines_do_not_cost_the_rows_after_them(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(f"# made by a script\nloading, please wait, 100%\n{ROW}\n{ROW}\n")
    rows, rejections = read_all("jsonl", path)
    assert (len(rows), [found.line for found in rejections]) == (2, [1, 2])
    path.write_text('{"problem": NaN}\n' * 50 + ROW)
    rows, rejections = read_all("jsonl", path)
    assert (len(rows), len(rejections)) == (1, 50)
