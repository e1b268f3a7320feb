"""A stand-in for the Hugging Face Hub and its storage: what they answer to `huggingface_hub` when it uploads.

The answers have the shape of the real ones. A file whose name ends with `.bin` is large to this Hub, and goes to the
storage (xet); another one is a line of the commit.
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head

HUB = "huggingface.co"
STORAGE = "cas-server.xethub.hf.co"
OBJECTS = "xorbs.store.example"


class Hub:
    """`repositories` are those that were created (`models/acme/bert`), `files` what commits brought, `blobs` what the
    storage was sent. `tokens` are what uploads to the storage may bear, one for each repository; if it `grants`, it
    gives them signed URLs of an object store.
    """

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.grants = False
        self.repositories: dict[str, bool] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.blobs: list[bytes] = []

    @contextlib.contextmanager
    def behind(self, forge: Forge) -> Iterator[None]:
        """While this context is open, the local forge answers so under the Hub's names."""
        with (
            forge.behave(HUB, Behaviour(answer=self.answer)),
            forge.behave(STORAGE, Behaviour(answer=self.store)),
            forge.behave(OBJECTS, Behaviour(answer=self.keep)),
        ):
            yield

    def answer(self, head: Head, body: bytes) -> Answer | None:
        """What the Hub answers."""
        match head.method, head.path.strip("/").split("/"):
            case "POST", ["api", "repos", "create"]:
                return self._create(json.loads(body))
            case "GET" | "HEAD", ["api", kind, owner, name]:
                private = self.repositories.get(f"{kind}/{owner}/{name}", False)
                return document(200, {"id": f"{owner}/{name}", "private": private, "sha": "0" * 40, "siblings": []})
            case "POST", ["api", _, _, _, "preupload", _]:
                files = [
                    {"path": one["path"], "uploadMode": _mode(one["path"]), "shouldIgnore": False}
                    for one in json.loads(body)["files"]
                ]
                return document(200, {"files": files, "commitOid": "0" * 40})
            case "GET", ["api", kind, owner, name, "xet-write-token", _]:
                return self._token(f"{kind}.{owner}.{name}")
            case "POST", ["api", kind, owner, name, "commit", _]:
                return self._commit(f"{kind}/{owner}/{name}", body)
            case _:
                return None

    def store(self, head: Head, body: bytes) -> Answer | None:
        """What the storage answers."""
        token = (head.header("authorization") or "").removeprefix("Bearer ")
        if token not in self.tokens and head.path != "/v1/telemetry":
            return document(401, {"error": "the token is missing or wrong"})
        match head.method, head.path.strip("/").split("/"):
            case "GET", [_, "chunks", *_]:
                return document(404, {"error": "not found"})
            case "POST", [_, "xorb-grants", _, name]:
                if not self.grants:
                    return document(404, {"error": "not found"})
                url = f"https://{OBJECTS}/xorbs/{name}?X-Amz-Signature=5ecret"
                return document(201, {"id": "grant1", "url": url, "method": "PUT", "headers": {}})
            case "POST", [_, "xorbs", *_]:
                self.blobs.append(body)
                return document(200, {"was_inserted": True})
            case "POST", [_, "xorb-commits", *_]:
                return document(200, {"was_inserted": True})
            case "POST", ["v2", "shards"]:
                return Answer(status=404, content=b"not found\n")
            case "POST", [_, "shards"]:
                return document(200, {"result": 1})
            case _:
                return None

    def keep(self, head: Head, body: bytes) -> Answer | None:
        """What the object store answers to a signed URL."""
        if head.method != "PUT" or not head.query.startswith("X-Amz-Signature="):
            return document(403, {"error": "not signed"})
        self.blobs.append(body)
        return Answer(status=200, content=b"")

    def _token(self, repository: str) -> Answer:
        token, url, end = f"eyJ.{repository}", f"https://{STORAGE}", int(time.time()) + 900
        self.tokens.add(token)
        told = document(200, {"casUrl": url, "accessToken": token, "exp": end})
        headers = (
            ("X-Xet-Cas-Url", url),
            ("X-Xet-Access-Token", token),
            ("X-Xet-Token-Expiration", str(end)),
        )
        return Answer(status=200, content=told.content, media_type=told.media_type, headers=headers)

    def _create(self, said: dict[str, Any]) -> Answer:
        kind = f"{said.get('type', 'model')}s"
        name = f"{said.get('organization') or 'ana'}/{said['name']}"
        self.repositories[f"{kind}/{name}"] = said.get("visibility") == "private"
        return document(200, {"url": f"https://{HUB}/{name if kind == 'models' else f'{kind}/{name}'}", "name": name})

    def _commit(self, repository: str, body: bytes) -> Answer:
        for line in body.splitlines():
            said = json.loads(line)
            match said["key"]:
                case "file":
                    content = base64.b64decode(said["value"]["content"])
                case "lfsFile":
                    content = said["value"]["oid"].encode()
                case _:
                    continue
            self.files[repository, said["value"]["path"]] = content
        url = f"https://{HUB}/{repository.removeprefix('models/')}/commit/{'1' * 40}"
        return document(200, {"success": True, "commitOid": "1" * 40, "commitUrl": url, "hookOutput": ""})


def _mode(path: str) -> str:
    return "lfs" if path.endswith(".bin") else "regular"
