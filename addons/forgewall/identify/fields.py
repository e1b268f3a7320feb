"""The parameters of a request that name a second repository or decide the operation, read strictly or not at all.

What is *not* here: what a parameter means; the kind modules say that. JSON itself is read by `body`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forgewall.identify.body import has_document, is_json, json_object
from forgewall.identify.form_data import MEDIA_TYPE, URL_ENCODED, form_fields, media_type
from forgewall.identify.paths import Path, is_name
from forgewall.identify.query import base_name, parameters
from forgewall.model import Request


def json_fields(request: Request, path: Path, *names: str) -> Mapping[str, object] | None:
    """The JSON object in the body, for a server that takes parameters from JSON only and tells upper from lower case.

    An absent body is an empty object. None if the body is unread, too long or ambiguous, if a key is one of `names` in
    another spelling, or if the query carries one of `names`, which some servers would merge.
    """
    found = _json(request)
    queried = (name for name, _ in parameters(path.query))
    if found is None or _misspelt(found, names) or any(base_name(name) in _bases(names) for name in queried):
        return None
    return found


def merged_fields(request: Request, path: Path, *names: str) -> Mapping[str, object] | None:
    """The parameters of body (JSON, form or multipart form) and query together, for a server that merges them.

    None if the body is unread, too long, of another media type or ambiguous, if a name stands twice, if the query holds
    a `;`, or if one is of `names` in another spelling. An uploaded file is `form_data.FILE`.
    """
    kind = media_type(request) if request.body else ""
    if kind in (URL_ENCODED, MEDIA_TYPE):
        found = form_fields(request)
    else:
        # Grape takes a body without a media type for JSON, and refuses other types.
        found = _json(request) if is_json(request) or not kind else None
    if found is None or ";" in (path.query or ""):
        return None
    merged: dict[str, object] = dict(found)
    for name, value in parameters(path.query):
        if name in merged:
            return None
        merged[name] = value
    return None if _misspelt(merged, names) else merged


def text(fields: Mapping[str, object], name: str) -> str | None:
    """The parameter `name` if it is a text that isn't empty."""
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def plain_name(fields: Mapping[str, object], name: str) -> str | None:
    """The parameter `name` if it can name an owner or a repository as it stands."""
    value = text(fields, name)
    return value if value is not None and is_name(value) else None


def given(fields: Mapping[str, object], name: str) -> bool:
    """Whether the parameter `name` says anything at all: it is there, not null and not empty."""
    return fields.get(name) not in (None, "")


def below(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The object that stands under `name`; empty if there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _bases(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _misspelt(fields: Mapping[str, object], names: tuple[str, ...]) -> bool:
    # `Organization`, `organization[]` or ` organization`: whether it counts, and beside which one, is for the server to
    # say, so nobody here may take it for a name.
    return any(key not in names and base_name(key) in _bases(names) for key in fields)


def _json(request: Request) -> Mapping[str, object] | None:
    if not has_document(request):
        return None
    if not request.body:
        return {}
    return json_object(request)
