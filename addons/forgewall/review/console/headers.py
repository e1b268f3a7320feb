"""What stands in the head of every answer, so that a browser does nothing with a page that isn't meant.

The policy of contents admits scripts, styles and requests from here alone, and nothing inline (CSP level 3); no page
may be framed, cached, or read by another site. The Referer stays on this site: `no-referrer` would also take from
a browser's POST the Origin that `csrf` looks at (Fetch standard, "append a request Origin header").
"""

from __future__ import annotations

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

SECURITY = (
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-robots-tag", "noindex, nofollow"),
)

STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000")
"""Only where the client's connection is encrypted (RFC 6797 section 7.2)."""

_NAMES = frozenset(name.encode() for name, _ in SECURITY) | {b"server"}


def secured(headers: list[tuple[bytes, bytes]], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with ours, which replace others of these names."""
    kept = [(name, value) for name, value in headers if name.lower() not in _NAMES]
    added = [*SECURITY, STRICT_TRANSPORT] if secure else SECURITY
    return kept + [(name.encode(), value.encode()) for name, value in added]
