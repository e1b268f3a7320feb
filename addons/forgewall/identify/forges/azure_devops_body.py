"""Bodies of Azure DevOps requests, as its JSON reader (Json.NET) reads them: case of keys, JSON Patch, media types.

What is *not* here: what a field means (`azure_devops_roles`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forgewall.identify.body import has_document, json_document
from forgewall.model import Request

_JSON = frozenset({"application/json", "application/json-patch+json"})
# Clients add these to the media type, as the forge's API versioning tells them.
_PARAMETERS = frozenset({"api-version", "excludeurls", "enumsasnumbers", "msdateformat", "noarraywrap"})
_UTF_8 = frozenset({"utf-8", "utf8"})


def document(request: Request) -> object | None:
    """The JSON value that is the body, keys in lower case; an absent body is an empty object.

    None if it is unread or ambiguous: beside what `body.json_document` refuses, two keys that differ in case only, and
    keys that begin with `$`, which may make the reader take a value from elsewhere in the document.
    """
    if not request.body:
        return {} if has_document(request) else None
    plain = _plain_json(request)
    try:
        return None if plain is None else _folded(json_document(plain))
    except (ValueError, RecursionError):
        return None


def fields(request: Request) -> Mapping[str, object] | None:
    """`document`, if it is an object; else None."""
    found = document(request)
    return found if isinstance(found, dict) else None


def rows(found: object) -> tuple[Mapping[str, object], ...] | None:
    """The objects of an array that holds nothing else; None if `found` isn't one."""
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return None
    return tuple(found)


def keys(found: object) -> Iterator[str]:
    """All keys of a document, at any depth."""
    left = [found]
    while left:
        match left.pop():
            case dict(inner):
                yield from inner
                left += inner.values()
            case list(inner):
                left += inner
            case _:
                pass


def _plain_json(request: Request) -> Request | None:
    """`request` with its body called JSON without parameters; None if it is called anything else."""
    said = request.header("content-type")
    if said is None:
        return request
    kind, *parameters = (part.strip().lower() for part in said.split(";"))
    if kind not in _JSON:
        return request
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() not in _PARAMETERS and not (name.strip() == "charset" and value.strip(' "') in _UTF_8):
            return None
    kept = tuple((name, value) for name, value in request.headers if name != "content-type")
    return replace(request, headers=(*kept, ("content-type", "application/json")))


def _folded(found: object) -> object:
    match found:
        case dict():
            inner = {key.lower(): _folded(value) for key, value in found.items()}
            if len(inner) != len(found) or any(key.startswith("$") for key in inner):
                raise ValueError("a key has two readings")
            return inner
        case list():
            return [_folded(value) for value in found]
        case _:
            return found
