"""Whether `identify` takes longer the more forges there are, and the more rows their tables have."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from unittest import mock

from forgewall.identify import tables
from forgewall.identify.engine import identify
from forgewall.identify.registry import Registry, built_in_hosts
from forgewall.identify.routes import Route, RouteTable, load_routes
from forgewall.model import BodyState, Request

FEW = ("github.com", "gitlab.com", "bitbucket.org")
_JSON = "application/json"
_MUTATION = {"query": 'mutation { createIssue(input: {repositoryId: "R_1", title: "t"}) { clientMutationId } }'}
_BATCH = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": "0" * 64, "size": 1024}]}
_SHAPES: tuple[tuple[str, str, str, object], ...] = (
    ("GET", "github.com", "/acme/api.git/info/refs?service=git-upload-pack", None),
    ("POST", "github.com", "/acme/api.git/git-receive-pack", None),
    ("POST", "github.com", "/acme/api.git/info/lfs/objects/batch", _BATCH),
    ("POST", "github.com", "/acme/api/issues/1/comments", None),
    ("PUT", "api.github.com", "/repos/acme/api/contents/src/main.py", {"message": "m", "content": "eA=="}),
    ("POST", "api.github.com", "/repos/acme/api/issues", {"title": "t"}),
    ("DELETE", "api.github.com", "/repos/acme/api/actions/runs/7/logs", None),
    ("POST", "api.github.com", "/graphql", _MUTATION),
    ("GET", "api.github.com", "/repos/acme/api/pulls?state=open", None),
    ("POST", "uploads.github.com", "/repos/acme/api/releases/1/assets?name=a.zip", None),
    ("PUT", "npm.pkg.github.com", "/@acme%2fapi", None),
    ("POST", "gitlab.com", "/api/v4/projects/acme%2Fteam%2Fapi/repository/commits", {"branch": "b", "actions": []}),
    ("PUT", "gitlab.com", "/api/v4/projects/acme%2Fteam%2Fapi/issues/3", {"title": "t"}),
    ("GET", "gitlab.com", "/acme/team/api/-/tree/main", None),
    ("POST", "gitlab.com", "/acme/team/api/-/issues", None),
    ("POST", "gitlab.com", "/acme/team/api.git/git-receive-pack", None),
    ("POST", "api.bitbucket.org", "/2.0/repositories/acme/api/pullrequests", {"title": "t"}),
    ("PUT", "api.bitbucket.org", "/2.0/repositories/acme/api/nobody/listed/this", None),
    ("GET", "bitbucket.org", "/acme/api.git/info/refs?service=git-receive-pack", None),
    ("GET", "pypi.org", "/simple/requests/", None),
    ("POST", "hooks.chat.example", "/services/1", {"text": "t"}),
)


def requests() -> list[Request]:
    """One request of each shape: reads and writes on three forges, and two of hosts that are no forge."""
    return [_request(*shape) for shape in _SHAPES]


def _request(method: str, host: str, path: str, document: object) -> Request:
    body = b"" if document is None else json.dumps(document).encode()
    headers = [("host", host), ("user-agent", "git/2.47.1"), ("accept", "*/*")]
    headers += [("content-type", _JSON), ("content-length", str(len(body)))] if body else []
    return Request(
        method=method,
        scheme="https",
        host=host,
        port=443,
        path=path,
        headers=tuple(headers),
        body=body,
        body_state=BodyState.COMPLETE,
    )


def few_hosts() -> Registry:
    """The registry as if there were no other forges than three."""
    rows = (row.split() for row in built_in_hosts().splitlines())
    return Registry.build(hosts="\n".join(" ".join(words) for words in rows if words[2:3] and words[2] in FEW))


@contextmanager
def few_rows() -> Iterator[None]:
    """While it lasts, tables hold only the rows that the requests need."""
    with mock.patch.object(tables, "load_routes", _needed):
        tables.table.cache_clear()
        yield
    tables.table.cache_clear()


@cache
def _needed(name: str) -> tuple[Route, ...]:
    ends = [(request.method, end) for request in requests() for end in _ends(request.path)]
    return tuple(row for row in load_routes(name) if any(RouteTable([row]).match(*end) for end in ends))


def _ends(path: str) -> Iterator[tuple[str, ...]]:
    segments = tuple(path.partition("?")[0].strip("/").split("/"))
    return (segments[at:] for at in range(len(segments)))


def rounds(count: int, times: int) -> tuple[list[float], list[float]]:
    """Microseconds per request with three forges and with all, in each of `count` rounds of `times` passes."""
    asked = requests()
    few, all_ = few_hosts(), Registry.build()
    narrow, wide = [], []
    for _ in range(count):
        with few_rows():
            narrow.append(_pass(asked, few, times))
        wide.append(_pass(asked, all_, times))
    return narrow, wide


def _pass(asked: Sequence[Request], registry: Registry, times: int) -> float:
    for request in asked:  # so that tables are built
        identify(request, registry)
    start = time.perf_counter()
    for _ in range(times):
        for request in asked:
            identify(request, registry)
    return (time.perf_counter() - start) / (times * len(asked)) * 1e6
