"""What the tests of LFS uploads share: a batch, the target that asked it, and announcements in one line."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from tests.identify.asking import REGISTRY

from forgewall.identify.announced import Announcement
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.inspect.lfs import Batch, read_batch
from forgewall.inspect.lfs_answer import read_answer
from forgewall.model import Request, Target

LFS = ("content-type", "application/vnd.git-lfs+json")
API = "https://github.com/acme/api.git"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CONTENT = b"an object of the repository\n" * 40
OID = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)
STORE = "https://github-cloud.s3.amazonaws.com/alambic/media/17/ab/cd/" + OID + "?X-Amz-Signature=0f0f&repo_id=3"
SHARED = "https://storage.googleapis.com/acme-lfs/" + OID + "?X-Goog-Signature=ab01"


def batch_body(**changes: object) -> bytes:
    """The body that git-lfs sends for one object, with some of it changed."""
    document: dict[str, object] = {
        "operation": "upload",
        "transfers": ["lfs-standalone-file", "basic", "ssh"],
        "ref": {"name": "refs/heads/main"},
        "objects": [{"oid": OID, "size": SIZE}],
        "hash_algo": "sha256",
    }
    return json.dumps({**document, **changes}).encode()


def a_batch(**changes: object) -> Batch:
    batch = read_batch(batch_body(**changes))
    assert isinstance(batch, Batch), batch
    return batch


def asked(repository: str = API) -> tuple[Request, Target]:
    """The batch request of a repository, and its target."""
    request = request_for("POST", f"{repository}/info/lfs/objects/batch", headers=[LFS], body=batch_body())
    target = identify(request, REGISTRY)
    assert target is not None
    return request, target


def read(
    answer: bytes | dict[str, Any], batch: Batch | None = None, repository: str = API
) -> tuple[Announcement, ...] | str:
    """What `answer` announces."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    request, target = asked(repository)
    return read_answer(body, batch or a_batch(), asked=request, asker=target, now=NOW)


def answer(actions: object, **more: object) -> dict[str, Any]:
    """An answer with these actions for the one object."""
    return {"objects": [{"oid": OID, "size": SIZE, "authenticated": True, "actions": actions}], **more}


def upload(href: object, **more: object) -> dict[str, Any]:
    """An answer that announces one upload."""
    return answer({"upload": {"href": href, **more}})


def announced(href: str, repository: str = API, **more: object) -> Announcement:
    """The announcement of one upload."""
    found = read(upload(href, **more), repository=repository)
    assert isinstance(found, tuple), found
    return found[0]


def refusal(found: object) -> str:
    assert isinstance(found, str), found
    return found
