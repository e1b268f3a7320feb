"""The REST API of GitHub: whose repository a listed route writes to.

The routes are data (`data/github-api.routes`). What is *not* here: what bodies add (`github_bodies`), web pages
(`github_web`), package registries (`github_packages`) and GraphQL.
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.identify.body import unread
from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.forges.github_bodies import BODIES
from forgewall.identify.forges.github_call import NUMBER, Call, bare, known_as, plain, row_of, unknown
from forgewall.identify.forges.github_web import PAGES
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import listed
from forgewall.identify.targets import unidentified
from forgewall.model import Request, Target

_HANDLERS = {**BODIES, **PAGES}


def identify_api(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to the REST API that isn't a plain read; `path` is without `/api/v3`."""
    found = by_name(request.method, forge_host, path, directory)
    if isinstance(found, str):
        return unidentified(forge_host, found)
    match = row_of("github-api", request, found)
    if not isinstance(match, Match):
        names = found.segments[1:3] if found.segments[:1] == ("repos",) else ()
        return unlisted(request, forge_host, names, match)
    owner, repository = match.captures.get("owner"), match.captures.get("repo")
    if repository is not None:
        repository = bare(repository)
        if repository is None:
            return unidentified(forge_host, "the repository's name can be read in two ways")
    return answer(
        Call(
            request=request,
            forge_host=forge_host,
            path=found,
            match=match,
            owner=owner,
            repository=repository,
            directory=directory,
        )
    )


def by_name(method: str, forge_host: ForgeHost, path: Path, directory: Directory) -> Path | str:
    """`path` with names for the number in `/repositories/ID/…` or `/organizations/ID/…`; else the path as it is.

    Both are undocumented twins of `/repos/OWNER/NAME/…` and `/orgs/OWNER/…`, which GitHub's own links use. A sentence
    if nobody has said whom the number names.
    """
    match path.segments:
        case ("repositories", number, *rest):
            found = known_as(forge_host, directory, IdKind.REPOSITORY, number) if NUMBER.fullmatch(number) else None
            if found is None or found.owner is None or found.repository is None:
                return unknown(forge_host, f"repository {number}", "/repos/OWNER/NAME")
            return replace(path, segments=("repos", found.owner, found.repository, *rest))
        case ("organizations", number, *rest) if NUMBER.fullmatch(number):
            if method not in ("GET", "HEAD") and listed("github-api", method, path) is not None:
                return "the number in the path may be an organisation's name as well"
            found = known_as(forge_host, directory, IdKind.OWNER, number)
            if found is None or found.owner is None:
                return unknown(forge_host, f"organisation {number}", "/orgs/OWNER")
            return replace(path, segments=("orgs", found.owner, *rest))
        case _:
            return path


def answer(call: Call) -> Target:
    """The target of a listed route, by the role of its row."""
    handler = _HANDLERS.get(call.match.route.role or "")
    return handler(call) if handler else plain(call)


def unlisted(request: Request, forge_host: ForgeHost, names: tuple[str, ...] = (), doubt: str | None = None) -> Target:
    """The target of a route that nobody listed, below `owner/repository` if the path says so beyond doubt.

    `doubt` says why it isn't certain which row it is, so that the body may decide.
    """
    evidence = doubt or f"this kind of {request.method} request is not understood"
    wants = doubt is not None and unread(request)
    if len(names) == 2 and all(is_name(name) for name in names) and (repository := bare(names[1])):
        return unidentified(forge_host, evidence, owner=names[0], repository=repository, wants_body=wants)
    return unidentified(forge_host, evidence, wants_body=wants)
