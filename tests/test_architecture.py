"""The folder tree is the architecture: who may import whom, and what stays out of the app."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "app": {"app", "labeling", "training", "models", "db"},
    "labeling": {"labeling", "training", "models", "db"},
    "training": {"training", "models"},
    "models": {"models"},
    "db": {"db"},
}
# What only some files of labeling may reach: the job that trains, two pure metrics, and the script
# that makes the shipped PRM.
TRAINING_FROM_LABELING = {
    "labeling/jobs/training.py",
    "labeling/evaluation/processbench.py",
    "labeling/prm/job.py",
    "labeling/demo/build.py",
}
KEPT_OUT_OF_APP = {"sqlalchemy", "torch", "transformers", "vllm"}


def modules() -> list[Path]:
    return [file for package in MAY_IMPORT for file in sorted((ROOT / package).rglob("*.py"))]


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
    return {name.split(".")[0] for name in found}


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_one_way(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    reached = imported(file) & MAY_IMPORT.keys()
    assert reached <= MAY_IMPORT[package]
    if package == "labeling" and "training" in reached:
        assert str(file.relative_to(ROOT)) in TRAINING_FROM_LABELING
    if package == "app":
        assert not imported(file) & KEPT_OUT_OF_APP


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text())), f"{file} has no docstring"


def test_the_app_and_the_command_line_start_without_torch() -> None:
    code = (
        "import pkgutil, importlib, sys, app, labeling\n"
        "names = ['app.cli.main', 'app.serve', 'app.cli.doctor', 'app.ui.project',\n"
        "         'labeling.jobs.runner',\n"
        "         'labeling.montecarlo.job', 'labeling.judge.job',\n"
        "         'labeling.prm.job', 'labeling.consensus.run',\n"
        "         'labeling.evaluation.processbench',\n"
        "         'labeling.jobs.importing', 'labeling.review.items', 'labeling.demo.sample']\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(sorted({'torch', 'transformers', 'vllm', 'math_verify'} & sys.modules.keys()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"
