"""Reads a held JSON body, or the skim of a long one, strictly: what two servers could read differently is not read.

Who reads a body in another way than by these functions asks for `BodyState.COMPLETE`: a skim is no body to a form
parser. What is *not* here: when a body is held; the proxy does that for targets with `wants_body`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import NoReturn

from forgewall.model import BodyState, Request

MAX_BODY = 256 * 1024
"""Bytes of a body that may be held for a verdict, before and after content coding."""

_GZIP = 31  # zlib's window bits for a gzip wrapper only
# To a server that takes the body for a form, JSON text is one parameter whose name begins with `{`, unless it holds one
# of these; then a document could carry a second meaning.
_FORM_SEPARATORS = frozenset("&;")
_JSON = re.compile(r"application/(?:json|vnd\.(?:git-lfs|github[a-z0-9.-]*)\+json)")
_MAYBE_FORM = frozenset({"", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"})
_READABLE = frozenset({BodyState.COMPLETE, BodyState.SKIMMED})


def unread(request: Request) -> bool:
    """Whether the body was not read yet, so that a target may ask for it."""
    return request.body_state is BodyState.UNREAD


def has_document(request: Request) -> bool:
    """Whether `Request.body` holds the whole document, or a skim of it."""
    return request.body_state in _READABLE


def is_json(request: Request) -> bool:
    """Whether the body says of itself that it is JSON, in a media type that forges take for JSON.

    Any other `…+json` may be ignored by a server, or read as a form if its name begins like one.
    """
    return _JSON.fullmatch(_media_type(request)[0]) is not None


def json_object(request: Request) -> Mapping[str, object] | None:
    """The JSON object that is the whole body; None if it isn't one that all servers read alike."""
    found = json_document(request)
    return found if isinstance(found, dict) and _keys_differ(found) else None


def json_objects(request: Request) -> tuple[Mapping[str, object], ...] | None:
    """The one JSON object, or the objects of a non-empty array, that are the whole body; else None."""
    found = json_document(request)
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) and _keys_differ(row) for row in rows):
        return None
    return tuple(rows)


def json_document(request: Request) -> object | None:
    """The JSON value (RFC 8259, UTF-8) that is the whole body; None if it isn't one or is ambiguous.

    Ambiguous are a repeated key, NaN and infinities, a byte order mark, another charset, more than `MAX_BODY` bytes
    after decompression, trailing bytes, and text that a form parser would take for several parameters.
    """
    text = _text(request)
    return None if text is None else json_value(text)


def json_value(text: str) -> object | None:
    """The JSON value that is the whole of `text`; None if it isn't one, or holds a repeated key, NaN or an infinity."""
    try:
        found: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found


def _text(request: Request) -> str | None:
    if not has_document(request):
        return None
    kind, parameters = _media_type(request)
    said = is_json(request)
    if not said and kind not in _MAYBE_FORM:
        return None
    if "charset" in parameters and parameters.replace('"', "").strip() not in ("charset=utf-8", "charset=utf8"):
        return None
    octets = _decoded(request.body, request.header("content-encoding"))
    if octets is None or len(octets) > MAX_BODY:
        return None
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not said and not _FORM_SEPARATORS.isdisjoint(text):
        return None
    return text


def _media_type(request: Request) -> tuple[str, str]:
    kind, _, parameters = (request.header("content-type") or "").lower().partition(";")
    return kind.strip(), parameters


def _decoded(body: bytes, coding: str | None) -> bytes | None:
    match (coding or "").strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            inflater = zlib.decompressobj(_GZIP)
            try:
                found = inflater.decompress(body, MAX_BODY + 1)
            except zlib.error:
                return None
            return found if inflater.eof and not inflater.unused_data else None
        case _:
            return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _keys_differ(found: Mapping[str, object]) -> bool:
    # Go's decoder ignores the case of keys, Ruby's doesn't: `Operation` beside `operation` has two readings.
    return len({key.casefold() for key in found}) == len(found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
