"""Parameters that name a second repository: read in one way by all servers, or not read."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify import paths
from forgewall.identify.fields import json_fields, merged_fields
from forgewall.model import BodyState, Request

JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")


def request(
    body: bytes, *headers: tuple[str, str], query: str = "", state: BodyState = BodyState.COMPLETE
) -> tuple[Request, paths.Path]:
    target = f"/x?{query}" if query else "/x"
    made = Request(
        method="POST", scheme="https", host="x", port=443, path=target, headers=headers, body=body, body_state=state
    )
    return made, paths.parse(target)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Organization":"acme"}',
        b'{"organization":"mallory","ORGANIZATION":"acme"}',
        b'{"organization[]":"acme"}',
        b'{" organization":"acme"}',
        b'{"organization":"mallory","organization":"acme"}',
        b'["organization"]',
        b"organization=acme",
        b'{"organization":"acme"} x',
        b"\xff",
    ],
)
def test_a_second_spelling_is_not_read(body: bytes) -> None:
    assert json_fields(*request(body, JSON), "organization") is None


@pytest.mark.parametrize("query", ["organization=acme", "Organization=acme", "organization[]=acme", "%6frganization=a"])
def test_a_name_in_the_query_spoils_json(query: str) -> None:
    assert json_fields(*request(b"{}", JSON, query=query), "organization") is None
    assert json_fields(*request(b"{}", JSON, query="page=1"), "organization") == {}


def test_no_body_is_no_parameters_but_an_unread_one_is_unknown() -> None:
    assert json_fields(*request(b""), "name") == {}
    assert json_fields(*request(b"", state=BodyState.UNREAD), "name") is None
    assert json_fields(*request(b"", state=BodyState.TOO_LONG), "name") is None


def test_body_and_query_merge_unless_they_meet() -> None:
    assert merged_fields(*request(b"a=1&b=%2F+x", FORM, query="c=3")) == {"a": "1", "b": "/ x", "c": "3"}
    assert merged_fields(*request(b'{"a":1}', JSON, query="c=3")) == {"a": 1, "c": "3"}
    assert merged_fields(*request(b"a=1", FORM, query="a=1")) is None
    assert merged_fields(*request(b"a=1&a=2", FORM)) is None
    assert merged_fields(*request(b"", query="a=1&a=2")) is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"--x\r\n", (("content-type", "multipart/form-data; boundary=x"),)),
        (b"a=1;b=2", (FORM,)),
        (b'{"a":1}', (FORM,)),
        (b"a=1", (FORM, ("content-encoding", "gzip"))),
        (b"a=1&Path=acme", (FORM,)),
        (b"a=1&path[]=acme", (FORM,)),
        (b"a=\xff", (FORM,)),
    ],
)
def test_other_forms_are_not_read(body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    assert merged_fields(*request(body, *headers), "path") is None


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, ("content-type", "text/x")]), st.text(max_size=40))
def test_any_bytes_are_read_or_not(body: bytes, header: tuple[str, str], query: str) -> None:
    for found in (
        json_fields(*request(body, header, query=query), "name"),
        merged_fields(*request(body, header, query=query), "name"),
    ):
        assert found is None or isinstance(found, dict)


@given(st.dictionaries(st.text("abc_[]", min_size=1, max_size=6), st.text(max_size=6), max_size=5))
def test_a_form_comes_back(fields: dict[str, str]) -> None:
    assert merged_fields(*request(urlencode(fields).encode(), FORM)) == fields
