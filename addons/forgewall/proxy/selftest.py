"""The start-up self-test: one blocked and one cut upload through the real layers; the proxy serves only if both hold.

It runs with its own policy and a listener and origin of its own on loopback, before the real listener is open. What it
guards against is a mitmproxy that changed beneath us: then the layers no longer stop what they must.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.errors import StartError

HOST = "selftest.forgewall.invalid"
LIMIT = 512 * 1024
"""More than is held back before the first byte goes on, so that the cut upload has streamed."""

UPLOAD = 2 * 1024 * 1024
SECONDS = 20.0

_POLICY = f"""
version: 1
contact: the administrator of this proxy
forges: [{{host: {HOST}, kind: gitlab}}]
approved: [{{repo: {HOST}/approved/repository, max_upload: {LIMIT}}}]
"""

_PACKAGE = "/api/v4/projects/approved%2Frepository/packages/generic/self-test/1/file"

type Address = tuple[str, int]


@dataclass(slots=True)
class _Origin:
    """A forge that keeps nothing: how many connections came, how many bytes, and whether a request was complete."""

    connections: int = 0
    received: int = 0
    tail: bytes = b""
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while data := await reader.read(65536):
                self.received += len(data)
                self.tail = (self.tail + data)[-16:]
                if self.complete or self.received > UPLOAD:  # what got through is answered, so that it shows at once
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            pass
        finally:
            self.gone.set()
            writer.close()

    @property
    def complete(self) -> bool:
        return self.tail.endswith(b"0\r\n\r\n")


def policy() -> Policy:
    """The self-test's own policy."""
    return parse(_POLICY, "self-test")


async def run(listening: Address, divert: Callable[[Address, Address | None], None]) -> None:
    """Upload twice through the proxy at `listening`.

    `divert(HOST address, origin address)` leads the self-test's forge to its origin, and nowhere again with None.
    Raises StartError with what got through.
    """
    try:
        async with asyncio.timeout(SECONDS):
            await _with_origin(divert, lambda origin: _blocked(listening, origin))
            await _with_origin(divert, lambda origin: _cut(listening, origin))
    except TimeoutError:
        raise _failure("the proxy did not answer in time") from None
    except OSError as error:
        raise _failure(f"the proxy could not be reached ({error})") from None


async def _with_origin(
    divert: Callable[[Address, Address | None], None], check: Callable[[_Origin], Awaitable[None]]
) -> None:
    origin = _Origin()
    server = await asyncio.start_server(origin.serve, "127.0.0.1", 0)
    divert((HOST, 80), server.sockets[0].getsockname()[:2])
    try:
        await check(origin)
    finally:
        divert((HOST, 80), None)
        server.close()


async def _blocked(listening: Address, origin: _Origin) -> None:
    status = await _upload(listening, "POST /stranger/repository.git/git-receive-pack", chunked=False)
    if origin.connections:
        raise _failure(f"a blocked upload reached the forge ({origin.received} bytes)")
    if status == 100 or not status:
        raise _failure("a blocked upload got no answer")


async def _cut(listening: Address, origin: _Origin) -> None:
    status = await _upload(listening, f"PUT {_PACKAGE}", chunked=True)
    if not origin.connections:
        raise _failure("an approved upload did not reach the forge")
    await origin.gone.wait()
    if origin.complete:
        raise _failure("an upload over its limit was completed")
    if origin.received > LIMIT + 65536:
        raise _failure(f"an upload over its limit of {LIMIT} bytes went on to {origin.received} bytes")
    if not status:
        raise _failure("an upload over its limit got no answer")


async def _upload(listening: Address, what: str, *, chunked: bool) -> int:
    """Send `UPLOAD` bytes to the method and path of `what`, and return the status of the answer, 0 for none."""
    reader, writer = await asyncio.open_connection(*listening)
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {UPLOAD}"
    method, path = what.split()
    head = f"{method} http://{HOST}{path} HTTP/1.1\r\nHost: {HOST}\r\n{framing}\r\n\r\n"
    block = b"x" * 16384
    piece = b"%x\r\n%s\r\n" % (len(block), block) if chunked else block

    async def send() -> None:
        writer.write(head.encode())
        for _ in range(UPLOAD // len(block)):
            writer.write(piece)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")

    sending = asyncio.ensure_future(send())
    try:
        words = (await reader.readline()).split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    except OSError:
        return 0
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        if not sending.cancelled():
            sending.exception()
        writer.close()


def _failure(what: str) -> StartError:
    return StartError(
        f"the self-test failed: {what}. Forgewall does not serve with this version of mitmproxy; "
        "install the versions of constraints.txt."
    )
