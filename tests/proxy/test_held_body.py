"""A body that is shown before its request is judged: whole while it is small, else its skim, else nothing."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proxy.arriving import arrival

from forgewall.enforce.examination import PART
from forgewall.inspect.skim import MARKER, Skimmer
from forgewall.model import BodyState, Request
from forgewall.proxy import held_body as room
from forgewall.proxy.held_body import HeldBody
from forgewall.proxy.holding import MEMORY_BYTES

JSON = ("content-type", "application/json")
CODINGS = {None: bytes, "gzip": gzip.compress, "deflate": zlib.compress}


def request(*headers: tuple[str, str]) -> Request:
    return arrival("POST", "https://api.github.com/graphql", *headers, body=True).request


def coded(coding: str | None) -> Request:
    return request(JSON, *([("content-encoding", coding)] if coding else []))


def show(asked: Request, body: bytes, cuts: list[int] | None = None, *, whole: bool = True) -> tuple[Request, bool]:
    """The request with `body`, and whether it was enough before its end."""
    held, position = HeldBody(asked), 0
    for size in [*(cuts or []), len(body) or 1]:
        chunk = body[position : position + size]
        position += len(chunk)
        if chunk and held.enough(chunk):
            return held.request(b"", whole=False), True
    return held.request(body if len(body) <= room.MEMORY_BYTES else b"", whole=whole), False


DOCUMENTS = st.dictionaries(st.sampled_from(["query", "a", "b"]), st.text(max_size=30) | st.integers(), max_size=3)


@given(DOCUMENTS, st.sampled_from(list(CODINGS)), st.lists(st.integers(1, 40), max_size=8), st.integers(0, 200))
def test_a_small_body_is_shown_as_it_came_and_a_long_one_as_its_skim(
    document: dict[str, object], coding: str | None, cuts: list[int], memory: int
) -> None:
    text = json.dumps(document).encode()
    wire = CODINGS[coding](text)
    asked = coded(coding)
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(room, "MEMORY_BYTES", memory)
        seen, enough = show(asked, wire, cuts)
    assert not enough
    if max(len(wire), len(text)) <= memory:
        assert seen == replace(asked, body=wire, body_state=BodyState.COMPLETE)
    else:
        assert seen.body_state is BodyState.SKIMMED
        assert json.loads(seen.body) == document
        assert seen.header("content-encoding") is None
        assert seen.headers == tuple(pair for pair in asked.headers if pair[0] != "content-encoding")


@pytest.mark.parametrize("coding", ["gzip", "deflate", " GZIP"])
def test_a_compressed_form_has_no_skim(coding: str) -> None:
    """Who doesn't undo the coding could find another form in the bytes."""
    part = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n%s\r\n'
    wire = CODINGS[coding.strip().lower()](part % b"1" + part % random.randbytes(2 * MEMORY_BYTES) + b"--x--\r\n")
    asked = request(("content-type", "multipart/form-data; boundary=x"), ("content-encoding", coding))
    assert not HeldBody(asked).can_be_skimmed
    assert show(asked, wire)[0] == replace(asked, body_state=BodyState.TOO_LONG)


def test_a_commit_of_large_files_is_shown_without_them() -> None:
    text = json.dumps({"query": "mutation{x}", "contents": "A" * (2 * MEMORY_BYTES)}).encode()
    seen, _ = show(request(JSON), text, [50_000] * 5)
    assert json.loads(seen.body) == {"query": "mutation{x}", "contents": MARKER}


def test_a_body_that_is_small_only_on_the_wire_is_shown_as_its_skim() -> None:
    """identify reads no more than memory may hold, after the coding too."""
    text = json.dumps({"query": "mutation{x}", "contents": "A" * (2 * MEMORY_BYTES)}).encode()
    wire = gzip.compress(text)
    assert len(wire) < MEMORY_BYTES
    seen, _ = show(coded("gzip"), wire)
    assert (seen.body_state, json.loads(seen.body)["contents"]) == (BodyState.SKIMMED, MARKER)


@pytest.mark.parametrize("size", [10, 2 * MEMORY_BYTES])
def test_what_was_not_seen_whole_is_shown_as_nothing(size: int) -> None:
    seen, _ = show(request(JSON), b'{"a":"' + b"A" * size + b'"}', whole=False)
    assert (seen.body_state, seen.body) == (BodyState.TOO_LONG, b"")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([JSON], b'{"a":"' + b"A" * MEMORY_BYTES),  # without its end
        ([JSON], b"no JSON at all" + b"A" * MEMORY_BYTES),
        ([("content-type", "application/xml")], b"<a/>" + b" " * MEMORY_BYTES),
        ([JSON, ("content-encoding", "br")], b"x" * (MEMORY_BYTES + 1)),
        ([JSON, ("content-encoding", "gzip")], b"x" * (MEMORY_BYTES + 1)),
    ],
)
def test_a_long_body_without_a_skim_is_shown_as_nothing(headers: list[tuple[str, str]], body: bytes) -> None:
    seen, _ = show(request(*headers), body, [100_000] * 3)
    assert (seen.body_state, seen.body) == (BodyState.TOO_LONG, b"")


@pytest.mark.parametrize("missing", [1, 8])
def test_a_long_body_whose_coding_has_no_end_is_shown_as_nothing(missing: int) -> None:
    text = json.dumps({"a": random.Random(1).randbytes(MEMORY_BYTES).hex()}).encode()
    wire = gzip.compress(text)
    assert len(wire) > MEMORY_BYTES
    assert show(coded("gzip"), wire)[0].body_state is BodyState.SKIMMED
    assert show(coded("gzip"), wire[:-missing])[0].body_state is BodyState.TOO_LONG


@pytest.mark.parametrize(
    ("headers", "body"),
    [([JSON], b"no JSON at all"), ([JSON, ("content-encoding", "gzip")], b"no gzip"), ([("x", "y")], b"&")],
)
def test_a_small_body_is_shown_however_odd_it_is(headers: list[tuple[str, str]], body: bytes) -> None:
    asked = request(*headers)
    seen, enough = show(asked, body, [2])
    assert (seen, enough) == (replace(asked, body=body, body_state=BodyState.COMPLETE), False)


@pytest.mark.parametrize("first", [b"no JSON at all", b'{"a":1}x'])
def test_a_body_without_a_skim_is_enough_once_memory_is_full(first: bytes) -> None:
    held = HeldBody(request(JSON))
    assert not held.enough(first)
    assert not held.enough(b"A" * (MEMORY_BYTES - len(first)))
    assert held.enough(b"A")


def test_a_body_that_is_not_what_its_coding_says_is_enough_once_memory_is_full() -> None:
    held = HeldBody(coded("gzip"))
    assert not held.enough(b"no gzip")
    assert held.enough(b"A" * MEMORY_BYTES)


@pytest.mark.parametrize(
    ("headers", "skims"),
    [
        ([JSON], True),
        ([], True),
        ([("content-type", "multipart/form-data; boundary=x")], True),
        ([("content-type", "multipart/form-data")], False),
        ([("content-type", "application/xml")], False),
        ([JSON, ("content-encoding", "gzip")], True),
        ([JSON, ("content-encoding", "br")], False),
    ],
)
def test_which_bodies_can_be_understood_when_they_are_long(headers: list[tuple[str, str]], skims: bool) -> None:
    assert HeldBody(request(*headers)).can_be_skimmed is skims


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_body_that_unfolds_is_skimmed_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch, coding: str | None) -> None:
    body = b'{"description": "%s"}' % (b"text" * 100_000)
    fed: list[int] = []
    real = Skimmer.feed

    def counted(self: Skimmer, data: bytes) -> None:
        fed.append(len(data))
        real(self, data)

    monkeypatch.setattr(Skimmer, "feed", counted)
    held = HeldBody(coded(coding))
    for taken, _ in enumerate(held.turns(CODINGS[coding](body)), 1):
        assert len(fed) == taken
    assert len(fed) > 3
    assert max(fed) <= PART
    assert held.request(b"", whole=True).body_state is BodyState.SKIMMED
