"""Makes packs, right ones and wrong ones, and reads them; gitformat-pack(5) from the other side."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from forgewall.evidence import Fact, Malformed, Unread
from forgewall.inspect.inspector import Inspector, SpoolFull
from forgewall.inspect.objects import BLOB, COMMIT, OFS_DELTA, REF_DELTA, TAG, TREE
from forgewall.inspect.pack import PackReader

WORDS = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}


def oid(kind: int, data: bytes, object_format: str = "sha1") -> bytes:
    return hashlib.new(object_format, f"{WORDS[kind]} {len(data)}\0".encode() + data).digest()


def head(kind: int, size: int) -> bytes:
    out = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def way_back(distance: int) -> bytes:
    out = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        out.append(0x80 | distance & 0x7F)
    return bytes(reversed(out))


def varint(value: int) -> bytes:
    out = bytearray([value & 0x7F])
    while value := value >> 7:
        out[-1] |= 0x80
        out.append(value & 0x7F)
    return bytes(out)


def copy(offset: int, size: int) -> bytes:
    """One step of a delta; a size of 65536 may be told by leaving it out."""
    step, arguments = 0x80, bytearray()
    for bit in range(4):
        if byte := offset >> 8 * bit & 255:
            step |= 1 << bit
            arguments.append(byte)
    for bit in range(3):
        if size != 0x10000 and (byte := size >> 8 * bit & 255):
            step |= 0x10 << bit
            arguments.append(byte)
    return bytes([step]) + arguments


def insert(data: bytes) -> bytes:
    return b"".join(bytes([len(data[at : at + 127])]) + data[at : at + 127] for at in range(0, len(data), 127))


def delta(base: int, result: int, *steps: bytes) -> bytes:
    return varint(base) + varint(result) + b"".join(steps)


def tree(*entries: tuple[str, str | bytes, bytes]) -> bytes:
    """Entries of (mode, name, binary id), as they are given."""
    return b"".join(
        mode.encode() + b" " + (name if isinstance(name, bytes) else name.encode()) + b"\0" + name_oid
        for mode, name, name_oid in entries
    )


def commit(root: bytes, *parents: bytes, subject: str = "x") -> bytes:
    lines = [f"tree {root.hex()}", *(f"parent {parent.hex()}" for parent in parents)]
    person = "A <a@acme.example> 1700000000 +0100"
    return "\n".join([*lines, f"author {person}", f"committer {person}", "", subject, ""]).encode()


class Pack:
    """Objects one after the other; `bytes(pack)` is the whole with its checksum."""

    def __init__(self, object_format: str = "sha1", *, version: int = 2, count: int | None = None) -> None:
        self.object_format = object_format
        self._version = version
        self._count = count
        self._objects = 0
        self._body = bytearray()

    def add(self, kind: int, data: bytes, *, extra: bytes = b"", size: int | None = None, level: int = 6) -> int:
        """An object; the offset it begins at. `extra` stands between header and content; `size` may be a lie."""
        offset = 12 + len(self._body)
        self._objects += 1
        self._body += head(kind, len(data) if size is None else size) + extra + zlib.compress(data, level)
        return offset

    def raw(self, data: bytes) -> int:
        offset = 12 + len(self._body)
        self._objects += 1
        self._body += data
        return offset

    def ofs(self, base: int, data: bytes) -> int:
        return self.add(OFS_DELTA, data, extra=way_back(12 + len(self._body) - base))

    def ref(self, base: bytes, data: bytes, *, level: int = 6) -> int:
        return self.add(REF_DELTA, data, extra=base, level=level)

    def __bytes__(self) -> bytes:
        count = self._objects if self._count is None else self._count
        body = b"PACK" + self._version.to_bytes(4) + count.to_bytes(4) + self._body
        return body + hashlib.new(self.object_format, body).digest()


class MemorySpool:
    """A Spool in memory that counts, with a cap."""

    def __init__(self, cap: int = 1 << 40) -> None:
        self.data = bytearray()
        self._cap = cap
        self.reads = 0

    def append(self, data: bytes) -> int:
        if len(self.data) + len(data) > self._cap:
            raise SpoolFull
        self.data += data
        return len(self.data) - len(data)

    def read(self, position: int, size: int) -> bytes:
        self.reads += 1
        return bytes(self.data[position : position + size])


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(pieces: Iterable[bytes], reader: Inspector | None = None) -> list[Fact]:
    """All facts; like the proxy, it stops at the first Malformed."""
    reader = reader or PackReader()
    facts: list[Fact] = []
    for piece in pieces:
        facts += reader.feed(piece)
        if malformed(facts):
            return facts
    facts += reader.finish()
    return facts


def of[T: Fact](kind: type[T], facts: Iterable[Fact]) -> list[T]:
    return [fact for fact in facts if isinstance(fact, kind)]


def malformed(facts: Iterable[Fact]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, Malformed)]


def unread(facts: Iterable[Fact]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, Unread)]
