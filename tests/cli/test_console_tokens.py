"""The console's tokens at the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from forgewall.cli import console_tokens, main
from forgewall.review.console.settings import Settings
from forgewall.review.console.tokens import Tokens
from forgewall.review.person import Role


def test_tokens_are_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = str(tmp_path / "events")
    assert main(["console", "--events", events, "--new-token", "ben", "--role", "reviewer"]) == 0
    printed = capsys.readouterr().out
    assert "ben (reviewer)" in printed
    text = re.search(r"fgw_\S+", printed)
    assert text is not None
    tokens = Tokens(tmp_path / "events" / "console-tokens.json")
    found = tokens.find(text[0])
    assert found is not None
    assert found.role is Role.REVIEWER
    assert main(["console", "--events", events, "--new-token", "cy"]) == 0
    assert main(["console", "--events", events, "--new-token", "cy"]) == 2
    capsys.readouterr()
    assert main(["console", "--events", events, "--list-tokens"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"ben +reviewer +made \d{4}", listed)
    assert re.search(r"cy +viewer", listed)
    assert "fgw_" not in listed
    assert main(["console", "--events", events, "--revoke-token", "ben"]) == 0
    assert tokens.find(text[0]) is None
    assert main(["console", "--events", events, "--revoke-token", "ben"]) == 2
    assert "there are: cy" in capsys.readouterr().err
    log = "".join(path.read_text() for path in (tmp_path / "events").glob("*.jsonl"))
    assert [json.loads(line)["event"]["action"] for line in log.splitlines()] == ["token"] * 3
    assert text[0] not in log


def test_a_role_belongs_to_a_new_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["console", "--events", str(tmp_path), "--role", "viewer"]) == 2
    assert "--new-token" in capsys.readouterr().err


def test_the_first_start_makes_a_token_and_no_other_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(events=tmp_path, policy=tmp_path / "forgewall.yaml")
    console_tokens.greet(settings)
    first = capsys.readouterr().out
    assert "http://127.0.0.1:8088/\n" in first
    text = re.search(r"fgw_\S+", first)
    assert text is not None
    found = Tokens(settings.token_file).find(text[0])
    assert found is not None
    assert (found.name, found.role) == (console_tokens.login(), Role.REVIEWER)
    console_tokens.greet(settings)
    assert capsys.readouterr().out == "forgewall console on http://127.0.0.1:8088/\n"
    Tokens(settings.token_file).revoke(found.name)
    console_tokens.greet(settings)
    assert "--new-token" in capsys.readouterr().out


def test_its_address_as_a_browser_writes_it(tmp_path: Path) -> None:
    def url(host: str, *hosts: str) -> str:
        return console_tokens.url(
            Settings(events=tmp_path, policy=tmp_path, listen=(host, 8088), hosts=frozenset(hosts))
        )

    assert url("::1") == "http://[::1]:8088/"
    assert url("0.0.0.0", "console.acme.example") == "http://console.acme.example:8088/"


def test_an_account_without_a_name_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ACME\\ana b")
    assert console_tokens.login() == "ACME-ana-b"
    monkeypatch.setattr(console_tokens.getpass, "getuser", lambda: (_ for _ in ()).throw(OSError()))
    assert re.fullmatch(r"uid-\d+", console_tokens.login())
