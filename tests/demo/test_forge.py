"""The local forge by itself: what it says it saw must be true, or the end-to-end tests prove nothing."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from demo.authority import Flaw
from demo.clients import Result
from demo.exchange import Behaviour
from demo.forge import Forge

from demo import clients

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    directory = tmp_path_factory.mktemp("origin")
    with Forge(directory / "forge", journal_file=directory / "journal.jsonl", raw_banner=b"SSH-2.0-forge\r\n") as forge:
        yield forge


@pytest.fixture
def forge(origin: Forge) -> Forge:
    origin.settle()
    origin.clear()
    return origin


def tls(forge: Forge, name: str = "github.com") -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(forge.ca_file))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", forge.tls_port), 10), server_hostname=name)


def exchange(forge: Forge, request: bytes) -> bytes:
    """Everything the forge answers on one TLS connection until it closes."""
    with tls(forge) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


def git(forge: Forge, home: Path, *arguments: str, cwd: Path | None = None) -> Result:
    """git straight to the forge, without a proxy."""
    direct = ["-c", f"http.curloptResolve=github.com:{forge.tls_port}:127.0.0.1"]
    return clients.run(["git", *direct, *arguments], env=clients.environment(home, ca_file=forge.ca_file), cwd=cwd)


def test_a_large_push_and_a_clone_keep_every_byte(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository("github.com/acme/api")
    url = f"https://github.com:{forge.tls_port}/acme/api"
    work, copy = tmp_path / "work", tmp_path / "copy"
    content = os.urandom(2_500_000)
    assert git(forge, tmp_path, "init", "-q", "-b", "main", str(work)).ok
    (work / "big.bin").write_bytes(content)
    assert git(forge, tmp_path, "add", ".", cwd=work).ok
    assert git(forge, tmp_path, "commit", "-qm", "big", cwd=work).ok
    pushed = git(forge, tmp_path, "push", url, "main", cwd=work)
    assert pushed.ok, str(pushed)
    assert git(forge, tmp_path, "clone", "-q", url + ".git", str(copy)).ok
    assert (copy / "big.bin").read_bytes() == content
    packs = forge.requests(method="POST", path="git-receive-pack")
    assert [pack.outcome for pack in packs] == ["complete", "complete"]
    assert packs[-1].body > len(content)
    assert packs[-1].header("transfer-encoding") == "chunked"


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 11\r\n\r\nhello world",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n",
    ],
    ids=["content-length", "chunked"],
)
def test_the_sink_tells_length_and_hash(forge: Forge, framed: bytes) -> None:
    answer = exchange(forge, b"PUT /x HTTP/1.1\r\nHost: github.com\r\nConnection: close\r\n" + framed)
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b'"bytes": 11' in answer
    (seen,) = forge.requests()
    assert (seen.outcome, seen.body, seen.sha256) == ("complete", 11, hashlib.sha256(b"hello world").hexdigest())


def test_a_broken_off_body_is_aborted_not_complete(forge: Forge) -> None:
    with tls(forge) as connection:
        connection.sendall(b"PUT /x HTTP/1.1\r\nHost: github.com\r\nContent-Length: 100\r\n\r\nhello")
    assert forge.settle(closed=True)
    assert [(seen.outcome, seen.body) for seen in forge.requests()] == [("aborted", 5)]


def test_a_pack_that_breaks_off_changes_no_ref(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository("github.com/acme/torn")
    head = b"POST /acme/torn/git-receive-pack HTTP/1.1\r\nHost: github.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    with tls(forge) as connection:
        connection.sendall(head + b"4\r\n0000\r\n")
    assert forge.settle(closed=True)
    assert [seen.outcome for seen in forge.requests()] == ["aborted"]
    assert forge.refs("github.com/acme/torn") == {}


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"PUT /x HTTP/1.1\r\nHost: github.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT /x HTTP/1.1\r\nHost: github.com\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        b"PUT /x HTTP/1.1\r\nHost: github.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PACK\x00\x01\x02 HTTP/1.1\r\n\r\n",
    ],
    ids=["two framings", "two lengths", "bad chunk size", "a pack as a request line"],
)
def test_bad_framing_is_malformed(forge: Forge, request_bytes: bytes) -> None:
    exchange(forge, request_bytes)
    assert [seen.outcome for seen in forge.requests()] == ["malformed"]


def test_a_body_without_framing_shows_as_a_second_request(forge: Forge) -> None:
    exchange(forge, b"POST /x HTTP/1.1\r\nHost: github.com\r\n\r\nPACK and more bytes\r\n")
    assert [seen.outcome for seen in forge.requests()] == ["complete", "malformed"]


@pytest.mark.parametrize("flaw", [Flaw.UNTRUSTED, Flaw.WRONG_NAME, Flaw.EXPIRED])
def test_a_flawed_certificate_is_refused_by_a_strict_client(forge: Forge, flaw: Flaw) -> None:
    with forge.behave("gitlab.com", Behaviour(flaw=flaw)), pytest.raises(ssl.SSLCertVerificationError):
        tls(forge, "gitlab.com")
    tls(forge, "gitlab.com").close()
    assert forge.requests() == []


def test_an_early_413_closes_the_connection(forge: Forge) -> None:
    with forge.behave("github.com", Behaviour(refuse_after=100)):
        answer = exchange(forge, b"PUT /x HTTP/1.1\r\nHost: github.com\r\nContent-Length: 500\r\n\r\n" + b"x" * 200)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert [(seen.outcome, seen.status) for seen in forge.requests()] == [("refused", 413)]


def test_a_hidden_repository_is_shown_to_those_who_sign_in(forge: Forge) -> None:
    forge.make_repository("github.com/acme/hidden")
    ask = (
        b"GET /acme/hidden.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: github.com\r\nConnection: close\r\n"
    )
    with forge.behave("github.com", Behaviour(hidden=frozenset({"/acme/hidden"}))):
        assert b"401 " in exchange(forge, ask + b"\r\n").partition(b"\r\n")[0]
        assert b"200 " in exchange(forge, ask + b"Authorization: Basic YTpi\r\n\r\n").partition(b"\r\n")[0]
    assert b"200 " in exchange(forge, ask + b"\r\n").partition(b"\r\n")[0]


def test_the_raw_listener_greets_and_keeps_the_first_bytes(forge: Forge) -> None:
    with socket.create_connection(("127.0.0.1", forge.raw_port), 10) as connection:
        assert connection.recv(100) == b"SSH-2.0-forge\r\n"
        connection.sendall(b"SSH-2.0-client\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert [seen.raw for seen in forge.connections("raw")] == [b"SSH-2.0-client\r\n"]


def test_paths_never_leave_the_root(forge: Forge) -> None:
    with pytest.raises(ValueError, match="not a repository path"):
        forge.make_repository("github.com/../../loot")
    answer = exchange(
        forge,
        b"GET /../../x/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: github.com\r\nConnection: close\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_a_sha256_repository_takes_atomic_pushes_with_options(forge: Forge, tmp_path: Path) -> None:
    forge.make_repository("github.com/acme/sha256", object_format="sha256")
    url = f"https://github.com:{forge.tls_port}/acme/sha256"
    work = tmp_path / "work"
    assert git(forge, tmp_path, "init", "-q", "-b", "main", "--object-format=sha256", str(work)).ok
    assert git(forge, tmp_path, "commit", "-q", "--allow-empty", "-m", "first", cwd=work).ok
    pushed = git(forge, tmp_path, "push", "--atomic", "-o", "ci.skip", url, "main", "main:other", cwd=work)
    assert pushed.ok, str(pushed)
    head = git(forge, tmp_path, "rev-parse", "HEAD", cwd=work).stdout.strip()
    assert len(head) == 64
    assert forge.refs("github.com/acme/sha256") == {"refs/heads/main": head, "refs/heads/other": head}


def test_a_slow_host_reads_no_faster_than_it_says(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("demo.wire.time", SimpleNamespace(sleep=slept.append))
    request = b"PUT /x HTTP/1.1\r\nHost: github.com\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n"
    with forge.behave("github.com", Behaviour(bytes_per_second=100_000)):
        answer = exchange(forge, request + b"x" * 500_000)
    assert answer.startswith(b"HTTP/1.1 201 ")
    with_the_head = 65536  # what was read together with the head is not delayed
    assert 5 - with_the_head / 100_000 <= sum(slept) <= 5
    assert max(slept) <= 0.05
