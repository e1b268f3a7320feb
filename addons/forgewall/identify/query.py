"""Query strings, split and decoded once. Nothing here says what a parameter means."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

# Rack up to 2.2 takes `;` for a separator too.
_SEPARATOR = re.compile("[&;]")
_BRACKETS = re.compile(r"[\[\]]")


def parameters(query: str | None) -> tuple[tuple[str, str], ...]:
    """The name-value pairs of a raw query, decoded once (`+` is a space), in order, repeated when repeated.

    Some servers take `;` for a part of the value; who needs the value for certain refuses a query with one.
    """
    if not query:
        return ()
    pairs = (part.partition("=") for part in _SEPARATOR.split(query) if part)
    return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)


def values(query: str | None, name: str) -> tuple[str, ...]:
    """All values of the parameters whose base name is `name`."""
    return tuple(value for key, value in parameters(query) if base_name(key) == name)


def base_name(name: str) -> str:
    """A parameter's name as the most lenient server reads it: `Name[…]` and `[name]` are `name`."""
    return _BRACKETS.split(name.strip(" \t\r\n[]"), maxsplit=1)[0].strip().lower()


def last_name(name: str) -> str:
    """The innermost name of a nested parameter, folded: `actions[][content]` is a `content`."""
    return name.rstrip(" []").rpartition("[")[2].strip(" []").lower()


def _decoded(text: str) -> str:
    # Most need no decoding, and a query may hold tens of thousands of pairs.
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text
