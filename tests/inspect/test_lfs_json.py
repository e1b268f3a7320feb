from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.lfs_json import MAX_MARKS, read_object, whole


def test_an_object_is_read() -> None:
    assert read_object(b' {"a": [1, {"b": null}]}\n', 100) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"a"',
        b"{",
        b'{"a": 1,}',
        b'{"a": 1} {"a": 2}',
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "A": 2}',
        b'{"a": {"b": 1, "B": 2}}',
        b'{"\\u0061": 1, "a": 2}',
        '{"ſ": 1, "s": 2}'.encode(),  # Go folds the long s, too
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"a": ' + b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": "' + b"x" * 100 + b'"}',
    ],
)
def test_what_is_not_read(body: bytes) -> None:
    assert read_object(body, 100 if body.endswith(b'x"}') else 1_000_000) is None


def test_memory_is_bounded_before_anything_is_built() -> None:
    body = b'{"a":[' + b"[]," * MAX_MARKS + b"[]]}"
    tracemalloc.start()
    try:
        assert read_object(body, len(body)) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("value, number", [(0, 0), (7, 7), (2**63 - 1, 2**63 - 1)])
def test_whole_numbers(value: object, number: int) -> None:
    assert whole(value) == number


@pytest.mark.parametrize("value", [-1, 2**63, 1.0, True, "1", None, [1]])
def test_what_is_no_whole_number(value: object) -> None:
    assert whole(value) is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_read_as_json_reads_them_or_not_at_all(body: bytes) -> None:
    found = read_object(body, 1000)
    if found is not None:
        assert found == json.loads(body)
