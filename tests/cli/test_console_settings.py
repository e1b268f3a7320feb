"""What the command line of the console may say, and what it may not because it wouldn't be safe."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from forgewall.cli import console
from forgewall.cli.console_settings import listen_address, make_directory, settings
from forgewall.errors import UsageError
from forgewall.review.console import server
from forgewall.review.console.settings import Settings


def chosen(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    console.add_parser(parser.add_subparsers())
    return settings(parser.parse_args(["console", *words]))


def test_alone_it_serves_this_machine_with_tokens() -> None:
    plain = chosen()
    assert plain.listen == ("127.0.0.1", 8088)
    assert (plain.proxies, plain.with_tokens, plain.insecure_http) == (None, True, False)
    assert plain.index_file == Path("events/review.sqlite")
    assert plain.token_file == Path("events/console-tokens.json")
    assert chosen("--index", "/x/i.sqlite").token_file == Path("/x/console-tokens.json")
    server.check(plain)


def test_a_proxy_that_signs_people_in_turns_tokens_off_unless_asked_for() -> None:
    words = ("--trusted-proxy", "10.0.0.5", "--trusted-header", "X-Forwarded-User", "--reviewers", "ana, ben,")
    one = chosen(*words)
    assert one.proxies is not None
    assert one.proxies.reviewers == {"ana", "ben"}
    assert one.proxies.trusts("10.0.0.5")
    assert not one.with_tokens
    assert chosen(*words, "--tokens").with_tokens
    assert chosen("--trusted-proxy", "10.0.0.5").with_tokens


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--trusted-header", "X-Forwarded-User"], "need --trusted-proxy"),
        (["--reviewers", "ana"], "need --trusted-proxy"),
        (["--role-header", "X-Role"], "need --trusted-proxy"),
        (["--trusted-proxy", "10.0.0.5", "--reviewers", "ana"], "need --trusted-header"),
        (["--trusted-proxy", "0.0.0.0/0"], "would believe everybody"),
        (["--trusted-proxy", "::/0"], "would believe everybody"),
        (["--trusted-proxy", "proxy.acme.example"], "no address or network"),
        (["--trusted-proxy", "10.0.0.5/8"], "no address or network"),
        (["--trusted-proxy", "10.0.0.5", "--trusted-header", "Cookie"], "can't name people"),
        (["--trusted-proxy", "10.0.0.5", "--trusted-header", "X-Forwarded-For"], "can't name people"),
        (["--trusted-proxy", "10.0.0.5", "--trusted-header", "a b"], "can't name people"),
        (["--trusted-proxy", "10.0.0.5", "--trusted-header", "X-A", "--role-header", "x-a"], "two headers"),
        (["--host", "https://console.acme.example"], "no host name"),
        (["--listen", "8088"], "not HOST:PORT"),
        (["--listen", "127.0.0.1:http"], "not HOST:PORT"),
        (["--listen", "127.0.0.1:65536"], "not HOST:PORT"),
        (["--listen", ":8088"], "not HOST:PORT"),
    ],
)
def test_what_isnt_safe_or_means_nothing_is_refused(words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        chosen(*words)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "10.1.2.3", "console.acme.example"])
def test_other_machines_are_served_only_behind_https_or_when_it_is_said(host: str) -> None:
    with pytest.raises(UsageError, match="could be read on the way"):
        server.check(chosen("--listen", f"{host}:8088"))
    server.check(chosen("--listen", f"{host}:8088", "--insecure-http"))
    server.check(chosen("--listen", f"{host}:8088", "--trusted-proxy", "10.0.0.5"))


def test_addresses() -> None:
    assert listen_address("[::1]:0") == ("::1", 0)
    assert listen_address("localhost:8088") == ("localhost", 8088)


def test_a_directory_that_cant_be_is_a_mistake(tmp_path: Path) -> None:
    make_directory(Settings(events=tmp_path / "events", policy=tmp_path))
    assert (tmp_path / "events").stat().st_mode & 0o777 == 0o700
    with pytest.raises(UsageError, match="no event log in"):
        make_directory(Settings(events=tmp_path / "no" / "events", policy=tmp_path))
