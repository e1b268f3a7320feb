"""The git-lfs part of the local forge (git-lfs/docs/api): which request is a batch, an object, a lock, a verification.

Not here: where objects are to go (`batch`), keeping them (`store`) and locks (`locks`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from demo.answer import Answer, document
from demo.batch import COMPLETE, OID, VERIFY_HOST, Batch, LfsStyle
from demo.locks import MEDIA_TYPE, Locks, owner
from demo.store import Store

_ROUTE = re.compile(
    rf"(?P<repo>/.+?)/info/lfs/(?P<rest>objects/batch|objects/(?P<oid>{OID.pattern})(/\d+)?|verify"
    r"|locks|locks/verify|locks/(?P<lock>[^/]+)/unlock)"
)
_VERIFY = re.compile(r"(?P<repo>/[^/]+/[^/]+)/verify")


class Lfs:
    """Serves git-lfs under any host; `style` tells how to treat the host that a request names."""

    def __init__(self, store: Store, style: Callable[[str], LfsStyle]) -> None:
        self._store = store
        self._locks = Locks()
        self._style = style

    def answer(
        self, host: str, method: str, target: str, authorization: str | None, body: Iterable[bytes]
    ) -> Answer | None:
        """The answer to a request; None if it is no git-lfs. `target` is path and query."""
        path, _, query = target.partition("?")
        if path == COMPLETE and method == "POST":
            return self._store.complete(parse_qs(query).get("uploadId", [""])[0], b"".join(body))
        match = _ROUTE.fullmatch(path)
        if match is None:
            verify = _VERIFY.fullmatch(path) if host == VERIFY_HOST and method == "POST" else None
            return self._verify(b"".join(body)) if verify else None
        if match["oid"] is not None:
            return self._object(method, match["oid"], body)
        content = b"".join(body)
        if match["rest"] == "verify":
            return self._verify(content)
        try:
            request = json.loads(content) if content.strip() else {}
            if match["rest"] == "objects/batch":
                return Batch(store=self._store, style=self._style(host), host=host, path=match["repo"]).answer(request)
            return self._lock(method, match, f"{host}{match['repo']}?{query}", request, owner(authorization))
        except (ValueError, KeyError, TypeError, AttributeError):
            return document(422, {"message": "not what git-lfs would say here"}, MEDIA_TYPE)

    def _object(self, method: str, oid: str, body: Iterable[bytes]) -> Answer:
        if method == "PUT":
            if self._store.keep(body, expected=oid) != oid:
                return document(422, {"message": "the hash of the content is not its name"}, MEDIA_TYPE)
            return Answer(status=200, content=b"")
        for _ in body:
            pass
        file = self._store.file(oid)
        if not file.is_file():
            return document(404, {"message": "no such object"}, MEDIA_TYPE)
        return Answer(status=200, content=file.read_bytes(), media_type="application/octet-stream")

    def _verify(self, content: bytes) -> Answer:
        try:
            request = json.loads(content)
            oid, size = request["oid"], request["size"]
        except (ValueError, KeyError, TypeError):
            return document(422, {"message": "not a verify request"}, MEDIA_TYPE)
        if OID.fullmatch(str(oid)) is None or self._store.size(oid) != size:
            return document(404, {"message": "no such object of this size"}, MEDIA_TYPE)
        return document(200, {}, MEDIA_TYPE)

    def _lock(self, method: str, match: re.Match[str], url: str, request: Mapping[str, Any], who: str) -> Answer:
        repository, _, query = url.partition("?")
        repository = repository.lower().removesuffix(".git")
        if match["lock"] is not None:
            return self._locks.unlock(repository, match["lock"], request, who)
        if match["rest"] == "locks/verify":
            return self._locks.verify(repository, who)
        if method == "POST":
            return self._locks.create(repository, request, who)
        asked = parse_qs(query)
        return self._locks.listed(repository, asked.get("path", [None])[0], asked.get("id", [None])[0])
