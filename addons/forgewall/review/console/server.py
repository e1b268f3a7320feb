"""Serves the console until a signal ends it, or the process that started it is gone."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn

from forgewall.errors import StartError, UsageError
from forgewall.review.console.app import create_app
from forgewall.review.console.protocol import Protocol
from forgewall.review.console.proxies import is_loopback
from forgewall.review.console.settings import Settings

GRACE_SECONDS = 3
"""How long requests may still take once the end was asked for."""


def check(settings: Settings) -> None:
    """Whether `settings` keep what is sent out of others' sight. Raises UsageError."""
    if is_loopback(settings.listen[0]) or settings.listen[0] == "localhost":
        return
    if settings.proxies is None and not settings.insecure_http:
        raise UsageError(
            f"--listen {settings.listen[0]} serves other machines, and what they send, tokens included, could be read "
            "on the way. Put a reverse proxy that speaks https in front and name it with --trusted-proxy, or accept "
            "it with --insecure-http."
        )


def listen(address: tuple[str, int]) -> socket.socket:
    """A listening socket. Raises StartError."""
    host, port = address
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot(host, port, error) from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(128)
    except OSError as error:
        found.close()
        raise _cannot(host, port, error) from None
    found.setblocking(False)
    return found


def serve(settings: Settings, listener: socket.socket, ready: Callable[[], None], parent: int | None = None) -> None:
    """Serve on `listener` until SIGTERM or SIGINT, or until the pipe `parent` (a descriptor) has no writer any more.

    `ready` is called once answers are given.
    """
    config = uvicorn.Config(
        create_app(settings),
        http=Protocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
    )
    asyncio.run(_serve(_Server(config, ready), listener, parent))


class _Server(uvicorn.Server):
    """uvicorn's server, whose signals end it without being raised again; `ready` is called once it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def install(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """End it; a second call doesn't wait for requests."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def _serve(server: _Server, listener: socket.socket, parent: int | None) -> None:
    if threading.current_thread() is threading.main_thread():
        server.install()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent, _parent_gone, server, parent)
    await server._serve(sockets=[listener])


def _parent_gone(server: _Server, parent: int) -> None:
    if os.read(parent, 1) == b"":
        asyncio.get_running_loop().remove_reader(parent)
        server.stop()


def log_plainly() -> None:
    """What goes wrong as lines on stderr, in ASCII; for a process that does nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain("forgewall console: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    wire = logging.getLogger("uvicorn.error")
    wire.setLevel(logging.ERROR)  # it warns of each request that is no HTTP, as often as anybody likes
    wire.addFilter(_no_traceback)


class _Plain(logging.Formatter):
    """One line in ASCII for whatever is told."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).replace("\n", " ").strip()
        return line.encode("ascii", "backslashreplace").decode("ascii")


def _no_traceback(record: logging.LogRecord) -> bool:
    """A traceback may quote a request."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.msg.strip()}: {record.exc_info[0].__name__}", ()
    record.exc_info = record.exc_text = None
    return True


def _cannot(host: str, port: int, error: OSError) -> StartError:
    taken = error.errno == errno.EADDRINUSE
    reason = "the port is taken" if taken else (error.strerror or str(error))
    return StartError(f"the console can't listen on {host}:{port}: {reason}. Choose another --listen.")
