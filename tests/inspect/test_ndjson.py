"""NDJSON line by line against `json.loads` of each line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import CUTS, Recorder, cut
from tests.inspect.test_json_stream import DOCUMENTS, read

from forgewall.inspect.json_stream import NotJson
from forgewall.inspect.ndjson import NdjsonReader


def lines(chunks: object) -> list[object]:
    recorder = Recorder()
    reader = NdjsonReader(recorder)
    for chunk in chunks:  # type: ignore[attr-defined]
        reader.feed(chunk)
    reader.finish()
    return recorder.events


@settings(deadline=None)
@given(st.lists(DOCUMENTS, max_size=4), st.sampled_from([b"\n", b"\r\n", b"\n\n \n"]), CUTS)
def test_lines_in_any_chunks(documents: list[object], newline: bytes, cuts: list[int]) -> None:
    rows = [json.dumps(document).encode() for document in documents]
    expected = [event for row in rows for event in read([row])]
    assert lines(cut(newline.join(rows), cuts)) == expected
    assert lines(cut(newline.join([*rows, b""]), cuts)) == expected


@pytest.mark.parametrize("body", [b"{}{}", b"{\n}", b"{}\n{", b"x", b'{"a":\n1}'])
def test_one_document_a_line(body: bytes) -> None:
    with pytest.raises(NotJson):
        lines([body])
    with pytest.raises(NotJson):
        lines([body[at : at + 1] for at in range(len(body))])


def test_the_rest_behind_an_error() -> None:
    reader = NdjsonReader(Recorder(), lenient=True)
    with pytest.raises(NotJson):
        reader.feed(b'{"a":1}\n{"b":oops}\n{"c":1}')
    assert reader.rest == b'oops}\n{"c":1}'
