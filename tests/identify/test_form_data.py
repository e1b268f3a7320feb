"""Forms are read as all servers read them, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.form_data import FILE, MAX_PARTS, form_fields, form_pairs
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Request

MULTIPART = "multipart/form-data; boundary=b"
URL_ENCODED = "application/x-www-form-urlencoded"


def request(body: bytes, kind: str = MULTIPART, state: BodyState = BodyState.COMPLETE, **headers: str) -> Request:
    fields = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return request_for("POST", "https://gitlab.com/x", headers=fields.items(), body=body, body_state=state)


def part(name: str, text: bytes, more: str = "") -> bytes:
    return f'--b\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + text + b"\r\n"


def fields(body: bytes) -> Mapping[str, object] | None:
    return form_fields(request(body + b"--b--\r\n"))


def test_texts_and_files() -> None:
    assert fields(part("a", b"1") + part("b", "ü".encode()) + part("f", b"PK", '; filename="x"')) == {
        "a": "1",
        "b": "ü",
        "f": FILE,
    }
    assert repr(FILE) == "FILE"


@pytest.mark.parametrize(
    "body",
    [
        part("a", b"1") + part("a", b"2"),
        part("", b"1"),
        part("a", b"\xff"),
        part("a", b"1", "\r\ncontent-type: application/json"),
        part("a", b"1", "\r\ncontent-type: text/plain; charset=utf-16"),
        part("a", b"1", "\r\ncontent-transfer-encoding: base64"),
        b"preamble\r\n" + part("a", b"1"),
        b"".join(part(f"a{number}", b"1") for number in range(MAX_PARTS + 1)),
    ],
)
def test_what_servers_could_read_differently_is_not_read(body: bytes) -> None:
    assert fields(body) is None


def test_plain_text_may_say_so() -> None:
    assert fields(part("a", b"1", "\r\ncontent-type: text/plain; charset=UTF-8")) == {"a": "1"}


@pytest.mark.parametrize("state", [BodyState.UNREAD, BodyState.TOO_LONG])
def test_a_body_that_is_not_there_is_not_read(state: BodyState) -> None:
    assert form_pairs(request(part("a", b"1") + b"--b--\r\n", state=state)) is None
    assert form_pairs(request(b"a=1", URL_ENCODED, state=state)) is None


def test_a_coded_form_is_not_read() -> None:
    assert form_pairs(request(part("a", b"1") + b"--b--\r\n", content_encoding="gzip")) is None
    assert form_pairs(request(b"a=1", URL_ENCODED, content_encoding="gzip")) is None


def test_a_skim_is_no_url_encoded_form() -> None:
    assert form_pairs(request(part("a", b"1") + b"--b--\r\n", state=BodyState.SKIMMED)) == (("a", "1"),)
    assert form_pairs(request(b"a=1", URL_ENCODED, state=BodyState.SKIMMED)) is None


def test_names_may_stand_often_in_pairs() -> None:
    assert form_pairs(request(b"a=1&a=2&b=%2F+", URL_ENCODED)) == (("a", "1"), ("a", "2"), ("b", "/ "))
    assert form_pairs(request(part("a", b"1") + part("a", b"2") + b"--b--\r\n")) == (("a", "1"), ("a", "2"))


@pytest.mark.parametrize("body", [b"a=1;b=2", b"a=1& b=2", b"{}", b" [1]", "ü=1".encode()])
def test_a_form_with_other_separators_is_not_read(body: bytes) -> None:
    assert form_pairs(request(body, URL_ENCODED)) is None


def test_other_media_types_are_no_forms() -> None:
    assert form_pairs(request(b"a=1", "text/plain")) is None
    assert form_pairs(request(b"a=1", "")) is None


@given(st.binary(max_size=200), st.sampled_from([MULTIPART, URL_ENCODED, "multipart/form-data"]))
def test_any_bytes(body: bytes, kind: str) -> None:
    pairs = form_pairs(request(body, kind))
    assert pairs is None or all(isinstance(name, str) for name, _ in pairs)
