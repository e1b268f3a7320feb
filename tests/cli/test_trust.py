from __future__ import annotations

import argparse
import hashlib
import shlex
from pathlib import Path

import pytest

from forgewall.cli import trust
from forgewall.errors import StartError, UsageError
from forgewall.proxy.certificates import ensure_ca


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    trust.add_parser(parser.add_subparsers())
    return trust.run(parser.parse_args(["trust", *arguments]))


def snapshot(root: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(path): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted([root, *root.rglob("*")])
    }


def test_it_names_every_client_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, certs = tmp_path / "home", tmp_path / "certs"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    ca = ensure_ca(certs)
    before = snapshot(tmp_path)
    assert run("--certs", str(certs), "--proxy", "http://proxy.acme.example:3128") == 0
    assert snapshot(tmp_path) == before
    text = capsys.readouterr().out
    assert ca.fingerprint in text
    assert str(ca.certificate_path) in text
    for client in ("git", "curl", "Node", "Python", "Java", "Docker", "Go", "Debian", "RHEL", "macOS", "Windows"):
        assert any(line.startswith(client) or f" {client}" in line for line in text.splitlines()), client
    assert "git config --global http.proxy http://proxy.acme.example:3128" in text
    assert "-Dhttps.proxyHost=proxy.acme.example -Dhttps.proxyPort=3128" in text
    assert "forgewall-ca.key" not in text


def test_before_the_first_start_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--certs", str(tmp_path / "certs")) == 0
    assert "isn't there yet" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_paths_with_blanks_and_quotes_stay_one_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs = tmp_path / "it's my dir; $(x)"
    run("--certs", str(certs))
    certificate = str(certs / "forgewall-ca.pem")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    commands = [line for line in lines if "my dir" in line and not line.startswith("certutil")]
    assert len(commands) > 10
    for command in commands:
        assert any(certificate in word for word in shlex.split(command)), command


@pytest.mark.parametrize("url", ["proxy:8080", "socks5://x:1", "http://", "http://x:y", "http://a b:1", "http://[::1"])
def test_a_bad_proxy_url_is_a_usage_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="--proxy"):
        run("--certs", str(tmp_path), "--proxy", url)


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "forgewall-ca.pem").write_text("x")
    with pytest.raises(StartError, match="no certificate in PEM"):
        run("--certs", str(tmp_path))
