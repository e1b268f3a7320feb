"""The batch request, also as a real git-lfs sends it; and that announced URLs equal those that real clients ask for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import NOW, OID, SIZE, a_batch, asked, batch_body, refusal

from forgewall.identify.announced import place_of
from forgewall.identify.announced_places import covers
from forgewall.inspect.lfs import MAX_OBJECTS, Batch, LfsObject, read_batch
from forgewall.inspect.lfs_answer import read_answer
from forgewall.model import Request


def test_a_batch_as_git_lfs_sends_it() -> None:
    assert read_batch(batch_body()) == Batch(
        operation="upload",
        transfers=("lfs-standalone-file", "basic", "ssh"),
        ref="refs/heads/main",
        objects=(LfsObject(oid=OID, size=SIZE),),
        total=SIZE,
    )


def test_what_may_be_left_out_is_what_the_protocol_says() -> None:
    body = json.dumps({"operation": "upload", "objects": [{"oid": OID, "size": 0}]}).encode()
    batch = read_batch(body)
    assert isinstance(batch, Batch)
    assert (batch.transfers, batch.ref, batch.total) == (("basic",), None, 0)
    assert batch.uploads


@pytest.mark.parametrize("ref", [None, {}, {"name": None}, {"name": ""}])
def test_a_ref_may_be_empty(ref: object) -> None:
    assert a_batch(ref=ref).ref is None


def test_an_object_that_stands_twice_counts_once() -> None:
    batch = a_batch(objects=[{"oid": OID, "size": 5}, {"oid": "ab" * 32, "size": 7}, {"oid": OID, "size": 5}])
    assert [one.size for one in batch.objects] == [5, 7]
    assert batch.total == 12


def test_a_download_may_use_any_transfer() -> None:
    assert not a_batch(operation="download", transfers=["rsync"]).uploads


@pytest.mark.parametrize("transfers", [["multipart"], ["multipart-basic"], ["tus"], ["rsync", "basic"], [], None])
def test_transfers_that_can_be_followed(transfers: object) -> None:
    assert isinstance(read_batch(batch_body(transfers=transfers)), Batch)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"transfers": ["xet"]}, "the LFS transfer `xet` can't be followed"),
        ({"transfers": ["a", "b", "c", "d"]}, "`a`, `b`, `c` and others can't be followed"),
        ({"transfers": "basic"}, "no valid list of transfers"),
        ({"transfers": ["basic", "x\nremote: y"]}, "no valid list of transfers"),
        ({"transfers": ["basic"] * 65}, "no valid list of transfers"),
        ({"operation": "Upload"}, "neither uploads nor downloads"),
        ({"operation": ["upload"]}, "neither uploads nor downloads"),
        ({"operation": None}, "neither uploads nor downloads"),
        ({"hash_algo": "sha512"}, "another hash"),
        ({"hash_algo": None}, "another hash"),
        ({"ref": "refs/heads/main"}, "no valid ref"),
        ({"ref": {"name": "a b"}}, "no valid ref"),
        ({"ref": {"name": 7}}, "no valid ref"),
        ({"ref": ["refs/heads/main"]}, "no valid ref"),
        ({"ref": []}, "no valid ref"),
        ({"objects": None}, "no list of objects"),
        ({"objects": {"0": {}}}, "no list of objects"),
        ({"objects": [{"oid": f"{n:064x}", "size": 1} for n in range(MAX_OBJECTS + 1)]}, "more than 10000 objects"),
        ({"objects": ["x"]}, "no valid id and size"),
        ({"objects": [{"oid": OID.upper(), "size": 1}]}, "no valid id and size"),
        ({"objects": [{"oid": OID + "\n", "size": 1}]}, "no valid id and size"),
        ({"objects": [{"oid": "../../" + OID[6:], "size": 1}]}, "no valid id and size"),
        ({"objects": [{"oid": OID[:40], "size": 1}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": -1}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": 1.0}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": True}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": "1"}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": 2**63}]}, "no valid id and size"),
        ({"objects": [{"oid": OID}]}, "no valid id and size"),
        ({"objects": [{"oid": OID, "size": 1}, {"oid": OID, "size": 2}]}, "with two sizes"),
        ({"OBJECTS": []}, "can be read in one way only"),
    ],
)
def test_a_batch_that_is_refused(changes: dict[str, object], words: str) -> None:
    assert words in refusal(read_batch(batch_body(**changes)))


def test_a_key_in_another_spelling_is_refused() -> None:
    body = batch_body().replace(b'"operation"', b'"Operation"')
    assert "spells a key differently" in refusal(read_batch(body))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_batch_or_a_sentence(body: bytes) -> None:
    assert isinstance(read_batch(body), Batch | str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(OID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["oid", "size", "name", "operation", "upload", "objects"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["operation", "transfers", "ref", "objects", "hash_algo"]), JSON))
def test_any_document_is_a_batch_or_a_sentence(changes: dict[str, object]) -> None:
    found = read_batch(batch_body(**changes))
    if isinstance(found, Batch):
        assert found.operation in ("upload", "download")
        assert found.total == sum(one.size for one in found.objects) >= 0
    else:
        assert found.startswith(("the LFS ", "an object "))
        assert not found.endswith(".")


# -- real clients ---------------------------------------------------------------------------------------------------


@dataclass
class Store:
    """A loopback LFS server whose answer announces what the test says, and that keeps what is asked of it."""

    hrefs: dict[str, str] = field(default_factory=dict)
    batches: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    puts: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def store() -> Iterator[Store]:
    kept = Store()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.batches.append(body)
            objects = [
                {**one, "authenticated": True, "actions": {"upload": {"href": kept.home + kept.hrefs[one["oid"]]}}}
                for one in json.loads(body)["objects"]
            ]
            kept.answers.append(json.dumps({"transfer": "basic", "objects": objects}).encode())
            self.reply(kept.answers[-1])

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            kept.puts.append((self.path, hashlib.sha256(body).hexdigest()))
            self.reply(b"{}")

        def reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/vnd.git-lfs+json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()


SPELLINGS = [
    "/media/plain",
    "",
    "?X-Amz-Credential=a%2fb%2Fc&X-Amz-Date=1",
    "/tilde/%7Eme/~me",
    "/lower%2fslash",
    "/upper%2Fslash?",
    "/marks/!$&'()*+,;=:@-._~",
    "/brackets/[a]?b=[c]",
    "/query?a=%7E&b=~&c=/?:@!$'()*+,;&d=%20+",
    "/trailing/",
    "/fragment?x=1#part",
    "/percent%25sign%20space",
]


def test_a_real_git_lfs_asks_for_the_urls_as_they_are_compared(store: Store, tmp_path: Path) -> None:
    work = tmp_path / "work"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }

    def git(*words: str) -> None:
        run = subprocess.run(
            ["git", *words], cwd=work, env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert run.returncode == 0, run.stderr

    work.mkdir()
    git("init", "-q", "-b", "main")
    git("config", "user.email", "a@b.example")
    git("config", "user.name", "A")
    git("config", "lfs.locksverify", "false")
    git("lfs", "install", "--local", "--skip-repo")
    git("lfs", "track", "*.bin")
    for number, path in enumerate(SPELLINGS):
        content = f"object {number}\n".encode() * 50
        (work / f"{number}.bin").write_bytes(content)
        store.hrefs[hashlib.sha256(content).hexdigest()] = path
    git("add", ".")
    git("commit", "-q", "-m", "objects")
    git("remote", "add", "origin", f"{store.home}/acme/api.git")
    git("lfs", "push", "--all", "origin")

    batch = read_batch(store.batches[0])
    assert isinstance(batch, Batch)
    assert {one.oid for one in batch.objects} == set(store.hrefs)
    assert batch.uploads
    check(store, batch)
    assert sorted(oid for _, oid in store.puts) == sorted(store.hrefs)


def test_a_python_client_asks_for_the_urls_as_they_are_compared(store: Store) -> None:
    contents = [f"object {number}".encode() for number in range(len(SPELLINGS))]
    store.hrefs = {hashlib.sha256(c).hexdigest(): path for c, path in zip(contents, SPELLINGS, strict=True)}
    objects = [{"oid": hashlib.sha256(c).hexdigest(), "size": len(c)} for c in contents]
    with requests.Session() as session:
        session.trust_env = False
        answered = session.post(f"{store.home}/batch", data=batch_body(objects=objects), timeout=10).json()
        for content, one in zip(contents, answered["objects"], strict=True):
            session.put(one["actions"]["upload"]["href"], data=content, timeout=10)
    batch = read_batch(store.batches[0])
    assert isinstance(batch, Batch)
    check(store, batch)


def check(store: Store, batch: Batch) -> None:
    """Each PUT that came in is where exactly one announcement is, the one for its object."""
    request = Request(method="POST", scheme="http", host="127.0.0.1", port=store.port, path="/batch")
    found = read_answer(store.answers[0], batch, asked=request, asker=asked()[1], now=NOW)
    assert isinstance(found, tuple), found
    assert len(found) == len(store.puts) == len(SPELLINGS)
    for path, oid in store.puts:
        put = Request(method="PUT", scheme="http", host="127.0.0.1", port=store.port, path=path)
        assert [one.oid for one in found if covers(one, put)] == [oid], path
        assert place_of(put) in {one.place for one in found}
