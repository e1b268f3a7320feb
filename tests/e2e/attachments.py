"""A stand-in for what GitHub does with files that are attached or dragged into a page: policy, store, confirmation.

The answers have the shape of the real ones. The store takes any form with a policy and keeps its file under the key
that S3 would take (the last `key` before the file), whoever may have announced it.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
from collections.abc import Iterator

from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head

STORES = {
    "assets": "github-production-user-asset-6210df.s3.amazonaws.com",
    "repository-files": "github-production-repository-file-5c1aeb.s3.amazonaws.com",
    "upload-manifest-files": "github-production-upload-manifest-file-7fdce7.s3.amazonaws.com",
    "releases": "github-production-release-asset-2e65be.s3.amazonaws.com",
}
_NUMBERS = itertools.count(700)
REPOSITORIES = {42: "acme/api", 43: "acme/web", 666: "mallory/loot"}


class Attachments:
    """`stored` are the files in the stores by key, `confirmed` the uploads that were said to have arrived.

    It begins an upload for whoever asks, also for a repository that the proxy should not have let through.
    """

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.confirmed: list[str] = []
        self.commits: list[tuple[str, str]] = []

    @contextlib.contextmanager
    def behind(self, forge: Forge) -> Iterator[None]:
        """While this context is open, the local forge answers so under GitHub's names."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(forge.behave("github.com", Behaviour(answer=self.web)))
            stack.enter_context(forge.behave("api.github.com", Behaviour(answer=self.api)))
            for host in STORES.values():
                stack.enter_context(forge.behave(host, Behaviour(answer=self.store)))
            yield

    def api(self, head: Head, body: bytes) -> Answer | None:
        """What the API answers: which number a repository has."""
        name = head.path.removeprefix("/repos/")
        number = next((number for number, known in REPOSITORIES.items() if known == name), None)
        if number is None or head.method != "GET":
            return None
        return document(200, {"id": number, "full_name": name, "private": True, "visibility": "private"})

    def web(self, head: Head, body: bytes) -> Answer | None:
        """What the pages of github.com answer."""
        match head.method, head.path.strip("/").split("/"):
            case "POST", ["upload", "manifests"]:
                return document(201, {"upload_manifest": {"id": 9}})
            case "POST", ["upload", "policies", kind]:
                return self._begin(kind, {part: text.decode() for part, text in fields(head, body)})
            case (("PUT" | "POST"), ["upload", kind, number]):
                self.confirmed.append(f"{kind}/{number}")
                return document(200, {"id": int(number), "href": f"https://github.com/user-attachments/{number}"})
            case "POST", [owner, name, "upload", *_]:
                self.commits.append((f"{owner}/{name}", body.decode()))
                return Answer(status=302, content=b"", headers=(("Location", f"/{owner}/{name}"),))
            case _:
                return None

    def store(self, head: Head, body: bytes) -> Answer | None:
        """What S3 answers to a form (Amazon S3 API, POST Object), and to the question that browsers ask first."""
        allowed = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "POST"))
        if head.method == "OPTIONS":
            return Answer(status=200, content=b"", headers=allowed)
        key = ""
        for name, content in fields(head, body):
            if name.lower() == "key":
                key = content.decode()
            elif name == "file":
                self.stored[key] = content
                return Answer(status=204, content=b"", headers=allowed)
        return Answer(status=400, content=b"<Error/>", headers=allowed)

    def _begin(self, kind: str, said: dict[str, str]) -> Answer:
        number = next(_NUMBERS)
        form = {
            "key": f"{said['repository_id']}/{number}-5f0c",
            "acl": "private",
            "policy": base64.b64encode(b"conditions" * 100).decode(),
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "AKIA00/20261124/us-east-1/s3/aws4_request",
            "X-Amz-Signature": "5ecret",
            "Content-Type": said["content_type"],
        }
        asset = {"id": number, "name": said["name"], "size": int(said["size"]), "original_name": said["name"]}
        answer = {
            "upload_url": f"https://{STORES[kind]}",
            "header": {},
            "asset": asset,
            "form": form,
            "same_origin": False,
            "asset_upload_url": f"/upload/{kind}/{number}",
            "upload_authenticity_token": "t1",
            "asset_upload_authenticity_token": "t2",
        }
        return document(201, answer, media_type="application/json; charset=utf-8")


def fields(head: Head, body: bytes) -> list[tuple[str, bytes]]:
    """Name and content of each part of a multipart form (RFC 7578)."""
    boundary = (head.header("content-type") or "").partition("boundary=")[2].strip('"').encode()
    found = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        told, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'[ ;]name="([^"]*)"', told)
        assert name is not None
        found.append((name[1].decode(), content))
    return found
