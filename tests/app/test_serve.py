"""Where the app may be served, and the sign-in without which it stays on this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.auth.sign_in import is_loopback, providers, read_sign_in
from app.cli.doctor import examine
from app.cli.main import main
from app.serve import Where, checked_sign_in, server_command

GOOD = """
[auth]
redirect_uri = "https://steplens.example.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "c"
client_secret = "s"
server_metadata_url = "https://accounts.example.org/.well-known/openid-configuration"
"""


# What the secrets must have


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.org", "", None)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[auth]", "[other]", "no [auth] section"),
        ("[auth]", "[auth", "cannot be read"),
        ("0123456789abcdef0123", "", "shorter than 32"),
        ('client_secret = "s"', "", "lacks client_secret"),
        ("https://steplens", "http://steplens", "must begin with https://"),
        ("https://accounts", "http://accounts", "must begin with https://"),
        ("/oauth2callback", "/callback", "must end in"),
        ("[auth]", "[steplens]\npeople = 3\n[auth]", "people of [steplens] in"),
        ("[auth]", '[steplens]\nmanagers = "ada"\n[auth]', "managers of [steplens] in"),
    ],
)
def test_secrets_that_cannot_work_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ValueError, match=re.escape(said)):
        read_sign_in(file)


def test_providers_by_name() -> None:
    one = {"client_id": "c"}
    assert providers({"cookie_secret": "x", "google": one, "okta": one}) == ["google", "okta"]
    assert providers({**one, "client_kwargs": {"scope": "openid"}}) == ["default"]


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and working folder without secrets of anybody's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_secrets_of_the_working_folder_are_found(at_home: Path) -> None:
    assert read_sign_in() is None
    (at_home / ".streamlit").mkdir()
    (at_home / ".streamlit" / "secrets.toml").write_text(GOOD)
    sign_in = read_sign_in()
    assert sign_in is not None
    assert sign_in.host == "steplens.example.org"
    check = next(one for one in examine("sqlite://") if one.what == "sign-in")
    assert check.state == "ok"


# Who is let in


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "without sign-in anybody could label"),
        (["--host", "::"], "without sign-in anybody could label"),
        (["--host", "192.0.2.7", "--public-name", "a.example.org"], "without sign-in"),
        (["--public-name", "a.example.org"], "without sign-in"),
        (["--public-name", "*"], "give a host name alone"),
        (["--public-name", "https://a.example.org"], "give a host name alone"),
        (["--host", "0.0.0.0", "--secrets", "good.toml"], "--public-name NAME"),
        (["--secrets", "good.toml"], "--public-name steplens.example.org"),
        (
            ["--host", "0.0.0.0", "--secrets", "good.toml", "--public-name", "a.example.org"],
            "--public-name steplens.example.org",
        ),
        (["--secrets", "empty.toml"], "no [auth] section"),
    ],
)
@pytest.mark.parametrize("command", ["app", "demo"])
def test_a_server_that_would_let_in_anybody_does_not_start(
    at_home: Path, command: str, options: list[str], said: str
) -> None:
    (at_home / "good.toml").write_text(GOOD)
    (at_home / "empty.toml").write_text("x = 1\n")
    done = CliRunner().invoke(main, [command, *options])
    assert done.exit_code == 1
    assert said in done.output
    assert "\n" not in done.output.strip()
    assert not list(at_home.glob("*.db"))


def test_the_server_takes_no_module_of_the_working_folder_for_ours(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("raise SystemExit('not ours')")
    command, _ = server_command("sqlite://", Where())
    python = command[: command.index("-m")]
    done = subprocess.run([*python, "-c", "import models"], cwd=tmp_path, check=False)
    assert done.returncode == 0


def test_the_server_keeps_its_safe_options(at_home: Path) -> None:
    file = at_home / "good.toml"
    file.write_text(GOOD)
    plain = Where()
    assert checked_sign_in(plain) is None
    command, environment = server_command("sqlite://", plain)
    assert "STEPLENS_SIGN_IN" not in environment
    assert {"--server.address=127.0.0.1", "--server.allowedHosts=localhost"} <= set(command)
    open_to_all = Where(8501, "0.0.0.0", ("steplens.example.org",), file)
    sign_in = checked_sign_in(open_to_all)
    command, environment = server_command("sqlite://", open_to_all, sign_in)
    assert environment["STEPLENS_SIGN_IN"] == "1"
    assert [one for one in command if "allowedHosts" in one] == [
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=steplens.example.org",
    ]
    for safe in (
        "--server.enableXsrfProtection=true",
        "--server.enableCORS=true",
        "--server.trustedUserHeaders={}",
        f"--secrets.files={file}",
    ):
        assert safe in command
