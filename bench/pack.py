"""A push of any size, made while it is sent: blobs that don't compress, one tree and one commit (gitformat-pack).

Blobs hold the same noise and differ in their last bytes, so that their ids are known before the first is sent, which
the commands at the head of the push need. Not here: reading packs; that is `forgewall.inspect`.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator

from bench.origin import REF

BLOCK = os.urandom(1 << 20)
COMMIT, TREE, BLOB = 1, 2, 3
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
MARK = 8  # bytes at the end of a blob that tell it from the others


def push(blobs: int, blocks: int) -> Iterator[bytes]:
    """The body of a receive-pack request whose commit holds `blobs` files, each `blocks` MiB and a few bytes long."""
    length = blocks * len(BLOCK) + MARK
    common = hashlib.sha1(b"blob %d\0" % length, usedforsecurity=False)
    for _ in range(blocks):
        common.update(BLOCK)
    ids = []
    for number in range(blobs):
        whole = common.copy()
        whole.update(_mark(number))
        ids.append(whole.digest())
    tree = b"".join(b"100644 %05d.bin\0%s" % (number, each) for number, each in enumerate(ids))
    ana = b"Ana Demo <ana@acme.example> 1767225600 +0000"
    tree_id, commit_head = _id(TREE, tree), b"author %s\ncommitter %s\n\nLarge files\n" % (ana, ana)
    commit = b"tree %s\n%s" % (tree_id.hex().encode(), commit_head)
    command = b"%s %s %s\0 report-status side-band-64k object-format=sha1 agent=git/2.39.5" % (
        b"0" * 40,
        _id(COMMIT, commit).hex().encode(),
        REF.encode(),
    )
    yield b"%04x%s0000" % (len(command) + 4, command)
    trailer = hashlib.sha1(usedforsecurity=False)
    for part in _pack(commit, tree, blobs, blocks):
        trailer.update(part)
        yield part
    yield trailer.digest()


def _pack(commit: bytes, tree: bytes, blobs: int, blocks: int) -> Iterator[bytes]:
    yield b"PACK" + (2).to_bytes(4) + (blobs + 2).to_bytes(4)
    for kind, content in ((COMMIT, commit), (TREE, tree)):
        yield _object_head(kind, len(content)) + zlib.compress(content)
    for number in range(blobs):
        yield _object_head(BLOB, blocks * len(BLOCK) + MARK)
        deflate = zlib.compressobj(0)
        for _ in range(blocks):
            yield deflate.compress(BLOCK)
        yield deflate.compress(_mark(number)) + deflate.flush()


def _mark(number: int) -> bytes:
    return number.to_bytes(MARK)


def _id(kind: int, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0%s" % (NAMES[kind], len(content), content), usedforsecurity=False).digest()


def _object_head(kind: int, size: int) -> bytes:
    """Type and inflated size: four bits of the size, then seven in each further byte, the lowest first."""
    head = bytearray()
    byte, size = kind << 4 | size & 15, size >> 4
    while size:
        head.append(byte | 128)
        byte, size = size & 127, size >> 7
    head.append(byte)
    return bytes(head)
