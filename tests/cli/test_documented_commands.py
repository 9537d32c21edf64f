"""The commands of README and docs, run; those that need what is not here are named with why."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.steplens import steplens
from tests.support.data import shared_data
from tests.test_docs import FENCE, PAGES, ROOT, commands

# Part of a command -> what it needs that no test machine has.
NEEDS = {
    "Qwen/": "a GPU, and weights from the hub",
    "RLHFlow/": "a GPU, and weights from the hub",
    "/models/my-own": "a checkpoint of the reader's",
    "postgresql://": "a PostgreSQL server of that name (the database tests run on a real one)",
    "held-out --share": "a project without exports (tests/cli/test_annotators.py)",
    "resegment": "a solution of the reader's (tests/db/test_recuts.py)",
    "steplens lessons": "an hour (tests/labeling/lessons run a small one)",
    " app": "an end: it serves until it is stopped (tests/app/test_serve.py)",
}
NAMES = {
    "mc:NAME": "mc:policy-k8-scan",
    "judge:NAME": "judge:judge-playground",
    "mc:...": "mc:policy-k8-scan",
    "judge:...": "judge:judge-playground",
    "OUT_DIR": "an-export",
    "prm:my-prm": "prm:prm",
}
DB = "sqlite:///docs.db"
RUN = sorted({page for page in PAGES if page.name not in ("README.md", "cli.md")})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the docs name, and a project with every kind of annotator."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("gsm8k", "math"):
        rows = json.loads(shared_data(f"processbench/{name}.json").read_text("utf-8"))
        (folder / f"{name}.json").write_text(json.dumps(rows[:2]), "utf-8")
    with gzip.open(shared_data("prm800k_phase1/train.jsonl.gz"), "rt", encoding="utf-8") as lines:
        few = "".join(itertools.islice(lines, 2))
    with gzip.open(folder / "phase1_train.jsonl.gz", "wt", encoding="utf-8") as out:
        out.write(few)
    shutil.copy(shared_data("formats/samples_math-shepherd.jsonl"), folder / "math-shepherd.jsonl")
    for number, name in enumerate(("mine.jsonl", "solutions.jsonl", "more.jsonl.gz")):
        row = json.dumps({"problem": f"{number} + 1?", "steps": [f"It is {number + 1}."]})
        content = (row + "\n").encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    responses = [
        {"final_answer": str(n % 3), "is_correct": n % 3 == 0, "scores": [0.9, n / 8]}
        for n in range(8)
    ]
    row = json.dumps({"problem": "0 + 0?", "gold_answer": "0", "responses": responses})
    (folder / "responses.jsonl").write_text(row + "\n", "utf-8")
    for info, block in FENCE.findall((ROOT / "docs" / "bring-your-own.md").read_text("utf-8")):
        if info.startswith("json "):  # The name of the file follows.
            (folder / info.removeprefix("json ")).write_text(block, "utf-8")
    blocks = FENCE.findall((ROOT / "docs" / "training.md").read_text("utf-8"))
    settings = next(block for language, block in blocks if language == "toml")
    (folder / "run.toml").write_text(settings, "utf-8")
    sample = ("playground", "sample", "--problems", "6", "--solutions", "8", "--seed", "1")
    steplens(folder, *sample, db=DB)
    for _, arguments in commands(ROOT / "README.md"):
        if arguments[0] == "import":
            steplens(folder, *arguments, db=DB)
    dataset = ("--dataset", "playground")
    steplens(
        folder, "annotate", "mc", "--model", "playground:policy", "--seed", "1", *dataset, db=DB
    )
    judge = ("--model", "playground:judge", "--prompt", "playground")
    steplens(folder, "annotate", "judge", *judge, *dataset, db=DB)
    steplens(folder, "annotate", "prm", "--model", "playground:prm", db=DB)
    return folder


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_what_the_docs_say_to_type_works(page: Path, project: Path) -> None:
    for line, arguments in commands(page):
        if not any(part in line for part in NEEDS):
            done = steplens(project, *(NAMES.get(one, one) for one in arguments), db=DB)
            assert "Traceback" not in done.output, line


def test_what_is_not_run_is_still_in_the_docs() -> None:
    lines = [line for page in PAGES for line, _ in commands(page)]
    for part, need in NEEDS.items():
        assert need
        assert any(part in line for line in lines), f"no command has {part!r} any more"
