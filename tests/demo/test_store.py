"""The object store by itself: bytes are taken only where an address was announced, and named by what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from demo.answer import Answer
from demo.store import STORES, Store

HOST = "github-cloud.s3.amazonaws.com"
CONTENT = b"an object of three parts"
OID = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def ask(store: Store, method: str, url: str, content: bytes = b"") -> Answer:
    parts = urlsplit(url)
    return store.answer(parts.netloc, method, f"{parts.path}?{parts.query}", [content])


@pytest.mark.parametrize("host", STORES)
def test_an_announced_address_takes_an_object_once_and_for_its_method_only(store: Store, host: str) -> None:
    url = store.announce(host, "PUT", OID)
    assert store.serves(host)
    for method, other in (("PUT", f"{url}&x=1"), ("PUT", url.replace(OID[6:], "0" * 58)), ("GET", url), ("POST", url)):
        assert ask(store, method, other, CONTENT).status == 403
    assert store.size(OID) is None
    assert ask(store, "PUT", url, CONTENT).status == 200
    assert store.size(OID) == len(CONTENT)
    assert ask(store, "GET", store.announce(host, "GET", OID)).content == CONTENT


def test_a_host_becomes_a_store_when_it_is_announced(store: Store) -> None:
    assert not store.serves("objects.acme.example")
    store.announce("objects.acme.example", "PUT", OID)
    assert store.serves("objects.acme.example")


def test_other_bytes_do_not_become_the_announced_object(store: Store) -> None:
    assert ask(store, "PUT", store.announce(HOST, "PUT", OID), b"other").status == 200
    assert store.size(OID) is None
    assert store.size(hashlib.sha256(b"other").hexdigest()) == 5
    assert ask(store, "GET", store.announce(HOST, "GET", OID)).status == 404


def tags(*answers: Answer) -> bytes:
    listed = [{"partNumber": number, "etag": answer.headers[0][1]} for number, answer in enumerate(answers, 1)]
    return json.dumps({"oid": OID, "parts": listed}).encode()


def test_parts_become_an_object_when_all_are_there(store: Store) -> None:
    links = store.announce_parts(HOST, OID, 2)
    second = ask(store, "PUT", links.parts[1], CONTENT[10:])
    assert ask(store, "POST", links.complete).status == 400
    first = ask(store, "PUT", links.parts[0], CONTENT[:10])
    assert ask(store, "POST", links.complete, tags(second, first)).status == 400
    assert ask(store, "POST", links.complete, tags(first, second)).status == 200
    assert store.file(OID).read_bytes() == CONTENT
    assert ask(store, "PUT", links.parts[0], b"late").status == 404


def test_parts_of_another_object_are_refused(store: Store) -> None:
    links = store.announce_parts(HOST, OID, 1)
    ask(store, "PUT", links.parts[0], b"other")
    assert ask(store, "POST", links.complete, b"<CompleteMultipartUpload/>").status == 422
    assert store.size(OID) is None


def test_an_aborted_upload_is_gone(store: Store) -> None:
    links = store.announce_parts(HOST, OID, 1)
    ask(store, "PUT", links.parts[0], CONTENT)
    assert ask(store, "DELETE", links.abort).status == 204
    assert ask(store, "POST", links.complete).status == 400
