"""The parameters of a request that name a second repository or decide the operation, read strictly or not at all.

What is *not* here: what a parameter means; the kind modules say that. JSON itself is read by `body`.
"""

from __future__ import annotations

from collections.abc import Mapping

from forgewall.identify.body import MAX_BODY, json_object
from forgewall.identify.paths import Path, is_name
from forgewall.identify.query import parameters
from forgewall.model import BodyState, Request

_FORM = "application/x-www-form-urlencoded"


def json_fields(request: Request, path: Path, *names: str) -> Mapping[str, object] | None:
    """The JSON object in the body, keys in lower case, for a server that takes parameters from JSON only.

    An absent body is an empty object. None if the body is unread, too long or ambiguous, or if the query carries one of
    `names`, which some servers would merge.
    """
    if any(_base(name) in names for name, _ in parameters(path.query)):
        return None
    return _json(request)


def merged_fields(request: Request, path: Path) -> Mapping[str, object] | None:
    """The parameters of body (JSON or form) and query together, keys in lower case, for a server that merges them.

    None if the body is unread, too long, of another media type (multipart) or ambiguous, or if a name stands twice.
    """
    found = _form(request) if _media_type(request) == _FORM and request.body else _json(request)
    if found is None:
        return None
    merged: dict[str, object] = dict(found)
    for name, value in parameters(path.query):
        if name.lower() in merged:
            return None
        merged[name.lower()] = value
    return merged


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


def _media_type(request: Request) -> str:
    return (request.header("content-type") or "").partition(";")[0].strip().lower()


def _base(name: str) -> str:
    return name.split("[", 1)[0].strip().lower()


def _json(request: Request) -> Mapping[str, object] | None:
    if request.body_state is not BodyState.COMPLETE:
        return None
    if not request.body:
        return {}
    found = json_object(request)
    return None if found is None else {key.lower(): value for key, value in found.items()}


def _form(request: Request) -> Mapping[str, object] | None:
    if (
        request.body_state is not BodyState.COMPLETE
        or request.header("content-encoding")
        or len(request.body) > MAX_BODY
    ):
        return None
    try:
        form = request.body.decode("ascii")
    except UnicodeDecodeError:
        return None
    if ";" in form or form.lstrip()[:1] in ("{", "["):
        return None
    found: dict[str, object] = {}
    for name, value in parameters(form):
        if name.lower() in found:
            return None
        found[name.lower()] = value
    return found
