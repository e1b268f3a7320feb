import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import ask, told

from forgewall.identify.graphql.document import MAX_TOKENS, parse_documents, reads_only
from forgewall.identify.graphql.request import Asked
from forgewall.identify.graphql.unclear import Unclear
from forgewall.model import BodyState

JSON = ("content-type", "application/json")


def only_queries(documents: list[str]) -> bool:
    try:
        return reads_only(parse_documents(Asked(text=text, variables={}, operation=None) for text in documents))
    except Unclear:
        return False


ENDPOINTS = [
    ("https://api.github.com/graphql", "github.com"),
    ("https://github.com/_graphql", "github.com"),
    ("https://api.acme.ghe.com/graphql", "acme.ghe.com"),
    ("https://ghe.example/api/graphql", "ghe.example"),
    ("https://gitlab.com/api/graphql", "gitlab.com"),
    ("https://gl.example:8443/gitlab/api/graphql", "gl.example"),
]


@pytest.mark.parametrize("url, host", ENDPOINTS)
def test_queries_are_reads_and_mutations_are_not(url: str, host: str) -> None:
    for document, operation in [("{ viewer { login } }", "fetch"), ("mutation { a }", "unidentified")]:
        target = ask("POST", url, json.dumps({"query": document}).encode(), JSON)
        assert told(target) == (operation, None)
        assert target.host == host
        assert not target.wants_body


@pytest.mark.parametrize("url, host", ENDPOINTS)
def test_an_unread_document_asks_for_its_body(url: str, host: str) -> None:
    target = ask("POST", url, b"", JSON, state=BodyState.UNREAD)
    assert told(target) == ("unidentified", None)
    assert target.wants_body
    assert not ask("POST", url, b"", JSON, state=BodyState.TOO_LONG).wants_body


@pytest.mark.parametrize(
    "document",
    [
        "{a}",
        "query Q($n: Int!) @d { a(b: $n) { ...F } } fragment F on X { mutation }",
        'query { a(b: "mutation { c }") }',
        "# mutation\n{ a }",
        "query A { a } query B { b }",
    ],
)
def test_query_documents(document: str) -> None:
    assert only_queries([document])


@pytest.mark.parametrize(
    "document",
    [
        "",
        "mutation { a }",
        "subscription { a }",
        "query A { a } mutation B { b }",
        "fragment F on X { a }",
        "type Query { a: Int }",
        "{ a",
        "{" * 5_000,
        "{a" * 5_000 + "}" * 5_000,
        "{" + "a " * (MAX_TOKENS + 1) + "}",
        "0123456789abcdef0123456789abcdef",
        "\x00{a}",
    ],
)
def test_other_documents(document: str) -> None:
    assert not only_queries([document])


def test_the_token_limit_is_for_all_documents_together() -> None:
    half = "{" + "a " * (MAX_TOKENS * 2 // 3) + "}"
    assert only_queries([half])
    assert not only_queries([half, half])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"query":1}',
        b'{"query":"{a}","query":"mutation{b}"}',
        b'{"query":"{a}","Query":"mutation{b}"}',
        b'[{"query":"{a}"},{"query":"mutation{b}"}]',
        b'{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"00"}}}',
        b'{"query":"{a}","documentId":"00"}',
        b"{a}",
    ],
)
def test_bodies_that_are_no_plain_query(body: bytes) -> None:
    assert ask("POST", "https://api.github.com/graphql", body, JSON).operation.value == "unidentified"


@pytest.mark.parametrize(
    "body",
    [
        b'{"query":"{a}","variables":{"id":1,"ID":2},"operationName":null}',
        b'[{"query":"{a}"},{"query":"query{b}"}]',
        b'{"query":"{a}","extensions":{}}',
    ],
)
def test_bodies_that_are_queries(body: bytes) -> None:
    assert ask("POST", "https://api.github.com/graphql", body, JSON).operation.value == "fetch"


def test_a_form_or_multipart_body_is_not_read() -> None:
    url = "https://gitlab.com/api/graphql"
    polyglot = b'{"query":"{a}","variables":{"x":"&query=mutation{b}&"}}'
    form = ("content-type", "application/x-www-form-urlencoded")
    assert ask("POST", url, polyglot, form).operation.value == "unidentified"
    assert ask("POST", url, polyglot, JSON).operation.value == "fetch"
    multipart = ("content-type", "multipart/form-data; boundary=x")
    assert ask("POST", url, b'{"query":"{a}"}', multipart).operation.value == "unidentified"


@pytest.mark.parametrize(
    "method, query, operation",
    [
        ("GET", "", "fetch"),
        ("GET", "?query=" + quote("{a}"), "fetch"),
        ("GET", "?query=" + quote("mutation{a}"), "unidentified"),
        ("GET", "?query=" + quote("{a}") + "&query=" + quote("mutation{a}"), "unidentified"),
        ("GET", "?Query=" + quote("{a}"), "unidentified"),
        ("GET", "?body=" + quote('{"query":"0123456789abcdef0123456789abcdef"}'), "fetch"),
        ("GET", "?body=" + quote('{"query":"mutation{a}"}'), "unidentified"),
        ("POST", "?query=" + quote("mutation{a}"), "unidentified"),
        ("POST", "?query[]=" + quote("mutation{a}"), "unidentified"),
        ("DELETE", "", "unidentified"),
    ],
)
def test_documents_in_the_url(method: str, query: str, operation: str) -> None:
    body = b"" if method == "GET" else b'{"query":"{a}"}'
    assert ask(method, f"https://github.com/_graphql{query}", body, JSON).operation.value == operation


@given(st.text(max_size=80))
def test_any_text_is_judged(document: str) -> None:
    only_queries([document])
