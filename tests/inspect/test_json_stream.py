"""The streaming JSON reader against the stdlib's: what it tells is the document, whatever the chunks."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import CUTS, Recorder, cut

from forgewall.inspect.json_stream import MAX_DEPTH, MAX_KEY, MAX_SCALAR, JsonReader, NotJson

ANY_TEXT = st.text(st.characters(codec=None, categories=None, max_codepoint=0x10FFFF), max_size=30)
DOCUMENTS: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ANY_TEXT, inner, max_size=5),
    max_leaves=20,
)
WORDS = (
    "true",
    "false",
    "null",
    '"a"',
    "\\u00e4",
    "\\ud83d",
    "\\ude00",
    "\\u00",
    "\x00",
    "ä",
    "😀",
    "-0",
    "1e5",
    "NaN",
)
TOKENS = st.sampled_from([*'{}[],:"\\ \n\t019.eE+-ntfu/bx', *WORDS])
SOUP = st.lists(TOKENS, max_size=25).map("".join)


def read(chunks: Any, *, lenient: bool = False) -> list[object]:
    recorder = Recorder()
    reader = JsonReader(recorder, lenient=lenient)
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()
    return recorder.events


def built(events: list[object]) -> object:
    """The value that events tell, as `json.loads` makes it with pairs for objects."""
    events = list(events)

    def value(event: object) -> object:
        if event == "[":
            items = []
            while (following := events.pop(0)) != "end":
                items.append(value(following))
            return items
        if event == "{":
            pairs = []
            while (following := events.pop(0)) != "end":
                assert isinstance(following, tuple)
                pairs.append((following[1], value(events.pop(0))))
            return ("object", pairs)
        assert isinstance(event, tuple)
        kind, content = event
        return content.decode("utf-8", "surrogatepass") if kind == "text" else json.loads(content)

    found = value(events.pop(0))
    assert events == []
    return found


def loaded(text: str) -> object:
    def refuse(name: str) -> object:
        raise ValueError(name)

    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_constant=refuse)


@settings(deadline=None)
@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]), CUTS)
def test_documents_in_any_chunks(document: object, ascii_only: bool, indent: int | None, cuts: list[int]) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = (text := json.dumps(document, indent=indent)).encode()
    assert built(read(cut(data, cuts))) == loaded(text)
    assert built(read(data[at : at + 1] for at in range(len(data)))) == loaded(text)


@settings(deadline=None)
@given(SOUP, CUTS)
@example('"\\ud83d\\ud83d\\ude00\\\\ud83d"', [7, 9, 20])
@example('"\\ud83d\\ud83d\\ude00\\\\ud83d"', [26])
@example('"\\ud83dx\\u0041"', [7])
@example("[1", [])
@example('{"a":1,}', [])
@example("[1,]", [])
@example("01", [])
@example("", [])
@example('"\x01"', [])
def test_what_the_stdlib_refuses_is_refused(text: str, cuts: list[int]) -> None:
    data = text.encode()
    try:
        expected = loaded(text)
    except ValueError:
        with pytest.raises(NotJson):
            read([data])
        with pytest.raises(NotJson):
            read(cut(data, cuts))
        return
    assert built(read([data])) == expected
    assert built(read(cut(data, cuts))) == expected


@settings(deadline=None)
@given(st.binary(max_size=60), CUTS, st.booleans())
def test_any_bytes(data: bytes, cuts: list[int], lenient: bool) -> None:
    try:
        expected = loaded(data.decode())
    except ValueError:
        if lenient:
            return
        with pytest.raises(NotJson):
            read(cut(data, cuts))
    else:
        assert built(read(cut(data, cuts), lenient=lenient)) == expected


@settings(deadline=None)
@given(SOUP.map(str.encode) | st.binary(max_size=60), CUTS)
@example(b'\xef\xbb\xbf{"a\xff":"\xc3"}', [1, 2, 6, 9])
@example(b'["ab\\x"]', [3])
@example(b'["\\ud83d\\x"]', [5, 8])
def test_a_lenient_reader_ends_at_the_same_place_whatever_the_chunks(data: bytes, cuts: list[int]) -> None:
    def outcome(chunks: list[bytes]) -> tuple[list[object], bytes | None]:
        recorder = Recorder()
        reader = JsonReader(recorder, lenient=True)
        for index, chunk in enumerate(chunks):
            try:
                reader.feed(chunk)
            except NotJson:
                return recorder.events, reader.rest + b"".join(chunks[index + 1 :])
        try:
            reader.finish()
        except NotJson:
            return recorder.events, reader.rest
        return recorder.events, None

    assert outcome(list(cut(data, cuts))) == outcome([data]) == outcome([data[at : at + 1] for at in range(len(data))])


def test_lenient() -> None:
    assert built(read([b"\xef\xbb", b'\xbf["a\nb', b"\xff", b'\xc3"]'], lenient=True)) == ["a\nb\ufffd\ufffd"]
    for data in (b'\xef\xbb\xbf"a"', b'"a\nb"', b'"\xff"', b'"\xed\xa0\x80"'):
        with pytest.raises(NotJson):
            read([data])


def test_caps() -> None:
    assert read([b"[" * MAX_DEPTH + b"]" * MAX_DEPTH])
    with pytest.raises(NotJson, match="deep"):
        read([b"[" * (MAX_DEPTH + 1)])
    number = b"1" * MAX_SCALAR
    assert read([b"[" + number + b"]"])
    for chunks in ([b"[" + number + b"1]"], [b"[" + number, b"1", b"]"]):
        with pytest.raises(NotJson, match="number"):
            read(chunks)
    name = b"n" * MAX_KEY
    assert read([b'{"' + name + b'":1}']) == read([b'{"' + name + b'x":1}'], lenient=True)
    with pytest.raises(NotJson, match="name"):
        read([b'{"' + name + b'x":1}'])


class Counting:
    """Counts bytes and calls, and keeps nothing."""

    def __init__(self) -> None:
        self.size = self.calls = self.longest = 0

    def open(self, array: bool) -> None:
        self.calls += 1

    def close(self) -> None:
        self.calls += 1

    def key(self, name: str) -> None:
        self.calls += 1

    def text(self, piece: bytes, more: bool) -> None:
        self.calls += 1
        self.size += len(piece)
        self.longest = max(self.longest, len(piece))

    def scalar(self, token: bytes) -> None:
        self.calls += 1


def test_a_text_of_50_megabytes_takes_no_memory() -> None:
    line = base64.b64encode(bytes(range(256)) * 192)
    counting = Counting()
    reader = JsonReader(counting)
    tracemalloc.start()
    reader.feed(b'{"content":"')
    for _ in range(50_000_000 // len(line)):
        reader.feed(line)
    reader.feed(b'"}')
    reader.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counting.size > 49_000_000
    assert peak < 1_000_000


def test_many_members_take_no_memory() -> None:
    counting = Counting()
    reader = JsonReader(counting)
    row = b"".join(b'"k%d":%d,' % (at, at) for at in range(1000))
    reader.feed(b"{")
    for _ in range(80):
        reader.feed(row)
    tracemalloc.start()
    for _ in range(20):
        reader.feed(row)
    reader.feed(b'"k":1}')
    reader.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counting.calls == 200_004
    assert peak < 1_000_000


def test_a_large_chunk_is_worked_on_in_slices() -> None:
    counting = Counting()
    JsonReader(counting).feed(b'"' + b"\\n" * 2_000_000)
    assert counting.size > 1_900_000
    assert counting.longest <= 65536
