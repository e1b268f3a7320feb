"""API bodies as clients of each forge send them, and the facts they are."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import tracemalloc
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY
from tests.inspect.bodies import (
    CUTS,
    FORM,
    JSON,
    NDJSON,
    TOKEN,
    asked,
    cut,
    facts,
    files,
    inspector,
    pieces,
    refs,
    secrets,
    unread,
)

from forgewall.evidence import Fact, File, FileKind, ForcedUpdate, Malformed, NamedFile, RefAction, RefUpdate
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.inspect.body import inspector_for
from forgewall.inspect.hashes import Hash, here
from forgewall.model import Depth

HUB = "https://api.github.com"
LAB = "https://gitlab.com/api/v4/projects/acme%2Fapi"
BUCKET = "https://api.bitbucket.org/2.0/repositories/acme/api"
CENTER = "https://bb.example/bitbucket/rest/api/1.0/projects/acme/repos/api"
TEA = "https://tea.example/api/v1/repos/acme/api"
FACE = "https://huggingface.co/api/models/acme/model"
AZURE = "https://dev.azure.com/acme/p/_apis/git/repositories/r/pushes?api-version=7.1"

CONTENT = gzip.compress(bytes(range(256)) * 4, mtime=0)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CODED = base64.b64encode(CONTENT).decode()


def body(**members: object) -> bytes:
    return json.dumps(members).encode()


def the_file(found: list[Fact]) -> File:
    files_ = [fact for fact in found if isinstance(fact, File)]
    assert len(files_) == 1
    return files_[0]


ONE_FILE = [
    (
        "PUT",
        f"{HUB}/repos/acme/api/contents/dir/a%20b.gz",
        JSON,
        body(message="m", content=CODED, branch="dev"),
        "dir/a b.gz",
        ["dev"],
    ),
    ("POST", f"{HUB}/repos/acme/api/git/blobs", JSON, body(content=CODED, encoding="base64"), None, []),
    ("POST", f"{HUB}/gists", JSON, body(files={"a.gz": {"content": CODED}}), "a.gz", []),
    (
        "POST",
        f"{HUB}/repos/acme/api/git/trees",
        JSON,
        body(base_tree="x", tree=[{"path": "a.gz", "mode": "100644", "type": "blob", "content": CODED}]),
        "a.gz",
        [],
    ),
    (
        "POST",
        f"{HUB}/graphql",
        JSON,
        body(
            query="mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { ref } }",
            variables={
                "input": {
                    "branch": {"repositoryNameWithOwner": "acme/api", "branchName": "dev"},
                    "fileChanges": {"additions": [{"path": "a.gz", "contents": CODED}]},
                }
            },
        ),
        "a.gz",
        ["dev"],
    ),
    (
        "POST",
        f"{LAB}/repository/files/dir%2Fa.gz",
        JSON,
        body(content=CODED, branch="dev", encoding="base64", start_branch="main"),
        "dir/a.gz",
        ["dev"],
    ),
    ("PUT", f"{LAB}/repository/files/a.gz?branch=dev&encoding=base64", JSON, body(content=CODED), "a.gz", ["dev"]),
    (
        "POST",
        f"{LAB}/repository/commits",
        JSON,
        body(branch="dev", actions=[{"action": "create", "content": CODED, "encoding": "base64", "file_path": "a.gz"}]),
        "a.gz",
        ["dev"],
    ),
    ("POST", f"{LAB}/snippets", JSON, body(title="t", files=[{"content": CODED, "file_path": "a.gz"}]), "a.gz", []),
    ("POST", f"{TEA}/contents/a.gz", JSON, body(content=CODED, new_branch="dev", branch="main"), "a.gz", ["dev"]),
    ("PUT", f"{TEA}/contents/a.gz", JSON, body(content=CODED, branch="main"), "a.gz", ["main"]),
    (
        "POST",
        f"{TEA}/contents",
        JSON,
        body(branch="dev", files=[{"operation": "create", "path": "a.gz", "content": CODED}]),
        "a.gz",
        ["dev"],
    ),
    (
        "POST",
        f"{FACE}/commit/main",
        NDJSON,
        body(key="header", value={"summary": "s"})
        + b"\n"
        + body(key="file", value={"content": CODED, "path": "a.gz", "encoding": "base64"})
        + b"\n",
        "a.gz",
        ["main"],
    ),
    (
        "POST",
        AZURE,
        JSON,
        body(
            refUpdates=[{"name": "refs/heads/dev", "oldObjectId": "0" * 40}],
            commits=[
                {
                    "comment": "c",
                    "changes": [
                        {
                            "changeType": "add",
                            "newContent": {"content": CODED, "contentType": "base64encoded"},
                            "item": {"path": "/a.gz"},
                        }
                    ],
                }
            ],
        ),
        "/a.gz",
        ["dev"],
    ),
    (
        "POST",
        "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a.gz",
        ("content-type", "application/gzip"),
        CONTENT,
        "a.gz",
        [],
    ),
    ("POST", "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a.gz", JSON, CONTENT, "a.gz", []),
    ("PUT", f"{LAB}/packages/generic/p/1.0/a.gz", ("content-type", "application/octet-stream"), CONTENT, "a.gz", []),
    ("PUT", f"{LAB}/packages/maven/a/b/1.0/a.gz", ("x-none", ""), CONTENT, "a.gz", []),
    (
        "PUT",
        f"{LAB}/repository/files/a.gz",
        FORM,
        urlencode({"branch": "dev", "content": CODED, "encoding": "base64"}).encode(),
        "a.gz",
        ["dev"],
    ),
    (
        "POST",
        f"{LAB}/repository/commits",
        FORM,
        urlencode(
            {
                "branch": "dev",
                "actions[][action]": "create",
                "actions[][content]": CODED,
                "actions[][encoding]": "base64",
                "actions[][file_path]": "a.gz",
            }
        ).encode(),
        "a.gz",
        ["dev"],
    ),
]


@pytest.mark.parametrize("method, url, header, sent, path, branches", ONE_FILE)
@pytest.mark.parametrize("size", [1, 100, 1_000_000])
def test_a_file_is_what_it_holds(
    method: str, url: str, header: tuple[str, str], sent: bytes, path: str | None, branches: list[str], size: int
) -> None:
    found = facts(method, url, pieces(sent, size), header)
    file = the_file(found)
    assert (file.path, file.size, file.sha256, file.kind) == (path, len(CONTENT), SHA256, FileKind.ARCHIVE)
    assert refs(found) == [f"refs/heads/{name}" for name in branches]
    assert unread(found) == []


def form(**uploads: object) -> tuple[bytes, tuple[str, str]]:
    prepared = requests.Request("POST", "http://localhost/", **uploads).prepare()  # type: ignore[arg-type]
    assert isinstance(prepared.body, bytes)
    return prepared.body, ("content-type", prepared.headers["content-type"])


@pytest.mark.parametrize(
    "url, fields, uploads, expected, branches",
    [
        (
            f"{BUCKET}/src",
            {"message": "m", "branch": "dev"},
            {"dir/a.gz": ("local.gz", CONTENT)},
            ["dir/a.gz"],
            ["dev"],
        ),
        (f"{BUCKET}/src", {"branch": "dev", "/a.gz": CONTENT}, {"x": ("", b"")}, ["/a.gz"], ["dev"]),
        (f"{BUCKET}/downloads", {}, {"files": ("a.gz", CONTENT)}, ["a.gz"], []),
        (f"{LAB}/uploads", {}, {"file": ("a.gz", CONTENT)}, ["a.gz"], []),
        (
            "https://github-production-upload.s3.amazonaws.com/",
            {"key": "1/a.gz", "policy": "x"},
            {"file": ("a.gz", CONTENT)},
            ["a.gz"],
            [],
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_multipart(
    url: str, fields: dict[str, object], uploads: dict[str, object], expected: list[str], branches: list[str], size: int
) -> None:
    if identify(request_for("POST", url), REGISTRY) is None:
        pytest.skip("not a forge's host")
    sent, header = form(data=fields, files=uploads)
    found = facts("POST", url, pieces(sent, size), header)
    assert [(path, sha256) for path, length, sha256 in files(found) if length] == [(name, SHA256) for name in expected]
    assert refs(found) == [f"refs/heads/{name}" for name in branches]


def test_bitbucket_server_edit_takes_the_path_of_the_url() -> None:
    sent, header = form(files={"content": (None, b"hello " + TOKEN), "branch": (None, b"dev"), "message": (None, b"m")})
    found = facts("PUT", f"{CENTER}/browse/dir/a.txt", sent, header)
    assert files(found) == [("dir/a.txt", 34, hashlib.sha256(b"hello " + TOKEN).hexdigest())]
    assert refs(found) == ["refs/heads/dev"]
    assert secrets(found) == {"dir/a.txt"}


GONE = RefUpdate(name="HEAD", action=RefAction.DELETE)


@pytest.mark.parametrize(
    "query, loses",
    [
        ("mutation { createCommitOnBranch(input: $i) { x } }", False),
        ("mutation { createRef(input: $i) { x } }", False),
        ("mutation { a: deleteRef(input: $i) { x } }", True),
        ("mutation { updateRef(input: {force: true}) { x } }", True),
        ("mutation { updateRefs(input: $i) { x } }", True),
        ("mutation { createRef(input: $i) { x } }" + " " * 5000, True),
    ],
    ids=range(6),
)
def test_graphql_says_whether_refs_go(query: str, loses: bool) -> None:
    branch = {"i": {"branch": {"repositoryNameWithOwner": "acme/api", "branchName": "dev"}}}
    found = facts("POST", f"{HUB}/graphql", body(query=query, variables=branch), JSON)
    assert (GONE in found, any(isinstance(fact, ForcedUpdate) for fact in found)) == (loses, loses)


def test_one_of_several_graphql_documents_is_enough() -> None:
    rows = [{"query": "mutation { createRef }"}, {"query": "mutation { deleteRef }"}, {"query": "{ a }"}]
    assert GONE in facts("POST", f"{HUB}/graphql", json.dumps(rows).encode(), JSON)
    long = [{"query": "mutation { createRef }"}, {"query": "x" * 5000}]
    assert GONE in facts("POST", f"{HUB}/graphql", json.dumps(long).encode(), JSON)


def test_graphql_multipart_has_a_document_in_it() -> None:
    operations = body(query="mutation {x}", variables={"branchName": "dev", "text": TOKEN.decode()})
    sent, header = form(files={"operations": (None, operations), "map": (None, b"{}"), "0": ("a.gz", CONTENT)})
    found = facts("POST", f"{HUB}/graphql", sent, header)
    assert (the_file(found).path, refs(found), secrets(found)) == ("a.gz", ["refs/heads/dev"], {None})


TEXT_ROUTE = f"{LAB}/repository/files/a.txt"


@pytest.mark.parametrize(
    "members, content",
    [
        ({"content": "hello"}, b"hello"),
        ({"content": "README"}, b"README"),
        ({"content": "äöü😀\n\0"}, "äöü😀\n\0".encode()),
        ({"content": CODED, "encoding": "text"}, CODED.encode()),
        ({"encoding": "text", "content": CODED}, CODED.encode()),
        ({"content": "QUJD", "encoding": "base64"}, b"ABC"),
        ({"encoding": "BASE64", "content": "QUJD"}, b"ABC"),
        ({"content": ""}, b""),
        ({"content": CODED}, CONTENT),
        ({"content": CODED + "!"}, (CODED + "!").encode()),
        ({"content": "\n".join([CODED[:76], CODED[76:], ""])}, CONTENT),
        ({"content": base64.urlsafe_b64encode(CONTENT).decode().rstrip("=")}, CONTENT),
    ],
)
def test_base64_or_text(members: dict[str, str], content: bytes) -> None:
    found = facts("PUT", TEXT_ROUTE, body(**members), JSON)
    assert files(found) == [("a.txt", len(content), hashlib.sha256(content).hexdigest())]


def test_what_is_declared_base64_and_is_none_is_unread() -> None:
    for members in (
        {"content": "QUJD!", "encoding": "base64"},
        {"encoding": "base64", "content": "QUJD!" + "x" * 40_000},
    ):
        assert unread(facts("PUT", TEXT_ROUTE, body(**members), JSON)) == [
            "file content that is declared as base64 holds something else"
        ]


def test_long_base64_under_any_name_is_a_file() -> None:
    found = facts("PUT", "https://npm.pkg.github.com/@acme%2fp", body(_attachments={"p.tgz": {"data": CODED}}), JSON)
    assert files(found) == [("p.tgz", len(CONTENT), SHA256)]
    assert files(facts("POST", f"{HUB}/repos/acme/api/issues", body(title="t", body=CODED), JSON))
    assert not files(facts("POST", f"{HUB}/repos/acme/api/issues", body(title="t", body="some text " * 100), JSON))
    assert not files(facts("POST", f"{HUB}/repos/acme/api/issues", body(title="t", content="text"), JSON))


@settings(deadline=None)
@given(
    st.integers(0, 20_000), st.integers(0, 40), CUTS, st.sampled_from(["contents", "gitlab", "plain", "form", "text"])
)
def test_a_secret_is_found_wherever_it_is_cut(before: int, after: int, cuts: list[int], kind: str) -> None:
    content = b"." * before + b" " + TOKEN + b" " + b"." * after
    text, coded = content.decode(), base64.b64encode(content).decode()
    match kind:
        case "contents":
            method, url, sent, header = "PUT", f"{HUB}/repos/acme/api/contents/a", body(content=coded), JSON
        case "gitlab":
            actions = [{"content": coded, "encoding": "base64", "file_path": "a"}]
            method, url, sent, header = "POST", f"{LAB}/repository/commits", body(actions=actions), JSON
        case "plain":
            method, url, sent, header = "PUT", f"{LAB}/repository/files/a", body(content=text), JSON
        case "form":
            method, url, sent, header = "PUT", f"{LAB}/repository/files/a", urlencode({"content": text}).encode(), FORM
        case _:
            method, url, sent, header = "POST", f"{HUB}/repos/acme/api/issues", body(body=text), JSON
    ends = [at * len(sent) // 400 for at in cuts]
    assert secrets(facts(method, url, cut(sent, ends), header)) == ({None} if kind == "text" else {"a"})


def test_a_secret_that_is_told_before_its_file_ends_is_told_with_the_path_known_then() -> None:
    coded = base64.b64encode(TOKEN + b" " + b"." * 100_000).decode()
    assert secrets(facts("PUT", f"{HUB}/repos/acme/api/contents/a", body(content=coded), JSON)) == {"a"}
    before, after = [{"file_path": "a", "content": coded}], [{"content": coded, "file_path": "a"}]
    assert secrets(facts("POST", f"{LAB}/repository/commits", body(actions=before), JSON)) == {"a"}
    assert secrets(facts("POST", f"{LAB}/repository/commits", body(actions=after), JSON)) == {None}


def test_secrets_in_short_texts_and_in_the_raw_reading() -> None:
    assert secrets(facts("POST", f"{HUB}/repos/acme/api/issues", body(title=TOKEN.decode()), JSON)) == {None}
    tokens = "\n".join([TOKEN.decode()] * 20)  # wholly in the URL-safe alphabet
    assert len(tokens) > 256
    assert secrets(facts("PUT", TEXT_ROUTE, body(content=tokens), JSON)) == {"a.txt"}
    assert secrets(facts("POST", f"{HUB}/repos/acme/api/issues", body(body=tokens), JSON)) == {None}


def test_without_a_scanner_nothing_is_searched() -> None:
    assert secrets(facts("PUT", TEXT_ROUTE, body(content=TOKEN.decode()), JSON, scanner=None)) == set()


def test_order_within_an_object_does_not_matter() -> None:
    action = {"action": "create", "content": CODED, "encoding": "base64", "file_path": "a.gz", "name": "no"}
    for order in (list(action), list(reversed(action)), sorted(action)):
        sent = body(actions=[{name: action[name] for name in order}], branch="b")
        assert files(facts("POST", f"{LAB}/repository/commits", sent, JSON)) == [("a.gz", len(CONTENT), SHA256)]


def test_a_name_that_stands_twice_is_told_twice() -> None:
    sent = b'{"branch":"a","branch":"b","actions":[{"file_path":"x","file_path":"y.kdbx","content":"1","content":"2"}]}'
    found = facts("POST", f"{LAB}/repository/commits", sent, JSON)
    assert refs(found) == ["refs/heads/a", "refs/heads/b"]
    assert [fact[:2] for fact in files(found)] == [("x", 1), ("x", 1)]
    assert NamedFile(path="y.kdbx") in found


@settings(deadline=None)
@given(CUTS, st.integers(1, 40))
def test_many_contents_in_one_object_are_all_told(cuts: list[int], count: int) -> None:
    sent = b"{" + b",".join(b'"content":"%d"' % at for at in range(count)) + b"}"
    assert len(files(facts("POST", f"{LAB}/repository/commits", cut(sent, cuts), JSON))) == count


def test_branches_by_route() -> None:
    created = facts("POST", f"{HUB}/repos/acme/api/git/refs", body(ref="refs/heads/x", sha="0" * 40), JSON)
    assert created == [RefUpdate(name="refs/heads/x", action=RefAction.CREATE)]
    forced = facts("PATCH", f"{HUB}/repos/acme/api/git/refs/heads/x", b'{"sha":"0","force":true}', JSON)
    assert forced == [RefUpdate(name="refs/heads/x", action=RefAction.UPDATE), ForcedUpdate(name="refs/heads/x")]
    assert refs(facts("POST", f"{LAB}/repository/branches?branch=x&ref=main", b"", JSON)) == ["refs/heads/x"]
    assert refs(facts("POST", f"{LAB}/repository/tags", body(tag_name="v1", ref="main"), JSON)) == ["refs/tags/v1"]
    assert refs(facts("POST", f"{HUB}/repos/acme/api/merges", body(base="main", head="x"), JSON)) == ["refs/heads/main"]
    assert refs(facts("POST", f"{HUB}/repos/acme/api/issues", body(title="t", branch="x"), JSON)) == []


@pytest.mark.parametrize(
    "sent", [b"{", b'{"content":"abc', b"{'a':1}", b'{"a":1}}', b"\xfe{\0", b"[" * 100, b"", b'{"content":"\\x"}']
)
def test_what_is_no_json_is_unread_and_searched_as_it_stands(sent: bytes) -> None:
    found = facts("PUT", TEXT_ROUTE, pieces(sent + b" " + TOKEN, 3), JSON)
    assert len(unread(found)) == 1
    assert not files(found)
    assert secrets(found)


def test_lenient_json_is_read() -> None:
    sent = b'\xef\xbb\xbf{"content":"a\xff\nb"}'
    assert files(facts("PUT", TEXT_ROUTE, sent, JSON))[0][1] == len("a\ufffd\nb".encode())


@pytest.mark.parametrize("header", [("x-none", ""), FORM, ("content-type", "text/plain")])
def test_json_without_the_name_is_sniffed_as_the_forge_does(header: tuple[str, str]) -> None:
    url = f"{HUB}/repos/acme/api/contents/a.gz"
    sent = b" \n" + body(content=CODED)
    for size in (1, 1000):
        assert files(facts("PUT", url, pieces(sent, size), header)) == [("a.gz", len(CONTENT), SHA256)]


def test_a_form_that_looks_like_json_is_a_form_where_the_forge_says_so() -> None:
    sent = b'{"a":"&content=abc&file_path=x.kdbx'
    assert files(facts("POST", f"{LAB}/repository/commits", sent, FORM))[0][:2] == ("x.kdbx", 3)


def test_unknown_kinds_are_one_file() -> None:
    for header in (("content-type", "multipart/mixed; boundary=b"), ("content-type", "image/png"), ("x-none", "")):
        assert files(facts("POST", f"{HUB}/zzz?name=a", CONTENT, header)) == [("a", len(CONTENT), SHA256)]


@pytest.mark.parametrize(
    "sent", [b"", b"--b\r\n", b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx']
)
def test_an_unfinished_form_is_malformed(sent: bytes) -> None:
    found = facts("POST", f"{LAB}/uploads", sent, ("content-type", "multipart/form-data; boundary=b"))
    assert isinstance(found[-1], Malformed)
    assert not files(found)
    assert isinstance(facts("POST", f"{LAB}/uploads", b"x", ("content-type", "multipart/form-data"))[-1], Malformed)


def test_a_coded_part_is_told() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n'
    sent = head + b"Content-Transfer-Encoding: base64\r\n\r\nQQ==\r\n--b--"
    found = facts("POST", f"{LAB}/uploads", sent, ("content-type", "multipart/form-data; boundary=b"))
    assert len(unread(found)) == 1


def test_depths() -> None:
    url = f"{LAB}/packages/generic/p/1.0/a.gz"
    assert inspector("PUT", url, depth=Depth.OFF) is None
    assert facts("PUT", url, CONTENT, ("content-length", "9"), depth=Depth.HEADERS) == [File(path="a.gz", size=9)]
    assert facts("PUT", url, CONTENT, depth=Depth.HEADERS) == [NamedFile(path="a.gz")]
    coded = (("content-length", "9"), ("content-encoding", "gzip"))
    assert facts("PUT", url, CONTENT, *coded, depth=Depth.HEADERS) == [NamedFile(path="a.gz")]
    head = facts("PUT", f"{HUB}/repos/acme/api/contents/a.gz", body(content=CODED), JSON, depth=Depth.HEADERS)
    assert head == [NamedFile(path="a.gz")]
    assert inspector("POST", f"{HUB}/repos/acme/api/issues", JSON, depth=Depth.HEADERS) is None


ROUTES = [
    ("PUT", f"{HUB}/repos/acme/api/contents/a", JSON),
    ("POST", f"{LAB}/repository/commits", JSON),
    ("POST", f"{LAB}/repository/commits", FORM),
    ("POST", f"{FACE}/commit/main", NDJSON),
    ("POST", f"{BUCKET}/src", ("content-type", "multipart/form-data; boundary=b")),
    ("POST", f"{HUB}/repos/acme/api/issues", ("x-none", "")),
]
PIECES = [
    *(b'{ } [ ] , : " \\ \n & = % \r\n --b--'.split(b" ")),
    b'"content":',
    b'"path":',
    b'"branch":"',
    b'"encoding":"base64"',
    b'"files":{"n":{',
    b"content=",
    b'--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n',
    b'--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n',
    TOKEN,
    b'"' + CODED.encode() + b'"',
    b"QUJD" * 70,
    b"\xff\0",
    b"\\u00e4\\ud83d",
]


@settings(deadline=None)
@given(st.sampled_from(ROUTES), st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=16), CUTS)
def test_any_bytes_give_the_same_facts_in_any_chunks(
    route: tuple[str, str, tuple[str, str]], parts: list[bytes], cuts: list[int]
) -> None:
    sent = b"".join(parts)
    ends = [at * (len(sent) + 1) // 400 for at in cuts]

    def outcome(chunks: object) -> list[Fact]:
        reader = inspector(route[0], route[1], route[2])
        assert reader is not None
        found: list[Fact] = []
        for chunk in chunks:  # type: ignore[attr-defined]
            found += reader.feed(chunk)
            if any(isinstance(fact, Malformed) for fact in found):
                break
        else:
            found += reader.finish()
        malformed = [fact for fact in found if isinstance(fact, Malformed)]
        return malformed or sorted(found, key=repr)

    assert outcome([sent]) == outcome(cut(sent, ends)) == outcome(pieces(sent, 1))


def test_memory_stays_flat_through_a_long_file() -> None:
    reader = inspector("PUT", f"{LAB}/repository/files/a", JSON)
    assert reader is not None
    line = base64.b64encode(bytes(range(256)) * 192)
    list(reader.feed(b'{"branch":"b","content":"'))
    for _ in range(20):
        list(reader.feed(line))
    tracemalloc.start()
    for _ in range(200):
        list(reader.feed(line))
    found = [*reader.feed(b'","encoding":"base64"}'), *reader.finish()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert files(found)[0][1] == 220 * 256 * 192
    assert peak < 2_000_000


@pytest.mark.parametrize("headers", [(), (("content-type", "application/octet-stream"),), (("content-type", "x/y"),)])
def test_a_body_that_turns_out_to_be_one_file_is_hashed_where_the_caller_wants(
    headers: tuple[tuple[str, str], ...],
) -> None:
    made: list[str] = []

    def new_hash(name: str) -> Hash:
        made.append(name)
        return here(name)

    request, target = asked("POST", f"{LAB}/uploads", *headers)
    reader = inspector_for(request, target, depth=Depth.FULL, scanner=None, new_hash=new_hash)
    assert reader is not None
    found = [*reader.feed(b" \n"), *reader.feed(b"no JSON"), *reader.finish()]
    assert the_file(found).sha256 == hashlib.sha256(b" \nno JSON").hexdigest()
    assert made == ["sha256"]
