"""Lets a page of the forge read the refusal of what its script asked of another host (Fetch, "CORS protocol").

A page on github.com sends files to an object store. Without a word from us its browser would hide the refusal from the
script, and people would only read that something failed. What is *not* here: which pages are the forge's own
(`proxy.case`); no other page learns what was refused.
"""

from __future__ import annotations

import re
from dataclasses import replace

from forgewall.enforce.answer import Reply
from forgewall.model import Request

_ORIGIN = re.compile(r"https://([a-z0-9.-]{1,253})(?::[0-9]{1,5})?")


def page_host(request: Request) -> str | None:
    """The host of the page whose script asks, if a browser names it in `Origin` and it came by HTTPS."""
    match = _ORIGIN.fullmatch(request.header("origin") or "")
    return match[1] if match else None


def readable_by_page(reply: Reply, request: Request) -> Reply:
    """`reply` with the headers that let the page in the `Origin` of `request` read it, with its event's id."""
    headers = (
        ("access-control-allow-origin", request.header("origin") or "null"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-forgewall-event"),
        ("vary", "origin"),
    )
    return replace(reply, headers=(*reply.headers, *headers))
