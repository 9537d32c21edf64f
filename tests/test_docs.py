"""The docs do not drift: links, paths, names, commands and settings are those of the code."""

from __future__ import annotations

import dataclasses
import importlib
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

from app.cli.main import main
from docs.reference import reference
from labeling.formats.catalog import FORMATS, READERS, WRITERS
from labeling.judge.templates import shipped_prompts
from labeling.montecarlo.planner import STRATEGIES
from labeling.review.queues import QUEUES
from models.prm.schemes import SCHEMES
from training.config import TrainConfig

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = ("app", "labeling", "models", "training", "db")
FENCE = re.compile(r"^ *```([^\n`]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:{'|'.join((*CODE, 'tests', 'benchmarks', 'docs'))})/[\w./-]*")
DOTTED = re.compile(rf"(?:{'|'.join((*CODE, 'benchmarks'))})(?:\.\w+)+")
VARIABLE = re.compile(r"\bSTEPLENS_[A-Z]+(?:_[A-Z]+)*\b")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


@pages
def test_paths_and_names_exist(page: Path) -> None:
    for span in CODE_SPAN.findall(prose(page)):
        if PATH.fullmatch(span):
            assert (ROOT / span).exists(), f"{page.name}: {span}"
        elif DOTTED.fullmatch(span) and "." in span:
            assert resolves(span), f"{page.name}: {span}"


def resolves(dotted: str) -> bool:
    """Whether a module, or a name in one, is there."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def test_the_command_reference_is_what_help_says() -> None:
    assert text("docs/cli.md") == reference(), "run make docs"


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every `steplens` command in a page's fenced blocks, as written and as arguments."""
    for _, block in FENCE.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if "steplens" in line.split() else []
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words and words[0] == "steplens":
                yield line.strip(), words[1:]


@pages
def test_every_command_in_the_docs_can_be_typed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is parsed, down to its last option; what a value stands for is not looked at."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets.toml").write_text("", "utf-8")
    if page.name == "cli.md":  # What it shows are shapes, such as [OPTIONS].
        return
    refused = []
    for line, arguments in commands(page):
        try:
            typed(arguments)
        except click.ClickException as error:
            refused.append(f"{page.name}: {line}\n{error.format_message()}")
    assert refused == []


def typed(arguments: list[str]) -> None:
    """Parse `steplens ARGUMENTS` without running it. Raises click's errors."""
    command: click.Command = main
    context = command.make_context("steplens", arguments)
    while isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert inner is not None
        command, context = inner, inner.make_context(name, rest, parent=context)


def test_every_environment_variable_is_documented() -> None:
    files = [file for package in (*CODE, "tests") for file in (ROOT / package).rglob("*.py")]
    used = {name for file in files for name in VARIABLE.findall(file.read_text("utf-8"))}
    # Names of Python constants, and halves of names that a test looks for.
    used -= {"STEPLENS_FILE", "STEPLENS_API"}
    assert used <= set(VARIABLE.findall(text("docs/settings.md")))


def test_every_training_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text("docs/settings.md"), re.MULTILINE))
    for field in dataclasses.fields(TrainConfig):
        told = rows[field.name].strip().strip("`")
        if field.default not in (None, "", dataclasses.MISSING):
            assert told == str(field.default), field.name


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("docs/judge.md", shipped_prompts()),
        ("docs/montecarlo.md", STRATEGIES),
        ("docs/formats.md", FORMATS),
        ("docs/guide.md", QUEUES),
        ("docs/prms.md", SCHEMES),
    ],
)
def test_every_choice_is_documented(page: str, names: Iterable[str]) -> None:
    told = set(CODE_SPAN.findall(text(page)))
    assert set(names) <= told


def test_the_guide_calls_every_queue_what_the_screen_calls_it() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `(\w+)` \|", text("docs/guide.md"), re.MULTILINE)
    assert {name: words for words, name in rows} == {
        name: queue.words for name, queue in QUEUES.items()
    }


def test_the_table_of_formats_says_what_can_be_read_and_written() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| (yes)? ?\| (yes)? ?\|$", text("docs/formats.md"), re.MULTILINE
    )
    assert {name for name, read, _ in rows if read} == READERS.keys()
    assert {name for name, _, written in rows if written} == WRITERS.keys()


@pages
def test_every_make_target_and_python_module_in_the_docs_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", text("Makefile"), re.MULTILINE))
    told = page.read_text("utf-8")
    code = [*CODE_SPAN.findall(told), *(block for _, block in FENCE.findall(told))]
    for part in code:
        for words in re.findall(r"^make ((?:[a-z-]+ ?)+)", part, re.MULTILINE):
            assert set(words.split()) <= targets, f"{page.name}: make {words}"
        for module in re.findall(r"python -m ([\w.]+)", part):
            if module.split(".")[0] in (*CODE, "benchmarks"):
                assert resolves(module), f"{page.name}: python -m {module}"
