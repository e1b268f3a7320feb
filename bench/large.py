"""Ten times as much, for memory's sake alone: a POST and a push that no file holds, through both Forgewalls.

Not part of the ordinary run (`python -m bench large`): it takes minutes and says nothing new about speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from bench import bodies, pack, proxies, table, uploads
from bench.client import Connection, Route, Unexpected
from bench.origin import Origin
from bench.plan import Plan
from bench.series import MIB, Series
from bench.uploads import GIB, INSPECT

HEADS = ("", "unit", "(b) counting", "(c) inspecting")
BLOB_BLOCKS = 1024  # MiB of one blob, at most


def measure(directory: Path, plan: Plan, say: Callable[[str], None]) -> str:
    """All of it, as a table."""
    blocks = plan.large_bytes // MIB
    size = uploads.size(plan.large_bytes)
    posts, pushes = Series(tuple(INSPECT), ()), Series(tuple(INSPECT), ())
    with Origin(directory / "origin") as origin:
        for name, inspect in INSPECT.items():
            with proxies.forgewall(directory / name, origin, proxies.upload_policy(inspect)) as proxy:
                route = proxies.through_forgewall(proxy, name)
                idle = uploads.warmed(directory, route)
                say(f"a POST of {size}, {name}")
                posts.run(
                    replace(route, host=proxies.ASSET_HOST), lambda by: (_post(by, blocks), blocks * MIB / GIB), idle
                )
                say(f"a git push of {size}, {name}")
                pushes.run(
                    replace(route, host=proxies.GIT_HOST), lambda by: (_push(by, blocks), blocks * MIB / GIB), idle
                )
    rows = posts.rows(f"POST of {size}", "MB/s", "s/GiB", 1) + pushes.rows(f"git push of {size}", "MB/s", "s/GiB", 1)
    return table.render("Very large uploads: one run each, for their memory", HEADS, rows)


def _post(route: Route, blocks: int) -> float:
    fields = ("Content-Type: application/octet-stream", f"Content-Length: {blocks * MIB}")
    rate, answer = _send(route, proxies.ASSET_PATH, fields, repeat(pack.BLOCK, blocks))
    if b'{"received": %d}' % (blocks * MIB) not in answer:
        raise Unexpected(answer[:500].decode("latin-1"))
    return rate


def _push(route: Route, blocks: int) -> float:
    each = min(blocks, BLOB_BLOCKS)
    fields = (
        "Content-Type: application/x-git-receive-pack-request",
        "Accept: application/x-git-receive-pack-result",
        "Transfer-Encoding: chunked",
    )
    rate, answer = _send(route, bodies.PUSH_PATH, fields, pack.push(blocks // each, each))
    if b"unpack ok" not in answer:
        raise Unexpected(answer[:500].decode("latin-1"))
    return rate


def _send(route: Route, path: str, fields: tuple[str, ...], parts: Iterable[bytes]) -> tuple[float, bytes]:
    """MB/s, and what was answered."""
    with Connection(route) as connection:
        start = time.perf_counter()
        head = connection.head("POST", path, *fields)
        length = connection.stream(head, parts, chunked=any("chunked" in field for field in fields))
        answer = connection.content()
        return length / (time.perf_counter() - start) / 1e6, answer
