"""Hooks that nobody listens to, answered where they are asked.

Each hook of a flow costs mitmproxy a task, a lock and a way down through all layers and back, four times for a small
request. Left as they are: the hooks that end an exchange or begin an answer of ours. While those are on their way, the
reader or writer of the other side finishes what it was doing, and mitmproxy's HTTP/1 relies on that before the next
request of the same connection begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mitmproxy.proxy import commands, layer
from mitmproxy.proxy.layers import http as mitm

_DISPENSABLE = (mitm.HttpRequestHeadersHook, mitm.HttpRequestHook, mitm.HttpResponseHeadersHook)


_hears: Callable[[str], bool] | None = None


def install(hears: Callable[[str], bool] | None) -> None:
    """From now on leave out hooks for whose name `hears` is false; None leaves out none."""
    global _hears  # noqa: PLW0603 - mitmproxy makes the layers, so there is no one to hand it to
    _hears = hears


def dispensed(generator: layer.CommandGenerator[None], needed: Callable[[], bool]) -> layer.CommandGenerator[None]:
    """The commands of `generator` without the hooks that nobody hears, unless `needed` says that they are."""
    reply: Any = None
    while True:
        try:
            command: commands.Command = generator.send(reply)
        except StopIteration:
            return
        reply = None
        if not isinstance(command, _DISPENSABLE) or _hears is None or needed() or _hears(command.name):
            reply = yield command
