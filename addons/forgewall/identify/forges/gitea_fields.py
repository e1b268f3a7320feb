"""The parameters in the body of a request to Gitea: JSON, a form or a multipart form, by its Content-Type alone.

Gitea (gitea.com/go-chi/binding) chooses the reader by words that the Content-Type contains, so only plain spellings of
media types are read here. What is *not* here: what the parameters mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from forgewall.identify.fields import given, json_fields, merged_fields
from forgewall.identify.paths import Path
from forgewall.identify.query import base_name, parameters
from forgewall.model import Request, Visibility

_UTF8 = r'(?:\s*;\s*charset="?utf-?8"?)?'
_JSON = re.compile(rf"application/json{_UTF8}", re.IGNORECASE)
_FORM = re.compile(rf"application/x-www-form-urlencoded{_UTF8}", re.IGNORECASE)
_MULTIPART = re.compile(r'multipart/form-data;\s*boundary="?[0-9A-Za-z_.-]+"?')
_TRUE = frozenset({True, "true", "on", "1"})
_FALSE = frozenset({False, "false", "off", "0"})


def api_fields(request: Request, path: Path, *names: str) -> Mapping[str, object] | None:
    """The JSON object in the body of an API request; an absent body is an empty object.

    None if the body is unread, too long, ambiguous or no JSON (the API takes forms, too, by other names), or if one of
    `names` stands in the query or in another spelling.
    """
    if request.body and not _JSON.fullmatch(request.header("content-type") or ""):
        return None
    found = json_fields(request, path, *names)
    # Go takes a long s and the Kelvin sign for the letters that they look like.
    return found if found is not None and all(key.isascii() for key in found) else None


def form_fields(request: Request, path: Path, *names: str) -> Mapping[str, object] | None:
    """The parameters of a form of the web pages, merged with the query.

    None if the body is unread, too long or ambiguous, if a name stands twice, or if one of `names` stands in the query
    of a multipart form, where only some handlers look.
    """
    kind = request.header("content-type") or ""
    if _MULTIPART.fullmatch(kind):
        if any(base_name(name) in names for name, _ in parameters(path.query)):
            return None
    elif request.body and not _FORM.fullmatch(kind):
        return None
    return merged_fields(request, path, *names)


def wanted(fields: Mapping[str, object]) -> Visibility | None:
    """Who may see a new or changed repository, as far as the parameter `private` says."""
    if not given(fields, "private"):
        return None
    said = fields.get("private")
    if not isinstance(said, bool | str):
        return None
    return Visibility.PRIVATE if said in _TRUE else Visibility.PUBLIC if said in _FALSE else None
