"""Whether a POST comes from a page of ours: it must hold the session's own token, and the browser must say so as well.

The token is made from the session's number by a key of this process, so that nothing is stored. The browser's word is
Sec-Fetch-Site (Fetch metadata), or Origin (RFC 6454) where it doesn't send the first. A request with neither is none of
a browser we know, and is refused. Requests that change nothing aren't asked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

FIELD = "csrf"
"""The field's name in every form."""


class Csrf:
    """The tokens of one console."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key if key is not None else secrets.token_bytes(32)

    def token(self, session: str) -> str:
        """The token for the session with this number."""
        return hmac.new(self._key, b"form\0" + session.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def fits(self, session: str, token: str) -> bool:
        """Whether `token` is that of the session."""
        return bool(session) and hmac.compare_digest(self.token(session).encode(), token.encode("utf-8", "replace"))


def objection(*, site: str | None, origin: str | None, scheme: str, host: str) -> str:
    """Why a POST can't have come from a page of ours, as a sentence; '' if it can.

    `site` and `origin` are the headers Sec-Fetch-Site and Origin, None where absent; `scheme` and `host` are our own
    as the browser knows them, `host` with a port unless it is the usual one.
    """
    if site is not None and site != "same-origin":
        return "The browser says that another site sent this."
    if origin is not None and origin != "null" and not _same(origin, scheme, host):
        return "The browser says that a page of another address sent this."
    if site is None and (origin is None or origin == "null"):
        return "The request doesn't tell which page sent it."
    return ""


def _same(origin: str, scheme: str, host: str) -> bool:
    usual = {"http": ":80", "https": ":443"}[scheme]
    return origin.lower().removesuffix(usual) == f"{scheme}://{host}".lower().removesuffix(usual)
