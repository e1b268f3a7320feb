"""Policies of any length, and requests that they approve or refuse in equal parts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from forgewall.model import BodyState, Request

REPOSITORIES = 10  # of each owner


def address(number: int) -> str:
    """The approved address with this number."""
    return f"github.com/team-{number // REPOSITORIES}/service-{number % REPOSITORIES}"


def text(approvals: int, extra: str = "") -> str:
    """A policy with this many approvals; `extra` are further lines at its end, approvals first."""
    listed = "".join(f"  - {address(number)}\n" for number in range(approvals))
    return f"version: 1\nmode: enforce\ncontact: security@acme.example\napproved:\n{listed}{extra}"


def requests(approvals: int, count: int, seed: int = 1) -> list[Request]:
    """`count` requests to GitHub of all the shapes below; every second one is about an approved repository."""
    chosen = random.Random(seed)
    shapes: list[Request] = []
    while len(shapes) < count:
        approved = address(chosen.randrange(approvals)).partition("/")[2]
        for repository in (approved, f"stranger-{chosen.randrange(10**6)}/loot"):
            shapes += _shapes(repository)
    chosen.shuffle(shapes)
    return shapes[:count]


def _shapes(repository: str) -> Iterator[Request]:
    yield _request("GET", "github.com", f"/{repository}.git/info/refs?service=git-upload-pack")
    yield _request("GET", "github.com", f"/{repository}.git/info/refs?service=git-receive-pack")
    yield _request(
        "POST", "github.com", f"/{repository}.git/git-receive-pack", "application/x-git-receive-pack-request"
    )
    yield _request("PUT", "api.github.com", f"/repos/{repository}/contents/src/main.py", "application/json")
    yield _request("POST", "api.github.com", f"/repos/{repository}/issues", "application/json")
    yield _request("POST", "uploads.github.com", f"/repos/{repository}/releases/1/assets?name=a.zip", "application/zip")
    yield _request("GET", "api.github.com", f"/repos/{repository}/pulls?state=open")
    batch = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": "0" * 64, "size": 1024}]}
    yield _request(
        "POST", "github.com", f"/{repository}.git/info/lfs/objects/batch", "application/vnd.git-lfs+json", batch
    )


def _request(method: str, host: str, path: str, content_type: str = "", document: object = None) -> Request:
    body = b"" if document is None else json.dumps(document).encode()
    headers = [("host", host), ("user-agent", "git/2.47.1"), ("accept", "*/*"), ("accept-encoding", "gzip")]
    if content_type:
        headers += [("content-type", content_type), ("content-length", str(len(body) or 1024))]
    return Request(
        method=method,
        scheme="https",
        host=host,
        port=443,
        path=path,
        headers=tuple(headers),
        body=body,
        body_state=BodyState.COMPLETE if body else BodyState.UNREAD,
    )
