"""JSON values out of a file of any size: JSON lines or one JSON list.

A list is read by decoding one element after another out of a sliding window (the standard
library's `raw_decode`). docs/architecture.md says why not by ijson: a bad row costs that row only.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from labeling.formats.base import Json
from labeling.formats.files.compression import BrokenFile, unpacked
from labeling.formats.files.foreign import no_rows, other_kind

MAX_ROW = 16 << 20  # characters; the longest real rows are some 100 kB.

_STRING_OR_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.S)
_BLANKS = re.compile(r"[\s,]*")
_DIGITS = re.compile(r"[-+.0-9eE]*")


class Value(NamedTuple):
    """One row of the file: the JSON value and its first line, or why there is none."""

    line: int
    value: Json
    error: str | None = None


def open_values(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[Value]:
    """Open `path` now, and yield its rows lazily, in memory that does not grow with the file.

    `on_bytes` is told the position in the file on disk (packed as it is) as reading
    goes on. Raises OSError for a file that cannot be opened, ValueError for one of another kind.
    """
    file = open(path, "rb")  # noqa: SIM115  closed by the generator below
    start = file.read(8)
    file.seek(0)
    kind = other_kind(start)
    if kind is not None:
        file.close()
        raise ValueError(f"{path} is {kind}")
    return _values(file, on_bytes)


def _values(file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[Value]:
    with file:
        chunks = unpacked(file, on_bytes)
        line = 1
        try:
            first = next(chunks, b"").removeprefix(codecs.BOM_UTF8)
            if not first:
                yield Value(1, None, "the file is empty")
                return
            reason = no_rows(first)
            if reason is not None:
                yield Value(1, None, reason)
                return
            read = _list_items if first.lstrip().startswith(b"[") else _json_lines
            for value in read(chain([first], chunks)):
                line = value.line
                yield value
        except BrokenFile as error:
            yield Value(line, None, f"{error}; the rows after this line are lost")


def _json_lines(chunks: Iterator[bytes]) -> Iterator[Value]:
    line, tail, skipping = 1, b"", False
    for chunk in chunks:
        *complete, tail = (tail + chunk).split(b"\n")
        for text in complete:
            if not skipping and text.strip():
                yield _decode(line, text)
            skipping = False
            line += 1
        if len(tail) > MAX_ROW:
            if not skipping:
                yield Value(
                    line,
                    None,
                    f"the line is longer than {MAX_ROW >> 20} MB. If it is an object that "
                    "holds all rows, take their list out of it",
                )
            tail, skipping = b"", True
    if tail.strip() and not skipping:
        yield _decode(line, tail)


def _decode(line: int, text: bytes) -> Value:
    # Bytes that are not UTF-8 become lone surrogates, which the field checks refuse by name.
    try:
        value = _DECODER.decode(text.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        return Value(line, None, _reason(error))
    return Value(line, value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "bad JSON: nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"bad JSON: {error.msg} (character {error.colno})"
    if "integer string conversion" in str(error):
        return "bad JSON: a number with thousands of digits"
    return f"bad JSON: {error}"


class _Window:
    """The part of the text that is not yet done with, and the line it begins on."""

    def __init__(self, chunks: Iterator[bytes]):
        self._chunks = chunks
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = ""
        self.at = 0
        self.line = 1
        self.ended = False

    def grow(self) -> None:
        """Read about as much again as is pending, so that a long row is not scanned too often."""
        parts = [self.text[self.at :]]
        wanted = max(1, len(parts[0]))
        while wanted > 0 and not self.ended:
            chunk = next(self._chunks, b"")
            self.ended = not chunk
            parts.append(self._decoder.decode(chunk, final=self.ended))
            wanted -= len(parts[-1])
        self.text, self.at = "".join(parts), 0

    def move(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def skip_blanks(self) -> str:
        """Move to the next character that is neither blank nor a comma; '' at the end."""
        while True:
            blanks = _BLANKS.match(self.text, self.at)
            self.move(blanks.end() if blanks else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.grow()


def _list_items(chunks: Iterator[bytes]) -> Iterator[Value]:
    window = _Window(chunks)
    window.skip_blanks()
    window.move(window.at + 1)  # the opening bracket
    while True:
        character = window.skip_blanks()
        if character == "]":
            window.move(window.at + 1)
            if window.skip_blanks():
                yield Value(window.line, None, "there is text after the end of the JSON list")
            return
        if not character:
            yield Value(window.line, None, "the file ends inside the JSON list")
            return
        try:
            value, end = _DECODER.raw_decode(window.text, window.at)
            reason = None
            # A number that reaches the edge of the window may go on behind it.
            complete = window.ended or _past_digits(window.text, end) < len(window.text)
        except (ValueError, RecursionError) as error:
            reason = _reason(error)
            end = _end_of_item(window.text, window.at)
            complete = end > 0
        if complete:
            yield Value(window.line, None if reason else value, reason)
            window.move(end)
        elif window.ended:
            yield Value(window.line, None, f"the file ends inside this row, or {reason}")
            return
        elif len(window.text) - window.at > MAX_ROW:
            yield Value(
                window.line,
                None,
                f"no end of this row within {MAX_ROW >> 20} MB; the rows after it are lost",
            )
            return
        else:
            window.grow()


def _past_digits(text: str, start: int) -> int:
    digits = _DIGITS.match(text, start)
    return digits.end() if digits else start


def _end_of_item(text: str, start: int) -> int:
    """Where a badly written list element ends, going by brackets and quotes; 0 if not in sight."""
    depth = 0
    for mark in _STRING_OR_MARK.finditer(text, start):
        character = mark[0]
        if character == '"':  # a string that does not end in this window
            return 0
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth == 0 or (depth < 0 and character == "}"):
                return mark.end()
            if depth < 0:
                return mark.start()
        elif character == "," and depth == 0:
            return mark.start()
    return 0
