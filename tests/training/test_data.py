"""Reading the examples of an export, and splitting them by problem."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from training.data import MASKED, Example, read_export, split_by_problem
from training.data_files import ExportError
from training.spelling import same_text

Row = dict[str, Any]


def write_export(
    folder: Path,
    rows: Sequence[Row | str],
    form: str = "jsonl",
    n_rows: int | None = None,
    **told: object,
) -> Path:
    """An export as the labeling package writes it; a str row is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    content = "".join(line + "\n" for line in lines).encode()
    (folder / "data.jsonl").write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "rows": n_rows or len(rows)}
    manifest = {"format": form, "files": {"data.jsonl": entry}, **told}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def row(
    labels: Sequence[float | None], first_error: int | None, problem: str = "Tom has 3 apples"
) -> Row:
    steps = [f"step {i}" for i in range(len(labels))]
    return {
        "problem": problem,
        "gold_answer": "7",
        "generator": "g",
        "steps": steps,
        "labels": labels,
        "first_error": first_error,
        "problem_id": "p1",
    }


def test_labels_become_targets(tmp_path: Path) -> None:
    rows = [
        row([1, 0, -1, 1, None], 2),
        row([1, None, 0], -1),
        row([-1, -1], 0),
    ]
    export = read_export(write_export(tmp_path, rows))
    assert [e.targets for e in export.examples] == [
        (1, 1, 0, MASKED, MASKED),
        (1, MASKED, 1),
        (0, MASKED),
    ]
    assert [e.first_error for e in export.examples] == [2, -1, 0]
    assert export.checksum == hashlib.sha256((tmp_path / "data.jsonl").read_bytes()).hexdigest()


def test_soft_labels_are_rates_where_there_are_any(tmp_path: Path) -> None:
    rows = [
        {**row([1, 0, -1, None], 2), "rates": [0.875, None, 0.125, 1.0]},
        {**row([1, None, 1], -1), "rates": [1, 0.5, 0.25]},
        {**row([1, -1], 1), "rates": None},
        row([1, 1], -1),
    ]
    export = read_export(write_export(tmp_path, rows), "soft")
    assert [e.targets for e in export.examples] == [
        (0.875, 1, 0.125, MASKED),  # the rate at the first error is no hard 0
        (1, MASKED, 0.25),  # nobody said that the second step is right
        (1, 0),
        (1, 1),
    ]
    assert export.n_soft == 2
    with pytest.raises(ExportError, match="no success rates.*--labels hard"):
        read_export(write_export(tmp_path, rows[2:]), "soft")


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    folder = write_export(tmp_path, [row([1, 1], -1), row([1, -1], 1)])
    data = folder / "data.jsonl"
    whole = data.read_bytes()
    data.write_bytes(whole[:-10])
    with pytest.raises(ExportError, match="changed or cut short"):
        read_export(folder)
    write_export(tmp_path, [row([1], -1)], n_rows=2)
    with pytest.raises(ExportError, match="1 rows where .* records 2"):
        read_export(folder)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "Expecting"),
        ("[]", "no JSON object"),
        (row([1], 0), "first_error is 0, but the first label of -1 is at -1"),
        (row([1, -1], 0), "first_error is 0"),
        (row([1], 1), "first_error must be -1 or the index"),
        (row([1], True), "first_error must be"),
        ({**row([1], -1), "steps": ["a", "b"]}, "2 steps have 1 labels"),
        (row([0.5], -1), "labels must be"),
        (row([True], -1), "labels must be"),
        ({**row([1], -1), "steps": []}, "steps must be"),
        ({**row([1], -1), "problem": " "}, "problem must be"),
        ({"problem": "p", "steps": ["a"]}, "no field 'labels'"),
        ({**row([1], -1), "rates": [0.5, 0.5]}, "rates must be"),
        ({**row([1], -1), "rates": [1.5]}, "rates must be"),
        ({**row([1], -1), "rates": [True]}, "rates must be"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, bad: Row | str, message: str) -> None:
    folder = write_export(tmp_path, [row([1, 1], -1), bad])
    with pytest.raises(ExportError, match=message) as caught:
        read_export(folder)
    assert f"{folder / 'data.jsonl'}:2:" in str(caught.value)


def test_no_export_and_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no manifest\.json"):
        read_export(tmp_path)
    write_export(tmp_path, [row([1], -1)], "parquet")
    with pytest.raises(ExportError, match="format is 'parquet'"):
        read_export(tmp_path)
    write_export(tmp_path, [])
    with pytest.raises(ExportError, match="no rows"):
        read_export(tmp_path)
    write_export(tmp_path, [row([1], -1)])
    (tmp_path / "data.jsonl").unlink()
    with pytest.raises(ExportError, match="incomplete"):
        read_export(tmp_path)


def test_unusual_line_separators_in_texts_are_kept(tmp_path: Path) -> None:
    problem = "a\u2028b\u0085c"
    line = json.dumps(row([1], -1, problem), ensure_ascii=False)
    assert read_export(write_export(tmp_path, [line])).examples[0].problem == problem


def test_two_spellings_of_a_problem_are_on_one_side() -> None:
    words = [f"What is {i} + {i}?" for i in range(40)]
    spelt = [text for word in words for text in (word, word.replace("What", " WHAT"), f"${word}$")]
    examples = tuple(Example(text, ("a",), (1,), -1) for text in spelt)
    parts = split_by_problem(examples, 0.3, seed=1)
    training_part, validation = ({same_text(one.problem) for one in part} for part in parts)
    assert not training_part & validation
    assert (len(validation), len(parts[1])) == (12, 36)


def test_split_shares_no_problem_and_is_seeded() -> None:
    examples = tuple(Example(f"problem {i % 20}", ("a",), (1,), -1) for i in range(100))
    training_part, validation = split_by_problem(examples, 0.2, seed=1)
    assert not {e.problem for e in training_part} & {e.problem for e in validation}
    assert len({e.problem for e in validation}) == 4
    assert len(training_part) + len(validation) == 100
    assert split_by_problem(examples, 0.2, seed=1) == (training_part, validation)
    others = {frozenset(e.problem for e in split_by_problem(examples, 0.2, s)[1]) for s in range(9)}
    assert len(others) > 1
    with pytest.raises(ExportError, match="one problem"):
        split_by_problem(examples[:1], 0.2, seed=1)
