"""What a web page's form says, read strictly: application/x-www-form-urlencoded (WHATWG URL, section 5) and multipart
(RFC 7578). Pages post JSON instead where they are built by scripts.

What is *not* here: what a field means, the APIs' parameters (`fields`), and the form of an object store
(`announced_form`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from forgewall.identify.fields import json_fields
from forgewall.identify.form_data import MEDIA_TYPE, URL_ENCODED, form_fields, media_type
from forgewall.identify.paths import Path, widest
from forgewall.identify.query import parameters
from forgewall.model import BodyState, Request

# What Rack takes for a form: `Rack::Request#form_data?` and `#parseable_data?`.
_MAYBE_FORM = frozenset({"", URL_ENCODED, MEDIA_TYPE, "multipart/related", "multipart/mixed"})
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FILLING = re.compile(r"[\s\]]+")


def form_values(request: Request, path: Path, *names: str) -> Mapping[str, str] | None:
    """Those of the fields `names` to which the form, or a JSON object instead of one, gives a text or a number.

    None if the body can't be read, or if one of them stands twice, in another spelling, in the query, which some
    servers merge, or is a file.
    """
    if any(_spells(name, wanted) for name, _ in parameters(path.query) for wanted in names):
        return None
    if media_type(request) == "application/json":
        found = json_fields(request, path, *names)
    else:
        found = form_fields(request)
        if found is None or any(_spells(name, wanted) and name != wanted for name in found for wanted in names):
            return None
    if found is None:
        return None
    texts = {name: _text(found.get(name, "")) for name in names}
    if any(text is None for text in texts.values()):
        return None
    return {name: text for name, text in texts.items() if text}


def said_method(request: Request) -> str | None:
    """The method that Rack::MethodOverride makes of `request`: a POSTed form's field `_method`. None if not certain."""
    if request.method != "POST" or media_type(request) not in _MAYBE_FORM or request.header("content-length") == "0":
        return request.method
    if request.body_state is BodyState.COMPLETE and not request.body:
        return request.method
    fields = form_fields(request)
    if fields is None:
        if request.body_state is not BodyState.COMPLETE or request.header("content-encoding"):
            return None
        return None if "_method" in widest(request.body.decode("latin-1")) else request.method
    said = [value for name, value in fields.items() if "_method" in widest(name)]
    if not said:
        return request.method
    method = said[0].strip().upper() if isinstance(said[0], str) else ""
    return method if len(said) == 1 and method in _METHODS else None


def _spells(name: str, wanted: str) -> bool:
    """Whether a server may take the field `name` for `wanted`: `Repository[ name ]`, `repository[name][]`."""
    plain, looked_for = (_FILLING.sub("", one).lower() for one in (name, wanted))
    return plain == looked_for or plain.startswith(f"{looked_for}[")


def _text(value: object) -> str | None:
    """A field's text; empty for null, None for what is no text or a skim's marker, which holds U+0000."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and "\0" not in value else None
