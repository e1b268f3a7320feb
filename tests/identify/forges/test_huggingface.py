"""Hugging Face: addresses, bodies that name repositories, bare names, the storage, and hand-written expectations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import ask, told
from tests.identify.corpus import found, rows

from forgewall.identify.forges.huggingface_lines import json_lines
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Effect, Operation, Target, Visibility

HUB = "https://huggingface.co"
API = f"{HUB}/api"
JSON = ("content-type", "application/json")
NDJSON = ("content-type", "application/x-ndjson")


def sent(method: str, url: str, body: Any, media: tuple[str, str] = JSON) -> Target:
    """The target of a request with a JSON body."""
    return ask(method, url, body if isinstance(body, bytes) else json.dumps(body).encode(), media)


def others(target: Target) -> list[tuple[str, str | None, str | None]]:
    """Role, address and operation of the other repositories."""
    return [(one.role, one.address, one.operation and one.operation.value) for one in target.also]


@pytest.mark.parametrize("row", rows("huggingface"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("models", "huggingface.co/acme/thing"),
        ("datasets", "huggingface.co/datasets/acme/thing"),
        ("spaces", "huggingface.co/spaces/acme/thing"),
        ("buckets", "huggingface.co/buckets/acme/thing"),
        ("kernels", "huggingface.co/kernels/acme/thing"),
    ],
)
def test_each_type_has_its_address(kind: str, address: str) -> None:
    assert told(ask("POST", f"{API}/{kind}/acme/thing/commit/main")) == ("contents", address)
    assert told(ask("GET", f"{API}/{kind}/acme/thing/tree/main/a/b")) == ("fetch", address)
    assert told(ask("GET", f"{API}/{kind}/acme/thing/xet-write-token/main")) == ("lfs-upload", address)
    assert told(ask("HEAD", f"{API}/{kind}/acme/thing/xet-write-token/main")) == ("lfs-upload", address)
    page = address.replace("huggingface.co", HUB)
    assert told(ask("GET", f"{page}/resolve/main/x.bin")) == ("fetch", address)
    assert told(ask("GET", f"{page}.git/info/refs?service=git-receive-pack")) == ("push", address)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/API/models/acme/thing/commit/main",
        "/api/Models/acme/thing/commit/main",
        "/api/models/acme/thing/Commit/main",
        "/api/model/acme/thing/commit/main",
        "/api/models/acme/thing/commits/main",
        "/api/models/acme/thing.git/commit/main",
        "/api/models/acme%2Fthing/commit/main",
        "/api/models/acme/thing%2Fcommit/main",
        "/api/models/acme/thing/commit/main/",  # read below: one slash at the end is dropped
        "/api/models/acme/thing/commit//main",
        "/api/models/acme/../mallory/commit/main",
        "/api/models/acme/thing;x/commit/main",
        "/api/models/datasets/acme/commit/main",
        "/api/models/acme/thing",
        "/acme/thing/commit/main",
        "/api/spaces/thing/commit/main",
        "/api/settings/webhooks/0123",
        "/new",
        "/uploads",
        "/mcp",
        "/",
    ],
)
def test_what_is_not_written_exactly_so_is_unidentified(method: str, path: str) -> None:
    target = ask(method, HUB + path)
    known = {
        ("POST", "/api/models/acme/thing/commit/main/"): "contents",
        ("DELETE", "/api/models/acme/thing"): "delete-repo",
    }
    assert target.operation.value == known.get((method, path), "unidentified")
    assert target.effect is Effect.WRITE


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/acme/thing/XET-write-token/main",
        "/API/models/acme/thing/xet-write-token/main",
        "/api/models/acme%2Fthing%2Fxet-write-token%2Fmain",
        "/api/models/acme/thing%2Fxet-write-token/main",
        "/api/models/gpt2/xet-write-token",
        "/api//models/acme/thing/xet-write-token/main",
        "/api/models/acme/thing/xet-write-token/main/more",
        "/api/spaces/acme/thing/JWT?write=true",
        "/api//spaces/acme/thing/jwt?write=1",
    ],
)
def test_a_respelt_request_for_a_write_token_is_no_read(path: str) -> None:
    assert ask("GET", HUB + path).operation is Operation.UNIDENTIFIED


def test_a_folder_may_be_called_like_a_write_token() -> None:
    path = "/datasets/acme/set/tree/main/xet-write-token"
    assert told(ask("GET", HUB + path)) == ("fetch", "huggingface.co/datasets/acme/set")


def test_a_token_that_may_write_must_be_named() -> None:
    assert told(ask("GET", f"{API}/spaces/acme/app/jwt?expiration=1")) == ("fetch", "huggingface.co/spaces/acme/app")
    assert told(ask("GET", f"{API}/spaces/acme/app/jwt?write=false"))[0] == "fetch"
    for query in ("write=true", "write", "Write=1", "write[]=1", "a=1;write=1"):
        assert told(ask("GET", f"{API}/spaces/acme/app/jwt?{query}")) == ("token", "huggingface.co/spaces/acme/app")


# -- bare names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"{API}/models/gpt2", "huggingface.co/gpt2"),
        (f"{API}/models/gpt2/revision/main", "huggingface.co/gpt2"),
        (f"{API}/models/gpt2/tree/main", "huggingface.co/gpt2"),
        (f"{API}/models/gpt2/refs", "huggingface.co/gpt2"),
        (f"{API}/datasets/squad/tree/main/plain_text", "huggingface.co/datasets/squad"),
        (f"{HUB}/gpt2/resolve/main/config.json", "huggingface.co/gpt2"),
        (f"{HUB}/datasets/squad", "huggingface.co/datasets/squad"),
        (f"{HUB}/datasets/squad/blob/main/README.md", "huggingface.co/datasets/squad"),
        (f"{API}/models/acme/tree/tree/main", "huggingface.co/acme/tree"),
    ],
)
def test_a_bare_name_is_read(url: str, address: str) -> None:
    assert told(ask("GET", url)) == ("fetch", address)


def test_a_bare_name_is_enough_to_ask_but_not_to_write() -> None:
    assert told(sent("POST", f"{API}/models/gpt2/paths-info/main", {})) == ("fetch", "huggingface.co/gpt2")
    assert ask("DELETE", f"{API}/models/gpt2/like").operation is Operation.UNIDENTIFIED  # or a repository called `like`
    for method, tail in [("POST", "commit/main"), ("PUT", "settings"), ("POST", "discussions"), ("POST", "tag/main")]:
        target = ask(method, f"{API}/models/gpt2/{tail}")
        assert target.operation is Operation.UNIDENTIFIED
        assert "write OWNER/gpt2" in target.evidence


# -- repositories that bodies name -------------------------------------------------------------------------------------


CREATE = f"{API}/repos/create"


def test_a_repository_is_created_where_the_body_says() -> None:
    target = sent("POST", CREATE, {"name": "set", "organization": "acme", "type": "dataset", "visibility": "private"})
    assert told(target) == ("create-repo", "huggingface.co/datasets/acme/set")
    assert (target.owner, target.repository, target.visibility) == ("acme", "set", Visibility.PRIVATE)
    assert sent("POST", CREATE, {"name": "m", "organization": "acme", "private": False}).visibility is Visibility.PUBLIC
    assert sent("POST", CREATE, {"name": "m", "organization": "acme"}).visibility is None
    protected = {"name": "m", "organization": "acme", "type": "space", "sdk": "docker", "visibility": "protected"}
    assert sent("POST", CREATE, protected).visibility is None


@pytest.mark.parametrize(
    "body",
    [
        {"name": "thing"},
        {"name": "thing", "organization": None},
        {"name": "thing", "organization": ""},
        {"name": "acme/thing", "organization": None},
        {"name": "acme/thing", "organization": "mallory"},
        {"name": "thing", "organization": "datasets"},
        {"name": "thing", "organization": "acme", "type": "models"},
        {"name": "thing", "organization": ["acme"]},
        {"name": "thing", "organization": "acme", "Organization": "mallory"},
        {"name": "thing", "Organization": "acme"},
        {"name": "thing.git", "organization": "acme"},
        {"organization": "acme"},
        b'{"name":"thing","organization":"acme","organization":"mallory"}',
        b"name=thing&organization=acme",
        b"",
        [{"name": "thing", "organization": "acme"}],
    ],
)
def test_a_repository_of_no_certain_account_is_unidentified(body: Any) -> None:
    target = sent("POST", CREATE, body)
    assert told(target) == ("unidentified", None)
    assert not target.wants_body
    assert ask("POST", f"{CREATE}?organization=mallory", b'{"name":"x","organization":"acme"}', JSON).address is None


def test_a_new_repository_in_ones_own_account_is_told_how_to_name_it() -> None:
    assert "acme/name" in sent("POST", CREATE, {"name": "thing"}).evidence


def test_what_a_new_space_gets_beside_it_is_told() -> None:
    body = {
        "name": "app",
        "organization": "acme",
        "type": "space",
        "sdk": "docker",
        "template": "gradio/hello",
        "secrets": [{"key": "K", "value": "v"}],
        "files": [{"path": "a", "content": "b"}],
        "volumes": [
            {"type": "bucket", "source": "mallory/loot", "mountPath": "/data"},
            {"type": "bucket", "source": "acme/in", "mountPath": "/in", "readOnly": True},
            {"type": "dataset", "source": "acme/set", "mountPath": "/set"},
            {"type": "model", "source": "nowhere", "mountPath": "/x"},
        ],
    }
    assert others(sent("POST", CREATE, body)) == [
        ("second", "huggingface.co/spaces/acme/app", "contents"),
        ("second", "huggingface.co/spaces/acme/app", "secret"),
        ("source", "huggingface.co/spaces/gradio/hello", None),
        ("destination", "huggingface.co/buckets/mallory/loot", "contents"),
        ("source", "huggingface.co/buckets/acme/in", None),
        ("source", "huggingface.co/datasets/acme/set", None),
        ("source", None, None),
    ]


def test_a_move_and_a_copy_name_both_repositories() -> None:
    target = sent("POST", f"{API}/repos/move", {"fromRepo": "acme/a", "toRepo": "mallory/a", "type": "space"})
    assert told(target) == ("transfer", "huggingface.co/spaces/acme/a")
    assert others(target) == [("destination", "huggingface.co/spaces/mallory/a", None)]
    assert sent("POST", f"{API}/repos/move", {"fromRepo": "acme/a", "toRepo": "a"}).address is None

    target = sent("POST", f"{API}/datasets/acme/set/duplicate", {"repository": "mallory/set", "private": True})
    assert told(target) == ("fork", "huggingface.co/datasets/mallory/set")
    assert others(target) == [("parent", "huggingface.co/datasets/acme/set", None)]
    assert target.visibility is Visibility.PRIVATE
    assert sent("POST", f"{API}/datasets/acme/set/duplicate", {}).operation is Operation.UNIDENTIFIED

    body = {"target": {"type": "dataset", "name": "mallory/loot"}, "files": []}
    target = sent("POST", f"{API}/models/acme/thing/lfs-files/duplicate", body)
    assert told(target) == ("lfs-upload", "huggingface.co/datasets/mallory/loot")
    assert others(target) == [("source", "huggingface.co/acme/thing", None)]


def test_settings_are_a_change_of_visibility_unless_they_are_known_not_to_be() -> None:
    url = f"{API}/models/acme/thing/settings"
    assert sent("PUT", url, {"private": False}).visibility is Visibility.PUBLIC
    assert sent("PUT", url, {"visibility": "private"}).visibility is Visibility.PRIVATE
    for body in ({"private": False}, {"gated": False}, {"whatever": 1}, {}, {"discussionsDisabled": True, "x": 1}):
        assert sent("PUT", url, body).operation is Operation.VISIBILITY
    assert sent("PUT", url, {"discussionsDisabled": True}).operation is Operation.OTHER_WRITE
    unread = ask("PUT", url, state=BodyState.UNREAD)
    assert (unread.operation, unread.wants_body) == (Operation.VISIBILITY, True)


def test_a_discussion_may_be_a_pull_request() -> None:
    url = f"{API}/models/acme/thing/discussions"
    assert sent("POST", url, {"title": "t", "pullRequest": True}).operation is Operation.PULL_REQUEST
    assert sent("POST", url, {"title": "t", "pullRequest": False}).operation is Operation.DISCUSSION
    assert sent("POST", url, {"title": "t"}).operation is Operation.DISCUSSION
    assert sent("POST", url, {"title": "t", "pullRequest": "no"}).operation is Operation.UNIDENTIFIED
    assert ask("POST", f"{url}?pullRequest=1", b'{"title":"t"}', JSON).operation is Operation.UNIDENTIFIED


BATCH = f"{API}/buckets/acme/box/batch"
ADD, DELETE = b'{"type":"addFile","path":"a","xetHash":"0"}', b'{"type":"deleteFile","path":"b"}'


def copied(source: str, kind: str = "dataset") -> bytes:
    line = {"type": "copyFile", "path": "c", "xetHash": "0", "sourceRepoType": kind, "sourceRepoId": source}
    return json.dumps(line).encode()


def test_files_of_a_bucket_may_come_from_elsewhere() -> None:
    target = sent("POST", BATCH, b"\n".join([ADD, copied("mallory/a"), copied("mallory/a"), DELETE, b""]), NDJSON)
    assert told(target) == ("contents", "huggingface.co/buckets/acme/box")
    assert others(target) == [("source", "huggingface.co/datasets/mallory/a", None)]
    assert others(sent("POST", BATCH, copied("gpt2", "model"), NDJSON)) == [("source", None, None)]


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"moveFile"}',
        b'{"type":"addFile","sourceRepoId":"mallory/x"}',
        ADD + b"\n[]",
        ADD + ADD,
        b'{"type":"addFile","Type":"copyFile"}',
        b"\xff",
        b'{"type":"addFile","type":"deleteFile"}',
    ],
)
def test_lines_that_are_not_understood_are_unidentified(body: bytes) -> None:
    target = sent("POST", BATCH, body, NDJSON)
    assert told(target) == ("unidentified", "huggingface.co/buckets/acme/box")
    assert sent("POST", BATCH, ADD).operation is Operation.UNIDENTIFIED  # not said to be lines
    coded = ask("POST", BATCH, ADD, NDJSON, ("content-encoding", "gzip"))
    assert coded.operation is Operation.UNIDENTIFIED


def test_a_job_names_the_repositories_it_gets() -> None:
    volume = {"type": "bucket", "source": "mallory/loot", "mountPath": "/out"}
    target = sent("POST", f"{API}/jobs/acme", {"command": ["x"], "spaceId": "acme/app", "volumes": [volume]})
    assert told(target) == ("ci", "huggingface.co/acme")
    assert others(target) == [
        ("destination", "huggingface.co/buckets/mallory/loot", "contents"),
        ("source", "huggingface.co/spaces/acme/app", None),
    ]
    target = sent("POST", f"{API}/scheduled-jobs/acme", {"jobSpec": {"volumes": [volume]}, "schedule": "@daily"})
    assert others(target) == [("destination", "huggingface.co/buckets/mallory/loot", "contents")]
    assert others(sent("POST", f"{API}/jobs/acme", {"volumes": "x"})) == [("source", None, None)]


def test_a_webhook_tells_of_all_it_watches() -> None:
    url = f"{API}/settings/webhooks"
    watched = [{"type": "org", "name": "acme"}, {"type": "dataset", "name": "acme/set"}]
    target = sent("POST", url, {"watched": watched, "domains": ["repo"], "url": "https://x.example"})
    assert told(target) == ("webhook", "huggingface.co/acme")
    assert others(target) == [("second", "huggingface.co/datasets/acme/set", "webhook")]
    for more in ({"watched": [*watched, {"type": "user", "name": "a/b"}]}, {"watched": []}, {}, {"watched": [1]}):
        assert sent("POST", url, more).operation is Operation.UNIDENTIFIED
    assert sent("POST", url, {"watched": watched, "job": {"command": ["x"]}}).operation is Operation.UNIDENTIFIED


def test_an_endpoint_runs_in_its_owners_name() -> None:
    url = "https://api.endpoints.huggingface.cloud/v2/endpoint/acme"
    target = sent("POST", url, {"name": "x", "model": {"repository": "mallory/bert", "image": {}}})
    assert told(target) == ("ci", "huggingface.co/acme")
    assert others(target) == [("source", "huggingface.co/mallory/bert", None)]
    assert told(ask("GET", f"{url}/x")) == ("fetch", "huggingface.co/acme")
    assert told(ask("DELETE", f"{url}/x")) == ("ci", "huggingface.co/acme")
    assert ask("POST", f"{url}/x/other").operation is Operation.UNIDENTIFIED


# -- everything else ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("POST", f"{HUB}/login", ("auth", "huggingface.co")),
        ("POST", f"{HUB}/oauth/device", ("auth", "huggingface.co")),
        ("POST", f"{HUB}/datasets/login", ("unidentified", None)),
        ("HEAD", f"{API}/telemetry/transformers/x", ("telemetry", "huggingface.co")),
        ("DELETE", f"{API}/notifications", ("notification", "huggingface.co")),
        ("POST", f"{API}/papers/2401.00001/comment", ("comment", "huggingface.co/papers/2401.00001")),
        ("POST", f"{API}/posts/acme/12/comment/3/reply", ("comment", "huggingface.co/posts/acme/12")),
        ("POST", f"{API}/blog/acme/news/comment", ("comment", "huggingface.co/blog/acme/news")),
        ("POST", f"{API}/blog/news/comment", ("comment", "huggingface.co/blog/news")),
        ("POST", f"{API}/papers/index", ("other-write", "huggingface.co/papers")),
        ("GET", f"{HUB}/acme", ("fetch", "huggingface.co/acme")),
        ("GET", f"{HUB}/collections/acme/all-1", ("fetch", "huggingface.co/acme")),
        ("GET", f"{HUB}/docs/hub/index", ("fetch", None)),
        ("POST", "https://cas-server.xethub.hf.co/v1/telemetry", ("telemetry", "huggingface.co")),
        ("POST", "https://cas-server.xethub.hf.co/v1/xorbs/default/00", ("unidentified", None)),
        ("POST", "https://cas.eu.xethub.hf.co/v2/shards", ("unidentified", None)),
        ("GET", "https://cas-server.xethub.hf.co/v1/reconstructions/00", ("fetch", None)),
        ("PUT", "https://transfer.xethub.hf.co/x", ("unidentified", None)),
        ("POST", "https://acme-app.hf.space/run", ("unidentified", None)),
    ],
)
def test_the_rest(method: str, url: str, expected: tuple[str, str | None]) -> None:
    assert told(ask(method, url)) == expected


# -- nothing raises ----------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        "api",
        "models",
        "datasets",
        "spaces",
        "buckets",
        "acme",
        "thing",
        "commit",
        "main",
        "discussions",
        "settings",
        "1",
        "repos",
        "create",
        "batch",
        "jobs",
        "like",
        "xet-write-token",
        "resolve-cache",
        "%2F",
        "jwt",
        "gpt2.git",
        "tree",
    ]
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    words=st.lists(_WORDS, max_size=8),
    body=st.binary(max_size=60),
)
def test_no_request_raises_and_no_write_is_a_read(method: str, words: list[str], body: bytes) -> None:
    for media in (JSON, NDJSON):
        for state in BodyState:
            target = ask(method, f"{HUB}/{'/'.join(words)}", body, media, state=state)
            if method != "GET" and "paths-info" not in words:
                assert target.effect is not Effect.READ


_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["acme", "acme/thing", "dataset", "", "a/b/c", "model"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.just("type"), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    [
        "name",
        "organization",
        "type",
        "fromRepo",
        "toRepo",
        "repository",
        "target",
        "volumes",
        "watched",
        "jobSpec",
        "spaceId",
        "private",
        "visibility",
        "pullRequest",
        "namespace",
        "model",
        "template",
        "secrets",
        "files",
    ]
)


@given(
    row=st.sampled_from(
        [
            ("POST", "repos/create"),
            ("DELETE", "repos/delete"),
            ("POST", "repos/move"),
            ("POST", "models/acme/thing/duplicate"),
            ("POST", "models/acme/thing/lfs-files/duplicate"),
            ("PUT", "models/acme/thing/settings"),
            ("POST", "models/acme/thing/discussions"),
            ("POST", "buckets/acme/thing"),
            ("PUT", "spaces/acme/thing/volumes"),
            ("POST", "jobs/acme"),
            ("POST", "scheduled-jobs/acme"),
            ("POST", "settings/webhooks"),
            ("POST", "collections"),
        ]
    ),
    body=st.dictionaries(_KEYS, _VALUE, max_size=6),
)
def test_any_body_is_a_write_and_names_only_accounts_it_holds(row: tuple[str, str], body: dict[str, Any]) -> None:
    target = sent(row[0], f"{API}/{row[1]}", body)
    assert target.effect is Effect.WRITE
    held = json.dumps(body) + row[1]
    for one in (target, *target.also):
        assert one.owner is None or one.owner in held


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.integers(), max_size=3), max_size=5))
def test_lines_are_what_was_written(written: list[dict[str, Any]]) -> None:
    body = b"".join(json.dumps(line).encode() + b"\n" for line in written)
    request = request_for("POST", BATCH, headers=(NDJSON,), body=body, body_state=BodyState.COMPLETE)
    same = all(len({key.casefold() for key in line}) == len(line) for line in written)
    assert json_lines(request) == (tuple(written) if same else None)
