"""Finds the GraphQL documents in a request: in a JSON body, a batch of them, a form, or a URL.

What two servers could find in different places is not read. What is *not* here: what a document says (`document`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from forgewall.identify.body import json_objects, json_value
from forgewall.identify.graphql.form import is_form, operations, rows_of
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.paths import Path
from forgewall.identify.query import base_name, parameters
from forgewall.model import Request

__all__ = ["Asked", "Unclear", "asked", "posts_plainly"]

# Parameters in the URL of a POST that name a query or format its answer; any other may carry a document.
_LABELS = frozenset({"q", "operation", "operationName", "remove_deprecated"})
_KEYS = frozenset({"query", "variables", "operationName", "extensions"})
_STORED = "the page sends only a hash of a document that the forge has stored; gh and the API name it in full"
_HASH = re.compile(r"[0-9A-Fa-f]{16,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One document as it is written, and what stands beside it. `operation` is the operation asked for, if it says."""

    text: str
    variables: Mapping[str, object]
    operation: str | None


def asked(request: Request, path: Path) -> tuple[Asked, ...]:
    """The documents of a request (GraphQL over HTTP, and batches of it); none for a GET without one.

    Raises Unclear. The body must have been read, or be a skim of a long one.
    """
    if request.method in ("GET", "HEAD"):
        return _in_url(path)
    if not posts_plainly(path):
        raise Unclear("a document may stand in the URL of a POST")
    rows = rows_of(operations(request)) if is_form(request) else json_objects(request)
    if rows is None:
        raise Unclear("the body is not one plain JSON document")
    labels = {value for name, value in parameters(path.query) if name == "operationName"}
    return tuple(_in_row(row, labels) for row in rows)


def posts_plainly(path: Path) -> bool:
    """Whether the URL of a POST holds nothing but labels."""
    return all(name in _LABELS for name, _ in parameters(path.query))


def _in_row(row: Mapping[str, object], labels: Set[str]) -> Asked:
    document = row.get("query")
    if isinstance(document, str) and _HASH.fullmatch(document):
        raise Unclear(_STORED)
    # A stored query is chosen by a hash in `extensions` or another key, whatever `query` says.
    if not isinstance(document, str) or not _KEYS.issuperset(row) or row.get("extensions"):
        raise Unclear("the document stands elsewhere than in `query`")
    operation = _name(row.get("operationName"))
    if labels and labels != {operation}:
        operation = None  # to Rails the URL's word wins
    return Asked(text=document, variables=_variables(row.get("variables")), operation=operation)


def _in_url(path: Path) -> tuple[Asked, ...]:
    found: dict[str, str] = {}
    for name, value in parameters(path.query):
        if base_name(name) in ("query", "variables", "operationname"):
            if name not in ("query", "variables", "operationName"):
                raise Unclear("the document stands in an oddly named parameter")
            if name in found:
                raise Unclear(f"the parameter {name} stands twice")
            found[name] = value
    if "query" not in found:
        return ()
    if ";" in (path.query or ""):
        raise Unclear("the URL's parameters can be cut in two ways")
    variables = _variables(found.get("variables"))
    return (Asked(text=found["query"], variables=variables, operation=found.get("operationName") or None),)


def _variables(found: object) -> Mapping[str, object]:
    """The variables, which some clients send as a text of JSON."""
    if found is None or (isinstance(found, str) and not found.strip()):
        return {}
    if isinstance(found, str):
        found = json_value(found)
    if not isinstance(found, dict):
        raise Unclear("the variables are no JSON object")
    return found


def _name(found: object) -> str | None:
    if found is None or isinstance(found, str):
        return found or None
    raise Unclear("`operationName` is no text")
