"""One file from bytes to facts."""

from __future__ import annotations

import hashlib
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts, read

from forgewall.evidence import File, FileKind, Secret, Unread
from forgewall.inspect.content import FileReader
from forgewall.inspect.secrets import Scanner

SCANNER = Scanner.built_in(salt=b"salt")
TOKEN = b"ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def test_a_file_is_told_after_its_secrets() -> None:
    data = b"token: " + TOKEN + b"\n"
    reader = FileReader(path=None, scanner=SCANNER, oid="1" * 40)
    reader.feed(data)
    reader.path = "a/b.txt"
    secret, file = reader.finish()
    assert isinstance(secret, Secret)
    assert (secret.rule, secret.path, secret.oid, secret.line) == ("github-pat", "a/b.txt", "1" * 40, 1)
    assert file == File(
        path="a/b.txt",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        kind=FileKind.TEXT,
        oid="1" * 40,
    )


def test_without_a_scanner_nothing_is_searched() -> None:
    [file] = read([TOKEN])
    assert isinstance(file, File)


def test_an_empty_file_is_a_file() -> None:
    assert read([]) == [File(path=None, size=0, sha256=hashlib.sha256(b"").hexdigest())]
    assert read([b"", b""], scanner=SCANNER) == read([])


def test_a_view_of_bytes_will_do() -> None:
    reader = FileReader(path=None, scanner=SCANNER)
    facts = reader.feed(memoryview(b"x " + TOKEN)[2:]) + reader.finish()
    assert facts == read([TOKEN], scanner=SCANNER)


def test_a_search_that_gave_up_is_told() -> None:
    facts = read([b'api_secret = "aaaaaaaaaaaaaa"\n' * 400_000], scanner=SCANNER)
    assert [type(fact) for fact in facts] == [Unread, File]


@given(st.binary(max_size=3000), st.lists(st.integers(0, 6000), max_size=20), st.booleans())
def test_any_cut_gives_the_same_facts(data: bytes, places: list[int], planted: bool) -> None:
    data = data + b" " + TOKEN + b" " + data if planted else data
    assert read(cuts(data, places), scanner=SCANNER) == read([data], scanner=SCANNER)


def test_memory_is_bounded() -> None:
    chunk = b"words and numbers 12345\n" * 40_000
    read([chunk], scanner=SCANNER)
    tracemalloc.start()
    read([chunk] * 20, scanner=SCANNER)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
