"""Work items of Azure Boards: JSON Patch documents that may move one to another project, and many in one request.

What is *not* here: the routes of single work items; those are rows like any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from forgewall.identify.fields import text
from forgewall.identify.forges.azure_devops_body import document, rows
from forgewall.identify.forges.azure_devops_call import Call, also_in
from forgewall.identify.forges.azure_devops_place import fold, project_in, split
from forgewall.identify.paths import parse
from forgewall.model import Also, Target

MAX_ROWS = 200
"""Requests in a batch; the forge takes no more."""

_MOVES = "the body doesn't tell certainly in which project the work item is then"


def one(call: Call) -> Target:
    """A work item that is made or changed; the field `System.TeamProject` puts it into another project."""
    changes = rows(document(call.request))
    if changes is None:
        return call.doubtful(_MOVES)
    also = _destinations(call, changes)
    return call.doubtful(also) if isinstance(also, str) else call.target(also=also)


def batch(call: Call) -> Target:
    """Many changes of work items, anywhere in the organisation."""
    requests = rows(document(call.request))
    if requests is None or not 0 < len(requests) <= MAX_ROWS:
        return call.doubtful("the body doesn't tell certainly what the batch does")
    for request in requests:
        changes = rows(request.get("body"))
        if changes is None or not _is_change(call, request):
            return call.doubtful("a batch holds more than changes of work items")
        if isinstance(_destinations(call, changes), str):
            return call.doubtful(_MOVES)
    return call.target(place=call.place.whole)


def _is_change(call: Call, request: Mapping[str, object]) -> bool:
    """Whether a request of a batch makes or changes a work item, by a path on the same host."""
    uri = text(request, "uri") or ""
    path = parse(uri)
    rest = tuple(fold(segment) for segment in split(path.segments)[1])
    is_item = len(rest) == 4 and rest[:3] == ("_apis", "wit", "workitems")
    return is_item and not path.odd and path.splits_alike and text(request, "method") in ("PATCH", "POST")


def _destinations(call: Call, changes: tuple[Mapping[str, object], ...]) -> tuple[Also, ...] | str:
    """The projects that changes put a work item into; a sentence if one isn't certain."""
    found: list[Also] = []
    for change in changes:
        path = change.get("path")
        if not isinstance(path, str):
            return _MOVES
        field = _field(path)
        if field is None:
            continue
        value = text(change, "value")
        place = project_in(call.place.whole, value, call.directory) if value and field else _MOVES
        if isinstance(place, str):
            return place
        if fold(place.address) != fold(call.place.address):
            found.append(also_in(place, "destination"))
    return tuple(found)


def _field(path: str) -> str | None:
    """The field that names the project, if a JSON pointer (RFC 6901) may mean it; `''` for all fields at once."""
    pointer = path.replace("~1", "/").replace("~0", "~").casefold()
    if pointer.strip("/ ") in ("", "fields"):
        return ""
    # By its name, by the name that people see, and by its number.
    last = pointer.rpartition("/")[2].replace(" ", "")
    return "project" if last.endswith("teamproject") or last == "-42" else None
