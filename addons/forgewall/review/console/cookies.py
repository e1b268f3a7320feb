"""The cookie that holds a session's number (RFC 6265bis): for this host alone, out of reach of scripts and other sites.

Over https its name begins with `__Host-`, which browsers accept only with Secure, from the host itself. Over http its
name ends with the port, since browsers give a host's cookies to all its ports.
"""

from __future__ import annotations

SESSION = "forgewall"
FORM = "forgewall-form"
"""The number that the sign-in form's token is bound to, before there is a session."""


def cookie_name(base: str, *, secure: bool, port: int) -> str:
    """The cookie's name on this connection."""
    return f"__Host-{base}" if secure else f"{base}-{port}"


def set_cookie(name: str, value: str, *, secure: bool) -> str:
    """The Set-Cookie header that gives it to the browser until that is closed."""
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")


def drop_cookie(name: str, *, secure: bool) -> str:
    """The Set-Cookie header that takes it away."""
    return set_cookie(name, "", secure=secure) + "; Max-Age=0"


def read_cookie(headers: list[tuple[bytes, bytes]], name: str) -> str:
    """Its value in a request; '' if it's missing, or there more than once, which no browser sends for one path."""
    found = []
    for key, value in headers:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                own, mark, text = part.strip().partition("=")
                if mark and own == name:
                    found.append(text)
    return found[0] if len(found) == 1 else ""
