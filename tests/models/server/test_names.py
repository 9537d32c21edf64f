"""Names of models behind a server, and what they may not hold."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db import jobs
from db.engine import Database
from labeling.jobs.runner import start_job
from models.errors import ModelError
from models.names import ServerName, parse_model_name, parse_server_names, short_name


@pytest.mark.parametrize(
    ("target", "model", "base", "place"),
    [
        ("qwen@http://localhost:8000", "qwen", "http://localhost:8000/v1", "localhost:8000"),
        ("qwen@http://localhost:8000/v1/", "qwen", "http://localhost:8000/v1", "localhost:8000"),
        ("Qwen/Q2.5:7b@HTTP://GPU1", "Qwen/Q2.5:7b", "http://gpu1/v1", "gpu1:80"),
        ("a@b@https://x.org/openai", "a@b", "https://x.org/openai/v1", "x.org:443"),
        ("g@https://x.org/v1beta/openai/", "g", "https://x.org/v1beta/openai", "x.org:443"),
        ("g@http://[::1]:8000", "g", "http://[::1]:8000/v1", "[::1]:8000"),
    ],
)
def test_server_names(target: str, model: str, base: str, place: str) -> None:
    name = parse_server_names(target)[0]
    assert name == ServerName(model, base)
    assert name.place == place
    assert parse_model_name(f"openai:{target}").target == target


def test_several_servers_have_commas_between_them() -> None:
    two = parse_server_names("Qwen/Q2.5:7b@http://gpu1:8000,https://GPU2/openai/v1/")
    assert two == (
        ServerName("Qwen/Q2.5:7b", "http://gpu1:8000/v1"),
        ServerName("Qwen/Q2.5:7b", "https://gpu2/openai/v1"),
    )
    with pytest.raises(ModelError, match="same server twice"):
        parse_server_names("m@http://a:1,http://A:1/v1")


def test_the_root_is_where_vllm_has_its_own_endpoints() -> None:
    assert parse_server_names("m@http://h:1/v1")[0].root_url == "http://h:1"
    assert parse_server_names("m@https://h/openai/v1")[0].root_url == "https://h/openai"


@pytest.mark.parametrize(
    "spec",
    [
        "openai:gpt",
        "openai:gpt@localhost:8000",
        "openai:@http://localhost",
        "openai:m@http://",
        "openai:m@http://host:notaport",
        "openai:m@http://[::1",
        "openai:m@http://a,",
        "openai:m@http://a,b:8000",
    ],
)
def test_incomplete_server_names_say_the_form(spec: str) -> None:
    with pytest.raises(ModelError, match="openai:MODEL@BASE_URL"):
        parse_model_name(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "openai:m@http://me:hunter2@host/v1",
        "openai:m@https://hunter2@host",
        "openai:m@https://host/v1?key=hunter2",
        "openai:m@http://host/#hunter2",
        "openai:m@http://host,http://me:hunter2@other",
        "opeani:m@http://me:hunter2@host",
    ],
)
def test_secrets_in_a_name_are_refused_unrepeated_and_never_stored(
    spec: str, database: Database
) -> None:
    with pytest.raises(ModelError, match="STEPLENS_API_KEY") as refused:
        parse_model_name(spec)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ModelError):
        start_job(database, "annotate_mc", {"model": spec})
    done = CliRunner().invoke(main, ["--db", database.url, "annotate", "mc", "--model", spec])
    assert done.exit_code == 1
    assert "hunter2" not in done.output
    assert jobs.list_jobs(database) == []


def test_an_annotator_is_named_after_the_model_not_the_address() -> None:
    assert short_name("openai:Qwen/Qwen2.5-7B@http://localhost:8000/v1") == "Qwen2.5-7B"
    assert short_name("openai:qwen2.5:7b@http://localhost:11434") == "qwen2.5:7b"
    assert short_name("transformers:Qwen/Qwen2.5-7B") == "Qwen2.5-7B"
