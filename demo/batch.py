"""What the local forge answers to a git-lfs batch request (git-lfs/docs/api/batch.md): where each object is to go.

That is the forge's choice, and real ones choose differently; `LfsStyle` says how a host chooses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from demo.answer import Answer, document
from demo.locks import MEDIA_TYPE
from demo.store import Store

VERIFY_HOST = "lfs.github.com"
COMPLETE = "/api/complete_multipart"
OID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsStyle:
    """How a host answers a batch; by default objects go to `…/info/lfs/objects` of the repository itself.

    `store`: the host that takes the objects. `transfer`: what the answer calls the way there. `basic` is one PUT,
    `multipart` Hugging Face's (part addresses in the action's header, then a POST to the forge), `multipart-basic`
    Giftless' (a list of parts, then a commit at the store); any other name is a custom agent's, with the actions of
    `basic`. `part_bytes`: the length of a part. `verify`: the host that a client must tell of its upload afterwards,
    `""` for the forge itself. `expires_in`: seconds, stated with each action. `content_type`: stated as a header.
    `errors`: code and message for these object ids, instead of actions.
    """

    store: str | None = None
    transfer: str = "basic"
    part_bytes: int = 1 << 20
    verify: str | None = None
    expires_in: int | None = None
    content_type: str | None = None
    errors: Mapping[str, tuple[int, str]] = field(default_factory=lambda: MappingProxyType({}))


GITHUB = LfsStyle(
    store="github-cloud.s3.amazonaws.com",
    verify=VERIFY_HOST,
    expires_in=900,
    content_type="application/octet-stream",
)
"""As github.com does it."""

GOOGLE = LfsStyle(store="storage.googleapis.com", verify="", expires_in=900, content_type="application/octet-stream")
"""A self-hosted forge that keeps its objects in Google Cloud Storage, a host shared with the whole world."""

MINIO = LfsStyle(store="minio.acme.example", verify="", expires_in=900, content_type="application/octet-stream")
"""A self-hosted forge with a store of its own."""

HUGGING_FACE = LfsStyle(
    store="hf-hub-lfs-us-east-1.s3-accelerate.amazonaws.com", transfer="multipart", verify="", expires_in=900
)
"""As huggingface.co does it with large files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Answers batches about the repository at `path` (`/acme/api.git`) of `host`."""

    store: Store
    style: LfsStyle
    host: str
    path: str

    def answer(self, request: Mapping[str, Any]) -> Answer:
        """The answer to a batch request; KeyError, TypeError or AttributeError if it is none."""
        if request.get("hash_algo", "sha256") != "sha256":
            return document(409, {"message": "unsupported hash algorithm"}, MEDIA_TYPE)
        upload = request["operation"] == "upload"
        objects = [self._entry(upload, entry["oid"], entry["size"]) for entry in request["objects"]]
        transfer = self.style.transfer if upload else "basic"
        return document(200, {"transfer": transfer, "objects": objects, "hash_algo": "sha256"}, MEDIA_TYPE)

    @property
    def _base(self) -> str:
        return f"https://{self.host}{self.path}/info/lfs"

    def _entry(self, upload: bool, oid: str, size: int) -> dict[str, Any]:
        item: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        present = OID.fullmatch(oid) is not None and self.store.size(oid) is not None
        if oid in self.style.errors or not (upload or present):
            code, message = self.style.errors.get(oid, (404, "no such object"))
            return item | {"error": {"code": code, "message": message}}
        if not upload:
            store = self.style.store
            href = self.store.announce(store, "GET", oid) if store else f"{self._base}/objects/{oid}"
            return item | {"actions": {"download": self._action(href)}}
        return item if present else item | {"actions": self._upload(oid, size)}

    def _upload(self, oid: str, size: int) -> dict[str, Any]:
        style = self.style
        actions: dict[str, Any]
        header = {"Content-Type": style.content_type} if style.content_type is not None else {}
        if style.store is None:
            actions = {"upload": self._action(f"{self._base}/objects/{oid}/{size}", header)}
        elif style.transfer in ("multipart", "multipart-basic"):
            actions = self._parts(style.store, oid, size)
        else:
            actions = {"upload": self._action(self.store.announce(style.store, "PUT", oid), header)}
        if style.verify is not None:
            name = self.path.removesuffix(".git")
            verify = f"https://{style.verify}{name}/verify" if style.verify else f"{self._base}/verify"
            actions["verify"] = self._action(verify, {"Accept": MEDIA_TYPE})
        return actions

    def _parts(self, store: str, oid: str, size: int) -> dict[str, Any]:
        length = self.style.part_bytes
        starts = range(0, max(size, 1), length)
        links = self.store.announce_parts(store, oid, len(starts))
        if self.style.transfer == "multipart":
            header = {"chunk_size": str(length)}
            header |= {str(number): part for number, part in enumerate(links.parts, 1)}
            return {"upload": self._action(f"https://{self.host}{COMPLETE}?uploadId={links.upload}", header)}
        parts = [
            self._action(part) | {"pos": start, "size": min(length, size - start)}
            for start, part in zip(starts, links.parts, strict=True)
        ]
        abort = self._action(links.abort) | {"method": "DELETE"}
        return {"parts": parts, "commit": self._action(links.complete), "abort": abort}

    def _action(self, href: str, header: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
        action: dict[str, Any] = {"href": href}
        if header:
            action["header"] = dict(header)
        if self.style.expires_in is not None:
            action["expires_in"] = self.style.expires_in
        return action
