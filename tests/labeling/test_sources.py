"""What training learns from: exports, and files in any import format, with weights."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from db.engine import Database
from db.ingest import insert_rows
from db.records import ImportRow
from labeling.consensus.held_out import hold_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.formats.reading import read_rows
from labeling.sources import REPEATED, SEVERAL, UNREAD, read_sources
from models.prm.encoding import Encoded
from tests.support.data import shared_data
from tests.support.tiny import save_tiny_policy, tiny_tokenizer
from tests.training.test_data import Row, row, write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.data import MASKED, Example, HeldOut, read_export
from training.data_files import ExportError
from training.engine import batches
from training.engine.batches import Item, encode_examples, epoch_size, make_batches, portions
from training.sources import HELD_OUT, TrainingData
from training.train import train

PHASE_1 = "prm800k_phase1/train.jsonl.gz"
SHEPHERD = {
    "input": "What is 1 + 1? Step 1: 1 + 1 = 2. ки\nStep 2: So 3. ки\nStep 3: Done. ки",
    "label": "What is 1 + 1? Step 1: 1 + 1 = 2. +\nStep 2: So 3. -\nStep 3: Done. -",
    "task": "GSM8K",
}
TRL = {"prompt": "What is 2 + 2?", "completions": ["It is 4.", "Or 5."], "labels": [True, False]}


def lines(file: Path, *rows: Any) -> Path:
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return file


def targets(data: TrainingData) -> Counter[tuple[str, tuple[str, ...], tuple[float, ...]]]:
    return Counter((one.problem, one.steps, one.targets) for one in data.examples)


def test_files_of_several_formats_are_one_training(tmp_path: Path) -> None:
    shepherd = lines(tmp_path / "shepherd.jsonl", SHEPHERD)
    parquet = tmp_path / "trl.parquet"
    write_table(pa.Table.from_pylist([TRL]), parquet)
    export = write_export(tmp_path / "export", [row([1, -1, None], 1, "What is 3 + 3?")])
    data = read_sources([shepherd, f"{parquet}:0.5", export / "data.jsonl"])
    assert [one.format for one in data.sources] == ["math-shepherd", "trl", "jsonl"]
    assert [one.weight for one in data.sources] == [1, 0.5, 1]
    assert [(one.targets, one.weight) for one in data.examples] == [
        ((1, 0, MASKED), 1),
        ((1, 0), 0.5),
        ((1, 0, MASKED), 1),
    ]
    assert data.examples[0].problem == "What is 1 + 1?"
    told = data.manifest()
    assert told == json.loads(json.dumps(told))
    assert [one["steps"] for one in told] == [2, 2, 2]


def test_what_is_left_out_is_counted_by_its_reason(tmp_path: Path) -> None:
    two = {"problem": "p", "steps": ["a"], "labels": [1], "annotations": []}
    two["annotations"] = [{"kind": "judge", "name": "j", "first_error": 0}]
    unsaid = {"problem": "p", "steps": ["a", "b"], "labels": [1, None]}
    rows = [two, {**two, "annotations": []}, {**two, "annotations": []}, {"problem": "p"}, unsaid]
    (source,) = read_sources([lines(tmp_path / "rows.jsonl", *rows)], format="jsonl").sources
    assert source.left_out == {SEVERAL: 1, REPEATED: 1, UNREAD: 1, "no verdict by human:rows": 1}
    assert source.solutions == source.steps == 1
    assert "line 4" in source.faults[0]
    with pytest.raises(ExportError, match="nothing to learn from: labels of several annotators"):
        read_sources([lines(tmp_path / "two.jsonl", two)])
    with pytest.raises(ExportError, match=r"cannot be read \(1\).*line 1: problem is missing"):
        read_sources([lines(tmp_path / "bad.jsonl", {"steps": ["a"]})], format="jsonl")
    with pytest.raises(ExportError, match="no success rates"):
        read_sources([lines(tmp_path / "hard.jsonl", rows[1])], "soft")


@pytest.mark.parametrize(
    ("format", "good", "bad", "message"),
    [
        ("trl", TRL, {**TRL, "labels": [True, 0]}, r"labels\[1\] must be true or false"),
        ("math-shepherd", SHEPHERD, {**SHEPHERD, "label": "+"}, "label is not the text of input"),
        (
            "processbench",
            {"problem": "p", "steps": ["a", "b"], "label": 1},
            {"problem": "p", "steps": ["a", "b"], "label": 2},
            "label is 2, outside",
        ),
        (
            "prm800k",
            {
                "question": {"problem": "p", "pre_generated_steps": ["a", "b"]},
                "label": {
                    "steps": [
                        {"completions": [{"text": "a", "rating": 1}], "chosen_completion": 0},
                        {"completions": [{"text": "b", "rating": -1}], "chosen_completion": None},
                    ],
                    "finish_reason": "found_error",
                },
            },
            {
                "question": {"problem": "p", "pre_generated_steps": ["a"]},
                "label": {
                    "steps": [{"completions": [{"text": "a", "rating": 1}]}],
                    "finish_reason": "solution",
                },
            },
            "no verdict",
        ),
    ],
)
def test_an_export_in_another_format_says_what_its_file_says(
    tmp_path: Path, format: str, good: Row, bad: Row, message: str
) -> None:
    export = write_export(tmp_path / "export", [good], format)
    data = read_sources([export])
    assert [source.format for source in data.sources] == [format]
    assert targets(data) == targets(read_sources([lines(tmp_path / "file.jsonl", good)]))
    assert data.examples[0].targets[:2] == (1, 0)
    worse = write_export(tmp_path / "bad", [good, bad], format)
    with pytest.raises(ExportError, match=message) as caught:
        read_sources([worse])
    assert f"{worse / 'data.jsonl'}:2:" in str(caught.value)


@pytest.mark.parametrize("weight", ["0", "1.2.3", "1e999"])
def test_a_weight_that_is_none_is_refused(tmp_path: Path, weight: str) -> None:
    with pytest.raises(ValueError, match="a weight is a number above 0"):
        read_sources([f"{lines(tmp_path / 'trl.jsonl', TRL)}:{weight}"])
    with pytest.raises(FileNotFoundError):
        read_sources([tmp_path / "none:x"])


def test_a_file_may_have_a_name_that_looks_like_a_weight(tmp_path: Path) -> None:
    assert read_sources([lines(tmp_path / "trl:2", TRL)]).sources[0].weight == 1


def test_what_an_export_holds_out_is_in_no_other_source(tmp_path: Path) -> None:
    part = HeldOut(0.3, 4)
    rows = visible_rule(40, seed=1)
    inside = [one for one in rows if one["problem"] not in part]
    export = write_export(tmp_path / "export", inside, held_out={"share": 0.3, "seed": 4})
    more = lines(tmp_path / "more.jsonl", *rows)
    data = read_sources([more, export])
    assert not any(example.problem in part for example in data.examples)
    assert data.held_out == part
    assert data.sources[0].left_out[HELD_OUT] == len(rows) - len(inside) > 0
    assert data.sources[0].solutions == len(data.examples) - len(inside)
    assert data.checksum == read_export(export).checksum  # by which an evaluation finds the part
    other = write_export(
        tmp_path / "other",
        [one for one in rows if one["problem"] not in HeldOut(0.2, 5)],
        held_out={"share": 0.2, "seed": 5},
    )
    with pytest.raises(ExportError, match="different problems"):
        read_sources([export, other])


def test_the_identity_of_data_is_their_content_format_and_weight(tmp_path: Path) -> None:
    first, same = (lines(tmp_path / name, TRL) for name in ("a.jsonl", "b.jsonl"))
    other = lines(tmp_path / "c.jsonl", {**TRL, "prompt": "What is 2 + 3?"})
    one = read_sources([first]).identity
    assert read_sources([same]).identity == one
    for given in ([other], [f"{first}:2"], [first, other]):
        assert read_sources(given).identity != one
    assert read_sources([first, other]).identity != read_sources([first, f"{other}:2"]).identity
    export = write_export(tmp_path / "export", [row([1], -1)])
    assert read_sources([export]).identity == read_export(export).checksum


def test_files_with_success_rates_teach_them_too() -> None:
    file = shared_data("formats/SCAN-Base.train-100.jsonl")
    hard, soft = (read_sources([file], labels) for labels in ("hard", "soft"))
    assert {target for one in hard.examples for target in one.targets} <= {0, 1, MASKED}
    assert any(0 < target < 1 for one in soft.examples for target in one.targets)
    assert soft.sources[0].soft == soft.sources[0].solutions == 100


def test_an_epoch_draws_by_weight(tmp_path: Path) -> None:
    def some(weight: float, n: int) -> list[Example]:
        return [Example(f"{weight} {i}", ("a",), (1.0,), -1, weight) for i in range(n)]

    examples = [*some(1.0, 10), *some(0.5, 10), *some(2.5, 4)]
    items = encode_examples(tiny_tokenizer(), examples, 0, 128, "")
    assert epoch_size(items) == 10 + 5 + 10
    seen: Counter[int] = Counter()
    for epoch in range(20):
        batches = make_batches(items, 4, 0.3, random.Random(epoch))
        drawn = Counter(id(item) for batch in batches for item in batch)
        assert drawn.total() == 25
        assert all(drawn[id(item)] == 1 for item in items[:10])
        assert all(drawn[id(item)] in (2, 3) for item in items[20:])
        seen.update(drawn)
    assert all(seen[id(item)] > 0 for item in items[10:20])  # another half each time


def test_prm800k_of_a_file_and_of_its_consensus_teach_the_same(
    database: Database, tmp_path: Path
) -> None:
    """A rating is of its own step: no step that nobody rated there becomes right by a consensus."""
    few = tmp_path / "few.jsonl"
    with gzip.open(shared_data(PHASE_1), "rt", encoding="utf-8") as rows:
        few.write_text("".join(itertools.islice(rows, 25)), "utf-8")
    said = [one for one in read_rows("prm800k", few) if isinstance(one, ImportRow)]
    insert_rows(database, said)
    hold_out(database, HeldOut(0.0))
    export_consensus(database, tmp_path / "export", "jsonl", Rule(("human:prm800k",)))
    by_file, by_consensus = (read_sources([one]) for one in (few, tmp_path / "export"))
    assert by_consensus.sources[0].format == "jsonl"
    assert targets(by_consensus).keys() == targets(by_file).keys()
    alone = {
        (one.problem, one.steps): label.scores
        for one in said
        if not one.meta["trajectory"]
        for label in one.labels
    }
    learnt = [one for one in by_file.examples if (one.problem, one.steps) in alone]
    assert len(learnt) > 100
    assert all(set(one.targets[:-1]) <= {MASKED} and one.targets[-1] >= 0 for one in learnt)


@pytest.fixture(scope="module")
def phase_1() -> TrainingData:
    return read_sources([shared_data(PHASE_1)])


def test_the_whole_of_prm800k_phase_1(phase_1: TrainingData) -> None:
    """48,672 ratings: 1,915 are of a text that is offered twice at its step, 2,098 of chains
    without a verdict, 3,222 are said again."""
    (source,) = phase_1.sources
    assert (source.solutions, source.steps) == (31_379, 41_437)
    assert source.left_out == {REPEATED: 3_222, "no verdict by human:prm800k": 138}
    ends = Counter(target for one in phase_1.examples for target in one.targets if target != MASKED)
    assert ends == {1.0: 24_624, 0.0: 16_813}


def test_batches_of_like_lengths_hardly_pad(
    phase_1: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of 16 out of windows of 64 and of WINDOW solutions; words and signs for tokens."""
    items = []
    for one in phase_1.examples:
        n = sum(len(re.findall(r"\w+|[^\w\s]", text)) for text in (one.problem, *one.steps))
        items.append(Item(Encoded(tuple(range(n)), (n - 1,), 1), (1.0,), one.first_error, 1))

    def padding(window: int) -> float:
        monkeypatch.setattr(batches, "WINDOW", window)
        made = make_batches(items, 16, 0.3, random.Random(0))
        run = [part for batch in made for part in portions(batch, 1, 16_384)[0]]
        lengths = [[len(one.encoded.ids) for one in part] for part in run]
        return sum(len(one) * max(one) for one in lengths) / sum(map(sum, lengths))

    assert batches.WINDOW == 1024
    assert padding(64) > 1.3
    assert padding(1024) < 1.05


def test_several_sources_reach_the_checkpoint_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    policy = save_tiny_policy(tmp_path / "policy")
    export = write_export(tmp_path / "export", visible_rule(60, seed=1))
    rows: list[Row] = visible_rule(60, seed=2)
    more = lines(tmp_path / "more.jsonl", *rows)
    config = TrainConfig(epochs=3, max_length=128)
    leaked = str(rows[0]["problem"])
    sets = {"bench": [f"{leaked}."]}

    class Stopped(Exception):
        pass

    said: list[str] = []

    def run(weight: str, stop: bool) -> None:
        def report(done: int, total: int, message: str) -> None:
            if stop and "epoch 2" in message:
                raise Stopped

        data = read_sources([export, f"{more}:{weight}"])
        out = tmp_path / "prm"
        train(data, str(policy), out, config, report, evaluation_sets=sets, say=said.append)

    with pytest.raises(Stopped):
        run("0.5", stop=True)
    with pytest.raises(Stopped):
        run("2", stop=True)
    assert not any("continues" in line for line in said)
    run("0.5", stop=False)
    assert any("continues an earlier run" in line for line in said)
    told = json.loads((tmp_path / "prm" / "steplens.json").read_text("utf-8"))
    assert [(one["format"], one["weight"]) for one in told["data"]] == [
        ("jsonl", 1),
        ("jsonl", 0.5),
    ]
    assert told["report"]["leaks"] == {"bench": 1}
