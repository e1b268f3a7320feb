"""Stores that others share: files go there by an answer of the forge that announced them, and by nothing else.

Here: GitHub's attachments (policy, S3 form, confirmation). The results of Actions are in `test_actions`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo.forge import Forge
from tests.e2e.attachments import REPOSITORIES, STORES, Attachments
from tests.e2e.sending import BOUNDARY, FORM, OTHER_CLIENT, Fields, Got, form, refused, send
from tests.e2e.test_memory import FRAMINGS, MIB, SIZE, flat

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("curl")

POLICY = """\
version: 1
contact: security@acme.example
approved: [{repo: github.com/acme, max_upload: 1GiB}]
limits: {per_client: 1TiB/1h}
content: {secrets: block}
"""
WEB = "https://github.com"
ACME, MALLORY = 42, 666


@pytest.fixture(scope="module")
def _stores(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    from tests.e2e.conftest import StartProxy

    start = StartProxy(tmp_path_factory.mktemp("stores"), _forge)
    yield start(POLICY, hosts=(*STORES.values(), "shared.s3.amazonaws.com"))
    start.close()


@pytest.fixture
def run(_stores: Run, forge: Forge, tmp_path: Any) -> Run:
    """One proxy for all tests here; what it has learned stays."""
    _stores.begin(tmp_path / "home")
    return _stores


@pytest.fixture
def github(forge: Forge) -> Iterator[Attachments]:
    stand_in = Attachments()
    with stand_in.behind(forge):
        yield stand_in


def look(run: Run, number: int) -> None:
    """Ask the API for the repository, so that it is known which number it has."""
    assert send(run, f"https://api.github.com/repos/{REPOSITORIES[number]}").status == 200


def ask(run: Run, number: int, size: int, *words: str, kind: str = "assets", more: Fields = ()) -> Got:
    """Ask for the place of an attachment, as pages do."""
    said = (("name", "a.png"), ("size", str(size)), ("content_type", "image/png"), ("authenticity_token", "t"))
    body = form((*said, ("repository_id", str(number)), *more), None)
    return send(run, f"{WEB}/upload/policies/{kind}", *FORM, "-H", "Accept: application/json", *words, body=body)


def begin(run: Run, size: int, kind: str = "assets", number: int = ACME) -> Any:
    """The policy of an attachment of `size` bytes to an approved repository."""
    look(run, number)
    got = ask(run, number, size, kind=kind)
    assert got.status == 201, got
    return got.document


def fields_of(policy: Mapping[str, Any]) -> Fields:
    return tuple(policy["form"].items())


def store(run: Run, policy: Mapping[str, Any], body: bytes, *words: str) -> Got:
    return send(run, policy["upload_url"], *FORM, *words, body=body)


def stored(forge: Forge) -> list[tuple[str, int, str]]:
    """What arrived at the stores: method, length and hash."""
    assert forge.settle()
    hosts = {*STORES.values()}
    return [(seen.method, seen.body, seen.sha256) for seen in forge.requests() if seen.host in hosts]


@pytest.mark.parametrize("kind", ["assets", "repository-files", "upload-manifest-files", "releases"])
def test_an_attachment_arrives_byte_for_byte_and_is_confirmed(
    run: Run, forge: Forge, github: Attachments, kind: str
) -> None:
    content = os.urandom(50_000)
    policy = begin(run, len(content), kind)
    body = form(fields_of(policy), content)
    assert store(run, policy, body).status == 204
    assert stored(forge) == [("POST", len(body), hashlib.sha256(body).hexdigest())]
    assert github.stored[policy["form"]["key"]] == content
    confirm = form((("authenticity_token", "t2"),), None)
    done = send(run, WEB + policy["asset_upload_url"], "-X", "PUT", *FORM, body=confirm)
    assert done.status == 200, done
    assert github.confirmed == [policy["asset_upload_url"].removeprefix("/upload/")]
    told = [event for event in run.events("upload") if event["url"]["domain"] == STORES[kind]]
    assert [event["forgewall"]["address"] for event in told] == ["github.com/acme/api"]
    assert hashlib.sha256(content).hexdigest() in str(told)
    assert "5ecret" not in str(run.events())


def test_nothing_is_announced_for_a_stranger_or_for_an_unknown_number(
    run: Run, forge: Forge, github: Attachments
) -> None:
    assert refused(ask(run, 4711, 10), "obody has said yet whose repository 4711 is")
    look(run, MALLORY)
    assert refused(ask(run, MALLORY, 10), "github.com/mallory/loot is not an approved repository")
    for more in ((("repository_id", "666"),), (("Repository_id", "666"),), (("project_id", "666"),)):
        look(run, ACME)
        assert refused(ask(run, ACME, 10, more=more))
    assert forge.settle()
    assert forge.requests(host="github.com") == []


def test_an_attachment_that_goes_to_github_itself_names_its_repository_in_the_query(
    run: Run, forge: Forge, github: Attachments
) -> None:
    look(run, ACME)
    look(run, MALLORY)
    url = "https://uploads.github.com/user-attachments/assets?name=a.png&content_type=image%2Fpng"
    assert send(run, f"{url}&repository_id={ACME}", body=b"png").status == 201
    forge.clear()
    assert refused(send(run, f"{url}&repository_id={MALLORY}", body=b"png"), "github.com/mallory/loot")
    assert refused(send(run, f"{url}&repository_id={ACME}&repository_id={MALLORY}", body=b"png"))
    assert refused(send(run, f"{url}&repository_id=4711", body=b"png"), "obody has said yet")
    assert refused(send(run, url, body=b"png"))
    assert forge.settle()
    assert forge.requests(host="uploads.github.com") == []


CHANGED = {
    "another key": lambda fields: form((("key", "666/1"), *fields[1:]), b"loot"),
    "another key in another case": lambda fields: form((("Key", "666/1"), *fields), b"loot"),
    "the key twice": lambda fields: form((fields[0], ("key", "666/1"), *fields[1:]), b"loot"),
    "the key twice alike": lambda fields: form((fields[0], *fields), b"loot"),
    "another key last": lambda fields: form((*fields, ("key", "666/1")), b"loot"),
    "the key behind the file": lambda fields: form(fields[1:], b"loot", after=fields[:1]),
    "another key behind the file": lambda fields: form(fields, b"loot", after=(("key", "666/1"),)),
    "a field behind the file": lambda fields: form(fields, b"loot", after=(("x", "y"),)),
    "the file's name in the key": lambda fields: form((("key", "42/${filename}"), *fields[1:]), b"loot"),
    "no key": lambda fields: form(fields[1:], b"loot"),
    "a space behind the key": lambda fields: form((("key", fields[0][1] + " "), *fields[1:]), b"loot"),
    "a file as the key": lambda fields: form(fields[1:], b"666/1", name="key"),
    "another name of the file": lambda fields: form(fields, b"loot", name="File"),
    "no file": lambda fields: form(fields, None),
    "no form": lambda fields: b"loot",
    "a preamble": lambda fields: b"--x\r\n" + form(fields, b"loot"),
    "an epilogue": lambda fields: form(fields, b"loot") + b"loot",
    "two forms": lambda fields: form(fields, b"loot") + form((("key", "666/1"), *fields[1:]), b"loot"),
    "bare line feeds": lambda fields: form(fields, b"loot").replace(b"\r\n", b"\n"),
}


@pytest.mark.parametrize("size", [0, 300_000], ids=["small", "long"])
@pytest.mark.parametrize("change", CHANGED)
def test_another_form_than_the_announced_one_is_refused(
    run: Run, forge: Forge, github: Attachments, change: str, size: int
) -> None:
    policy = begin(run, 4)
    body = CHANGED[change](fields_of(policy)).replace(b"loot", b"loot" + b"x" * size)
    assert refused(store(run, policy, body), "begin the upload again")
    assert stored(forge) == []
    assert github.stored == {}


REQUESTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a query": ("{url}?x=1", ()),
    "a path": ("{url}/666/1", ()),
    "another store": ("https://github-production-repository-file-5c1aeb.s3.amazonaws.com", ()),
    "another region": ("https://github-production-user-asset-6210df.s3.eu-west-1.amazonaws.com", ()),
    "another client": ("{url}", OTHER_CLIENT),
    "PUT": ("{url}", ("-X", "PUT")),
    "PUT to the key": ("{url}/{key}", ("-X", "PUT")),
    "another type": ("{url}", ("-H", f"Content-Type: multipart/related; boundary={BOUNDARY}")),
    "no type": ("{url}", ("-H", "Content-Type:")),
    "two boundaries": ("{url}", ("-H", f"Content-Type: multipart/form-data; boundary=x; boundary={BOUNDARY}")),
    "a coding that it hasn't": ("{url}", ("-H", "Content-Encoding: gzip")),
    "another method": ("{url}", ("-H", "X-HTTP-Method-Override: PUT")),
}


@pytest.mark.parametrize("how", REQUESTS)
def test_another_request_than_the_announced_one_is_refused(
    run: Run, forge: Forge, github: Attachments, how: str
) -> None:
    policy = begin(run, 4)
    url, words = REQUESTS[how]
    url = url.format(url=policy["upload_url"], key=policy["form"]["key"])
    kind = () if any("Content-Type" in word for word in words) else FORM
    got = send(run, url, *kind, *words, body=form(fields_of(policy), b"loot"))
    assert got.status == 403, got
    assert "security@acme.example" in got.text
    assert stored(forge) == []
    assert store(run, policy, form(fields_of(policy), b"good")).status == 204


@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "long"])
def test_a_store_reads_a_compressed_form_as_it_is_so_it_is_refused(
    run: Run, forge: Forge, github: Attachments, size: int
) -> None:
    policy = begin(run, 4)
    other = form((("key", "666/1"), *fields_of(policy)[1:]), b"loot")
    body = gzip.compress(form(fields_of(policy), os.urandom(size)))
    # RFC 1952: an extra field behind the header holds any bytes; a reader of forms skips what stands before the first.
    extra = b"XX" + (len(other) + 2).to_bytes(2, "little") + b"\r\n" + other
    body = body[:3] + bytes([body[3] | 4]) + body[4:10] + len(extra).to_bytes(2, "little") + extra + body[10:]
    assert len(gzip.decompress(body)) > size
    assert store(run, policy, body, "-H", "Content-Encoding: gzip").status == (403 if size == 10 else 413)
    assert stored(forge) == []


def test_an_upload_is_confirmed_only_by_whom_it_was_begun_and_for_nothing_more(
    run: Run, forge: Forge, github: Attachments
) -> None:
    policy = begin(run, 4)
    forge.clear()
    url = WEB + policy["asset_upload_url"]
    assert refused(send(run, f"{WEB}/upload/assets/1", "-X", "PUT"), "attach the file again")
    assert refused(send(run, url.replace("assets", "releases"), "-X", "PUT"), "attach the file again")
    loot = form((("authenticity_token", "t2"), ("note", "loot")), None)
    assert refused(send(run, url, "-X", "PUT", *FORM, body=loot), "more than a confirmation")
    assert refused(send(run, url, "-X", "PUT", *FORM, body=form((), b"loot")), "more than a confirmation")
    assert forge.settle()
    assert forge.requests(host="github.com") == []
    assert github.confirmed == []


def test_files_are_dragged_into_an_approved_repository_and_no_other(
    run: Run, forge: Forge, github: Attachments
) -> None:
    look(run, ACME)
    said = (("authenticity_token", "t"), ("repository_id", str(ACME)), ("directory_binary", ""))
    manifest = send(run, f"{WEB}/upload/manifests", *FORM, body=form(said, None))
    assert manifest.document == {"upload_manifest": {"id": 9}}
    content = os.urandom(2000)
    got = ask(run, ACME, 2000, kind="upload-manifest-files", more=(("upload_manifest_id", "9"),))
    assert store(run, got.document, form(fields_of(got.document), content)).status == 204
    assert list(github.stored.values()) == [content]
    commit = b"authenticity_token=t&message=m&commit-choice=direct&target_branch=main&manifest_id=9"
    assert send(run, f"{WEB}/acme/api/upload/main", body=commit).status == 302
    assert refused(send(run, f"{WEB}/mallory/loot/upload/main", body=commit), "github.com/mallory/loot")
    assert [repository for repository, _ in github.commits] == ["acme/api"]


@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("length", ["length", "chunked"])
def test_a_long_form_is_judged_by_its_key_and_examined(
    run: Run, forge: Forge, github: Attachments, http: str, length: str
) -> None:
    words = (http, *(("-H", "Transfer-Encoding: chunked") if length == "chunked" and http == "--http1.1" else ()))
    content = os.urandom(3 << 20)
    policy = begin(run, len(content))
    body = form(fields_of(policy), content)
    assert store(run, policy, body, *words).status == 204
    assert github.stored.pop(policy["form"]["key"]) == content
    secret = b"key = AKIA" + b"Q3EGRT7XPL2MNB6V\n"
    for loot in (secret, secret + b"text " * 100_000):
        policy = begin(run, len(loot))
        got = store(run, policy, form(fields_of(policy), loot), *words)
        assert got.status == 403, got
        assert "AKIA" in got.text
    assert github.stored == {}


@pytest.mark.parametrize("framing", ["chunked", "h2"])
def test_a_large_attachment_is_not_kept(
    run: Run, forge: Forge, github: Attachments, tmp_path: Path, framing: str
) -> None:
    """It waits on disk until its last part has shown that it is the announced form, and goes on from there."""
    file = tmp_path / "form"

    def attach(size: int) -> str:
        policy = begin(run, size)
        file.write_bytes(form(fields_of(policy), os.urandom(size)))
        words = (*FRAMINGS[framing], *FORM, "--data-binary", f"@{file}")
        return run.curl(*words, "-o", "/dev/null", "-w", "%{http_code}", policy["upload_url"]).stdout

    assert attach(MIB) == "204"
    with flat(run):
        assert attach(SIZE) == "204"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert [sha256 for _, length, sha256 in stored(forge) if length > SIZE] == [digest]
