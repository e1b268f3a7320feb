import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.body import MAX_BODY, json_document, json_object, json_objects
from forgewall.model import BodyState, Request


def request(body: bytes, *headers: tuple[str, str], state: BodyState = BodyState.COMPLETE) -> Request:
    return Request(
        method="POST",
        scheme="https",
        host="github.com",
        port=443,
        path="/",
        headers=headers,
        body=body,
        body_state=state,
    )


JSON = ("content-type", "application/json; charset=utf-8")


@pytest.mark.parametrize(
    "body, headers",
    [
        (b'{"a": 1}', [JSON]),
        (b' {"a":1}\n', [("content-type", "application/vnd.git-lfs+json")]),
        (b'{"a":1}', []),
        (b'{"a":1}', [("content-type", "application/x-www-form-urlencoded")]),
        (gzip.compress(b'{"a":1}', mtime=0), [JSON, ("content-encoding", "gzip")]),
    ],
)
def test_objects(body: bytes, headers: list[tuple[str, str]]) -> None:
    assert json_object(request(body, *headers)) == {"a": 1}


@pytest.mark.parametrize(
    "body, headers",
    [
        (b"", [JSON]),
        (b"null", [JSON]),
        (b"[]", [JSON]),
        (b'{"a":1} x', [JSON]),
        (b'{"a":1,"a":2}', [JSON]),
        (b'{"a":1,"a":1}', [JSON]),
        (b'{"a":1,"\\u0061":2}', [JSON]),
        (b'{"a":1,"A":2}', [JSON]),
        ('{"s":1,"ſ":2}'.encode(), [JSON]),
        (b'{"b":{"a":1,"a":2}}', [JSON]),
        (b'{"a":NaN}', [JSON]),
        (b'\xef\xbb\xbf{"a":1}', [JSON]),
        ('{"a":1}'.encode("utf-16"), [JSON]),
        (b'{"a":"\xff"}', [JSON]),
        (b'{"a":1}', [("content-type", "application/json; charset=utf-16")]),
        (b'{"a":1}', [("content-type", "multipart/form-data; boundary=x")]),
        (b'{"a":1}', [JSON, JSON]),
        (b'{"a":1,"x":"&a=2&"}', []),
        (b'{"a":1,"x":";a=2"}', [("content-type", "application/x-www-form-urlencoded")]),
        (b"[" * 100_000, [JSON]),
        (b'{"a":' * 100_000, [JSON]),
        (b'{"a":' + b"9" * 10_000 + b"}", [JSON]),
        (b'{"a":1}', [JSON, ("content-encoding", "gzip")]),
        (b'{"a":1}', [JSON, ("content-encoding", "br")]),
        (gzip.compress(gzip.compress(b'{"a":1}', mtime=0), mtime=0), [JSON, ("content-encoding", "gzip, gzip")]),
        (gzip.compress(b'{"a":1}', mtime=0) + b"x", [JSON, ("content-encoding", "gzip")]),
        (gzip.compress(b'{"a":1}', mtime=0) + gzip.compress(b" ", mtime=0), [JSON, ("content-encoding", "gzip")]),
        (gzip.compress(b'{"a":1}', mtime=0)[:-3], [JSON, ("content-encoding", "gzip")]),
        (gzip.compress(b'{"a":"' + b"x" * 10_000_000 + b'"}', mtime=0), [JSON, ("content-encoding", "gzip")]),
        (b'{"a":"' + b"x" * MAX_BODY + b'"}', [JSON]),
    ],
)
def test_what_has_two_readings_is_not_read(body: bytes, headers: list[tuple[str, str]]) -> None:
    assert json_object(request(body, *headers)) is None


@pytest.mark.parametrize("state", [BodyState.UNREAD, BodyState.TOO_LONG])
def test_only_a_complete_body_is_read(state: BodyState) -> None:
    assert json_document(request(b"{}", JSON, state=state)) is None


def test_arrays_of_objects() -> None:
    assert json_objects(request(b'[{"a":1},{"a":2}]', JSON)) == ({"a": 1}, {"a": 2})
    assert json_objects(request(b'{"a":1}', JSON)) == ({"a": 1},)
    assert json_objects(request(b"[]", JSON)) is None
    assert json_objects(request(b'[{"a":1},2]', JSON)) is None
    assert json_objects(request(b'[{"a":1,"A":2}]', JSON)) is None


@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "identity", "deflate"]), st.text(max_size=30))
def test_any_bytes(body: bytes, coding: str, kind: str) -> None:
    json_objects(request(body, ("content-type", kind), ("content-encoding", coding)))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers() | st.text() | st.none()))
def test_what_is_dumped_is_read_back(value: dict[str, object]) -> None:
    assert json_object(request(json.dumps(value).encode(), JSON)) == value
