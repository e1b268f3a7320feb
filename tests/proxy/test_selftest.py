"""The self-test refuses to start where the layers don't hold: stand-ins that fail in each way, and the real proxy."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from demo.proxy import NotReadyError, Proxy

from forgewall.errors import StartError
from forgewall.proxy import selftest
from forgewall.proxy.selftest import HOST, LIMIT

REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
CUT = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
END = b"0\r\n\r\n"
POLICY = "version: 1\n"

type Address = tuple[str, int]


class Stand:
    """A stand-in for the proxy: what it does with the blocked and with the cut upload is its `blocked` and `cut`.

    Each is what it sends to the forge (None: it doesn't connect) and what it answers the client.
    """

    def __init__(self, blocked: tuple[bytes | None, bytes], cut: tuple[bytes | None, bytes]) -> None:
        self._acts = {b"/stranger/": blocked, b"/approved%2F": cut}
        self._origin: Address | None = None
        self.diverted: list[tuple[Address, bool]] = []
        self.heads: list[bytes] = []

    def divert(self, host: Address, origin: Address | None) -> None:
        self.diverted.append((host, origin is not None))
        self._origin = origin

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        to_forge, answer = next(act for path, act in self._acts.items() if path in head)
        if to_forge is not None and self._origin is not None:
            _, forge = await asyncio.open_connection(*self._origin)
            forge.write(head + to_forge)
            await forge.drain()
            forge.close()
            await forge.wait_closed()
        writer.write(answer)
        writer.close()

    def test(self) -> None:
        """Run the self-test against this; raises what it raises."""

        async def run() -> None:
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            try:
                await selftest.run(server.sockets[0].getsockname()[:2], self.divert)
            finally:
                server.close()

        asyncio.run(run())


HOLDS = (None, REFUSED), (b"x" * LIMIT, CUT)


def test_a_proxy_that_holds_passes() -> None:
    stand = Stand(*HOLDS)
    stand.test()
    assert stand.diverted == [((HOST, 80), True), ((HOST, 80), False)] * 2
    assert b"Content-Length" in stand.heads[0]
    assert b"chunked" in stand.heads[1]


@pytest.mark.parametrize(
    ("blocked", "cut", "sentence"),
    [
        ((b"x" * 100, REFUSED), HOLDS[1], r"a blocked upload reached the forge \(\d+ bytes\)"),
        ((b"", REFUSED), HOLDS[1], "a blocked upload reached the forge"),
        ((None, b""), HOLDS[1], "a blocked upload got no answer"),
        ((None, b"HTTP/1.1 100 Continue\r\n\r\n"), HOLDS[1], "a blocked upload got no answer"),
        (HOLDS[0], (b"x" * 100 + END, CUT), "an upload over its limit was completed"),
        (HOLDS[0], (b"x" * (LIMIT + 70000), CUT), r"an upload over its limit of 524288 bytes went on to \d+ bytes"),
        (HOLDS[0], (b"x" * LIMIT, b""), "an upload over its limit got no answer"),
    ],
)
def test_a_proxy_that_lets_something_through_does_not_start(
    blocked: tuple[bytes | None, bytes], cut: tuple[bytes | None, bytes], sentence: str
) -> None:
    stand = Stand(blocked, cut)
    with pytest.raises(StartError, match=f"the self-test failed: {sentence}") as caught:
        stand.test()
    assert "constraints.txt" in str(caught.value)
    assert stand.diverted[-1] == ((HOST, 80), False)


def test_a_proxy_that_reaches_no_forge_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "SECONDS", 0.3)  # it waits in vain: any time will do
    with pytest.raises(StartError, match="the self-test failed"):
        Stand(HOLDS[0], (None, CUT)).test()


def test_a_proxy_that_says_nothing_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "SECONDS", 0.3)

    async def run() -> None:
        silent = asyncio.Event()

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await silent.wait()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            await selftest.run(server.sockets[0].getsockname()[:2], lambda _host, _origin: None)
        finally:
            silent.set()
            server.close()

    with pytest.raises(StartError, match="did not answer in time"):
        asyncio.run(run())


def test_a_proxy_that_is_not_there_does_not_start() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()[:2]
        server.close()
        await server.wait_closed()
        await selftest.run(address, lambda _host, _origin: None)

    with pytest.raises(StartError, match="could not be reached"):
        asyncio.run(run())


def test_the_policy_of_the_self_test_has_one_limit_and_one_stranger() -> None:
    chosen = selftest.policy()
    assert (chosen.file, chosen.approvals) == ("self-test", 1)
    assert chosen.registry.lookup(HOST) is not None


# -- the real proxy, broken --------------------------------------------------------------------------------------------

BREAKS: dict[str, tuple[str, str]] = {
    "no guarded stream": (
        "import forgewall.proxy.stream as s\ns.install = lambda: None\n",
        "an approved upload did not reach the forge",
    ),
    "no guarded stream and no second barrier": (
        "import forgewall.proxy.stream as s, forgewall.proxy.wiring as w\n"
        "s.install = lambda: None\n"
        "w.Wiring.permitted = lambda *_: True\n",
        "a blocked upload reached the forge",
    ),
    "a gate that lets all through": (
        "import forgewall.enforce.gate as g\ndef turns(_self, chunk):\n yield\n return g.Passed(chunk)\n"
        "g.Gate.turns = turns\n",
        "an upload over its limit was completed",
    ),
    "an enforcer that admits all": (
        "import forgewall.proxy.enforcer as e\ne.Enforcer.judge = lambda *_: e.Admitted(None)\n",
        "a blocked upload reached the forge",
    ),
    "a cut that ends the message": (
        "import forgewall.proxy.stream as s\n"
        "from mitmproxy.proxy.layers import http as m\n"
        "def cut(self, reply):\n"
        "    yield m.SendHttp(m.RequestEndOfMessage(self.stream_id), self.context.server)\n"
        "    yield from self.refuse(reply)\n"
        "s.GuardedStream.cut = cut\n",
        "an upload over its limit was completed",
    ),
    "a refusal that is not sent": (
        "import forgewall.proxy.stream as s\ns.GuardedStream.refuse = lambda *_: iter(())\n",
        "the proxy did not answer in time",
    ),
}
HURRY = "import forgewall.proxy.selftest as t\nt.SECONDS = 2\n"
"""A proxy that doesn't answer at all fails by the time it takes; how long that is doesn't matter here."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each broken proxy said instead of its ready line; they run side by side."""
    directory = tmp_path_factory.mktemp("broken")

    def start(name: str) -> str:
        try:
            with Proxy(directory / name.replace(" ", "-"), POLICY, before=BREAKS[name][0] + HURRY) as proxy:
                return f"it started: {proxy.ready_line}"
        except NotReadyError as error:
            return str(error)

    with ThreadPoolExecutor(len(BREAKS)) as pool:
        return dict(zip(BREAKS, pool.map(start, BREAKS), strict=True))


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_proxy_does_not_start(outcomes: dict[str, str], name: str) -> None:
    said = outcomes[name]
    assert "ended with exit code 3" in said
    assert re.search(rf"^forgewall: the self-test failed: {BREAKS[name][1]}", said, re.MULTILINE)
    assert "Traceback" not in said
    assert "forgewall ready" not in said.split("before it was ready", 1)[1]


def test_a_proxy_that_is_not_broken_starts(tmp_path: Path) -> None:
    with Proxy(tmp_path, POLICY) as proxy:
        assert proxy.ready_line
