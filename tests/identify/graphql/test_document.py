from __future__ import annotations

import json
from contextlib import suppress

import pytest
from graphql.language import FieldNode
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.graphql.knowing import GITHUB, GITLAB, JSON

from forgewall.identify import paths
from forgewall.identify.graphql.document import MAX_TOKENS, Parsed, parse_documents, parse_request
from forgewall.identify.graphql.request import Asked
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.url import request_for
from forgewall.model import BodyState


def parsed(text: str, operation: str | None = None) -> Parsed:
    (found,) = parse_documents([Asked(text=text, variables={}, operation=operation)])
    return found


def requested(method: str, url: str, body: bytes = b"", state: BodyState = BodyState.COMPLETE) -> object:
    request = request_for(method, url, headers=(JSON,) if body else (), body=body, body_state=state)
    return parse_request(request, paths.parse(request.path))


def test_a_request_shows_its_documents_with_their_aliases() -> None:
    rows = [{"query": "query Q { a: b ...F } fragment F on X { c }", "variables": {"v": 1}, "operationName": "Q"}]
    found = requested("POST", GITHUB, json.dumps([*rows, {"query": "{ d }"}]).encode())
    assert isinstance(found, tuple)
    first, second = found
    assert (first.operation, first.variables, list(first.fragments)) == ("Q", {"v": 1}, ["F"])
    field = first.operations[0].selection_set.selections[0]
    assert isinstance(field, FieldNode)
    assert field.alias is not None
    assert (field.alias.value, field.name.value) == ("a", "b")
    assert second.operation is None


def test_a_request_may_hold_no_document() -> None:
    assert requested("GET", GITHUB) == ()
    assert requested("POST", GITHUB, b"", BodyState.UNREAD) is None
    assert requested("POST", GITHUB, b"{a}") is None
    assert requested("POST", f"{GITLAB}?query=x", b'{"query":"{a}"}') is None
    assert requested("GET", f"{GITLAB}?query=%7Ba%7D&variables=[]") is None
    assert requested("GET", f"{GITLAB}?query=%7Ba%7D&query=%7Bb%7D") is None


def test_variables_may_be_a_text_of_json() -> None:
    for written in ('{"a":{"b":[1]}}', {"a": {"b": [1]}}):
        found = requested("POST", GITLAB, json.dumps({"query": "{a}", "variables": written}).encode())
        assert isinstance(found, tuple)
        assert found[0].variables == {"a": {"b": [1]}}
    assert requested("POST", GITLAB, json.dumps({"query": "{a}", "variables": '{"a":1,"a":2}'}).encode()) is None


@pytest.mark.parametrize(
    "operation, chosen", [("A", ["A"]), ("B", ["B"]), (None, ["A", "B"]), ("C", ["A", "B"]), ("a", ["A", "B"])]
)
def test_which_operation_is_carried_out(operation: str | None, chosen: list[str]) -> None:
    found = parsed("query A { a } mutation B { b }", operation)
    assert [one.name and one.name.value for one in found.chosen] == chosen


READ_ALIKE = [
    'mutation { a(b: "x # y") }',
    'mutation { a(b: "x\\n\\t\\u00e9/") }',
    'mutation { a(b: "", c: "#") }',
    "mutation { a } # a comment",
    "# mutation\n{ a }",
]
DISPUTED = [
    'mutation { a(b: "x\\"y") }',
    'mutation { a(b: "x\\\\") }',
    'mutation { a(b: "\\u{61}") }',
    'mutation { a(b: """x""") }',
    'mutation { a(b: "x") } # "',
    'mutation { a(b: "x") } # comment',
    "mutation { a\r }",
    "\ufeffmutation { a }",
    '{ a(b: "\\"") } # mutation',
    '{ a } # \r """ mutation { b }',
]


@pytest.mark.parametrize("text", READ_ALIKE)
def test_documents_that_all_parsers_read_alike(text: str) -> None:
    assert parsed(text).operations


@pytest.mark.parametrize("text", DISPUTED)
def test_documents_that_parsers_may_read_differently(text: str) -> None:
    with pytest.raises(Unclear, match="different mutations"):
        parsed(text)


@pytest.mark.parametrize(
    "text", ["{ a } fragment F on X { b } fragment F on X { b }", "", "{ a", "fragment F on X { a }"]
)
def test_documents_that_are_none(text: str) -> None:
    with pytest.raises(Unclear):
        parsed(text)


def test_documents_have_a_size() -> None:
    with pytest.raises(Unclear, match="too long"):
        parsed("{" + "a " * MAX_TOKENS + "}")


@given(st.text(alphabet='{}()[]:$!.@"#\\ \n\rmutationquery', max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(Unclear):
        assert parsed(text).operations
