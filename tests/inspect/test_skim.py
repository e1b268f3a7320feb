"""Skims: short documents that identify never reads more laxly than the whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY
from tests.identify.test_multipart import read as read_parts
from tests.identify.test_second_repository import UNREAD
from tests.inspect.bodies import CUTS, FORM, JSON, NDJSON, cut, pieces

from forgewall.identify.body import json_document
from forgewall.identify.engine import identify
from forgewall.identify.multipart import boundary_of
from forgewall.identify.paths import is_name, namespace
from forgewall.identify.url import request_for
from forgewall.inspect.skim import LONG, MARKER, MAX_QUERY, MAX_SKIM, Skimmer
from forgewall.model import BodyState, Operation, Request, Target

HUB = "https://api.github.com"
LAB = "https://gitlab.com/api/v4"


def skim(chunks: object, *headers: tuple[str, str], url: str = f"{HUB}/graphql") -> bytes | None:
    skimmer = Skimmer.of(request_for("POST", url, headers=headers, body_state=BodyState.UNREAD))
    if skimmer is None:
        return None
    for chunk in [chunks] if isinstance(chunks, bytes) else chunks:  # type: ignore[attr-defined]
        skimmer.feed(chunk)
    found = skimmer.finish()
    assert (found is None) == bool(skimmer.failed)
    return found


def shortened(value: object, limit: int = LONG) -> object:
    """The document as its skim should be: the slow way."""
    match value:
        case str():
            return value if len(value.encode("utf-8", "surrogatepass")) <= limit else MARKER
        case dict():
            return {key: shortened(inner, MAX_QUERY if key == "query" else LONG) for key, inner in value.items()}
        case list():
            return [shortened(inner) for inner in value]
        case _:
            return value


LONG_TEXT = st.builds(
    lambda text, count: (text * (count // max(len(text), 1) + 1))[:count],
    st.sampled_from(["a", "acme/api", "ä", "mallory:x", "/move g/p\n", '"\\', "&scope=repository:a/b:push&", "push "]),
    st.sampled_from([LONG - 1, LONG, LONG + 1, 3000]),
)
NAMES = (
    "content|query|path|name|owner|organization|head|head_repo|private|visibility|new_owner|new_name|namespace_path|"
    "namespace|description|body|note|start_project|actions|workspace|slug|project|key|public|fromRef|toRef|repository|"
    "full_name|source|destination|operation|scope|target_project_id|extensions|variables|operationName"
)
KEYS = st.sampled_from(NAMES.split("|")) | st.text(max_size=4)
VALUES = st.sampled_from(
    ["acme", "acme/api", "mallory", "mallory:x", "public", "download", "upload", "query{a}", "mutation{a}", "/move x"]
)
DOCUMENTS: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | VALUES | LONG_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, DOCUMENTS, max_size=6)


@settings(deadline=None)
@given(DOCUMENTS, st.booleans(), CUTS)
def test_a_skim_is_the_document_with_its_long_texts_replaced(value: object, ascii_only: bool, cuts: list[int]) -> None:
    whole = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace" if ascii_only else "strict")
    ends = [at * len(whole) // 400 for at in cuts]
    found = skim(cut(whole, ends), JSON)
    assert found is not None
    assert json.loads(found) == shortened(json.loads(whole))
    assert found == skim(pieces(whole, 1), JSON)


ROUTES = [(method, url) for method, url, *_ in UNREAD] + [
    ("POST", f"{HUB}/graphql"),
    ("POST", "https://gitlab.com/api/graphql"),
    ("POST", "https://gitlab.com/acme/api.git/info/lfs/objects/batch"),
    ("POST", "https://gitlab.com/jwt/auth"),
    ("POST", f"{LAB}/projects/acme%2Fapi/repository/commits"),
    ("POST", f"{LAB}/projects/acme%2Fapi/issues/1/notes"),
    ("PUT", f"{LAB}/projects/acme%2Fapi/issues/1"),
    ("POST", f"{LAB}/projects"),
    ("POST", f"{HUB}/user/repos"),
]
TYPES = [JSON, ("content-type", "text/plain"), FORM, ("x-none", ""), ("content-type", "application/vnd.git-lfs+json")]


def strictness(target: Target) -> tuple[object, ...]:
    return (target.address, target.key, target.owner, target.repository, target.operation, target.effect, target.also)


def targets(method: str, url: str, body: bytes, header: tuple[str, str]) -> tuple[Target, Target, Target]:
    """By the whole body, by its skim, and by a body that is too long to be read."""
    request = request_for(method, url, headers=(header,), body=body)
    whole = identify(request, REGISTRY)
    closed = identify(replace(request, body=b"", body_state=BodyState.TOO_LONG), REGISTRY)
    skimmed = skim(body, header, url=url)
    seen = closed
    if skimmed is not None:
        seen = identify(replace(request, body=skimmed, body_state=BodyState.SKIMMED), REGISTRY)
    assert whole is not None
    assert closed is not None
    assert seen is not None
    return whole, seen, closed


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ROUTES), OBJECTS | st.lists(OBJECTS, max_size=2), st.sampled_from(TYPES), st.booleans())
@example(("POST", f"{HUB}/repos/acme/api/pulls"), {"head": "mallory:" + "x" * 2000}, JSON, True)
@example(("POST", f"{LAB}/projects/acme%2Fapi/issues/1/notes"), {"body": "/move a/b\n" * 300}, JSON, True)
@example(("POST", "https://gitlab.com/jwt/auth"), {"a": "&scope=repository:a/b:push&" * 99}, JSON, True)
@example(("POST", f"{HUB}/repos/acme/api/forks"), {"organization": "acme", "x": "&" * 2000}, FORM, True)
@example(("POST", f"{HUB}/graphql"), {"query": "query{a}", "extensions": "x" * 2000}, JSON, True)
@example(("POST", f"{HUB}/graphql"), {"query": "#" * 3000 + "\nmutation{a}"}, JSON, True)
def test_a_skim_never_says_more_than_the_whole(
    route: tuple[str, str], document: object, header: tuple[str, str], ascii_only: bool
) -> None:
    try:
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        body = json.dumps(document).encode()
    assume(len(body) <= MAX_SKIM)
    whole, seen, closed = targets(*route, body, header)
    assert strictness(seen) in (strictness(whole), strictness(closed)) or not seen.identified


@settings(deadline=None)
@given(st.sampled_from(ROUTES), st.binary(max_size=60) | st.text('{}[]",:ab\\', max_size=30).map(str.encode))
def test_any_bytes(route: tuple[str, str], body: bytes) -> None:
    whole, seen, closed = targets(*route, body, JSON)
    assert strictness(seen) in (strictness(whole), strictness(closed)) or not seen.identified


def told(method: str, url: str, body: bytes, header: tuple[str, str] = JSON) -> tuple[Operation, str | None]:
    _, seen, _ = targets(method, url, body, header)
    return seen.operation, seen.address


def test_bodies_of_megabytes_are_identified() -> None:
    big = "A" * 3_000_000
    commit = {
        "branch": "b",
        "start_project": "acme/other",
        "actions": [{"action": "create", "file_path": "f", "content": big}],
    }
    url = f"{LAB}/projects/acme%2Fapi/repository/commits"
    assert told("POST", url, json.dumps(commit).encode()) == (Operation.CONTENTS, "gitlab.com/acme/api")
    made = {"name": "api", "description": big}
    assert told("POST", f"{HUB}/orgs/acme/repos", json.dumps(made).encode())[1] == "github.com/acme/api"
    fork = {"namespace_path": "acme/platform", "description": big}
    assert told("POST", f"{LAB}/projects/x%2Fy/fork", json.dumps(fork).encode())[1] == "gitlab.com/acme/platform/y"
    query = {"query": "query {a}" + " " * 100_000, "variables": {"x": big}}
    assert told("POST", f"{HUB}/graphql", json.dumps(query).encode())[0] is Operation.FETCH
    mutation = {
        "query": "mutation($i: X!) { createCommitOnBranch(input: $i) { commit { id } } }",
        "variables": {"i": {"fileChanges": {"additions": [{"path": "a", "contents": big}]}}},
    }
    assert told("POST", f"{HUB}/graphql", json.dumps(mutation).encode())[0] is Operation.UNIDENTIFIED
    body = skim(json.dumps(mutation).encode(), JSON)
    assert body is not None
    assert len(body) < 1000


def test_the_marker_is_nothing_that_could_be_a_name() -> None:
    assert "\0" in MARKER
    assert not is_name(MARKER)
    assert not is_name(MARKER.partition(":")[0])
    assert namespace(MARKER) is None


def test_the_strict_reader_still_refuses() -> None:
    def document(body: bytes) -> object:
        found = skim(body, JSON)
        assert found is not None
        request = Request(
            method="POST",
            scheme="https",
            host="h",
            port=443,
            path="/",
            headers=(JSON,),
            body=found,
            body_state=BodyState.SKIMMED,
        )
        return json_document(request)

    big = b'"' + b"x" * 2000 + b'"'
    assert document(b'{"a":1,"b":' + big + b"}") == {"a": 1, "b": MARKER}
    assert document(b'{"a":1,"b":' + big + b',"a":2}') is None
    assert document(b'{"a":' + big + b',"\\u0061":' + big + b"}") is None
    for broken in (
        b'{"a":NaN}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b'{"a":1} x',
        b"{} {}",
        b'{"a":1',
        b'{"a":"\n"}',
        b"",
    ):
        assert skim(broken, JSON) is None


def test_what_could_be_a_form_has_no_skim() -> None:
    body = b'{"a":"&b=2&","c":"' + b"x" * 2000 + b'"}'
    for header in (("x-none", ""), FORM, ("content-type", "text/plain")):
        assert skim(pieces(body, 3), header) is None
        assert skim(body.replace(b"&", b"+"), header) is not None
    assert skim(body, ("content-type", "application/xml")) is None


def test_caps() -> None:
    assert skim(json.dumps(["x" * LONG] * (MAX_SKIM // (LONG + 4))).encode(), JSON) is not None
    skimmer = Skimmer.of(request_for("POST", f"{HUB}/graphql", headers=(JSON,), body_state=BodyState.UNREAD))
    assert skimmer is not None
    for chunk in pieces(json.dumps(["x" * LONG] * (MAX_SKIM // LONG + 1)).encode(), 1000):
        skimmer.feed(chunk)
    assert skimmer.failed
    assert skimmer.finish() is None
    document = {"query": "x" * MAX_QUERY, "other": {"query": "y" * (MAX_QUERY + 1)}}
    assert json.loads(skim(json.dumps(document).encode(), JSON) or b"") == shortened(document)


@settings(deadline=None)
@given(st.lists(OBJECTS, max_size=3), CUTS)
def test_ndjson(documents: list[object], cuts: list[int]) -> None:
    whole = b"".join(json.dumps(document).encode() + b"\r\n" for document in documents)
    found = skim(cut(whole, [at * len(whole) // 400 for at in cuts]), NDJSON)
    assert found is not None
    assert [json.loads(line) for line in found.splitlines()] == [shortened(document) for document in documents]


def test_multipart_keeps_heads_and_short_parts() -> None:
    uploads = {"file": ("a.bin", b"\0" * 5000), "small": ("b.bin", b"1")}
    prepared = requests.Request("POST", "http://localhost/", data={"branch": "dev"}, files=uploads).prepare()
    assert isinstance(prepared.body, bytes)
    header = ("content-type", prepared.headers["content-type"])
    found = skim(pieces(prepared.body, 7), header)
    assert found is not None
    parts = read_parts([found], boundary_of(header[1]))
    assert [(part.name, part.filename, data) for part, data in parts] == [
        ("branch", None, b"dev"),
        ("file", "a.bin", MARKER.encode()),
        ("small", "b.bin", b"1"),
    ]
    assert skim(prepared.body[:-5], header) is None
    assert skim(prepared.body, ("content-type", "multipart/form-data")) is None


@pytest.mark.parametrize("body", [b"{}", b'{"a":"&scope=repository:o\\/i:push&"}'])
@pytest.mark.parametrize("url", ["https://gitlab.com/jwt/auth", "https://ghcr.io/token"])
def test_a_token_is_never_judged_by_a_skim(url: str, body: bytes) -> None:
    request = request_for("POST", url, headers=(JSON,), body=body, body_state=BodyState.SKIMMED)
    target = identify(request, REGISTRY)
    assert target is not None
    assert not target.identified
