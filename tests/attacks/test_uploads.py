"""Insiders with an approved repository who want to get past its rules: each row is one way that must not work.

The forge's journal is the proof: a request that stands there as complete has got through. The rows of `HONEST` are the
same requests as they are meant; they get through, so nobody is refused for his looks.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from demo.forge import Forge
from tests.attacks.conftest import tunnel
from tests.attacks.raw import H2, Answer, Raw, fields
from tests.e2e.conftest import Run, StartProxy
from tests.inspect.packing import Pack, commit, delta, insert, oid, tree

from forgewall.inspect.objects import BLOB, COMMIT, TREE
from forgewall.inspect.pktline import FLUSH, pkt

POLICY = """\
version: 1
forges:
  - {host: git.acme.example, kind: bitbucket}
approved:
  - {repo: github.com/acme/limited, refs: [dev], deletes: block, force: block}
  - {repo: gitlab.com/acme/limited, refs: [dev], deletes: block, force: block}
  - {repo: bitbucket.org/acme/limited, refs: [dev], deletes: block, force: block}
  - {repo: git.acme.example/acme/limited, refs: [dev], deletes: block, force: block}
  - {repo: github.com/acme/linear, force: block}
  - {repo: github.com/acme/strict, content: {archives: block, encrypted: block, paths: {"*.kdbx": block}}}
  - gitlab.com/acme/metered
  - {repo: gitlab.com/acme/strict, content: {archives: block, encrypted: block, paths: {"*.kdbx": block}}}
  - {repo: git.acme.example/acme/strict, content: {paths: {"*.kdbx": block}}}
  - {repo: bitbucket.org/acme/strict, content: {archives: block, encrypted: block, paths: {"*.kdbx": block}}}
limits: {per_repository: 60 uploads/1h}
"""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def archive(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        written.writestr("plans", b"the company's plans ".ljust(size, b"."))
    return buffer.getvalue()


ARCHIVE = archive(2000)
CODED = base64.b64encode(ARCHIVE).decode()
QUOTED, SPACED = quote(CODED, safe=""), " ".join(CODED)


@pytest.fixture(scope="module")
def _armed(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    start = StartProxy(tmp_path_factory.mktemp("armed"), _forge)
    yield start(POLICY, hosts=("api.githubcopilot.com",))
    start.close()


@pytest.fixture
def armed(_armed: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy with POLICY."""
    _armed.begin(tmp_path / "armed-home")
    return _armed


def send(run: Run, url: str, body: bytes, *headers: str, method: str = "POST") -> Answer:
    """The answer to one request on a connection of its own."""
    host, _, path = url.removeprefix("https://").partition("/")
    lines = [f"{method} /{path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", *headers, "", ""]
    with tunnel(run, host) as raw:
        raw.send("\r\n".join(lines).encode() + body)
        return raw.answer()


def arrived(forge: Forge) -> list[str]:
    """What the forge has got whole."""
    assert forge.settle()
    return [seen.path for seen in forge.requests() if seen.outcome == "complete"]


def part(name: str, value: bytes, *fields: str) -> bytes:
    head = [f'--b\r\nContent-Disposition: form-data; name="{name}"', *fields, "", ""]
    return "\r\n".join(head).encode() + value + b"\r\n"


def parts(*each: bytes) -> bytes:
    return b"".join(each) + b"--b--\r\n"


def document(**members: object) -> bytes:
    return json.dumps(members).encode()


def member(flags: int, field: bytes, data: bytes) -> bytes:
    """A gzip member with a header field of its own (RFC 1952)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + field + deflate.compress(data) + deflate.flush() + tail


GITHUB, GITLAB = "https://api.github.com/repos/acme", "https://gitlab.com/api/v4/projects/acme%2F"
BITBUCKET, CENTER = "https://api.bitbucket.org/2.0/repositories/acme", "https://git.acme.example/rest"
COMMITS = GITLAB + "limited/repository/commits"
CONTENTS = f"{GITHUB}/limited/contents/a"
SOURCE = f"{BITBUCKET}/limited/src"
NESTED = b"[" * 65 + b"]" * 65
DEV = b'"branch":"dev","content":"aGk="'

MCP = "https://api.githubcopilot.com/mcp/"


def behind_a_comment(repository: str, **commit: object) -> bytes:
    """Messages of MCP: a comment on an issue, then a commit."""
    where = {"owner": "acme", "repo": repository}
    calls = (
        ("add_issue_comment", {**where, "issue_number": 1, "body": "hi"}),
        ("push_files", {**where, "message": "m", **commit}),
    )
    messages = [{"method": "tools/call", "params": {"name": name, "arguments": said}} for name, said in calls]
    rows = [{"jsonrpc": "2.0", "id": number, **message} for number, message in enumerate(messages)]
    return json.dumps(rows).encode()


type Row = tuple[str, str, str, bytes]
"""Method, URL, Content-Type (and further header lines), body."""

REFS: dict[str, Row] = {
    "a branch behind what is nested too deep": ("POST", COMMITS, JSON, b'{"x":%b,"branch":"evil"}' % NESTED),
    "a branch behind what is no JSON": ("POST", COMMITS, JSON, b'{"x":NaN,"branch":"evil"}'),
    "a ref behind what is nested too deep": (
        "POST",
        f"{GITHUB}/limited/git/refs",
        JSON,
        b'{"x":%b,"ref":"refs/heads/evil"}' % NESTED,
    ),
    "a branch that is the author's": ("PUT", CONTENTS, JSON, b'{"author":{"branch":"dev"},"content":"aGk="}'),
    "a branch in another spelling": ("PUT", CONTENTS, JSON, b'{"Branch":"dev","content":"aGk="}'),
    "a branch in the query": ("PUT", CONTENTS + "?branch=dev", JSON, b'{"content":"aGk="}'),
    "a branch in the query of an opaque body": ("PUT", CONTENTS + "?branch=dev", "image/png", b"\x89PNG"),
    "a branch that is a number": ("POST", COMMITS, JSON, b'{"branch":"dev","branch":123}'),
    "a JSON body that says it is an image": ("PUT", CONTENTS, "image/png", b'{"branch":"evil","content":"aGk="}'),
    "a field behind a semicolon": ("POST", COMMITS, FORM, b"branch=dev&x=1;branch=evil"),
    "a field in brackets": ("POST", COMMITS, FORM, b"branch=dev&[branch]=evil"),
    "a field behind a space": ("POST", COMMITS, FORM, b"branch=dev& branch=evil"),
    "a field with half a bracket": ("POST", COMMITS, FORM, b"branch=dev&branch]=evil"),
    "a part in brackets": ("POST", COMMITS, MULTIPART, parts(part("branch", b"dev"), part("[branch]", b"evil"))),
    "a part that says it is JSON": (
        "POST",
        SOURCE,
        MULTIPART,
        parts(part("branch", b"dev"), part("branch", b"123", f"Content-Type: {JSON}")),
    ),
    "a branch that is renamed": ("POST", f"{GITHUB}/limited/branches/main/rename", JSON, b'{"new_name":"dev"}'),
    "a branch that is renamed to another": (
        "POST",
        f"{GITHUB}/limited/branches/dev/rename",
        JSON,
        b'{"new_name":"evil"}',
    ),
    "a page of the forge": ("POST", "https://github.com/acme/limited/create/evil", FORM, b"filename=a&value=b"),
    "a page of GitLab": (
        "POST",
        "https://gitlab.com/acme/limited/-/create/evil",
        FORM,
        b"file_name=a&content=b&commit_message=m",
    ),
    "a change log": ("POST", GITLAB + "limited/repository/changelog", JSON, b'{"version":"1.0.0"}'),
    "an automatic fix": (
        "POST",
        f"{GITHUB}/limited/code-scanning/alerts/1/autofix/commits",
        JSON,
        b'{"target_ref":"refs/heads/evil"}',
    ),
    "a push by WebDAV": ("PUT", "https://github.com/acme/limited.git/refs/heads/evil", "text/plain", b"0" * 40),
    "a commit behind a comment": (
        "POST",
        MCP,
        JSON,
        behind_a_comment("limited", branch="evil", files=[{"path": "a", "content": "b"}]),
    ),
}
DELETES: dict[str, Row] = {
    "a branch that the body names": (
        "DELETE",
        f"{CENTER}/branch-utils/latest/projects/acme/repos/limited/branches",
        JSON,
        b'{"name":"refs/heads/dev"}',
    ),
    "all branches that are merged": ("DELETE", GITLAB + "limited/repository/merged_branches", JSON, b""),
    "a branch on a page": ("DELETE", "https://gitlab.com/acme/limited/-/branches/dev", JSON, b""),
    "a branch on another page, by a form": (
        "POST",
        "https://github.com/acme/limited/branches/dev",
        FORM,
        b"_method=delete",
    ),
    "a branch on another page": ("DELETE", "https://github.com/acme/limited/branches/dev", JSON, b""),
}
FORCED: dict[str, Row] = {
    "as a text": ("POST", COMMITS, JSON, b'{"branch":"dev","force":"true"}'),
    "as a number": ("POST", COMMITS, JSON, b'{"branch":"dev","force":1}'),
    "twice": ("POST", COMMITS, JSON, b'{"branch":"dev","force":true,"force":false}'),
    "in a form": ("POST", COMMITS, FORM, b"branch=dev&force=true"),
    "in a part": ("POST", COMMITS, MULTIPART, parts(part("branch", b"dev"), part("force", b"on"))),
    "in the query": ("POST", COMMITS + "?force=1", JSON, b'{"branch":"dev"}'),
    "in the query alone": ("POST", COMMITS + "?branch=dev&force=1", JSON, b""),
    "behind what is no JSON": (
        "PATCH",
        f"{GITHUB}/linear/git/refs/heads/x",
        JSON,
        b'{"sha":"%b","x":%b,"force":true}' % (b"1" * 40, NESTED),
    ),
}
GZIP = "Content-Encoding: gzip"
OCTETS = "application/octet-stream"
ASSET = "https://uploads.github.com/repos/acme/strict/releases/1/assets?name=a"
HARMLESS = b"nothing to see here " * 1000
SECRET = member(16, base64.b85encode(ARCHIVE) + b"\0", HARMLESS)
FILES = GITLAB + "strict/repository/commits"
CONTENT: dict[str, Row] = {
    "JSON that says it is an image": ("PUT", f"{GITHUB}/strict/contents/a", "image/png", document(content=CODED)),
    "a file behind a comment": (
        "POST",
        MCP,
        JSON,
        behind_a_comment("strict", branch="dev", files=[{"path": "x.kdbx", "content": "b"}]),
    ),
    "a field behind a semicolon": (
        "POST",
        FILES,
        FORM,
        b"branch=dev&actions[][content]=" + CODED.replace("+", "%2B").encode() + b";actions[][encoding]=base64",
    ),
    "a file in a gzip header that some forges keep": ("POST", ASSET, f"{OCTETS}\r\n{GZIP}", SECRET),
    "an LFS object in a gzip header": (
        "PUT",
        f"https://gitlab.com/acme/strict.git/gitlab-lfs/objects/{sha256(HARMLESS).hexdigest()}/{len(HARMLESS)}",
        f"{OCTETS}\r\n{GZIP}",
        SECRET,
    ),
    "a name that a file is moved to": (
        "POST",
        FILES,
        JSON,
        document(branch="dev", actions=[{"action": "move", "file_path": "x.kdbx", "previous_path": "a"}]),
    ),
    "a name in a tree of files that are there": (
        "POST",
        f"{GITHUB}/strict/git/trees",
        JSON,
        document(tree=[{"path": "x.kdbx", "mode": "100644", "type": "blob", "sha": "1" * 40}]),
    ),
    "a file in the query": ("POST", f"{GITLAB}strict/repository/files/a?branch=dev&content={QUOTED}", JSON, b""),
    "a file in the query beside a body": ("POST", f"{FILES}?actions[][content]={QUOTED}", JSON, b'{"branch":"dev"}'),
    "a name in the query": (
        "POST",
        FILES + "?branch=dev&actions[][action]=move&actions[][file_path]=x.kdbx",
        JSON,
        b"",
    ),
    "a coding in the query": (
        "POST",
        FILES + "?actions[][encoding]=base64",
        JSON,
        document(actions=[{"content": SPACED}]),
    ),
    "a name beside another": (
        "PUT",
        f"{GITLAB}strict/repository/files/x.kdbx",
        JSON,
        document(branch="dev", content="a", file_path="a.txt"),
    ),
    "a name beside a part's": (
        "PUT",
        f"{CENTER}/api/latest/projects/acme/repos/strict/browse/x.kdbx",
        MULTIPART,
        parts(
            part("content", b"a").replace(b'name="content"', b'name="content"; filename="a"'), part("branch", b"dev")
        ),
    ),
    "an asset that says it is a form": (
        "POST",
        ASSET.replace("name=a", "name=x.kdbx"),
        MULTIPART,
        parts(part("a", b"a").replace(b'name="a"', b'name="a"; filename="a"')),
    ),
    "a name with a dot": (
        "POST",
        FILES,
        JSON,
        document(actions=[{"file_path": "vault/./../x.kdbx/.", "content": "a"}]),
    ),
    "a name whose part says it is JSON": (
        "POST",
        f"{BITBUCKET}/strict/src",
        MULTIPART,
        parts(part("x.kdbx", b"{}", f"Content-Type: {JSON}")),
    ),
}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{what}: {name}")
        for what, rows in (("refs", REFS), ("deletes", DELETES), ("force", FORCED), ("content", CONTENT))
        for name, row in rows.items()
    ],
)
def test_nothing_gets_past_a_rule_through_the_interface(armed: Run, forge: Forge, row: Row) -> None:
    method, url, kind, body = row
    answer = send(armed, url, body, f"Content-Type: {kind}", method=method)
    assert arrived(forge) == [], answer
    assert answer.status in (403, 400, 422), answer


HONEST: dict[str, Row] = {
    "a commit": (
        "POST",
        COMMITS,
        JSON,
        document(branch="dev", force=False, actions=[{"file_path": "x", "content": "a"}]),
    ),
    "a commit in a form": (
        "POST",
        COMMITS,
        FORM,
        b"branch=dev&force=false&actions[][file_path]=a&actions[][content]=b",
    ),
    "a file": ("PUT", CONTENTS, JSON, document(branch="dev", content=CODED)),
    "a form": ("POST", SOURCE, MULTIPART, parts(part("branch", b"dev"), part("a.txt", b"x"))),
    "a tree": ("POST", f"{GITHUB}/limited/git/trees", JSON, document(tree=[{"path": "x", "sha": "1" * 40}])),
    "an asset": ("POST", ASSET, OCTETS, b"nothing to see here"),
    "a deletion of a file": ("DELETE", CONTENTS + "?branch=dev&sha=1", JSON, b""),
    "a branch in the query": ("POST", COMMITS + "?branch=dev", JSON, b'{"actions":[]}'),
    "all in the query": ("POST", f"{GITLAB}strict/repository/files/a?branch=dev&content=b&private_token=x", JSON, b""),
    "a deletion of a name": ("POST", FILES, JSON, document(actions=[{"action": "delete", "file_path": "x.kdbx"}])),
}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in HONEST.items()])
def test_honest_requests_get_through(armed: Run, forge: Forge, row: Row) -> None:
    method, url, kind, body = row
    answer = send(armed, url, body, f"Content-Type: {kind}", method=method)
    assert len(arrived(forge)) == 1, answer


# -- pushes -----------------------------------------------------------------------------------------------------------

NONE = "0" * 40
FILE = b"hello"
ROOT = tree(("100644", "a", oid(BLOB, FILE)))
FIRST = commit(oid(TREE, ROOT))
OLD = oid(COMMIT, FIRST).hex()


def pushed(old: str, new: str, pack: Pack, ref: str = "refs/heads/main", words: str = "report-status") -> bytes:
    return pkt(f"{old} {new} {ref}\0{words}".encode()) + FLUSH + bytes(pack)


def push(run: Run, repository: str, body: bytes, end: str = "git-receive-pack") -> Answer:
    url = f"https://github.com/acme/{repository}.git/{end}"
    return send(run, url, body, "Content-Type: application/x-git-receive-pack-request")


def packed(*objects: tuple[int, bytes]) -> Pack:
    pack = Pack()
    for kind, data in objects:
        pack.add(kind, data)
    return pack


def begun(run: Run, forge: Forge, repository: str) -> str:
    """The address of a repository with one commit that was pushed through the proxy."""
    address = f"github.com/acme/{repository}"
    forge.make_repository(address)
    push(run, repository, pushed(NONE, OLD, packed((COMMIT, FIRST), (TREE, ROOT), (BLOB, FILE))))
    assert forge.refs(address) == {"refs/heads/main": OLD}
    return address


def rewritten_by_a_delta() -> bytes:
    """The new commit travels as a difference to one that only the forge has."""
    new = commit(oid(TREE, ROOT), subject="rewritten")
    pack = Pack()
    pack.ref(oid(COMMIT, FIRST), delta(len(FIRST), len(new), insert(new)))
    return pushed(OLD, oid(COMMIT, new).hex(), pack)


def rewritten_at_length() -> bytes:
    """The new commit is too long to be read."""
    new = commit(oid(TREE, ROOT), subject="x" * 5_000_000)
    return pushed(OLD, oid(COMMIT, new).hex(), packed((COMMIT, new)))


def named_as_a_folder_first() -> bytes:
    """A tree that nothing leads to calls the file a folder; in the one that counts its name isn't new then."""
    odd = tree(("40000", "x.kdbx", oid(BLOB, FILE)))
    root = tree(("100644", "x.kdbx", oid(BLOB, FILE)))
    new = commit(oid(TREE, root), bytes.fromhex(OLD))
    objects = [(COMMIT, commit(oid(TREE, odd))), (TREE, odd), (COMMIT, new), (TREE, root)]
    return pushed(OLD, oid(COMMIT, new).hex(), packed(*objects))


@pytest.mark.parametrize(
    ("repository", "make"),
    [("linear", rewritten_by_a_delta), ("linear", rewritten_at_length), ("strict", named_as_a_folder_first)],
    ids=["a delta", "a long commit", "a folder"],
)
def test_nothing_gets_past_a_rule_in_a_pack(
    armed: Run, forge: Forge, repository: str, make: Callable[[], bytes]
) -> None:
    address = begun(armed, forge, repository)
    answer = push(armed, repository, make())
    assert forge.refs(address) == {"refs/heads/main": OLD}, answer
    assert b"Forgewall refused this push" in answer.body


SPELLINGS = ["git%2Dreceive-pack", "git-receive-pack/", "Git-Receive-Pack", "git-receive-pack;x", "git-receive-pack%20"]


@pytest.mark.parametrize("end", [*SPELLINGS, "git-receive-pack%3Fx", "git-receive-pack.", "git-upload-pack?x"])
def test_a_push_is_read_in_any_spelling_of_its_path(armed: Run, forge: Forge, end: str) -> None:
    for repository, ref in (("limited", "refs/heads/evil"), ("strict", "refs/heads/main")):
        root = tree(("100644", "x.kdbx", oid(BLOB, FILE)))
        new = commit(oid(TREE, root))
        pack = packed((COMMIT, new), (TREE, root), (BLOB, FILE))
        answer = push(armed, repository, pushed(NONE, oid(COMMIT, new).hex(), pack, ref), end)
        assert arrived(forge) == [], answer


# -- ends: a streamed file is refused for what it is at its last byte ------------------------------------------------

LARGE = archive(600_000)
HOST, _, TARGET = ASSET.removeprefix("https://").partition("/")
LENGTH = b"Content-Length: %d\r\n\r\n" % len(LARGE)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


ENDS: dict[str, bytes] = {
    "at its length": LENGTH + LARGE,
    "a byte behind": LENGTH + LARGE + b"x",
    "a request behind": LENGTH + LARGE + f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    "behind an Expect": b"Expect: 100-continue\r\n" + LENGTH + LARGE,
    "a chunk": CHUNKED + chunk(LARGE) + b"0\r\n\r\n",
    "a chunk of one byte": CHUNKED + chunk(LARGE[:-1]) + chunk(LARGE[-1:]) + b"0\r\n\r\n",
    "trailers": CHUNKED + chunk(LARGE) + b"0\r\nX: y\r\n\r\n",
    "extensions": CHUNKED + b"%x;x=y\r\n%b\r\n0;x\r\n\r\n" % (len(LARGE), LARGE),
    "chunks behind": CHUNKED + chunk(LARGE) + b"0\r\n\r\n" + chunk(LARGE),
}
LEFT: dict[str, bytes] = {
    "a byte early": LENGTH + LARGE[:-1],
    "behind a chunk": CHUNKED + chunk(LARGE),
    "in the last chunk's end": CHUNKED + chunk(LARGE)[:-1],
    "before the end's end": CHUNKED + chunk(LARGE) + b"0\r\n",
}


def streamed(run: Run, body: bytes) -> Raw:
    raw = tunnel(run, HOST)
    raw.send(f"POST /{TARGET} HTTP/1.1\r\nHost: {HOST}\r\n".encode() + body)
    return raw


@pytest.mark.parametrize("end", ENDS)
def test_no_end_makes_a_refused_file_complete(armed: Run, forge: Forge, end: str) -> None:
    with streamed(armed, ENDS[end]) as raw:
        if "Expect" in end:
            assert raw.answer(head_only=True).status == 100
        assert raw.answer().status == 403
    # What stands behind is a request of its own, and a read: it may arrive, or not if the connection ended before.
    assert [path for path in arrived(forge) if path != "/"] == []
    assert len([seen for seen in forge.requests() if seen.path != "/"]) == 1


@pytest.mark.parametrize("end", LEFT)
def test_nor_does_leaving_in_time(armed: Run, forge: Forge, end: str) -> None:
    with streamed(armed, LEFT[end]):
        assert forge.wait(lambda: [seen.body > len(LARGE) // 2 for seen in forge.requests()] == [True])
    assert arrived(forge) == []


@pytest.mark.parametrize("announces", [False, True])
@pytest.mark.parametrize("end", ["the last frame", "an empty frame", "trailers"])
def test_no_end_in_http_2_does(armed: Run, forge: Forge, end: str, announces: bool) -> None:
    with tunnel(armed, HOST, "h2") as raw:
        two = H2(raw)
        length = [(b"content-length", str(len(LARGE)).encode())] if announces else []
        stream = two.request(fields("POST", HOST, f"/{TARGET}", *length), end=False)
        sent = 0
        while sent < len(LARGE) and stream not in two.ended:
            size = min(two.connection.local_flow_control_window(stream), 16_384, len(LARGE) - sent)
            if size:
                last = sent + size == len(LARGE) and end == "the last frame"
                two.connection.send_data(stream, LARGE[sent : sent + size], end_stream=last)
                two.flush()
                sent += size
            else:
                two.step()
        if end == "an empty frame":
            two.connection.send_data(stream, b"", end_stream=True)
        elif end == "trailers":
            two.connection.send_headers(stream, [(b"x", b"y")], end_stream=True)
        two.flush()
        assert two.finish(stream) == 403
    assert arrived(forge) == []


# -- volume -----------------------------------------------------------------------------------------------------------


def test_what_travels_in_queries_counts_too(armed: Run, forge: Forge) -> None:
    url = f"{GITLAB}metered/repository/files/a?branch=dev&content={'x' * 2_000}"
    with tunnel(armed, "gitlab.com") as raw:
        statuses = set()
        for number in range(70):
            raw.send(
                f"POST /{url.partition('//')[2].partition('/')[2]}{number} HTTP/1.1\r\nHost: gitlab.com\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            statuses.add(raw.answer().status)
    assert statuses == {201, 429}
    assert len(arrived(forge)) == 60
