"""The git-lfs part of the local forge: batch, objects and locks (git-lfs/docs/api), objects as files below a directory.

Objects are moved to and from `…/info/lfs/objects/OID` of the same repository; real forges often use another host.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MEDIA_TYPE = "application/vnd.git-lfs+json"
_ROUTE = re.compile(r"(?P<repo>/.+?)/info/lfs/(?P<rest>objects/batch|objects/(?P<oid>[0-9a-f]{64})(/\d+)?|locks.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to send back."""

    status: int
    content: bytes
    media_type: str = MEDIA_TYPE


def is_lfs(path: str) -> bool:
    """Whether `path` belongs to the LFS API."""
    return _ROUTE.fullmatch(path) is not None


def answer(store: Path, host: str, method: str, path: str, body: Iterable[bytes]) -> Answer:
    """Answer one LFS request; an uploaded object is streamed to `store` and kept only if its hash is its name."""
    match = _ROUTE.fullmatch(path)
    assert match is not None
    if match["oid"] is not None:
        target = store / match["oid"]
        if method == "PUT":
            return _put(target, match["oid"], body)
        _read(body)
        if not target.is_file():
            return _json(404, {"message": "no such object"})
        return Answer(status=200, content=target.read_bytes(), media_type="application/octet-stream")
    request = _read(body)
    if match["rest"] == "objects/batch":
        try:
            return _batch(store, f"https://{host}{match['repo']}/info/lfs/objects", json.loads(request))
        except (ValueError, KeyError, TypeError, AttributeError):
            return _json(422, {"message": "not a batch request"})
    if match["rest"].endswith("/verify"):
        return _json(200, {"ours": [], "theirs": []})
    return _json(200, {"locks": []})


def _batch(store: Path, base: str, request: dict[str, object]) -> Answer:
    operation = request.get("operation")
    objects = []
    wanted = request.get("objects")
    for entry in wanted if isinstance(wanted, list) else []:
        oid, size = entry["oid"], entry["size"]
        item: dict[str, object] = {"oid": oid, "size": size, "authenticated": True}
        present = (store / oid).is_file()
        if operation == "upload" and not present:
            item["actions"] = {"upload": {"href": f"{base}/{oid}/{size}"}}
        elif operation == "download" and present:
            item["actions"] = {"download": {"href": f"{base}/{oid}"}}
        elif operation == "download":
            item["error"] = {"code": 404, "message": "no such object"}
        objects.append(item)
    return _json(200, {"transfer": "basic", "objects": objects, "hash_algo": "sha256"})


def _put(target: Path, oid: str, body: Iterable[bytes]) -> Answer:
    digest = hashlib.sha256()
    partial = target.with_suffix(".part")
    with partial.open("wb") as file:
        for part in body:
            digest.update(part)
            file.write(part)
    if digest.hexdigest() != oid:
        partial.unlink()
        return _json(422, {"message": "the hash of the content is not its name"})
    partial.replace(target)
    return Answer(status=200, content=b"", media_type="text/plain")


def _read(body: Iterable[bytes]) -> bytes:
    return b"".join(body)


def _json(status: int, value: object) -> Answer:
    return Answer(status=status, content=json.dumps(value).encode())
