"""The Git LFS batch request: which objects a client wants to upload or download (git-lfs docs/api/batch.md).

What is *not* here: the answer (`lfs_answer`), the objects' bytes (`lfs_object`), and whose repository it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.inspect.lfs_json import read_object, whole

MAX_BATCH = 2 * 1024 * 1024
"""Bytes of a batch request that are read."""

MAX_OBJECTS = 10_000
MAX_TRANSFERS = 64

SEEN_TRANSFERS = frozenset({"basic", "multipart", "multipart-basic", "tus"})
"""Transfers whose uploads are plain requests to announced URLs: git-lfs's own two, Hugging Face's and giftless's."""

_OID = re.compile(r"[0-9a-f]{64}")
_TRANSFER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REF = re.compile(r"[^\x00-\x20\x7f]{1,1024}")
_KEYS = frozenset({"operation", "transfers", "ref", "objects", "hash_algo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsObject:
    """One object: its SHA-256 in hex, and its size in bytes."""

    oid: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch request, whose objects are named by SHA-256 always.

    `objects` holds each object once; `total` is the sum of their sizes in bytes.
    """

    operation: str
    transfers: tuple[str, ...]
    ref: str | None
    objects: tuple[LfsObject, ...]
    total: int

    @property
    def uploads(self) -> bool:
        """Whether objects are to be sent."""
        return self.operation == "upload"


def read_batch(body: bytes) -> Batch | str:
    """The batch that `body` (after Content-Encoding) holds, or a sentence why it can't be let through."""
    found = read_object(body, MAX_BATCH)
    if found is None:
        return "the LFS batch is not a JSON object that can be read in one way only"
    if any(key not in _KEYS and key.casefold() in _KEYS for key in found):
        return "the LFS batch spells a key differently"
    operation = found.get("operation")
    if operation not in ("upload", "download"):
        return "the LFS batch neither uploads nor downloads"
    if found.get("hash_algo", "sha256") != "sha256":
        return "the LFS batch names its objects by another hash than SHA-256"
    transfers = _transfers(found.get("transfers"))
    if transfers is None:
        return "the LFS batch has no valid list of transfers"
    if operation == "upload" and SEEN_TRANSFERS.isdisjoint(transfers):
        return f"the LFS transfer {listing(transfers)} can't be followed; unset it, or allow `basic` beside it"
    ref = found.get("ref")
    name = ref.get("name") if isinstance(ref, dict) else ref
    if not (name is None or name == "" or (isinstance(ref, dict) and isinstance(name, str) and _REF.fullmatch(name))):
        return "the LFS batch has no valid ref"
    objects = _objects(found.get("objects"))
    if isinstance(objects, str):
        return objects
    return Batch(
        operation=str(operation),
        transfers=transfers,
        ref=str(name) if name else None,
        objects=objects,
        total=sum(one.size for one in objects),
    )


def is_oid(value: object) -> bool:
    """Whether `value` is the SHA-256 of an object as git-lfs writes it."""
    return isinstance(value, str) and _OID.fullmatch(value) is not None


def listing(transfers: tuple[str, ...]) -> str:
    """Names of transfers for a sentence, as many as can be shown."""
    shown = ", ".join(f"`{name}`" for name in transfers[:3])
    return f"{shown} and others" if len(transfers) > 3 else shown


def _transfers(value: object) -> tuple[str, ...] | None:
    if value is None or value == []:
        return ("basic",)
    if not isinstance(value, list) or len(value) > MAX_TRANSFERS:
        return None
    names = tuple(name for name in value if isinstance(name, str) and _TRANSFER.fullmatch(name))
    return names if len(names) == len(value) else None


def _objects(value: object) -> tuple[LfsObject, ...] | str:
    if not isinstance(value, list):
        return "the LFS batch has no list of objects"
    if len(value) > MAX_OBJECTS:
        return f"the LFS batch has more than {MAX_OBJECTS} objects"
    sizes: dict[str, int] = {}
    for item in value:
        oid, size = (item.get("oid"), whole(item.get("size"))) if isinstance(item, dict) else (None, None)
        if not is_oid(oid) or size is None:
            return "an object of the LFS batch has no valid id and size"
        if sizes.setdefault(str(oid), size) != size:
            return "an object stands in the LFS batch with two sizes"
    return tuple(LfsObject(oid=oid, size=size) for oid, size in sizes.items())
