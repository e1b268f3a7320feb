"""A request written as method and absolute URL, as `explain`, a policy's tests and `identify` take it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from forgewall.model import BodyState, Request

_PORTS = {"http": 80, "https": 443}


def request_for(
    method: str,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    body_state: BodyState = BodyState.COMPLETE,
) -> Request:
    """The request that `method` on `url` makes. Userinfo and fragment are dropped, as a client drops them.

    Raises ValueError with a sentence if `url` is no absolute http(s) URL.
    """
    scheme, colon, rest = url.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in _PORTS:
        raise ValueError(f"`{url}` is not an absolute http or https URL")
    cut = min((at for sign in "/?#" if (at := rest.find(sign)) >= 0), default=len(rest))
    authority, target = rest[:cut], rest[cut:].split("#", 1)[0]
    try:
        parts = urlsplit(f"//{authority.rsplit('@', 1)[-1]}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"`{url}` has no valid host and port") from None
    if not host:
        raise ValueError(f"`{url}` has no host")
    return Request(
        method=method,
        scheme=scheme,
        host=host,
        port=port if port is not None else _PORTS[scheme],
        path=target if target.startswith("/") else f"/{target}",
        headers=tuple((name.lower(), value) for name, value in headers),
        body=body,
        body_state=body_state,
    )
