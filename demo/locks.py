"""git-lfs file locks as the local forge keeps them (git-lfs/docs/api/locking.md): in memory, one list per repository.

There are no accounts: a lock belongs to whoever the request's Basic credentials name, without a look at the password.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import threading
from collections.abc import Mapping
from typing import Any

from demo.answer import Answer, document

MEDIA_TYPE = "application/vnd.git-lfs+json"
NOBODY = "demo"
"""Who asks without credentials."""


def owner(authorization: str | None) -> str:
    """The user name in a Basic Authorization header (RFC 7617)."""
    scheme, _, value = (authorization or "").partition(" ")
    try:
        name = base64.b64decode(value, validate=True).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return NOBODY
    return name or NOBODY


class Locks:
    """All locks. `repository` is any text that is the same for the same repository."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, dict[str, dict[str, Any]]] = {}
        self._count = 0

    def create(self, repository: str, request: Mapping[str, Any], who: str) -> Answer:
        """POST /locks: 201 with the lock, or 409 with the one that is in its way."""
        path = request.get("path")
        if not isinstance(path, str) or not path:
            return document(422, {"message": "a lock needs a path"}, MEDIA_TYPE)
        with self._lock:
            held = self._held.setdefault(repository, {})
            for lock in held.values():
                if lock["path"] == path:
                    return document(409, {"lock": lock, "message": "already locked"}, MEDIA_TYPE)
            self._count += 1
            now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            lock = {"id": str(self._count), "path": path, "locked_at": now, "owner": {"name": who}}
            held[lock["id"]] = lock
        return document(201, {"lock": lock}, MEDIA_TYPE)

    def listed(self, repository: str, path: str | None, identifier: str | None) -> Answer:
        """GET /locks: all locks, or those of one path or id."""
        locks = [
            lock
            for lock in self._all(repository)
            if (path is None or lock["path"] == path) and (identifier is None or lock["id"] == identifier)
        ]
        return document(200, {"locks": locks}, MEDIA_TYPE)

    def verify(self, repository: str, who: str) -> Answer:
        """POST /locks/verify: whose locks they are, seen by the one who is about to push."""
        locks = self._all(repository)
        ours = [lock for lock in locks if lock["owner"]["name"] == who]
        return document(200, {"ours": ours, "theirs": [lock for lock in locks if lock not in ours]}, MEDIA_TYPE)

    def unlock(self, repository: str, identifier: str, request: Mapping[str, Any], who: str) -> Answer:
        """POST /locks/ID/unlock: 200 with the lock that was; 403 where it is another's and nothing says `force`."""
        with self._lock:
            held = self._held.get(repository, {})
            lock = held.get(identifier)
            if lock is None:
                return document(404, {"message": "no such lock"}, MEDIA_TYPE)
            if lock["owner"]["name"] != who and request.get("force") is not True:
                return document(403, {"message": f"the lock belongs to {lock['owner']['name']}"}, MEDIA_TYPE)
            del held[identifier]
        return document(200, {"lock": lock}, MEDIA_TYPE)

    def _all(self, repository: str) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._held.get(repository, {}).values())
