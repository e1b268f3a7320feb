"""What Hugging Face's answers teach: tokens for its storage, and who can see a repository."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY, ask

from forgewall.identify.announced import Announcement
from forgewall.identify.announced_memory import Announcements
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.learn.huggingface import MAX_SECONDS, MIN_SECONDS, lesson
from forgewall.learn.lesson import Fact, Headers, Lesson, VisibilityFact
from forgewall.model import BodyState, Operation, Request, Target, Visibility

API = "https://huggingface.co/api"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
END = int(NOW.timestamp()) + 900
CAS = "https://cas-server.xethub.hf.co"
TOKEN = "eyJ-a.b_c"
SAID = {"casUrl": CAS, "accessToken": TOKEN, "exp": END}
HEADERS = (("x-xet-cas-url", CAS), ("x-xet-access-token", TOKEN), ("x-xet-token-expiration", str(END)))
XORB = f"{CAS}/v1/xorbs/default/{'0' * 64}"


def taught(request: Request) -> Lesson | None:
    forge_host = REGISTRY.lookup(request.host)
    target = identify(request, REGISTRY)
    assert forge_host is not None
    assert target is not None
    return lesson(request, target, forge_host, NOW)


def facts(
    url: str, body: Any, headers: Headers = (), status: int = 200, method: str = "GET", sent: Any = None
) -> tuple[Fact, ...]:
    """What the answer to a request teaches."""
    content = b"" if sent is None else json.dumps(sent).encode()
    media = (("content-type", "application/json"),) if content else ()
    found = taught(request_for(method, url, headers=media, body=content, body_state=BodyState.COMPLETE))
    assert found is not None
    answer = body if isinstance(body, bytes) else json.dumps(body).encode()
    return found.facts(status, headers, answer if found.reads(status, headers) else b"")


def announced(kind: str = "models", *, body: Any = SAID, headers: Headers = ()) -> Announcement:
    (fact,) = facts(f"{API}/{kind}/acme/thing/xet-write-token/main", body, headers)
    assert isinstance(fact, Announcement)
    return fact


def uploading(*, url: str = XORB, method: str = "POST", token: str = TOKEN) -> Request:
    return request_for(method, url, headers=(("authorization", f"Bearer {token}"),))


def understood(memory: Announcements, request: Request, client: str = "10.0.0.1") -> Target:
    target = identify(request, REGISTRY, memory.find(client, request))
    assert target is not None
    return target


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_is_taken_from_the_body_or_the_headers() -> None:
    fact = announced()
    assert fact == announced(body=b"", headers=HEADERS) == announced(headers=HEADERS)
    assert (fact.seconds, fact.most, fact.operation) == (900, None, Operation.LFS_UPLOAD)
    assert (fact.place.host, fact.place.port) == ("cas-server.xethub.hf.co", 443)
    assert fact.asker.address == "huggingface.co/acme/thing"
    assert TOKEN not in repr(fact)


@pytest.mark.parametrize(
    ("kind", "address"),
    [("models", "huggingface.co/acme/thing"), ("spaces", "huggingface.co/spaces/acme/thing")],
)
def test_an_upload_with_the_token_belongs_to_the_repository_that_asked(kind: str, address: str) -> None:
    memory = Announcements(lambda: 0.0)
    assert memory.remember("10.0.0.1", [announced(kind)]) is None
    for url in (XORB, f"{CAS}/v1/shards", f"{CAS}/v2/shards"):
        target = understood(memory, uploading(url=url))
        assert (target.operation, target.address) == (Operation.LFS_UPLOAD, address)
    assert TOKEN not in target.evidence


def test_any_other_upload_is_unidentified() -> None:
    memory = Announcements(lambda: 0.0)
    memory.remember("10.0.0.1", [announced()])
    strangers = [
        uploading(token="other"),
        uploading(url=XORB.replace("cas-server", "cas")),
        uploading(url=XORB.replace("https:", "http:")),
        uploading(url=XORB.replace(".co/", ".co:8443/")),
        uploading(method="PATCH"),
        request_for("POST", XORB),
        request_for("POST", XORB, headers=(("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer other"))),
        request_for("POST", f"{XORB}?access_token={TOKEN}"),
        request_for("POST", XORB, headers=(("x-xet-access-token", TOKEN),)),
    ]
    for request in strangers:
        assert understood(memory, request).operation is Operation.UNIDENTIFIED
    assert understood(memory, uploading(), client="10.0.0.2").operation is Operation.UNIDENTIFIED
    # The token opens the storage, and nothing of the Hub.
    elsewhere = uploading(url="https://huggingface.co/api/models/mallory/loot/commit/main")
    assert understood(memory, elsewhere).address == "huggingface.co/mallory/loot"


def test_a_token_ends() -> None:
    now = 0.0
    memory = Announcements(lambda: now)
    memory.remember("10.0.0.1", [announced()])
    now = 899.0
    assert understood(memory, uploading()).operation is Operation.LFS_UPLOAD
    now = 901.0
    assert understood(memory, uploading()).operation is Operation.UNIDENTIFIED
    assert announced(body=SAID | {"exp": 1}).seconds == MIN_SECONDS
    assert announced(body=SAID | {"exp": END * 2}).seconds == MAX_SECONDS


GRANT = f"{CAS}/v1/xorb-grants/default/{'0' * 64}"
SIGNED = "https://store.example/bucket/0?X-Amz-Signature=5ecret"


def granted(body: Any, *, url: str = GRANT, status: int = 201) -> tuple[Fact, ...]:
    """What the storage's answer to an announced request for a grant teaches."""
    request = uploading(url=url)
    forge_host = REGISTRY.lookup(request.host)
    target = identify(request, REGISTRY, announced())
    assert forge_host is not None
    assert target is not None
    found = lesson(request, target, forge_host, NOW)
    return () if found is None else found.facts(status, (), json.dumps(body).encode())


def test_a_signed_url_that_the_storage_grants_belongs_to_the_same_repository() -> None:
    body = {"id": "1", "url": SIGNED, "method": "PUT", "headers": {}}
    (fact,) = granted(body)
    assert isinstance(fact, Announcement)
    assert "5ecret" not in repr(fact)
    memory = Announcements(lambda: 0.0)
    memory.remember("10.0.0.1", [fact])
    target = understood(memory, request_for("PUT", SIGNED))
    assert (target.operation, target.address) == (Operation.LFS_UPLOAD, "huggingface.co/acme/thing")
    for request in (request_for("PUT", f"{SIGNED}x"), request_for("POST", SIGNED)):
        assert memory.find("10.0.0.1", request) is None
    assert granted(body, status=200) == granted(body, url=XORB) == ()
    for other in ({"url": "http://store.example/x"}, {"url": "https://127.0.0.1/x"}, {"url": 1}, {"method": "GET"}):
        assert granted(body | other) == ()


def test_who_has_no_token_is_granted_nothing() -> None:
    assert taught(uploading(url=GRANT, token="other")) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        b"",
        b"\xff",
        SAID | {"casUrl": "https://evil.example"},
        SAID | {"casUrl": "https://xethub.hf.co.evil.example"},
        SAID | {"casUrl": "https://xethub.hf.co"},
        SAID | {"casUrl": "https://notxethub.hf.co"},
        SAID | {"casUrl": "http://cas-server.xethub.hf.co"},
        SAID | {"casUrl": "https://huggingface.co"},
        SAID | {"casUrl": "https://user@cas-server.xethub.hf.co"},
        SAID | {"casUrl": None},
        SAID | {"accessToken": "a,b"},
        SAID | {"accessToken": "a b"},
        SAID | {"accessToken": ""},
        SAID | {"accessToken": 1},
        SAID | {"exp": "soon"},
        SAID | {"exp": True},
        SAID | {"exp": -1},
        json.dumps(SAID).encode()[:-1] + b',"casUrl":"https://evil.example"}',
        SAID | {"CasUrl": "https://cas.xethub.hf.co"},
    ],
)
def test_an_answer_that_is_not_certain_teaches_nothing(body: Any) -> None:
    assert facts(f"{API}/models/acme/thing/xet-write-token/main", body) == ()


def test_body_and_headers_that_differ_teach_nothing() -> None:
    other = (("x-xet-cas-url", "https://cas.xethub.hf.co"), *HEADERS[1:])
    url = f"{API}/models/acme/thing/xet-write-token/main"
    assert facts(url, SAID, other) == ()
    assert facts(url, b"", (*HEADERS, HEADERS[0])) == ()
    assert facts(url, SAID, HEADERS, status=403) == ()


def test_only_a_request_for_a_write_token_has_this_lesson() -> None:
    for url in (
        f"{API}/models/acme/thing/xet-read-token/main",
        "https://huggingface.co/acme/thing/resolve/main/xet-write-token",
        f"{API}/models/acme/thing/tree/main/xet-write-token",
        "https://acme.hf.space/api/models/acme/thing/xet-write-token/main",
        "http://huggingface.co/api/models/acme/thing/xet-write-token/main",
    ):
        assert taught(request_for("GET", url)) is None, url
    assert taught(request_for("POST", f"{API}/models/acme/thing/commit/main")) is None


# -- who can see it ----------------------------------------------------------------------------------------------------


def seen(key: str, visibility: Visibility) -> tuple[Fact, ...]:
    return (VisibilityFact(key=key, visibility=visibility),)


def test_what_the_hub_says_of_a_repository_is_learned() -> None:
    body = {"_id": "1", "id": "acme/Thing", "private": True, "tags": []}
    assert facts(f"{API}/models/acme/Thing", body) == seen("huggingface.co/acme/thing", Visibility.PRIVATE)
    assert facts(f"{API}/models/acme/Thing/revision/main", body | {"private": False}) == seen(
        "huggingface.co/acme/thing", Visibility.PUBLIC
    )
    assert facts(f"{API}/buckets/acme/box", {"id": "acme/box", "private": True}) == seen(
        "huggingface.co/buckets/acme/box", Visibility.PRIVATE
    )
    assert facts(f"{API}/datasets/squad", {"id": "squad", "private": False}) == seen(
        "huggingface.co/datasets/squad", Visibility.PUBLIC
    )


@pytest.mark.parametrize(
    "body",
    [
        {"id": "mallory/thing", "private": False},
        {"id": "acme/thing"},
        {"id": "acme/thing", "private": "no"},
        {"id": "acme/thing", "private": False, "visibility": "protected"},
        {"id": ["acme/thing"], "private": False},
        {"private": False},
        b'{"id":"acme/thing","private":true,"private":false}',
        b"[" * 5000,
    ],
)
def test_what_is_said_of_another_or_not_clearly_teaches_nothing(body: Any) -> None:
    assert facts(f"{API}/models/acme/thing", body) == ()
    assert facts(f"{API}/models/acme/thing", {"id": "acme/thing", "private": True}, status=404) == ()


def test_an_accepted_wish_is_learned() -> None:
    body = {"name": "set", "organization": "acme", "type": "dataset", "private": True}
    create = f"{API}/repos/create"
    key = "huggingface.co/datasets/acme/set"
    assert facts(create, b"", method="POST", sent=body) == seen(key, Visibility.PRIVATE)
    assert facts(create, b"", method="POST", sent=body, status=409) == ()
    assert facts(f"{API}/models/acme/m/settings", b"", method="PUT", sent={"visibility": "public"}) == seen(
        "huggingface.co/acme/m", Visibility.PUBLIC
    )


def test_a_wish_that_was_not_understood_is_not_learned() -> None:
    url = f"{API}/models/acme/m/settings?private=true"
    body = b'{"visibility":"public"}'
    request = request_for("PUT", url, headers=(("content-type", "application/json"),), body=body)
    assert taught(replace(request, body_state=BodyState.COMPLETE)) is None


def test_what_was_known_before_is_no_news() -> None:
    url = f"{API}/models/acme/m/settings"
    request = request_for("PUT", url, headers=(), body=b'{"gated":"auto"}', body_state=BodyState.COMPLETE)
    forge_host = REGISTRY.lookup("huggingface.co")
    known = replace(ask("PUT", url, request.body), visibility=Visibility.PRIVATE)
    assert forge_host is not None
    assert known.operation is Operation.VISIBILITY
    assert lesson(request, known, forge_host, NOW) is None


@given(
    status=st.sampled_from([200, 201, 302, 404]),
    headers=st.lists(
        st.tuples(st.sampled_from([name for name, _ in HEADERS]), st.text(max_size=8) | st.just(CAS)), max_size=4
    ),
    body=st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from(["casUrl", "accessToken", "exp", "id", "private"]), st.integers() | st.text() | st.none()
    ).map(lambda found: json.dumps(found).encode()),
    tail=st.sampled_from(["", "/xet-write-token/main"]),
)
def test_no_answer_raises(status: int, headers: list[tuple[str, str]], body: bytes, tail: str) -> None:
    found = taught(request_for("GET", f"{API}/models/acme/thing{tail}"))
    assert found is not None
    for fact in found.facts(status, tuple(headers), body):
        assert not isinstance(fact, Announcement) or fact.place.host.endswith(".xethub.hf.co")
