"""Forms of web pages: read if all servers read them alike, and never as another method than they may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify import paths
from forgewall.identify.form import form_values, said_method
from forgewall.identify.form_data import FILE, form_fields
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Request

FORM = ("content-type", "application/x-www-form-urlencoded")
MULTI = ("content-type", "multipart/form-data; boundary=xx")


def part(name: str, value: str, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--xx\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'.encode()


def multi(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xx--\r\n"


def posted(body: bytes, *headers: tuple[str, str], state: BodyState = BodyState.COMPLETE, query: str = "") -> Request:
    url = f"https://github.com/upload/manifests{query}"
    return request_for("POST", url, headers=headers, body=body, body_state=state)


def values(request: Request, *names: str) -> object:
    return form_values(request, paths.parse(request.path), *names)


def test_fields_of_both_kinds_of_forms() -> None:
    assert form_fields(posted(b"a=1&b%5Bc%5D=x+y", FORM)) == {"a": "1", "b[c]": "x y"}
    body = multi(part("a", "1"), part("file", "bytes", "a.png"))
    assert form_fields(posted(body, MULTI)) == {"a": "1", "file": FILE}


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"a=1&a=2", FORM),
        (b"a=1;b=2", FORM),
        (b"a=1& b=2", FORM),
        (b'{"a":1}', FORM),
        ("a=\u00e9".encode(), FORM),
        (b"a=1", ("content-type", "text/plain")),
        (b"a=1", MULTI),
        (multi(part("a", "1"), part("a", "2")), MULTI),
        (multi(part("a", "1")) + b"more", MULTI),
    ],
)
def test_what_has_two_readings_is_no_form(body: bytes, header: tuple[str, str]) -> None:
    assert form_fields(posted(body, header)) is None


def test_a_coded_or_skimmed_or_unread_form_is_not_read() -> None:
    assert form_fields(posted(b"a=1", FORM, ("content-encoding", "gzip"))) is None
    assert form_fields(posted(b"a=1", FORM, state=BodyState.SKIMMED)) is None
    assert form_fields(posted(b"", FORM, state=BodyState.UNREAD)) is None
    assert form_fields(posted(multi(part("a", "1")), MULTI, state=BodyState.SKIMMED)) == {"a": "1"}


def test_values_of_one_spelling() -> None:
    assert values(posted(b"owner=acme&x=1", FORM), "owner") == {"owner": "acme"}
    assert values(posted(b"x=1", FORM), "owner") == {}
    assert values(posted(b'{"owner":"acme","n":3}', ("content-type", "application/json")), "owner", "n") == {
        "owner": "acme",
        "n": "3",
    }


@pytest.mark.parametrize("name", ["Owner", "owner[]", "%20owner", "owner%5B%5D", "owner%5B0", "OWNER"])
def test_another_spelling_is_doubtful(name: str) -> None:
    assert values(posted(f"{name}=mallory".encode(), FORM), "owner") is None
    assert values(posted(f"owner=acme&{name}=mallory".encode(), FORM), "owner") is None
    assert values(posted(b"owner=acme", FORM, query=f"?{name}=mallory"), "owner") is None


def test_a_file_and_a_long_text_of_a_skim_are_doubtful() -> None:
    assert values(posted(multi(part("owner", "acme", "a")), MULTI), "owner") is None
    assert values(posted(multi(part("owner", "\0:\n/move \0")), MULTI, state=BodyState.SKIMMED), "owner") is None


@pytest.mark.parametrize(
    ("body", "header", "method"),
    [
        (b"a=1", FORM, "POST"),
        (b"_method=put", FORM, "PUT"),
        (b"%5fmethod=DELETE&a=1", FORM, "DELETE"),
        (b"_method=put&_method=delete", FORM, None),
        (b"_method=get", FORM, None),
        (b"_method[]=put", FORM, "PUT"),
        (b"a=1;_method=put", FORM, None),
        (b'{"a":1}', FORM, "POST"),
        (b'{"_method":"put"}', FORM, None),
        (b"_method=put", ("content-type", "application/json"), "POST"),
        (multi(part("_method", "patch")), MULTI, "PATCH"),
        (multi(part("_method", "patch", "file")), MULTI, None),
        (b"", FORM, "POST"),
    ],
)
def test_the_method_that_a_form_says(body: bytes, header: tuple[str, str], method: str | None) -> None:
    assert said_method(posted(body, header)) == method


def test_an_unread_form_may_mean_any_method() -> None:
    assert said_method(posted(b"", FORM, state=BodyState.UNREAD)) is None
    assert said_method(posted(b"", FORM, ("content-length", "0"), state=BodyState.UNREAD)) == "POST"
    assert said_method(posted(b"", ("content-type", "application/json"), state=BodyState.UNREAD)) == "POST"


@given(st.binary(max_size=300), st.sampled_from([FORM, MULTI, ("content-type", "application/json"), ("x", "y")]))
def test_any_bytes_are_read_or_not(body: bytes, header: tuple[str, str]) -> None:
    request = posted(body, header)
    form_fields(request)
    values(request, "owner")
    if said_method(request) not in (None, "POST"):
        assert b"method" in body.lower() or b"%" in body


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4))
def test_what_a_browser_sends_is_read_back(fields: dict[str, str]) -> None:
    from urllib.parse import urlencode

    found = form_fields(posted(urlencode(fields).encode(), FORM))
    assert found == fields
