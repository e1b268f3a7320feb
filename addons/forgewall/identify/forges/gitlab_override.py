"""Rack's `_method`: a POST whose form holds a field of that name is another method to GitLab (Rack::MethodOverride).

It matters only where the other method's row on the same path does something else. A form without the field, JSON, and
what no form parser reads are as they stand. What is *not* here: the query and the headers, which the engine refuses.
"""

from __future__ import annotations

from forgewall.identify.body import has_document, is_json
from forgewall.identify.forges.gitlab_call import Call
from forgewall.identify.form_data import form_pairs, media_type
from forgewall.identify.paths import widest
from forgewall.identify.query import base_name
from forgewall.identify.tables import table
from forgewall.model import BodyState, Request, Target

OTHERS = ("PUT", "PATCH", "DELETE")
_UNCERTAIN = "the body may hold a field that makes this another method"
_PARSED = frozenset(
    {"", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/related", "multipart/mixed"}
)


def is_form(request: Request) -> bool:
    """Whether Rack looks for fields in the body: by its media type, or because it has none."""
    return media_type(request) in _PARSED and not is_json(request)


def method_in(request: Request) -> str | None:
    """The method that a POST's form asks for, in upper case; empty if it asks for none, None if that isn't certain."""
    if not is_form(request) or (has_document(request) and not request.body):
        return ""
    if not has_document(request):
        return None
    pairs = form_pairs(request)
    if pairs is None:
        # Whatever the form is: without this word in any spelling it has no such field.
        spelled = widest(request.body.decode("latin-1"))
        plain = request.body_state is BodyState.COMPLETE and not request.header("content-encoding")
        return "" if plain and "method" not in spelled and "name*" not in spelled else None
    found = [value for name, value in pairs if base_name(name) == "_method"]
    if not found:
        return ""
    return found[0].upper() if len(found) == 1 and isinstance(found[0], str) else None


def overridden(call: Call, name: str) -> Target | None:
    """The target of a POST that may be another method; None if it is what it seems, or if that makes no difference."""
    if call.request.method != "POST" or not is_form(call.request):
        return None
    rows = (table(name).match(method, call.match.segments) for method in OTHERS)
    if all(row is None or row.operation is call.operation for row in rows):
        return None
    return None if method_in(call.request) == "" else call.doubtful(_UNCERTAIN)
