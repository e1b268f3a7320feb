"""Query strings, split and decoded once. Nothing here says what a parameter means."""

from __future__ import annotations

from urllib.parse import unquote_plus


def parameters(query: str | None) -> tuple[tuple[str, str], ...]:
    """The name-value pairs of a raw query, decoded once (`+` is a space), in order, repeated when repeated."""
    if not query:
        return ()
    pairs = (part.partition("=") for part in query.split("&") if part)
    return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)


def values(query: str | None, name: str) -> tuple[str, ...]:
    """All values of the parameters called `name`, or `name[…]` as Rails and PHP read it, whatever their case."""
    return tuple(value for key, value in parameters(query) if key.split("[", 1)[0].strip().lower() == name)


def _decoded(text: str) -> str:
    # Most need no decoding, and a query may hold tens of thousands of pairs.
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text
