"""GitLab's own pages: which project or group a path of the web is about, and what a browser does there.

Behind `/-/` stands what is done, before it the project; groups stand behind `/groups/`. Older paths have no `/-/`:
there the row that the end of the path matches tells where the project's path ends. A path that is no row's may be a
project's or a group's own, whose settings a form changes. What is *not* here: the routes (`data/gitlab-*.routes`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forgewall.identify import plain
from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.forges.gitlab_api import answer
from forgewall.identify.forges.gitlab_call import UNREADABLE, Call
from forgewall.identify.forges.gitlab_override import OTHERS, is_form, method_in
from forgewall.identify.forges.gitlab_place import Finder, Place, project_of
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import listed
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Effect, Request, Target

_LONGEST_TAIL = 6  # segments of a row of gitlab-tail


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The place that a path is about, and the table and the path in which its rest is looked up.

    `certain`: nothing but the method is open, so that the place may be named even if no row is found.
    """

    table: str
    rest: Path
    place: Place | None
    certain: bool = True


def identify_web(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a page; `path` is not odd and isn't the API's."""
    page = _page(path, request.method)
    finder = Finder(forge_host=forge_host, directory=directory)
    found = None if page is None else _row(request, page)
    if page is not None and isinstance(found, Match):
        return answer(
            Call(request=request, forge_host=forge_host, path=path, match=found, place=page.place, finder=finder)
        )
    place = page.place if page is not None else None
    owner, repository = (place.owner, place.repository) if place is not None else (None, None)
    if request.method in plain.READS:
        return plain_read(forge_host, f"{request.method} without a body", owner=owner, repository=repository)
    if page is None or not page.certain:
        owner = repository = None
    wants = isinstance(found, str) and unread(request)
    evidence = found if isinstance(found, str) else f"this kind of {request.method} request is not understood"
    return unidentified(forge_host, evidence, owner=owner, repository=repository, wants_body=wants)


def _page(path: Path, method: str) -> _Page | None:
    """Where a path leads; None if its project isn't certain."""
    segments = path.segments
    first = segments[0].lower() if segments else ""
    if first == "groups" and len(segments) > 1:
        return _group_page(path)
    if not segments or first in pages("gitlab"):
        return _Page(table="gitlab-web", rest=path, place=None)
    if "-" in segments:
        at = segments.index("-")
        place = project_of(segments[:at])
        return None if place is None else _Page(table="gitlab-project", rest=path.from_segment(at + 1), place=place)
    return _tail(path, method)


def _group_page(path: Path) -> _Page | None:
    segments = path.segments
    at = segments.index("-") if "-" in segments else len(segments)
    names = segments[1:at]
    if not names or not all(is_name(name) for name in names):
        return None
    place = Place(owner="/".join(names), repository=None)
    table = "gitlab-group" if at < len(segments) else "gitlab-bare"
    return _Page(table=table, rest=path.from_segment(min(at + 1, len(segments))), place=place)


def _tail(path: Path, method: str) -> _Page | None:
    """A path without `/-/`: of a project's older pages, if exactly one end of it is listed, else a project or group."""
    segments = path.segments
    found: list[_Page] = []
    for at in range(max(2, len(segments) - _LONGEST_TAIL), len(segments)):
        place, rest = project_of(segments[:at]), path.from_segment(at)
        if place is not None and any(_listed("gitlab-tail", name, rest) for name in (method, *OTHERS)):
            found.append(_Page(table="gitlab-tail", rest=rest, place=place))
    if len(found) > 1:
        return None
    if found and (method not in plain.READS or len(segments) > 2):
        return found[0]
    place = project_of(segments) if len(segments) > 1 else _group(segments)
    return (
        None
        if place is None
        else _Page(table="gitlab-bare", rest=path.from_segment(len(segments)), place=place, certain=False)
    )


def _group(segments: tuple[str, ...]) -> Place | None:
    return Place(owner=segments[0], repository=None) if is_name(segments[0]) else None


def _row(request: Request, page: _Page) -> Match | str | None:
    """The row of the request; a sentence if its form may ask for another method, None if there is none.

    A form is only asked for a method where that can make a difference: where there is no row for POST, where another
    method's row does something else, or where a POST is more than a write to this place.
    """
    own = _listed(page.table, request.method, page.rest)
    if request.method != "POST" or not is_form(request):
        return own
    rows = {method: _listed(page.table, method, page.rest) for method in OTHERS}
    differ = any(row is not None and (own is None or row.operation is not own.operation) for row in rows.values())
    if own is not None and not differ and own.operation.effect is Effect.WRITE:
        return own
    if own is None and not differ:
        return None
    method = method_in(request)
    if method is None:
        return UNREADABLE
    if method in ("", "POST"):
        return own
    return rows.get(method) or f"the form asks for {method[:10]!r}, which is not understood here"


def _listed(table: str, method: str, path: Path) -> Match | None:
    """The row for a path, or for the same path without `.json`, which Rails cuts off."""
    found = listed(table, method, path)
    last = path.segments[-1] if path.segments else ""
    if found is None and last.endswith(".json"):
        stem = (*path.segments[:-1], last.removesuffix(".json"))
        found = listed(table, method, replace(path, segments=stem))
    return found
