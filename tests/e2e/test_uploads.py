"""Large uploads with the real curl: refused at once with flat memory, cut at their limit, framed for HTTP/1."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")

GIB = 1 << 30
UNAPPROVED = "https://api.github.com/repos/mallory/loot/contents/a.bin"
APPROVED = "https://api.github.com/repos/acme/api/contents/a.bin"
CONTENTS = ("-X", "PUT", "-H", "content-type: application/octet-stream")
REPORT = ("-w", "\n%{http_code} %{size_upload} %{http_version}")

FRAMINGS = {
    "content-length-h1": ("--http1.1",),
    "chunked-h1": ("--http1.1", "-H", "transfer-encoding: chunked"),
    "expect-h1": ("--http1.1", "-H", "expect: 100-continue"),
    "content-length-h2": ("--http2",),
    "no-length-h2": ("--http2",),
}


@contextmanager
def flat(run: Run) -> Iterator[None]:
    """The block leaves the proxy's peak memory within 30 MiB of what it was idle."""
    idle = run.memory()
    run.reset_peak()
    yield
    assert run.peak_memory() - idle < 30 << 20


@pytest.fixture(scope="module")
def two_gib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sparse file of 2 GiB."""
    file = tmp_path_factory.mktemp("big") / "two-gib"
    with file.open("wb") as opened:
        opened.truncate(2 * GIB)
    return file


def upload(run: Run, url: str, file: Path, framing: str) -> tuple[int, int, str]:
    """Upload `file` with curl; the status it saw, the bytes it sent, and what it printed."""
    source = ("-T", "-") if framing == "no-length-h2" else ("-T", str(file))
    stdin = f"< {file}"
    command = ["curl", "-sS", "--max-time", "60", *REPORT, *CONTENTS, *FRAMINGS[framing], *source, url]
    if framing == "no-length-h2":
        result = run.client("sh", "-c", f'exec "$@" {stdin}', "sh", *command)
    else:
        result = run.client(*command)
    status, sent, _version = result.stdout.rsplit("\n", 1)[-1].split()
    return int(status), int(sent), result.output


@pytest.mark.parametrize("framing", FRAMINGS)
def test_two_gib_to_a_stranger_is_refused_early_with_flat_memory(
    gateway: Run, forge: Forge, two_gib: Path, framing: str
) -> None:
    with flat(gateway):
        status, sent, output = upload(gateway, UNAPPROVED, two_gib, framing)
    assert status == 403, output
    assert "github.com/mallory/loot is not an approved repository" in output
    assert sent <= 4_000_000
    assert forge.settle()
    assert forge.requests() == []


def test_two_gib_in_plain_http_are_refused_early_too(gateway: Run, forge: Forge, two_gib: Path) -> None:
    with flat(gateway):
        status, sent, output = upload(gateway, UNAPPROVED.replace("https", "http"), two_gib, "content-length-h1")
    assert status == 403, output
    assert sent <= 4_000_000
    assert forge.settle()
    assert forge.requests() == []


@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_upload_over_its_limit_is_cut_and_never_completed(
    proxy: StartProxy, forge: Forge, tmp_path: Path, framing: str
) -> None:
    run = proxy("version: 1\napproved:\n  - {repo: github.com/acme, max_upload: 1MiB}\n")
    file = tmp_path / "file"
    file.write_bytes(b"x" * (8 << 20))
    status, _sent, output = upload(run, APPROVED, file, framing)
    assert status == 413, output
    assert "1 MiB" in output
    assert forge.settle()
    assert [seen.outcome for seen in forge.requests()] in ([], ["aborted"])
    known_length = framing != "no-length-h2" and "chunked" not in framing
    if known_length:
        assert forge.requests() == []  # refused at its headers; others may be cut before the forge has read theirs
    assert all(seen.body <= (1 << 20) for seen in forge.requests())
    if not known_length:
        (event,) = run.events("upload")
        assert event["forgewall"]["upload"]["result"] == "cut", event


@pytest.mark.parametrize("framing", FRAMINGS)
def test_exactly_the_limit_passes(proxy: StartProxy, forge: Forge, tmp_path: Path, framing: str) -> None:
    run = proxy("version: 1\napproved:\n  - {repo: github.com/acme, max_upload: 1MiB}\n")
    file = tmp_path / "file"
    file.write_bytes(b"x" * (1 << 20))
    status, _sent, output = upload(run, APPROVED, file, framing)
    assert status < 300, output
    assert forge.settle()
    assert [(seen.outcome, seen.body) for seen in forge.requests()] == [("complete", 1 << 20)]


def test_a_body_without_a_length_over_http2_is_one_request_upstream(gateway: Run, forge: Forge, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"POST /mallory/loot HTTP/1.1\r\nhost: github.com\r\n\r\n" * 40_000)
    status, _sent, output = upload(gateway, APPROVED, file, "no-length-h2")
    assert status < 300, output
    assert forge.settle()
    (seen,) = forge.requests()
    assert (seen.outcome, seen.body) == ("complete", file.stat().st_size)
    assert seen.header("transfer-encoding") == "chunked"


def test_a_large_approved_upload_streams_with_flat_memory(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    run = proxy("version: 1\napproved:\n  - {repo: github.com/acme, max_upload: 1GiB}\n")
    file = tmp_path / "file"
    with file.open("wb") as opened:
        opened.truncate(512 << 20)
    with flat(run):
        status, _sent, output = upload(run, APPROVED, file, "chunked-h1")
    assert status < 300, output


def test_many_refused_uploads_at_once_stay_flat(gateway: Run, forge: Forge, two_gib: Path) -> None:
    outcomes: list[int] = []

    def one() -> None:
        outcomes.append(upload(gateway, UNAPPROVED, two_gib, "chunked-h1")[0])

    with flat(gateway):
        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == [403] * 8
