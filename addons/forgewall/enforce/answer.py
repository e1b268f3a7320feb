"""An HTTP answer of our own making, as a value, and the headers every such answer carries.

Not here: what is said (`refusal`), in which language (`language`), or how each language writes it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete HTTP answer: status, headers in wire order with lower-case names, and the whole body.

    `phrase` replaces the status line's standard words where the client shows nothing else (a refused CONNECT);
    empty everywhere else. `content-length` stands among the headers; a HEAD request gets the headers alone.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    phrase: str = ""


def answer(
    status: int,
    content_type: str,
    body: bytes,
    *,
    event_id: str | None = None,
    extra: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """A reply that no cache keeps (RFC 9111 section 5.2.2.5) and no browser reinterprets.

    There is never a Location: a refusal that redirects would be followed with the body. `event_id` becomes
    `X-Forgewall-Event`; without one the header is absent, because the log doesn't hold the event.
    """
    event = (("x-forgewall-event", event_id),) if event_id else ()
    headers = (
        ("content-type", content_type),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        *event,
        *extra,
    )
    return Reply(status=status, headers=headers, body=body)
