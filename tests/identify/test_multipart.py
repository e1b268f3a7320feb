"""Multipart forms as `requests` and `email` build them, in any chunks; and those that two servers read differently."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import HTTP

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import CUTS, cut, pieces

from forgewall.identify.multipart import MAX_FIELD, MultipartReader, NotMultipart, Part, boundary_of

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='%"\\'), min_size=1, max_size=12)
CONTENTS = st.binary(max_size=60) | st.text("\r\n-b", max_size=30).map(str.encode)
HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


class Parts:
    def __init__(self) -> None:
        self.parts: list[tuple[Part, bytes]] = []

    def part(self, part: Part) -> None:
        self._part, self._data = part, b""

    def data(self, piece: bytes) -> None:
        self._data += piece

    def part_end(self) -> None:
        self.parts.append((self._part, self._data))


def read(chunks: object, boundary: str = "b") -> list[tuple[Part, bytes]]:
    parts = Parts()
    reader = MultipartReader(boundary, parts)
    for chunk in chunks:  # type: ignore[attr-defined]
        reader.feed(chunk)
    reader.finish()
    return parts.parts


@settings(deadline=None)
@given(st.dictionaries(NAMES, CONTENTS, max_size=3), st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=3), CUTS)
def test_what_requests_builds(fields: dict[str, bytes], files: dict[str, bytes], cuts: list[int]) -> None:
    uploads = {name: (f"{name}.bin", content) for name, content in files.items()}
    prepared = requests.Request("POST", "http://localhost/", data=fields, files=uploads).prepare()
    body = prepared.body
    assert isinstance(body, bytes)
    boundary = boundary_of(prepared.headers["content-type"])
    expected: list[tuple[str, str | None, bytes]] = [(name, None, content) for name, content in fields.items()]
    expected += [(name, f"{name}.bin", content) for name, content in files.items()]
    for chunks in ([body], cut(body, cuts), pieces(body, 1)):
        found = read(chunks, boundary)
        assert [(part.name, part.filename, data) for part, data in found] == expected


def test_what_email_builds() -> None:
    message = EmailMessage(policy=HTTP)
    message["Content-Type"] = "multipart/form-data"
    part = EmailMessage(policy=HTTP)
    part.set_content(b"\0\1\2\r\n--", "application", "octet-stream", cte="binary")
    part.add_header("Content-Disposition", "form-data", name="file", filename="x.bin")
    message.attach(part)
    head, _, body = message.as_bytes().partition(b"\r\n\r\n")
    content_type = head.decode().replace("\r\n", "").partition("Content-Type:")[2].partition("MIME")[0].strip()
    found = read([body], boundary_of(content_type))
    assert [(part.filename, data) for part, data in found] == [("x.bin", b"\0\1\2\r\n--")]
    assert found[0][0].content_type == "application/octet-stream"
    assert not found[0][0].coded


@pytest.mark.parametrize(
    "disposition, name, filename, other",
    [
        ('form-data; name="f"; filename="a b.txt"', "f", "a b.txt", None),
        ("form-data; name=\"f\"; filename*=UTF-8''%E2%82%AC.txt", "f", "€.txt", None),
        ('form-data; name="f"; filename="a.txt"; filename*=utf-8\'\'b.kdbx', "f", "a.txt", "b.kdbx"),
        ('form-data; name="f"; filename="a.txt"; filename*=utf-8\'\'a.txt', "f", "a.txt", None),
        ('form-data; name="ä"', "ä", None, None),
    ],
)
def test_names(disposition: str, name: str, filename: str | None, other: str | None) -> None:
    body = f"--b\r\nContent-Disposition: {disposition}\r\n\r\n\r\n--b--".encode()
    part, data = read([body])[0]
    assert (part.name, part.filename, part.other_filename, data) == (name, filename, other, b"")


BROKEN = [
    b"",
    b"x",
    HEAD + b"1",
    HEAD + b"1\r\n--b",
    HEAD + b"1\r\n--b\r\n",
    b"preamble\r\n" + HEAD + b"1\r\n--b--",
    b"\n" + HEAD + b"1\r\n--b--",
    HEAD + b"1\r\n--bx\r\n--b--",
    HEAD + b"1\r\n--b \r\n--b--",
    HEAD + b"1\r\n--b--\r\n" + HEAD + b"2\r\n--b--",
    HEAD + b"1\r\n--b--x",
    HEAD.replace(b"\r\n", b"\n") + b"1\n--b--",
    b"--b\r\n\r\n1\r\n--b--",
    b"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
    b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
    HEAD[:-2] + b'Content-Disposition: form-data; name="b"\r\n\r\n1\r\n--b--',
    HEAD[:-2] + b" folded\r\n\r\n1\r\n--b--",
    HEAD[:-2] + b"X: a\nY: b\r\n\r\n1\r\n--b--",
    HEAD[:-2] + b"X: " + b"x" * MAX_FIELD + b"\r\n\r\n1\r\n--b--",
    HEAD[:-2] + b"X: y\r\n" * 9 + b"\r\n1\r\n--b--",
    HEAD[:-2] + b"Content-Length: 2\r\n\r\n1\r\n--b--",
]


@pytest.mark.parametrize("body", BROKEN)
def test_two_readings_are_refused_in_any_chunks(body: bytes) -> None:
    for chunks in ([body], pieces(body, 1), pieces(body, 7)):
        with pytest.raises(NotMultipart):
            read(chunks)


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\r\n\r\n", b"\n"])
@pytest.mark.parametrize("front", [b"", b"\r\n"])
def test_blank_space_around_is_none_of_a_forms_business(front: bytes, tail: bytes) -> None:
    body = front + HEAD + b"1\r\n--b--" + tail
    for chunks in ([body], pieces(body, 1), pieces(body, 3)):
        assert [data for _, data in read(chunks)] == [b"1"]
    assert read([b"--b--" + tail]) == []


SOUP = st.lists(
    st.sampled_from([HEAD, b"\r\n", b"--b", b"--", b"\r", b"\n", b"x", b"--b--", b": ", HEAD[:-2]]), max_size=10
)


@settings(deadline=None)
@given(st.binary(max_size=80) | SOUP.map(b"".join), CUTS)
@example(HEAD + b"\r\n--b--", [3])
def test_any_bytes_in_any_chunks(body: bytes, cuts: list[int]) -> None:
    def outcome(chunks: object) -> object:
        try:
            return read(chunks)
        except NotMultipart:
            return "refused"

    assert outcome([body]) == outcome(cut(body, cuts)) == outcome(pieces(body, 1))


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="a\nb"',
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=a; Boundary=a",
        "multipart/form-data; boundary*=utf-8''a",
        "multipart/form-data; boundary=" + "x" * 201,
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=ä",
    ],
)
def test_a_doubtful_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(NotMultipart):
        boundary_of(content_type)


def test_boundaries() -> None:
    assert (
        boundary_of("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk") == "----WebKitFormBoundary7MA4YWxk"
    )
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b:c"') == "a b:c"
    assert boundary_of("multipart/form-data; boundary=boundary") == "boundary"
