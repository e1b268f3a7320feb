"""Memory stays flat whatever is uploaded, however slow the forge, and nobody waits for another's hostile body.

Sizes are such that a body which is kept shows at once. What is measured is the process's own peak (`VmHWM`).
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import http.client
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.batch import GITHUB
from demo.exchange import Behaviour
from demo.forge import Forge
from tests.inspect.packing import BLOB, COMMIT, Pack, commit, oid, tree

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("curl")

MIB = 1 << 20
GROWTH = 16 * MIB
SIZE = 64 * MIB
FAST = 20 * MIB  # bytes per second of a forge that is slower than its clients
POLICY = """\
version: 1
approved:
  - {repo: github.com/acme, max_upload: 1GiB}
  - {repo: gitlab.com/acme, max_upload: 1GiB}
content: {secrets: log, archives: log}
limits: {per_client: 1TiB/1h}
"""
API = "https://gitlab.com/api/v4/projects/acme%2Fapi"
ASSET = "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a.bin"
PUSH = "https://github.com/acme/api.git/git-receive-pack"
CONTENTS = "https://api.github.com/repos/acme/api/contents/a.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is uploaded: to where, with which further words for curl, and the parts it is made of."""

    url: str
    words: tuple[str, ...]
    parts: Callable[[int], Iterator[bytes]]


def noise(size: int) -> Iterator[bytes]:
    block = os.urandom(MIB)
    return (block for _ in range(size // MIB))


def contents(size: int) -> Iterator[bytes]:
    block = base64.b64encode(os.urandom(MIB * 3 // 4))
    yield b'{"message": "a file", "content": "'
    yield from (block for _ in range(size // MIB))
    yield b'"}'


def form(size: int) -> Iterator[bytes]:
    yield b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    yield from noise(size)
    yield b"\r\n--X--\r\n"


def zipped(size: int) -> Iterator[bytes]:
    """Of text, so that it inflates to ten times as much or more."""
    block = gzip.compress(b"".join(b"%d bottles of beer on the wall\n" % number for number in range(200_000)), 1)
    sent = 0
    while sent < size // 8:
        yield block
        sent += len(block)


def push(size: int) -> Iterator[bytes]:
    """A push of one large file, as git sends it."""
    blob = b"".join(noise(size))
    root = tree(("100644", "a.bin", oid(BLOB, blob)))
    made = commit(oid(2, root))
    pack = Pack()
    pack.add(COMMIT, made)
    pack.add(2, root)
    pack.add(BLOB, blob, level=0)
    line = b"%s %s refs/heads/main\0 report-status" % (b"0" * 40, oid(COMMIT, made).hex().encode())
    yield b"%04x%s0000" % (len(line) + 4, line)
    yield bytes(pack)


def request(size: int) -> Iterator[bytes]:
    """A merge request, which has to be seen whole before it may go on: it waits on disk."""
    yield b'{"source_branch": "a", "target_branch": "main", "title": "t", "description": "'
    yield from (b"lorem ipsum dolo" * (MIB // 16) for _ in range(size // MIB))
    yield b'"}'


def _post(kind: str) -> tuple[str, ...]:
    return ("-X", "POST", "-H", f"Content-Type: {kind}")


BODIES = {
    "a file": Body(url=ASSET, words=_post("application/octet-stream"), parts=noise),
    "a file in JSON": Body(url=CONTENTS, words=("-X", "PUT", "-H", "Content-Type: application/json"), parts=contents),
    "a form": Body(url=f"{API}/uploads", words=_post("multipart/form-data; boundary=X"), parts=form),
    "a compressed file": Body(
        url=ASSET, words=(*_post("application/octet-stream"), "-H", "Content-Encoding: gzip"), parts=zipped
    ),
    "a push": Body(url=PUSH, words=_post("application/x-git-receive-pack-request"), parts=push),
    "a body on disk": Body(url=f"{API}/merge_requests", words=_post("application/json"), parts=request),
}
FRAMINGS = {"h1": ("--http1.1",), "chunked": ("--http1.1", "-H", "Transfer-Encoding: chunked"), "h2": ("--http2",)}


@pytest.fixture(scope="module")
def _large(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    from tests.e2e.conftest import StartProxy

    start = StartProxy(tmp_path_factory.mktemp("memory"), _forge)
    yield start(POLICY)
    start.close()


@pytest.fixture
def run(_large: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy that approves large uploads; it has carried one of each kind, so that it knows all it will need."""
    first = not hasattr(_large, "home_of_memory")
    _large.begin(tmp_path / "home")
    if first:
        _large.home_of_memory = True  # type: ignore[attr-defined]
        for body in BODIES.values():
            assert send(_large, body, file(tmp_path / "small", body, MIB)).startswith("2")
    return _large


def file(path: Path, body: Body, size: int) -> Path:
    """A file with `body`."""
    with path.open("wb") as out:
        for part in body.parts(size):
            out.write(part)
    return path


def send(run: Run, body: Body, content: Path, framing: str = "h1") -> str:
    """Upload `content`; the status that curl saw."""
    words = (*FRAMINGS[framing], *body.words, "-T", str(content), "-o", "/dev/null", "-w", "%{http_code}")
    return run.curl(*words, body.url).stdout


@contextlib.contextmanager
def flat(run: Run, growth: int = GROWTH) -> Iterator[None]:
    """The block leaves the proxy's peak within `growth` bytes of what it was before."""
    before = run.memory()
    run.reset_peak()
    yield
    assert run.peak_memory() - before < growth


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("framing", ["chunked", "h2"])
def test_what_is_examined_is_not_kept(run: Run, tmp_path: Path, name: str, framing: str) -> None:
    content = file(tmp_path / "body", BODIES[name], SIZE)
    with flat(run):
        assert send(run, BODIES[name], content, framing).startswith("2")


@pytest.mark.parametrize("name", ["a file", "a push", "a body on disk"])
@pytest.mark.parametrize("framing", ["h1", "h2"])
def test_a_forge_that_is_slower_than_its_client_is_waited_for(
    run: Run, forge: Forge, tmp_path: Path, name: str, framing: str
) -> None:
    content = file(tmp_path / "body", BODIES[name], SIZE // 2)
    behaviour = Behaviour(bytes_per_second=FAST)
    with forge.behave(BODIES[name].url.split("/")[2], behaviour), flat(run):
        assert send(run, BODIES[name], content, framing).startswith("2")


def test_a_git_lfs_object_is_not_kept(run: Run, forge: Forge, tmp_path: Path) -> None:
    body = Body(url="", words=("-X", "PUT", "-H", "Content-Type: application/octet-stream"), parts=noise)
    content = file(tmp_path / "object", body, SIZE)
    announced = {"oid": hashlib.sha256(content.read_bytes()).hexdigest(), "size": SIZE}
    batch = json.dumps({"operation": "upload", "transfers": ["basic"], "objects": [announced]}).encode()
    kind = ("-H", "Content-Type: application/vnd.git-lfs+json", "-H", "Accept: application/vnd.git-lfs+json")
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        url = "https://github.com/acme/api.git/info/lfs/objects/batch"
        answer = run.curl(*kind, "--data-binary", "@-", url, stdin=batch)
    href = json.loads(answer.stdout)["objects"][0]["actions"]["upload"]["href"]
    with flat(run):
        status = run.curl(*body.words, "-T", str(content), "-o", "/dev/null", "-w", "%{http_code}", href).stdout
    assert status.startswith("2")


def test_eight_uploads_at_once_stay_flat(run: Run, tmp_path: Path) -> None:
    names = [*BODIES, "a push", "a file in JSON"]
    contents_ = [file(tmp_path / f"body{number}", BODIES[name], 16 * MIB) for number, name in enumerate(names)]
    statuses: list[str] = []
    with flat(run, 40 * MIB):
        threads = [
            threading.Thread(
                target=lambda name=name, content=content: statuses.append(send(run, BODIES[name], content))
            )
            for name, content in zip(names, contents_, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(statuses) == 8
    assert all(status.startswith("2") for status in statuses), statuses


def tokens() -> bytes:
    """A megabyte of JSON that is all tokens, in a few kilobytes."""
    return gzip.compress(b'{"content": "aGk=", "x": [' + b"0," * 600_000 + b"0]}")


def crumbs() -> bytes:
    """Very many objects of no size in less than a megabyte."""
    pack = Pack()
    for number in range(60_000):
        pack.add(BLOB, b"%x" % (number % 4096), level=1)
    line = b"%s %s refs/heads/main\0 report-status" % (b"0" * 40, b"1" * 40)
    return b"%04x%s0000" % (len(line) + 4, line) + bytes(pack)


HOSTILE = {
    "tokens": (CONTENTS, ("-X", "PUT", "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip"), tokens),
    "crumbs": (PUSH, _post("application/x-git-receive-pack-request"), crumbs),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_others_are_served_while_a_hostile_body_is_read(run: Run, tmp_path: Path, name: str) -> None:
    """Few reads of the client's connection hold all of it: without turns hardly anybody would be answered meanwhile.

    How many get a turn is for the machine to say, so the body is sent again where it was busy with something else.
    """
    url, words, make = HOSTILE[name]
    content = tmp_path / "hostile"
    content.write_bytes(make())
    assert content.stat().st_size < MIB
    other = http.client.HTTPSConnection(
        "127.0.0.1", run.port, context=ssl.create_default_context(cafile=str(run.ca_file)), timeout=30
    )
    other.set_tunnel("api.github.com", 443)
    rounds = []
    with flat(run, 2 * GROWTH), contextlib.closing(other):
        while len(rounds) < 5 and max(rounds, default=0) < 4:
            hostile = threading.Thread(target=lambda: run.curl(*words, "-T", str(content), "-o", "/dev/null", url))
            hostile.start()
            rounds.append(0)
            while hostile.is_alive():
                other.request("GET", "/repos/acme/api")
                answer = other.getresponse()
                assert answer.read()
                rounds[-1] += answer.status == 200 and hostile.is_alive()
            hostile.join()
    assert max(rounds) >= 4, rounds
