"""Forges and clients that lie in Git LFS: whatever is announced, an upload never counts for a repository it isn't for.

The corpus runs through the real reading of batches, answers and requests; no socket is needed for that.
"""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.identify.announcing import (
    API,
    CONTENT,
    NOW,
    OID,
    SHARED,
    SIZE,
    STORE,
    a_batch,
    announced,
    answer,
    asked,
    batch_body,
    read,
    upload,
)
from tests.identify.asking import REGISTRY, ask

from forgewall.evidence import Fact, Malformed
from forgewall.identify.announced import Announcement, place_of
from forgewall.identify.announced_memory import Announcements
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.inspect.lfs import MAX_BATCH, read_batch
from forgewall.inspect.lfs_answer import MAX_ANSWER, read_answer
from forgewall.inspect.lfs_object import LfsObjectInspector, expected_by
from forgewall.model import Operation, Request, Target

EVIL = "https://gl.example:8443/gitlab/acme/api.git"  # a self-hosted forge that is approved, and lies
CLIENT = "10.0.0.9"


def believed(url: str, method: str = "PUT", repository: str = EVIL) -> Target | None:
    """What a request is taken for after the forge of `repository` announced its URL for it, if it could."""
    memory = Announcements(lambda: 0.0)
    batch = a_batch(transfers=["basic", "multipart-basic"])
    document = answer({"parts": [{"href": url, "method": method}]}, transfer="multipart-basic")
    found = read(document, batch, repository)
    if isinstance(found, tuple):
        assert memory.remember(CLIENT, found) is None
    request = request_for(method, url)
    return identify(request, REGISTRY, memory.find(CLIENT, request))


# -- a forge that announces what isn't its own ------------------------------------------------------------------------

FOREIGN = [
    "https://api.github.com/repos/mallory/loot/contents/a.zip",
    "https://api.github.com/repos/mallory/loot/git/blobs",
    "https://api.github.com/repos/mallory/loot/dispatches",
    "https://api.github.com/graphql",
    "https://api.github.com/gists",
    "https://api.github.com/markdown/brand-new",
    "https://uploads.github.com/repos/mallory/loot/releases/1/assets?name=a.zip",
    "https://github.com/mallory/loot.git/git-receive-pack",
    "https://github.com/mallory/loot.git/info/lfs/objects/batch",
    f"https://github.com/mallory/loot.git/info/lfs/objects/{OID}",
    f"https://lfs.github.com/mallory/loot/objects/{OID}/verify",
    "https://gist.github.com/mallory/0123456789abcdef.git/git-receive-pack",
    "https://ghcr.io/v2/mallory/loot/blobs/uploads/",
    STORE,
    "https://github-production-user-asset-6210df.s3.amazonaws.com/1/2",
    "https://productionresultssa0.blob.core.windows.net/a/b?sig=1",
    "https://gitlab.com/mallory/loot.git/git-receive-pack",
    f"https://gitlab.com/mallory/loot.git/gitlab-lfs/objects/{OID}/{SIZE}",
    "https://gitlab.com/api/v4/projects/mallory%2Floot/repository/files/a",
    "https://gitlab.com/api/v4/projects/1/uploads",
    "https://registry.gitlab.com/v2/mallory/loot/blobs/uploads/",
    "https://api.bitbucket.org/2.0/repositories/mallory/loot/src",
    "https://bitbucket.org/mallory/loot/downloads",
    "https://api.media.atlassian.com/upload/1",
    "https://dev.azure.com/mallory/_apis/git/repositories/1/pushes",
    "https://huggingface.co/api/complete_multipart?uploadId=1",
    "https://huggingface.co/api/models/mallory/loot/commit/main",
    "https://hf-hub-lfs-us-east-1.s3-accelerate.amazonaws.com/repos/a/b?X-Amz-Signature=1",
    "https://codeberg.org/api/v1/repos/mallory/loot/contents/a",
    "https://git.code.sf.net/p/mallory/loot/git-receive-pack",
]


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", FOREIGN)
def test_another_forge_s_addresses_mean_what_they_mean_without_it(url: str, method: str) -> None:
    assert believed(url, method) == ask(method, url)


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", [url for url in FOREIGN if "github" in url and ".s3." not in url])
def test_not_even_the_forge_itself_can_make_its_api_an_upload(url: str, method: str) -> None:
    assert believed(url, method, API) == ask(method, url)


@pytest.mark.parametrize(
    "url, address",
    [
        (f"https://gl.example:8443/gitlab/mallory/loot.git/gitlab-lfs/objects/{OID}/{SIZE}", "gl.example/mallory/loot"),
        (f"https://gl.example:8443/gitlab/acme/other.git/info/lfs/objects/{OID}", "gl.example/acme/other"),
        ("https://gl.example:8443/gitlab/mallory/loot.git/git-receive-pack", "gl.example/mallory/loot"),
    ],
)
def test_another_repository_of_the_same_forge_is_another_repository(url: str, address: str) -> None:
    for method in ("PUT", "POST"):
        target = believed(url, method)
        assert target == ask(method, url)
        assert target.address in (address, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://API.GitHub.com/repos/mallory/loot/contents/a.zip",
        "https://api.github.com./repos/mallory/loot/contents/a.zip",
        "https://api.github.com:443/repos/mallory/loot/contents/a.zip",
        "https://api.github.com/repos/mallory/loot/contents/a.zip#x",
        "https://api.github.com/repos/mallory/loot/%63ontents/a.zip",
    ],
)
def test_spelling_a_host_or_a_path_differently_hides_nothing(url: str) -> None:
    target = believed(url)
    assert target == ask("PUT", url)
    assert target.address == "github.com/mallory/loot"


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.googleapis.com@api.github.com/repos/mallory/loot/contents/a",
        "https://api.github.com\\@storage.googleapis.com/a",
        "https://storage.googleapis.com/a\r\nHost: api.github.com\r\n\r\nPUT /x HTTP/1.1",
        "https://storage.googleapis.com/a HTTP/1.1\r\nx: y",
        "https://storage.googleapis.com/a\tb",
        "https://storage.googleapis.com\u3002evil.example/a",
        "https://\u24d6ithub.com/mallory/loot.git/git-receive-pack",
        "https://g\u0456thub.com/a",
        "https://storage.googleapis.com:80:443/a",
        "https://storage.googleapis.com/../a",
        "https://storage.googleapis.com/%2e%2e/a",
        "http://storage.googleapis.com/a",
        "https://127.0.0.1:8080/a",
        "https://[::1]/a",
        "https://0/a",
        "https://localhost:8080/a",
        "https://169.254.169.254/a",
        "javascript:alert(1)",
        "data:text/plain,x",
        "",
    ],
)
def test_addresses_that_no_client_is_told(url: str) -> None:
    found = read(upload(url), repository=EVIL)
    assert isinstance(found, str)
    assert found.isprintable()
    assert len(found) < 250
    assert "evil" not in found


# -- a client that bends what it was told -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        request_for("PUT", STORE.replace("repo_id=3", "repo_id=4")),
        request_for("PUT", STORE + "&uploads"),
        request_for("PUT", STORE.replace("?", "/x?")),
        request_for("PUT", STORE.replace("/alambic/", "//alambic/")),
        request_for("PUT", STORE.replace("/alambic/", "/x/../alambic/")),
        request_for("PUT", STORE.replace("?", "%3F")),
        request_for("PUT", STORE.replace("/cd/", "%2Fcd/")),
        request_for("PUT", STORE.replace("/cd/", "/CD/")),
        request_for("PUT", STORE.replace("github-cloud", "github-production-user-asset-6210df")),
        request_for("POST", STORE),
        request_for("DELETE", STORE),
        request_for("PUT", STORE, headers=[("x-http-method", "POST")]),
        request_for("PUT", STORE, headers=[("x_original_url", "/mallory")]),
        replace(request_for("PUT", STORE), port=8443),
        replace(request_for("PUT", STORE), scheme="http"),
    ],
    ids=lambda request: f"{request.method} {request.host}{request.path}"[:90],
)
def test_only_the_announced_request_is_the_announced_upload(request_: Request) -> None:
    memory = Announcements(lambda: 0.0)
    memory.remember(CLIENT, [announced(STORE)])
    target = identify(request_, REGISTRY, memory.find(CLIENT, request_))
    assert target is not None
    assert target.operation is Operation.UNIDENTIFIED


def test_an_announcement_for_one_client_is_nothing_to_another() -> None:
    memory = Announcements(lambda: 0.0)
    memory.remember(CLIENT, [announced(STORE), announced(SHARED)])
    assert memory.find("10.0.0.90", request_for("PUT", STORE)) is None
    assert not memory.names("10.0.0.90", "storage.googleapis.com")


@pytest.mark.parametrize(
    "body",
    [
        CONTENT + b"the company's data",
        b"the company's data".ljust(SIZE, b"."),
        CONTENT[:-1],
        b"",
        bytes(SIZE * 2),
    ],
)
def test_other_bytes_than_the_announced_object_are_stopped(body: bytes) -> None:
    expected = expected_by(announced(SHARED))
    assert expected is not None
    inspector = LfsObjectInspector(expected, None)
    facts: list[Fact] = []
    for at in range(0, len(body), 100):
        facts.extend(inspector.feed(body[at : at + 100]))
        if any(isinstance(fact, Malformed) for fact in facts):
            return
    facts.extend(inspector.finish())
    assert isinstance(facts[-1], Malformed)


def test_a_body_without_end_is_stopped_at_the_announced_size() -> None:
    expected = expected_by(announced(SHARED))
    assert expected is not None
    inspector = LfsObjectInspector(expected, None)
    fed = 0
    while not any(isinstance(fact, Malformed) for fact in inspector.feed(b"x" * 64)):
        fed += 64
        assert fed <= SIZE


# -- too much of everything -------------------------------------------------------------------------------------------


def many(count: int) -> bytes:
    """An answer with `count` addresses for one object."""
    header = ",".join(f'"{n}":"https://s{n % 5}.example/{n}"' for n in range(count))
    return (
        json.dumps(upload(SHARED, header={"chunk_size": 1}))
        .encode()
        .replace(b'"chunk_size": 1', b'"chunk_size": 1,' + header.encode())
    )


def hostile_answers() -> Iterator[tuple[str, bytes]]:
    entry = {"oid": OID, "size": SIZE, "actions": {"upload": {"href": SHARED}}}
    yield "100,000 addresses", many(100_000)
    yield "more marks than are read", b'{"objects": [' + b"0," * 500_000 + b"0]}"
    yield "100,000 objects", json.dumps({"objects": [entry] * 100_000}).encode()
    yield "100,000 objects nobody asked for", json.dumps({"objects": [{"oid": "00" * 32}] * 100_000}).encode()
    yield "a key twice", b'{"objects": [], "objects": [%b]}' % json.dumps(entry).encode()
    yield "a key in two cases", b'{"objects": [], "OBJECTS": [%b]}' % json.dumps(entry).encode()
    yield (
        "an action twice",
        json.dumps(upload(SHARED)).encode().replace(b'"upload"', b'"upload": {"href": "https://s.example/"}, "upload"'),
    )
    yield (
        "an address twice",
        json.dumps(upload(SHARED)).encode().replace(b'"href"', b'"href": "https://s.example/", "href"'),
    )
    yield (
        "an escaped key twice",
        json.dumps(upload(SHARED)).encode().replace(b'"href"', b'"hr\\u0065f": "https://s.example/", "href"'),
    )
    yield "nesting", b'{"objects":' * 200_000
    yield "lists", b'{"objects": ' + b"[" * 2_000_000
    yield "empty lists", b'{"objects": [' + b"[]," * 2_000_000 + b"[]]}"
    yield "a number of a million digits", b'{"objects": [], "n": ' + b"9" * 1_000_000 + b"}"
    yield "a string of all that is read", b'{"objects": "' + b"a" * MAX_ANSWER + b'"}'
    yield "zeros", bytes(1_000_000)
    yield "a page", b"<html>" * 1000
    yield "two documents", json.dumps(upload(SHARED)).encode() * 2
    yield "a mark before it", b"\xef\xbb\xbf" + json.dumps(upload(SHARED)).encode()
    yield "UTF-16", json.dumps(upload(SHARED)).encode("utf-16")


@pytest.mark.parametrize("name, body", list(hostile_answers()), ids=[name for name, _ in hostile_answers()])
def test_a_hostile_answer_is_refused_in_bounded_memory(name: str, body: bytes) -> None:
    request, target = asked()
    batch = a_batch()
    tracemalloc.start()
    try:
        found = read_answer(body, batch, asked=request, asker=target, now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, str)
    assert found.isprintable()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        b'{"operation":' * 150_000,
        b"[" * 2_000_000,
        b'{"objects": [' + b"{}," * 700_000 + b"{}]}",
        batch_body(objects=[{"oid": hashlib.sha256(str(n).encode()).hexdigest(), "size": 1} for n in range(20_000)]),
        batch_body(transfers=["basic"] * 100_000),
        batch_body(ref={"name": "r" * 1_000_000}),
        batch_body(objects=[{"oid": OID, "size": SIZE}] * 20_000),
        b'{"operation": "download", "operation": "upload", "objects": []}',
        b" " * (MAX_BATCH + 1) + batch_body(),
    ],
)
def test_a_hostile_batch_is_refused_in_bounded_memory(body: bytes) -> None:
    tracemalloc.start()
    try:
        found = read_batch(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, str)
    assert found.isprintable()
    assert peak < 32 * 1024 * 1024


def test_what_an_answer_announces_is_small_once_it_is_remembered() -> None:
    """So 100,000 addresses, the most that is kept, take less than 100 MB."""
    request, target = asked()
    found = read_answer(many(3000), a_batch(), asked=request, asker=target, now=NOW)
    assert isinstance(found, tuple)
    tracemalloc.start()
    try:
        memory = Announcements(lambda: 0.0)
        copies = json.loads(json.dumps([one.place.host for one in found]))  # strings of its own, as each answer has
        own = [replace(one, place=replace(one.place, host=host)) for one, host in zip(found, copies, strict=True)]
        del copies
        assert memory.remember(CLIENT, own) is None
        del own
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / len(memory) < 1000


def test_a_client_flooded_by_its_forge_takes_nothing_from_others() -> None:
    memory = Announcements(lambda: 0.0, urls=1000, per_client=250)
    first = announced(SHARED)
    memory.remember("10.0.0.1", [first])
    for number in range(20):
        flood = [replace(first, place=replace(first.place, digest=b"%d %d" % (number, n))) for n in range(200)]
        memory.remember(CLIENT, flood)
    assert memory.find("10.0.0.1", request_for("PUT", SHARED))
    assert len(memory) == 251


def test_hosts_can_t_be_pushed_out_of_sight() -> None:
    memory = Announcements(lambda: 0.0)
    first: Announcement = announced(SHARED)
    assert memory.remember(CLIENT, [first]) is None
    refused = 0
    for number in range(100):
        place = place_of(request_for("PUT", f"https://s{number}.example/a"))
        refused += memory.remember(CLIENT, [replace(first, place=place)]) is not None
    assert refused == 37
    assert memory.names(CLIENT, "storage.googleapis.com")
    assert len(memory.hosts(CLIENT)) == 64


@pytest.mark.parametrize(
    "expiry", [{"expires_in": -(2**31)}, {"expires_in": 2**63}, {"expires_at": "0000-00-00T00:00:00Z"}]
)
def test_a_strange_expiry_neither_hides_an_upload_nor_keeps_it_for_ever(expiry: dict[str, Any]) -> None:
    now = [0.0]
    memory = Announcements(lambda: now[0])
    memory.remember(CLIENT, [announced(SHARED, **expiry)])
    now[0] = 299.0
    assert memory.names(CLIENT, "storage.googleapis.com")
    now[0] = 86_401.0
    assert not memory.names(CLIENT, "storage.googleapis.com")
