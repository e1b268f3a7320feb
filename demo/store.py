"""The object store of the local forge, as S3, Google Cloud Storage or MinIO stand beside a real one.

It takes and gives bytes at addresses that were announced, each with a signature in its query, and nowhere else, and
it never asks who comes: the address is the permission. Objects are kept by the hash of what really arrived, so that a
wrong upload does not become the object it was announced as. Not here: the git-lfs API that announces (`lfs`).
Announcements do not expire.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from demo.answer import Answer

STORES = (
    "github-cloud.s3.amazonaws.com",
    "hf-hub-lfs-us-east-1.s3-accelerate.amazonaws.com",
    "storage.googleapis.com",
    "minio.acme.example",
)
"""Hosts that are always object stores; any other host becomes one when an address on it is announced."""

_REFUSED = b"<?xml version='1.0'?>\n<Error><Code>%s</Code><Message>%s</Message></Error>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Announced:
    """What may be done at an address: `part` counts from 1 and belongs to `upload`, both None for a whole object."""

    oid: str
    part: int | None = None
    upload: str | None = None


@dataclass(slots=True, kw_only=True)
class _Upload:
    """An upload in parts: how many there must be, and the tag of each that arrived."""

    oid: str
    count: int
    tags: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLinks:
    """The addresses of an upload in parts; `parts` in their order."""

    upload: str
    parts: tuple[str, ...]
    complete: str
    abort: str


class Store:
    """Objects as files below `directory`, named by their SHA-256; serves requests to any number of store hosts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._parts = directory / "parts"
        self._parts.mkdir(parents=True)
        self._announced: dict[tuple[str, str, str], _Announced] = {}
        self._uploads: dict[str, _Upload] = {}
        self._hosts = set(STORES)
        self._lock = threading.Lock()
        self._count = 0

    def serves(self, host: str) -> bool:
        """Whether `host` is an object store."""
        return host in self._hosts

    def file(self, oid: str) -> Path:
        """Where the object with this SHA-256 lies, if it is there."""
        return self._directory / oid

    def size(self, oid: str) -> int | None:
        """The object's length in bytes; None if there is no such object."""
        file = self.file(oid)
        return file.stat().st_size if file.is_file() else None

    def announce(self, host: str, method: str, oid: str) -> str:
        """A URL at which one may PUT or GET the object."""
        return self._announce(host, method, _Announced(oid=oid), "")

    def announce_parts(self, host: str, oid: str, count: int) -> PartLinks:
        """URLs at which one may PUT `count` parts of the object, complete the upload or abort it, as with S3."""
        with self._lock:
            self._count += 1
            upload = hashlib.sha256(f"upload {self._count}".encode()).hexdigest()[:32]
            self._uploads[upload] = _Upload(oid=oid, count=count)
        numbers = range(1, count + 1)
        whole, query = _Announced(oid=oid, upload=upload), f"&uploadId={upload}"
        return PartLinks(
            upload=upload,
            parts=tuple(
                self._announce(
                    host, "PUT", _Announced(oid=oid, part=number, upload=upload), f"&partNumber={number}{query}"
                )
                for number in numbers
            ),
            complete=self._announce(host, "POST", whole, query),
            abort=self._announce(host, "DELETE", whole, query),
        )

    def _announce(self, host: str, method: str, announced: _Announced, query: str) -> str:
        with self._lock:
            self._count += 1
            target = f"{_key(host, announced.oid)}?{_signature(host, self._count)}{query}"
            self._announced[host, method, target] = announced
            self._hosts.add(host)
        return f"https://{host}{target}"

    def answer(self, host: str, method: str, target: str, body: Iterable[bytes]) -> Answer:
        """Answer a request to a store host; `target` is path and query, which must be as announced to the byte."""
        announced = self._announced.get((host, method, target))
        if announced is None:
            for _ in body:
                pass
            return _refused(403, b"SignatureDoesNotMatch", b"Nobody announced this address.")
        if announced.part is not None and announced.upload is not None:
            return self._put_part(announced.upload, announced.part, body)
        if announced.upload is not None:
            content = b"".join(body)
            return self.complete(announced.upload, content) if method == "POST" else self._abort(announced.upload)
        if method == "PUT":
            return Answer(status=200, content=b"", headers=(("ETag", f'"{self.keep(body)}"'),))
        for _ in body:
            pass
        file = self.file(announced.oid)
        if not file.is_file():
            return _refused(404, b"NoSuchKey", b"There is no such object.")
        return Answer(status=200, content=file.read_bytes(), media_type="application/octet-stream")

    def keep(self, body: Iterable[bytes], expected: str | None = None) -> str:
        """Store what `body` yields and return its SHA-256; with `expected` only if that is its hash."""
        digest = hashlib.sha256()
        with self._lock:
            self._count += 1
            partial = self._parts / f"{self._count}.incoming"
        try:
            with partial.open("wb") as file:
                for part in body:
                    digest.update(part)
                    file.write(part)
            if expected in (None, digest.hexdigest()):
                partial.replace(self.file(digest.hexdigest()))
        finally:
            partial.unlink(missing_ok=True)
        return digest.hexdigest()

    def complete(self, upload: str, request: bytes) -> Answer:
        """Join the parts of an upload; JSON `request`s with a list of parts must name them all with their tags."""
        with self._lock:
            known = self._uploads.get(upload)
        if known is None or len(known.tags) != known.count or not _names_all(known, request):
            return _refused(400, b"InvalidPart", b"Not all parts are there, or their tags are others.")
        files = [self._parts / f"{upload}.{number}" for number in sorted(known.tags)]
        found = self.keep(data for file in files for data in _blocks(file))
        self._abort(upload)
        if found != known.oid:
            return _refused(422, b"BadDigest", b"The hash of the content is not its name.")
        return Answer(status=200, content=b"", headers=(("ETag", f'"{found}"'),))

    def _put_part(self, upload: str, number: int, body: Iterable[bytes]) -> Answer:
        digest = hashlib.md5(usedforsecurity=False)
        with (self._parts / f"{upload}.{number}").open("wb") as file:
            for data in body:
                digest.update(data)
                file.write(data)
        tag = f'"{digest.hexdigest()}"'
        with self._lock:
            known = self._uploads.get(upload)
            if known is None:
                return _refused(404, b"NoSuchUpload", b"The upload was completed or aborted.")
            known.tags[number] = tag
        return Answer(status=200, content=b"", headers=(("ETag", tag),))

    def _abort(self, upload: str) -> Answer:
        with self._lock:
            self._uploads.pop(upload, None)
        for file in self._parts.glob(f"{upload}.*"):
            file.unlink(missing_ok=True)
        return Answer(status=204, content=b"")


def _key(host: str, oid: str) -> str:
    """Where a store of this name keeps an object: the path as the real ones spell it."""
    fan_out = f"{oid[:2]}/{oid[2:4]}"
    if host.startswith("github-cloud."):
        return f"/alambic/media/107463621/{fan_out}/{oid}"
    if host.startswith("hf-hub-lfs-"):
        return f"/repos/{fan_out}/{'5e' * 32}/{oid}"
    return f"/acme-lfs/{fan_out}/{oid[4:]}"


def _signature(host: str, number: int) -> str:
    """A query as a signed address has it; it differs each time."""
    vendor = "Goog" if host.endswith("googleapis.com") else "Amz"
    algorithm = "GOOG4-RSA-SHA256" if vendor == "Goog" else "AWS4-HMAC-SHA256"
    signature = hashlib.sha256(f"{host} {number}".encode()).hexdigest()
    fields = {
        "Algorithm": algorithm,
        "Credential": "DEMO%2F20260101%2Fus-east-1%2Fs3%2Faws4_request",
        "Date": "20260101T000000Z",
        "Expires": "900",
        "Signature": signature,
        "SignedHeaders": "host",
    }
    query = "&".join(f"X-{vendor}-{name}={value}" for name, value in fields.items())
    return f"{query}&actor_id=1&key_id=0&repo_id=42&token=1" if host.startswith("github-cloud.") else query


def _names_all(known: _Upload, request: bytes) -> bool:
    try:
        listed = json.loads(request)["parts"]
        return {int(part["partNumber"]): part["etag"] for part in listed} == known.tags
    except (ValueError, KeyError, TypeError):
        return not request.lstrip().startswith(b"{")  # other clients list parts in XML, or not at all


def _blocks(file: Path) -> Iterable[bytes]:
    with file.open("rb") as opened:
        while data := opened.read(1 << 20):
            yield data


def _refused(status: int, code: bytes, message: bytes) -> Answer:
    return Answer(status=status, content=_REFUSED % (code, message), media_type="application/xml")
