"""Data sets of the Hub: what is asked for, and what is said where it cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from labeling.formats.files.hub import given_files
from tests.labeling.formats.test_import_job import command
from tests.labeling.formats.test_rows import GOOD, write_rows


def test_the_files_of_a_data_set_are_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[Any] = []

    def download(name: str, **options: Any) -> str:
        asked.append((name, options["repo_type"], options["revision"], options["allow_patterns"]))
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", download)
    row = write_rows(tmp_path / "gsm8k.json", GOOD["processbench"])
    (tmp_path / "README.md").write_text("A data set.")
    assert given_files("hf://datasets/Qwen/ProcessBench") == [row]
    assert given_files("hf://datasets/Qwen/ProcessBench@refs%2Fpr%2F1/gsm8k.json") == [row]
    assert asked == [
        ("Qwen/ProcessBench", "dataset", None, None),
        ("Qwen/ProcessBench", "dataset", "refs/pr/1", ["gsm8k.json", "gsm8k.json/**"]),
    ]
    (tmp_path / "own").mkdir()
    result = command(tmp_path / "own", "import", "hf://datasets/Qwen/ProcessBench")
    assert "Added 1 solution" in result.output


def test_what_cannot_be_had_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_: Any, **__: Any) -> str:
        raise ConnectionError("no route to the Hub\nmore")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(ValueError, match=r"ConnectionError: no route to the Hub\)\. Is the name"):
        given_files("hf://datasets/a/b")
    with pytest.raises(ValueError, match="write hf://datasets/OWNER/NAME"):
        given_files("hf://a/b")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match="pip install huggingface_hub"):
        given_files("hf://datasets/a/b")
