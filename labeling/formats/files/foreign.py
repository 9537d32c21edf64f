"""Files that hold no rows: what they are, and what to do with them."""

from __future__ import annotations

import re

from labeling.formats.base import Json
from labeling.formats.fields import shown

_PANDAS = '.to_json("rows.jsonl", orient="records", lines=True)'
_UTF_8 = "Convert it: iconv -f UTF-16 -t UTF-8 FILE > rows.jsonl"
# The first bytes, what they mean, and the way out.
_KINDS = (
    (b"PK\x03\x04", "a zip archive", "Unpack it, and import the files in it"),
    (b"\xff\xfe", "UTF-16 text", _UTF_8),
    (b"\xfe\xff", "UTF-16 text", _UTF_8),
)
_LINES = 20  # of the beginning, in which at least one must look like a row
_STRING_OR_MARK = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.S)


def other_kind(start: bytes) -> str | None:
    """What a file is that begins with these bytes, if it is of a kind that is not read at all."""
    for magic, kind, advice in _KINDS:
        if start.startswith(magic):
            return f"{kind}, not JSON. {advice}"
    return None


def no_rows(start: bytes) -> str | None:
    """Why there will be no row in a text that begins so, and what to do; None if there may be.

    Only what concerns the whole file is said: a text in which any of the first lines looks like a
    row is read, and its bad rows are reported one by one.
    """
    if start[:4096].count(0) > len(start[:4096]) // 4:
        return f"the file is UTF-16 text without a byte order mark. {_UTF_8}".replace(
            "-f UTF-16", "-f UTF-16BE" if start[:1] == b"\0" else "-f UTF-16LE"
        )
    if start.lstrip()[:1] == b"[":
        return None
    lines = [line.strip() for line in start.split(b"\n", 2 * _LINES) if line.strip()][:_LINES]
    if len(lines) < 2 or any(line[:1] == b"{" and line[-1:] == b"}" for line in lines):
        return None
    if lines[0][:1] == b"{":
        name = _field_of_rows(start)
        if name is not None:
            return (
                f"the file is one JSON object, not a row a line. If its rows are in {shown(name)}, "
                f"take them out: jq -c '.[\"{name}\"][]' FILE > rows.jsonl"
            )
        return (
            "the file has JSON objects over several lines, not a row a line. Write each on one: "
            "jq -c . FILE > rows.jsonl"
        )
    first = shown(lines[0].decode("utf-8", "replace"))
    if any(mark in lines[0] and mark in lines[1] for mark in (b",", b"\t", b";")):
        return (
            f"the file looks like CSV, not JSON: it begins with {first}. Write it as JSON lines, "
            f'with "steps" a list or "solution" a text: pandas.read_csv(FILE){_PANDAS}'
        )
    return f"the file is not JSON: it begins with {first}"


def advice_on(row: Json) -> str:
    """What a JSON value that is no row may be instead; empty where nothing comes to mind."""
    if not isinstance(row, dict):
        return ""
    if isinstance(row.get("problem"), dict) or isinstance(row.get("input"), dict):
        return f". This looks like a table by columns; write one by rows: frame{_PANDAS}"
    if not row.keys() & {"problem", "question", "input", "steps", "label"}:
        for name, value in row.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                return f". If the rows are in {shown(name)}, take that list out of the object"
    return ""


def _field_of_rows(text: bytes) -> str | None:
    """The field of an object that holds a list of objects; None where none is in sight."""
    depth, name, before = 0, b"", b""
    for found in _STRING_OR_MARK.finditer(text):
        mark = found[0]
        if mark == b"{" and before == b"[" and depth == 2:
            return name.decode("utf-8", "replace")
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        elif depth == 1:
            name = mark[1:-1]
        before = mark
    return None
