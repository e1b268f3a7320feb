from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import (
    NOW,
    OID,
    SHARED,
    SIZE,
    STORE,
    a_batch,
    announced,
    answer,
    asked,
    read,
    refusal,
    upload,
)

from forgewall.identify.announced import Announcement, Use
from forgewall.identify.announced_places import covers
from forgewall.identify.url import request_for
from forgewall.inspect.lfs_answer import MAX_SECONDS, MAX_URLS, MIN_SECONDS, USUAL_SECONDS, read_answer

OTHER = "ab" * 32


def told(found: object) -> list[tuple[str, list[str], int, bool]]:
    """Use, methods, most bytes, and whether it carries the whole object, of each announcement."""
    assert isinstance(found, tuple), found
    return [(one.use.value, sorted(one.methods), one.most, one.whole) for one in found]


def test_an_answer_of_github() -> None:
    verify = f"https://lfs.github.com/acme/api/objects/{OID}/verify"
    header = {"Authorization": "RemoteAuth x", "x-amz-date": "20260504T120000Z"}
    found = read(
        {
            "objects": [
                {
                    "oid": OID,
                    "size": SIZE,
                    "actions": {
                        "upload": {
                            "href": STORE,
                            "header": header,
                            "expires_at": "2026-05-04T12:15:00Z",
                            "expires_in": 900,
                        },
                        "verify": {"href": verify, "header": header, "expires_in": 900},
                    },
                }
            ]
        }
    )
    assert told(found) == [("upload", ["PUT"], SIZE, True), ("verify", ["POST"], SIZE, False)]
    assert isinstance(found, tuple)
    assert {(one.oid, one.size, one.transfer, one.seconds, one.asker.address) for one in found} == {
        (OID, SIZE, "basic", 900, "github.com/acme/api")
    }
    assert covers(found[0], request_for("PUT", STORE))
    assert covers(found[1], request_for("POST", verify))


def test_an_answer_of_gitlab() -> None:
    href = f"https://gitlab.com/acme/api.git/gitlab-lfs/objects/{OID}/{SIZE}"
    header = {"Authorization": "Basic x", "Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
    found = read(upload(href, header=header), repository="https://gitlab.com/acme/api.git")
    assert told(found) == [("upload", ["PUT"], SIZE, True)]


def test_an_answer_of_gitea() -> None:
    home = "https://tea.example/acme/api.git/info/lfs"
    link = {"href": f"{home}/objects/{OID}", "header": {"Authorization": "x"}, "expires_at": "0001-01-01T00:00:00Z"}
    actions = {"download": link, "upload": link, "verify": {**link, "href": f"{home}/verify"}}
    found = read(answer(actions), repository="https://tea.example/acme/api.git")
    assert told(found) == [("upload", ["PUT"], SIZE, True), ("verify", ["POST"], SIZE, False)]
    assert isinstance(found, tuple)
    assert found[0].seconds == USUAL_SECONDS


def test_an_answer_of_hugging_face_in_parts() -> None:
    store = "https://hf-hub-lfs-us-east-1.s3-accelerate.amazonaws.com/repos/a/b"
    header = {"chunk_size": "1000", **{f"{n:05}": f"{store}?partNumber={n}" for n in (1, 2)}, "note": "no part"}
    batch = a_batch(transfers=["basic", "multipart"])
    complete = "https://huggingface.co/api/complete_multipart?uploadId=1"
    for transfer in ("multipart", "basic"):
        found = read(
            {**upload(complete, header=header), "transfer": transfer},
            batch,
            repository="https://huggingface.co/acme/api",
        )
        assert told(found) == [
            ("commit", ["POST"], SIZE, False),
            ("part", ["PUT"], 1000, False),
            ("part", ["PUT"], 1000, False),
        ]
        assert isinstance(found, tuple)
        assert covers(found[2], request_for("PUT", f"{store}?partNumber=2"))


def test_an_answer_of_giftless_in_parts() -> None:
    actions = {
        "parts": [
            {"href": "https://s.example/p0", "pos": 0, "size": 1000, "expires_in": 600, "want_digest": "contentMD5"},
            {"href": "https://s.example/p1", "pos": 1000, "method": "POST"},
        ],
        "commit": {"href": "https://s.example/commit", "body": "x"},
        "abort": {"href": "https://s.example/abort", "method": "DELETE"},
        "verify": {"href": "https://s.example/verify"},
    }
    batch = a_batch(transfers=["multipart-basic", "basic"])
    found = read(answer(actions, transfer="multipart-basic"), batch)
    assert told(found) == [
        ("verify", ["POST"], SIZE, False),
        ("commit", ["POST"], SIZE, False),
        ("abort", ["DELETE"], SIZE, False),
        ("part", ["PUT"], 1000, False),
        ("part", ["POST"], SIZE - 1000, False),
    ]
    assert told(read(answer(actions), batch)) == [("verify", ["POST"], SIZE, False)]


def test_an_answer_that_resumes() -> None:
    found = read(upload(SHARED) | {"transfer": "tus"}, a_batch(transfers=["basic", "tus"]))
    assert told(found) == [("part", ["HEAD", "PATCH"], SIZE, False)]


def test_what_git_lfs_would_find_in_old_links_is_found() -> None:
    found = read({"objects": [{"oid": OID, "size": SIZE, "_links": {"upload": {"href": SHARED}}}]})
    assert told(found) == [("upload", ["PUT"], SIZE, True)]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"message": "later"},
        {"objects": None},
        {"objects": []},
        {"objects": [{"oid": OID, "size": SIZE}]},
        {"objects": [{"oid": OID, "size": SIZE, "actions": None}]},
        {"objects": [{"oid": OID, "size": SIZE, "actions": {}}]},
        {"objects": [{"oid": OID, "actions": {"upload": None}}]},
        {"objects": [{"oid": OID, "size": 1, "error": {"code": 422, "message": "no"}}]},
        {"objects": [{"oid": OID, "size": SIZE, "error": {"code": 422}, "actions": {"upload": {"href": "no url"}}}]},
        {"objects": [{"oid": OID, "size": SIZE, "actions": {"download": {"href": SHARED}}}]},
        {"objects": [{"oid": OID, "size": SIZE, "actions": {"teleport": {"href": SHARED}}}]},
        {"objects": [], "transfer": "basic", "hash_algo": "sha256", "more": {}},
    ],
)
def test_answers_that_announce_nothing(document: dict[str, Any]) -> None:
    assert read(document) == ()


@pytest.mark.parametrize(
    "document, words",
    [
        ({"objects": {}}, "its objects are no list"),
        ({"objects": [7]}, "an object is no JSON object"),
        ({"objects": [{"oid": OTHER, "size": SIZE}]}, "wasn't asked for"),
        ({"objects": [{"oid": OID.upper(), "size": SIZE}]}, "wasn't asked for"),
        ({"objects": [{"size": SIZE}]}, "wasn't asked for"),
        ({"objects": [{"oid": [OID], "size": SIZE}]}, "wasn't asked for"),
        ({"objects": [{"oid": OTHER, "size": SIZE, "error": {"code": 404}}]}, "wasn't asked for"),
        ({"objects": [{"oid": OID, "size": SIZE + 1}]}, "another size"),
        ({"objects": [{"oid": OID, "size": "1"}]}, "another size"),
        (answer([]), "an object's actions is no JSON object"),
        (answer({"upload": []}), "an action is no JSON object"),
        (answer({"upload": SHARED}), "an action is no JSON object"),
        (answer({"verify": {}}), "an action has no address"),
        (answer({"Upload": {"href": SHARED}}), "spells a key differently"),
        (answer({"upload": {"HREF": SHARED}}), "spells a key differently"),
        ({"Objects": []}, "spells a key differently"),
        ({"objects": [{"oid": OID, "Actions": {}}]}, "spells a key differently"),
        (upload(SHARED, header=[]), "an action's header is no JSON object"),
        (upload(SHARED, header={"Chunk_Size": "1"}), "spells a key differently"),
        (upload(SHARED, header={"chunk_size": "0", "1": SHARED}), "no number of bytes"),
        (upload(SHARED, header={"chunk_size": "-1", "1": SHARED}), "no number of bytes"),
        (upload(SHARED, header={"chunk_size": None, "1": SHARED}), "no number of bytes"),
        (upload(SHARED, header={"chunk_size": 10, "1": "file:///x"}), "not an absolute URL"),
        (upload(SHARED, header={"chunk_size": 10, "1": 7}), "no address"),
        ({**upload(SHARED), "hash_algo": "sha512"}, "another hash"),
        ({**upload(SHARED), "transfer": "multipart"}, "didn't offer"),
        ({**upload(SHARED), "transfer": ["basic"]}, "didn't offer"),
        ({**upload(SHARED), "transfer": "ssh"}, "the transfer `ssh`, whose uploads name no repository"),
    ],
)
def test_answers_that_are_refused(document: dict[str, Any], words: str) -> None:
    found = refusal(read(document))
    assert found.startswith("the forge's answer to the LFS batch can't be followed: ")
    assert words in found


def test_the_way_to_go_without_xet_is_told() -> None:
    found = read({"objects": [], "transfer": "xet"}, a_batch(transfers=["basic", "multipart", "xet"]))
    assert "set HF_HUB_DISABLE_XET=1" in refusal(found)


@pytest.mark.parametrize(
    "part, words",
    [
        ({"pos": SIZE + 1}, "outside of its object"),
        ({"pos": -1}, "outside of its object"),
        ({"pos": 1.5}, "outside of its object"),
        ({"size": "1"}, "outside of its object"),
        ({"method": "GET"}, "unusual method"),
        ({"method": "put"}, "unusual method"),
        ({"method": ["PUT"]}, "unusual method"),
    ],
)
def test_parts_that_are_refused(part: dict[str, Any], words: str) -> None:
    batch = a_batch(transfers=["multipart-basic"])
    document = answer({"parts": [{"href": SHARED, **part}]}, transfer="multipart-basic")
    assert words in refusal(read(document, batch))


@pytest.mark.parametrize("parts", [{}, "x", [7]])
def test_parts_are_a_list_of_actions(parts: object) -> None:
    document = answer({"parts": parts}, transfer="multipart-basic")
    assert isinstance(read(document, a_batch(transfers=["multipart-basic"])), str)


def test_a_part_is_never_more_than_what_is_left() -> None:
    document = answer({"parts": [{"href": SHARED, "pos": SIZE - 3, "size": 10}]}, transfer="multipart-basic")
    assert told(read(document, a_batch(transfers=["multipart-basic"]))) == [("part", ["PUT"], 3, False)]


@pytest.mark.parametrize(
    "more, seconds",
    [
        ({}, USUAL_SECONDS),
        ({"expires_in": 900}, 900),
        ({"expires_in": 0}, USUAL_SECONDS),
        ({"expires_in": 1}, MIN_SECONDS),
        ({"expires_in": -5}, MIN_SECONDS),
        ({"expires_in": 10**30}, MAX_SECONDS),
        ({"expires_in": -(10**30)}, MIN_SECONDS),
        ({"expires_in": 604_800}, MAX_SECONDS),
        ({"expires_in": "900"}, USUAL_SECONDS),
        ({"expires_in": True}, USUAL_SECONDS),
        ({"expires_in": 1e308}, USUAL_SECONDS),
        ({"expires_at": "2026-05-04T12:20:00Z"}, 1200),
        ({"expires_at": "2026-05-04T14:20:00+02:00"}, 1200),
        ({"expires_at": "2026-05-04T12:20:00Z", "expires_in": 900}, 900),
        ({"expires_at": "2026-05-04T12:20:00Z", "expires_in": 0}, 1200),
        ({"expires_at": "2016-11-10T15:29:07Z"}, MIN_SECONDS),
        ({"expires_at": "9999-12-31T23:59:59Z"}, MAX_SECONDS),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, USUAL_SECONDS),
        ({"expires_at": "0001-01-01T00:00:00Z"}, USUAL_SECONDS),
        ({"expires_at": "2026-05-04T12:20:00"}, USUAL_SECONDS),
        ({"expires_at": "soon"}, USUAL_SECONDS),
        ({"expires_at": "9" * 10_000}, USUAL_SECONDS),
        ({"expires_at": 17}, USUAL_SECONDS),
        ({"expires_at": None}, USUAL_SECONDS),
    ],
)
def test_how_long_an_announcement_holds(more: dict[str, Any], seconds: int) -> None:
    assert announced(SHARED, **more).seconds == seconds


def test_too_many_addresses() -> None:
    header = {"chunk_size": 1, **{str(n): f"https://s.example/{n}" for n in range(MAX_URLS)}}
    assert "more than 20000 addresses" in refusal(read(upload(SHARED, header=header)))


def test_now_has_to_have_a_time_zone() -> None:
    request, target = asked()
    with pytest.raises(ValueError, match="time zone"):
        read_answer(b"{}", a_batch(), asked=request, asker=target, now=NOW.replace(tzinfo=None))


KEYS = ["upload", "verify", "parts", "commit", "abort", "href", "header", "chunk_size", "1", "expires_at", "expires_in"]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from([SHARED, "1000", "PUT"])
ACTIONS = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(KEYS), ACTIONS, max_size=4),
    st.sampled_from([None, "basic", "multipart", "multipart-basic", "tus", "xet", "", "\n"]),
)
def test_any_actions_are_announcements_or_a_sentence(actions: dict[str, object], transfer: object) -> None:
    batch = a_batch(transfers=["basic", "multipart", "multipart-basic", "tus", "xet"])
    found = read({**answer(actions), "transfer": transfer}, batch)
    if isinstance(found, str):
        assert found.isprintable()
        assert not found.endswith(".")
        return
    for one in found:
        assert isinstance(one, Announcement)
        assert MIN_SECONDS <= one.seconds <= MAX_SECONDS
        assert 0 <= one.most <= SIZE
        assert one.whole == (one.use is Use.UPLOAD)
        assert one.methods <= {"PUT", "POST", "PATCH", "DELETE", "HEAD"}


@given(st.binary(max_size=300))
def test_any_bytes_are_announcements_or_a_sentence(body: bytes) -> None:
    assert isinstance(read(body), tuple | str)


@given(st.integers(0, 200), st.integers(0, 255))
def test_an_answer_with_a_byte_changed_never_leads_elsewhere_unseen(at: int, byte: int) -> None:
    body = bytearray(json.dumps(upload(SHARED)).encode())
    body[at % len(body)] = byte
    found = read(bytes(body))
    if isinstance(found, tuple):
        assert len(found) <= 1


def test_time_is_measured_from_now() -> None:
    request, target = asked()
    body = json.dumps(upload(SHARED, expires_at="2026-05-04T12:20:00Z")).encode()
    later = NOW + timedelta(minutes=10)
    found = read_answer(body, a_batch(), asked=request, asker=target, now=later)
    assert isinstance(found, tuple)
    assert found[0].seconds == 600
