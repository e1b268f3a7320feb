"""What the proxies carry: requests, new connections and uploads, beside no proxy at all, and what it costs them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import client, proxies, table
from bench.client import Route
from bench.origin import Origin
from bench.plan import Plan
from bench.series import Carried, Series

GIB = 1024**3
HTTP2 = "HTTP/2 (curl)"
HEADS = ("", "unit", "direct", "stock", "forgewall", "forgewall/stock")
READ_BODY = b""
WRITE_BODY = b'{"title": "The build is slow", "description": "It takes four minutes since Tuesday."}'

COMPARED = (("direct", "stock", "forgewall"), (("forgewall", "stock"),))


def measure(directory: Path, plan: Plan, say: Callable[[str], None]) -> str:
    """All of it, as a table."""
    rows: list[list[str]] = []
    with Origin(directory / "origin") as origin:
        say(f"starting forgewall run with {plan.many:,} approvals, and stock mitmdump -q with an empty addon")
        with proxies.forgewall(directory / "forgewall", origin, proxies.policy(plan.many)) as proxy:
            ours, direct = proxies.through_forgewall(proxy), proxies.straight(origin)
            with proxies.Stock(directory / "stock", origin) as stock:
                rows += _small(plan, (direct, stock.route, ours), say)
            # Otherwise stock mitmproxy keeps a whole body in memory before it sends any of it, and speaks HTTP/2 to a
            # client only where the origin does.
            streaming = ("stream_large_bodies=1m", "connection_strategy=lazy")
            with proxies.Stock(directory / "streaming", origin, *streaming) as stock:
                rows += _uploads(directory, plan, (direct, stock.route, ours), say)
    title = f"Through the proxy: {plan.connections} keep-alive connections, TLS on both sides"
    return table.render(title, HEADS, rows)


def _small(plan: Plan, routes: Sequence[Route], say: Callable[[str], None]) -> list[list[str]]:
    def asking(method: str, path: str, body: bytes) -> Callable[[Route], Carried]:
        def ask(route: Route) -> Carried:
            seconds = plan.requests_seconds
            count = client.requests_answered(route, plan.connections, seconds, method, path, body)
            return count / seconds, count

        return ask

    def connect(route: Route) -> Carried:
        count = client.connections_made(route, plan.connections, plan.connect_seconds, proxies.READ_PATH)
        return count / plan.connect_seconds, count

    reads, writes, connects = Series(*COMPARED), Series(*COMPARED), Series(*COMPARED)
    for turn in range(plan.rounds):
        say(f"requests and connections, round {turn + 1} of {plan.rounds}")
        for route in routes:
            reads.run(route, asking("GET", proxies.READ_PATH, READ_BODY))
            writes.run(route, asking("POST", proxies.WRITE_PATH, WRITE_BODY))
            connects.run(route, connect)
    return [
        *reads.rows("small GET", "requests/s", "ms/request", 1000),
        *writes.rows("small POST, two events each", "requests/s", "ms/request", 1000),
        *connects.rows("new TLS connection, one GET", "connections/s", "ms/connection", 1000),
    ]


def _uploads(directory: Path, plan: Plan, routes: Sequence[Route], say: Callable[[str], None]) -> list[list[str]]:
    length, path = plan.upload_bytes, proxies.UPLOAD_PATH
    file = directory / "upload.bin"
    with file.open("wb") as empty:
        empty.truncate(length)

    def timed(upload: Callable[[Route], float]) -> Callable[[Route], Carried]:
        return lambda route: (length / upload(route) / 1e6, length / GIB)

    kinds = {
        "Content-Length": timed(lambda route: client.upload_seconds(route, path, length, chunked=False)),
        "chunked": timed(lambda route: client.upload_seconds(route, path, length, chunked=True)),
    }
    if curl_speaks_http2():
        kinds[HTTP2] = timed(lambda route: client.upload_seconds_http2(route, path, file))
    else:
        say("no upload over HTTP/2: there is no curl that speaks it")
    measured = {kind: Series(*COMPARED) for kind in kinds}
    for turn in range(plan.upload_rounds):
        say(f"uploads, round {turn + 1} of {plan.upload_rounds}")
        for kind, upload in kinds.items():
            for route in routes:
                if route.proxy_port is not None or kind != HTTP2:  # the origin speaks HTTP/1.1 only
                    measured[kind].run(route, upload)
    rows: list[list[str]] = []
    for kind, series in measured.items():
        rows += series.rows(f"upload of {length // 1024**2} MiB, {kind}", "MB/s", "s/GiB", 1)
    return rows


def curl_speaks_http2() -> bool:
    """Whether there is a curl built with HTTP/2."""
    if shutil.which("curl") is None:
        return False
    return "HTTP2" in subprocess.run(["curl", "--version"], capture_output=True, text=True, check=False).stdout
