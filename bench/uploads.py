"""What large uploads cost: through stock mitmdump, through Forgewall counting and inspecting, and through squid.

All in the same run, in turns within each round. The bodies are files that curl sends, so that the client costs little;
the origin reads and forgets. At the end a real `git push` goes to a real forge, which proves that what was replayed is
what git does. Not here: many small requests (`traffic`), ten times as much for memory's sake (`large`).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from demo.forge import Forge
from demo.proxy import Proxy

from bench import bodies, client, meter, proxies, squid, table
from bench.bodies import Push
from bench.client import Route, Unexpected
from bench.origin import Origin
from bench.plan import Plan
from bench.series import MIB, Series

GIB = 1024**3
NAMES = ("direct", "stock", "counting", "inspecting", "squid")
RATIOS = (("counting", "stock"), ("inspecting", "stock"))
HEADS = ("", "unit", "direct", "(a) stock", "(b) counting", "(c) inspecting", "(d) squid", "b/a", "c/a")
INSPECT = {"counting": "off", "inspecting": "full"}

type Send = Callable[[Route, str, Path], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Something to upload: what the row is called, where it goes and how it is sent."""

    label: str
    file: Path
    host: str
    path: str
    send: Send


def measure(directory: Path, plan: Plan, say: Callable[[str], None]) -> str:
    """All of it, as a table; a sentence where a program is missing."""
    missing = [tool for tool in ("git", "curl") if shutil.which(tool) is None]
    if missing:
        return f"Large uploads are left out: there is no {missing[0]}."
    with Origin(directory / "origin") as origin:
        bodies_, pushes = _prepare(directory, plan, origin, say)
        with running(directory, origin, say) as routes:
            idle = {route.name: warmed(directory, route) for route in routes}
            measured = [Series(NAMES, RATIOS) for _ in bodies_]
            for turn in range(plan.body_rounds):
                say(f"large uploads, round {turn + 1} of {plan.body_rounds}")
                for body, series in zip(bodies_, measured, strict=True):
                    for route in routes:
                        _run(series, body, route, idle[route.name], say)
    rows: list[list[str]] = []
    for body, series in zip(bodies_, measured, strict=True):
        rows += series.rows(body.label, "MB/s", "s/GiB", 1)
    shown = table.render("Large uploads: HTTP/1.1, TLS on both sides, one at a time", HEADS, rows)
    return f"{shown}\n\n{_real_pushes(directory, pushes, say)}"


def _prepare(
    directory: Path, plan: Plan, origin: Origin, say: Callable[[str], None]
) -> tuple[list[Body], dict[str, Push]]:
    say(f"making a file of {size(plan.body_bytes)} and recording its push")
    file = bodies.noise(directory / "noise.bin", plan.body_bytes)
    blob = bodies.blob_push(directory, origin, file)
    say(f"making a repository with {size(plan.text_bytes)} of source and recording its push")
    text = bodies.text_push(directory, origin, plan.text_bytes)
    asset = Body(
        label=f"POST of {size(plan.body_bytes)}",
        file=file,
        host=proxies.ASSET_HOST,
        path=proxies.ASSET_PATH,
        send=client.asset_seconds,
    )
    push = Body(
        label=f"git push of {size(plan.body_bytes)}",
        file=blob.body,
        host=proxies.GIT_HOST,
        path=bodies.PUSH_PATH,
        send=client.push_seconds,
    )
    packed = size(text.body.stat().st_size)
    source = replace(push, label=f"git push of {packed}: {size(text.content)} of source", file=text.body)
    return [asset, push, source], {push.label: blob, source.label: text}


def size(length: int) -> str:
    """A number of bytes as people say it: 1 GiB, 97 MiB."""
    return f"{length // GIB} GiB" if length % GIB == 0 else f"{max(1, round(length / MIB))} MiB"


@contextmanager
def running(directory: Path, origin: Origin, say: Callable[[str], None]) -> Iterator[list[Route]]:
    """All proxies, and the route without one; Forgewall's host is still to be set (`to`)."""
    with ExitStack() as stack:
        say("starting stock mitmdump -q, forgewall run with inspect: off and with inspect: full, and squid")
        streaming = ("stream_large_bodies=1m", "connection_strategy=lazy")
        stock = stack.enter_context(proxies.Stock(directory / "stock", origin, *streaming))
        routes = [proxies.straight(origin), stock.route]
        for name, inspect in INSPECT.items():
            proxy = stack.enter_context(proxies.forgewall(directory / name, origin, proxies.upload_policy(inspect)))
            routes.append(proxies.through_forgewall(proxy, name))
        programs = squid.find()
        if programs is None:
            say("no squid: there is none that is built with OpenSSL")
        else:
            routes.append(stack.enter_context(squid.Squid(origin, programs)).route)
        yield routes


def to(route: Route, host: str) -> Route:
    """This route to `host`, where it is Forgewall's; the others can't be told where names lead."""
    return replace(route, host=host) if route.name in INSPECT else route


def warmed(directory: Path, route: Route) -> int | None:
    """The proxy's memory after it has carried something small, in bytes."""
    file = directory / "small.bin"
    if not file.exists():
        bodies.noise(file, 2 * MIB)
    client.asset_seconds(to(route, proxies.ASSET_HOST), proxies.ASSET_PATH, file)
    return meter.resident(route.pid)


def _run(series: Series, body: Body, route: Route, idle: int | None, say: Callable[[str], None]) -> None:
    length = body.file.stat().st_size

    def carry(by: Route) -> tuple[float, float]:
        return length / body.send(to(by, body.host), body.path, body.file) / 1e6, length / GIB

    try:
        series.run(route, carry, idle)
    except Unexpected as error:
        if route.name != "squid":
            raise
        say(f"squid did not carry a {body.label}: {error}")


def _real_pushes(directory: Path, pushes: dict[str, Push], say: Callable[[str], None]) -> str:
    """Push for real through the proxy that inspects; a sentence about it. RuntimeError if a push fails."""
    took = []
    with Forge(directory / "forge") as forge:
        proxy = Proxy(
            directory / "proxy",
            proxies.upload_policy(INSPECT["inspecting"]),
            connect_to=forge.connect_to((proxies.GIT_HOST,)),
            upstream_ca=forge.ca_file,
        )
        with proxy:
            for label, push in pushes.items():
                say(f"a real {label}")
                took.append(f"{_real_push(forge, proxy, push):.0f} s")
    return (
        f"The same repositories by a real git push through (c) to a real forge: {' and '.join(took)}, "
        "git's packing and the forge's unpacking included."
    )


def _real_push(forge: Forge, proxy: Proxy, push: Push) -> float:
    address = f"{proxies.GIT_HOST}/acme/{push.repository.name}"
    forge.make_repository(address)
    forge.git(address, "config", "receive.unpackLimit", "1")  # keep the pack, do not compress its objects anew
    start = time.perf_counter()
    bodies.push(push.repository, f"https://{address}.git", proxy.ca_file, proxy=proxy.url)
    seconds = time.perf_counter() - start
    if forge.git(address, "rev-parse", "main") != bodies.head(push.repository):
        raise RuntimeError(f"{address} is not what was pushed")
    return seconds
