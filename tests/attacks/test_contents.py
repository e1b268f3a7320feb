"""Files made to break whoever looks into them: floods of signatures, lying lengths, look-alikes of secrets.

Each must give the same facts however it is cut, with little memory, and with work that is linear in the file's size:
work is counted by how many places are looked at exactly, never by a clock.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

import pytest

from forgewall.evidence import Fact, File, Secret, Unread
from forgewall.inspect import matching, secrets
from forgewall.inspect.content import FileReader
from forgewall.inspect.matching import Candidate, Matcher
from forgewall.inspect.secrets import Scanner

SIZE = 300_000
SCANNER = Scanner.built_in(salt=b"salt")
RANDOM = random.Random(7).randbytes(SIZE)
SEVENZIP = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4)
HUGE = b"\xff" * 8
KEYWORDS = sorted({word.decode() for matcher in SCANNER.matchers for word in matcher._keywords})


def soup() -> bytes:
    """Every keyword of every rule, each before something that is nearly a secret."""
    pick = random.Random(3)
    parts: list[str] = []
    size = 0
    while size < SIZE:
        value = pick.choice("0123456789abcdef") * pick.choice([16, 20, 32, 36, 40, 64, 84])
        parts.append(
            f"{pick.choice(KEYWORDS)}{pick.choice(['_', ' = ', '=', ': '])}'{value}'{pick.choice([' ', chr(10)])}"
        )
        size += len(parts[-1])
    return "".join(parts).encode()


def filled(start: bytes, part: bytes) -> bytes:
    return start + part * (SIZE // len(part))


HOSTILE: dict[str, bytes] = {
    "local headers only": filled(b"", b"PK\x03\x04"),
    "local headers that are nearly encrypted": filled(b"PK\x03\x04", b"PK\x03\x04\x14\x00\x00\x00\x08\x00"),
    "end records only": filled(b"", b"PK\x05\x06"),
    "an archive in an archive in an archive": filled(b"PK\x03\x04" + bytes(26), b"PK\x03\x04" + bytes(26) + b"a.zip"),
    "members named as parts of a document": filled(b"PK\x03\x04" + bytes(30), b"PK\x01\x02" + bytes(42) + b"xl/"),
    "a manifest that is a bomb": b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument"
    + b"PK\x03\x04" + bytes(4) + b"\x08\x00" + bytes(16) + b"\x15\x00\x00\x00META-INF/manifest.xml" + bytes(SIZE),
    "7z: a header beyond the end": SEVENZIP + HUGE + HUGE + bytes(4) + RANDOM,
    "7z: a header of nothing": SEVENZIP + bytes(16) + RANDOM,
    "7z: a header of endless digests": SEVENZIP + bytes(8) + (SIZE).to_bytes(8, "little") + bytes(4)
    + filled(b"\x17\x06\x00\x01\x09\x20", b"\x0a\x01\x01\x01\x01"),
    "7z: numbers of nine bytes": SEVENZIP + bytes(13) + b"\x04" + bytes(6) + filled(b"\x17\x06", b"\xff"),
    "rar 4: empty blocks": filled(b"Rar!\x1a\x07\x00", bytes(2) + b"\x7a\x00\x00\x07\x00"),
    "rar 4: blocks of no size": filled(b"Rar!\x1a\x07\x00", bytes(7)),
    "rar 4: data without end": filled(b"Rar!\x1a\x07\x00", bytes(2) + b"\x74\x00\x81\xff\xff" + b"\xff" * 50),
    "rar 5: empty blocks": filled(b"Rar!\x1a\x07\x01\x00", bytes(4) + b"\x02\x01\x00"),
    "rar 5: numbers without end": filled(b"Rar!\x1a\x07\x01\x00", b"\xff"),
    "rar 5: records without size": filled(b"Rar!\x1a\x07\x01\x00", bytes(4) + b"\x10\x02\x01\x0c" + bytes(13)),
    "a compound file of names": filled(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackag".encode("utf-16-le")),
    "a pdf of nearly encrypted trailers": filled(b"%PDF-1.7", b"/Encrypt" + b" " * 17),
    "beginnings of keys": filled(b"", b"-----BEGIN RSA PRIVATE KEY-----\n"),
    "beginnings of keys, and one end": filled(b"", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 40) + b"-----END",
    "beginnings of armour": filled(b"-----BEGIN ", b"PRIVATE "),
    "one long line of a token's letters": filled(b"sk-proj-", b"aB3"),
    "dots and letters, as in a JWT": filled(b"", b"eyJhbGciOiJIUzI1NiJ9."),
    "a URL without end": filled(b"https://", b"a:b@c:"),
    "assignments without end": filled(b"", b"token = "),
    "every keyword before a look-alike": soup(),
    "quotes and equal signs": filled(b"", b"'=\"key\"='"),
    "random bytes": RANDOM,
    "NULs": bytes(SIZE),
    "line feeds": b"\n" * SIZE,
    "UTF-16 without an end": filled(b"\xff\xfe", b"k\x00=\x00"),
    "UTF-8 cut in characters": filled(b"", "\U0001f511".encode())[:-1],
}  # fmt: skip


def facts(data: bytes, sizes: Iterator[int]) -> list[Fact]:
    reader = FileReader(path=None, scanner=SCANNER)
    told: list[Fact] = []
    at = 0
    while at < len(data):
        size = next(sizes)
        told += reader.feed(data[at : at + size])
        at += size
    return told + reader.finish()


def always(size: int) -> Iterator[int]:
    while True:
        yield size


@pytest.mark.parametrize("name", HOSTILE)
def test_any_cut_gives_the_same_facts_in_little_memory(name: str) -> None:
    data = HOSTILE[name]
    whole = facts(data, always(len(data)))
    assert isinstance(whole[-1], File)
    assert whole[-1].size == len(data)
    tracemalloc.start()
    small = facts(data, always(701))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert small == whole
    assert peak < 3 << 20
    pick = random.Random(name)
    assert facts(data, iter(lambda: pick.choice([1, 2, 3, 5000, 70_000]), None)) == whole


@pytest.mark.parametrize("name", HOSTILE)
def test_no_secret_is_told_twice_nor_too_many(name: str) -> None:
    told = [fact for fact in facts(HOSTILE[name], always(65536)) if isinstance(fact, Secret)]
    assert len(told) <= secrets.MOST
    assert len({(fact.rule, fact.fingerprint) for fact in told}) == len(told)


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded_by_the_size_of_the_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts bytes that rules look at exactly, and places they judge."""
    looked_at = places = 0
    candidates = Matcher.candidates

    def counting(self: Matcher, data: bytes) -> Iterator[Candidate]:
        nonlocal looked_at, places
        looked_at += len(data)
        for place in candidates(self, data):
            places += 1
            yield place

    monkeypatch.setattr(matching.Matcher, "candidates", counting)
    data = HOSTILE[name]
    facts(data, always(65536))
    windows = len(data) * secrets.WINDOW // (secrets.WINDOW - secrets.OVERLAP) + secrets.WINDOW
    budget = secrets.BUDGET + secrets.BUDGET_PER_BYTE * windows
    assert looked_at <= budget + secrets.WINDOW
    assert places <= budget // secrets.CANDIDATE + len(SCANNER.matchers)


def test_a_secret_behind_a_flood_of_look_alikes_is_found_or_the_search_is_told_to_have_ended() -> None:
    token = b"\nghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8\n"
    for name, data in HOSTILE.items():
        told = facts(data + token, always(65536))
        ended = len([fact for fact in told if isinstance(fact, Secret)]) == secrets.MOST
        gave_up = any(isinstance(fact, Unread) for fact in told)
        found = any(isinstance(fact, Secret) and fact.rule == "github-pat" for fact in told)
        wide = data.startswith(b"\xff\xfe")  # where the token is no text
        assert found or ended or gave_up or wide, name


def test_many_tiny_files_cost_no_window_each() -> None:
    tracemalloc.start()
    readers = [FileReader(path=None, scanner=SCANNER) for _ in range(1000)]
    for reader in readers:
        reader.feed(b"x = 1\n")
    current, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert current < 4 << 20
