from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.graphql.knowing import GITLAB, posted, said

from forgewall.identify.graphql.form import is_form, operations
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.url import request_for
from forgewall.inspect.skim import Skimmer
from forgewall.model import BodyState

BOUNDARY = "----forms"
FORM = ("content-type", f"multipart/form-data; boundary={BOUNDARY}")
DOCUMENT = "mutation($i: DesignManagementUploadInput!) { designManagementUpload(input: $i) { errors } }"
INPUT = {"projectPath": "acme/team/api", "iid": "7", "files": [None]}
OPERATIONS = {"operationName": None, "query": DOCUMENT, "variables": {"i": INPUT}}
FREE = ["variables.i.files.0"]
MAP = {"0": FREE}
TWICE = '{"query":"{a}","query":"mutation{b}","variables":{"i":{"files":[null]}}}'
UPLOADED = ("attachment", "gitlab.com/acme/team/api")


def part(name: str, value: object, more: str = "") -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{text}\r\n'.encode()


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FILE = part("0", "PNG", '; filename="a.png"')


def test_an_upload_goes_to_the_project_that_the_variables_name() -> None:
    body = form(part("operations", OPERATIONS), part("map", MAP), FILE)
    assert said(posted(body, FORM, url=GITLAB)) == UPLOADED


def test_a_batch_in_a_form() -> None:
    body = form(part("operations", [OPERATIONS]), part("map", {"0": ["0.variables.i.files.0"]}), FILE)
    assert said(posted(body, FORM, url=GITLAB)) == UPLOADED


def test_the_skim_of_a_long_form_means_the_same() -> None:
    long = {**INPUT, "note": "x" * 5000}
    body = form(
        part("operations", {**OPERATIONS, "variables": {"i": long}}),
        part("map", MAP),
        part("0", "x" * 500_000, '; filename="a.png"'),
    )
    request = request_for("POST", GITLAB, headers=(FORM,), body_state=BodyState.UNREAD)
    skimmer = Skimmer.of(request)
    assert skimmer is not None
    skimmer.feed(body)
    skim = skimmer.finish()
    assert skim is not None
    assert len(skim) < 10_000
    assert said(posted(skim, FORM, url=GITLAB)) == UPLOADED


@pytest.mark.parametrize(
    "parts",
    [
        (part("operations", OPERATIONS), FILE),
        (part("map", MAP), FILE),
        (part("operations", OPERATIONS), part("map", MAP)),
        (part("operations", OPERATIONS), part("map", {}), FILE),
        (part("operations", OPERATIONS), part("operations", OPERATIONS), part("map", MAP), FILE),
        (part("operations", OPERATIONS), part("map", MAP), FILE, FILE),
        (part("operations", OPERATIONS), part("map", MAP), FILE, part("query", "mutation { frob }")),
        (part("operations", OPERATIONS), part("map", MAP), FILE, part("variables", {"i": {"projectPath": "a/b"}})),
        (part("operations", OPERATIONS), part("map", MAP), FILE, part("anything", "1")),
        (part("operations", OPERATIONS), part("map", {"query": FREE}), part("query", "x", "; filename=x")),
        (part("operations", OPERATIONS), part("map", {"0[x]": FREE}), part("0[x]", "x", "; filename=x")),
        (part("operations", OPERATIONS, "; filename=x"), part("map", MAP), FILE),
        (part("operations", OPERATIONS, "\r\nContent-Transfer-Encoding: base64"), part("map", MAP), FILE),
        (part("operations", OPERATIONS, "\r\nContent-Type: text/html"), part("map", MAP), FILE),
        (part("operations", "{"), part("map", MAP), FILE),
        (part("operations", TWICE), part("map", MAP), FILE),
        (part("operations", "[]"), part("map", {"0": []}), FILE),
        (part("operations", '"x"'), part("map", {"0": []}), FILE),
        (part("operations", OPERATIONS), part("map", '["0"]'), FILE),
        (part("operations", OPERATIONS), part("map", {"0": "variables.i.files.0"}), FILE),
        (part("operations", OPERATIONS), part("map", {"0": ["variables.i.projectPath"]}), FILE),
        (part("operations", OPERATIONS), part("map", {"0": ["operationName"]}), FILE),
        (part("operations", OPERATIONS), part("map", {"0": ["variables.i.files.1"]}), FILE),
        (part("operations", OPERATIONS), part("map", {"0": ["variables.i.nothing"]}), FILE),
    ],
)  # fmt: skip
def test_what_a_server_could_merge_is_not_read(parts: tuple[bytes, ...]) -> None:
    assert said(posted(form(*parts), FORM, url=GITLAB)) == ("unidentified", None)


def test_a_form_is_read_only_as_it_came() -> None:
    body = form(part("operations", OPERATIONS), part("map", MAP), FILE)
    assert said(posted(body, FORM, ("content-encoding", "gzip"), url=GITLAB)) == ("unidentified", None)
    assert said(posted(body, FORM, url=f"{GITLAB}?query=x")) == ("unidentified", None)
    twice = ("content-type", f"multipart/form-data; boundary={BOUNDARY}; boundary=x")
    assert said(posted(body, twice, url=GITLAB)) == ("unidentified", None)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(body: bytes, framed: bool) -> None:
    text = form(part("operations", body.decode("latin-1")), part("map", MAP), FILE) if framed else body
    request = request_for("POST", GITLAB, headers=(FORM,), body=text, body_state=BodyState.COMPLETE)
    assert is_form(request)
    with suppress(Unclear):
        operations(request)
