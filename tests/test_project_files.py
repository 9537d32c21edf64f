"""What joins, serves and cites the project says nothing that is not so: container, CI, citation."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from app.cli.main import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_image_installs_extras_that_exist() -> None:
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / "Dockerfile").read_text())
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_image_leaves_out_nothing_that_is_packaged() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert "!pyproject.toml" in ignored
    assert not {"app", "labeling", "models", "db", "training", "*.md"} & set(ignored)


def test_the_composed_app_is_a_command_line_of_ours(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.touch()
    app = read("compose.yaml")["services"]["app"]
    words = [re.sub(r"\$\{PUBLIC_NAME[^}]*\}", "steplens.example.org", w) for w in app["command"]]
    words = [word.replace("/run/secrets/steplens.toml", str(secrets)) for word in words]
    context = main.commands[words[0]].make_context(words[0], words[1:])
    assert context.params["host"] == "0.0.0.0"
    assert context.params["public_names"] == ("steplens.example.org",)
    port = str(context.params["port"])
    assert app["ports"] == [f"127.0.0.1:{port}:{port}"]  # to the proxy of this machine alone


def test_composed_volumes_and_secrets_are_declared() -> None:
    compose = read("compose.yaml")
    for service in compose["services"].values():
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert set(service.get("depends_on", [])) <= set(compose["services"])


def test_ci_and_hooks_run_what_there_is() -> None:
    jobs = read(".github/workflows/ci.yml")["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for run in runs:
        tool, _, target = run.partition(" ")
        assert target in targets if tool == "make" else (ROOT / tool).exists(), run
    assert ".ci/run" in runs
    for hook in read(".pre-commit-config.yaml")["repos"][0]["hooks"]:
        for word in hook["entry"].split():
            if word.startswith("tests/"):
                assert (ROOT / word).exists(), word


def test_the_citation_is_of_this_version() -> None:
    cited = read("CITATION.cff")
    assert cited["version"] == PROJECT["version"]
    assert cited["license"] == PROJECT["license"]
    assert "arXiv:2501.07301" in cited["references"][0]["journal"]
