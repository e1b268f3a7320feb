"""GitLab, gitlab.com and self-managed: which of its hosts and paths mean the API, a project's page or an image.

git, LFS and GraphQL are understood before a request comes here. What is *not* here: the routes (`data/gitlab-*.routes`)
and what parameters add to them (`gitlab_api`).
"""

from __future__ import annotations

import re

from forgewall.identify import plain
from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges.gitlab_api import Call, Place, answer, identify_api, place_of, project_of
from forgewall.identify.oci import image_of, mounted_from, mounts, scope_of
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, bare, found
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, personal_snippets, plain_read, unidentified
from forgewall.model import Also, BodyState, Kind, Operation, Request, Target

_DIGITS = re.compile(r"[0-9]{1,20}")


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind gitlab; `path` is without an instance's prefix and not odd."""
    if forge_host.role is Role.REGISTRY:
        return _registry(request, forge_host, path)
    if forge_host.role is not Role.WEB:
        return plain.identify(request, forge_host, path)
    if path.segments == ("jwt", "auth"):
        return _token(request, forge_host, path)
    match path.segments:
        case ("api", "v4", *_) if request.method not in plain.READS:
            return identify_api(request, forge_host, path.from_segment(2))
        case ("api", "v4", collection, name, *_):
            return _read(request, forge_host, place_of(name, collection))
        case _:
            return _web(request, forge_host, path)


def _web(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    segments = path.segments
    if not segments or segments[0].lower() in pages("gitlab"):
        place, match = None, listed("gitlab-web", request.method, path)
    else:
        at = segments.index("-") if "-" in segments else len(segments)
        place = project_of(segments[:at])
        match = listed("gitlab-project", request.method, path.from_segment(at + 1)) if place else None
    if match is not None:
        return answer(Call(request=request, forge_host=forge_host, path=path, route=match.route, place=place))
    if request.method in plain.READS:
        return _read(request, forge_host, place)
    evidence = f"this kind of {request.method} request is not understood"
    if place is None or "-" not in segments:
        # Without `/-/` nobody can tell where the project's path ends.
        return unidentified(forge_host, evidence)
    return unidentified(forge_host, evidence, owner=place.owner, repository=place.repository)


def _read(request: Request, forge_host: ForgeHost, place: Place | None) -> Target:
    evidence = f"{request.method} without a body"
    if place is None:
        return plain_read(forge_host, evidence)
    return plain_read(forge_host, evidence, owner=place.owner, repository=place.repository)


def _registry(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """registry.gitlab.com: an image stands anywhere below its project, and nothing marks where the project ends."""
    image = image_of(path)
    evidence = f"{request.method} of a container image"
    if image is None:
        if request.method in plain.READS:
            return plain_read(forge_host, evidence)
        return unidentified(forge_host, f"{request.method} names no container image")
    operation = Operation.FETCH if request.method in plain.READS else Operation.PACKAGE
    also: tuple[Also, ...] = ()
    if operation is Operation.PACKAGE and mounts(path):
        source = mounted_from(path)
        if source is None:
            return unidentified(forge_host, "the image to copy a blob from isn't certain")
        if source != image.name:
            place = _imaged(source)
            address = f"{forge_host.forge}/{'/'.join(source)}"
            also = (Also(address=address, owner=place.owner, repository=place.repository, role="source"),)
    return _image(forge_host, image.name, operation, evidence, also)


def _image(
    forge_host: ForgeHost, name: tuple[str, ...], operation: Operation, evidence: str, also: tuple[Also, ...] = ()
) -> Target:
    place = _imaged(name)
    address = f"{forge_host.forge}/{'/'.join(name)}"
    return named(forge_host, place.owner, place.repository, operation, evidence, also=also, address=address)


def _imaged(name: tuple[str, ...]) -> Place:
    place = project_of(name) if len(name) == 2 else None
    return place or Place(owner=name[0], repository=None)


def _token(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """`/jwt/auth`: a token for the registry, which may push if its scope says so."""
    query = path.query
    if request.method not in plain.READS:
        if request.body_state is not BodyState.COMPLETE or request.header("content-encoding"):
            return unidentified(forge_host, "the token's scope stands in the body", wants_body=unread(request))
        query = "&".join(part for part in (query, request.body.decode("latin-1")) if part)
    scope = scope_of(query)
    if not scope.pushes:
        evidence = "a registry token that can't push"
        return named(forge_host, None, None, Operation.AUTH, evidence, address=forge_host.forge)
    evidence = "a registry token that may push"
    if scope.image is None:
        return named(forge_host, None, None, Operation.PACKAGE, evidence)
    return _image(forge_host, scope.image, Operation.PACKAGE, evidence)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """A project below its groups, its wiki or its design repository, and snippets."""
    if (
        not all(is_name(name) for name in names)
        or "-" in names
        or any(name.lower().endswith(".git") for name in names[:-1])
    ):
        return None
    if len(names) >= 2 and names[-2] == "snippets" and _DIGITS.fullmatch(names[-1].removesuffix(".git")):
        if len(names) == 2:
            address = personal_snippets(forge_host)
            return Repository(forge_host=forge_host, owner=None, name=None, address=address)
        return _project(forge_host, names[:-2])
    last = bare(names[-1], (".wiki", ".design"))
    if last is None:
        return None
    if len(names) == 1:
        is_wiki = names[0].removesuffix(".git").endswith(".wiki")
        return found(forge_host, last, None) if is_wiki else None
    return _project(forge_host, (*names[:-1], last))


def _project(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    return found(forge_host, "/".join(names[:-1]), names[-1]) if len(names) >= 2 else None


FORGE = Forge(
    kind=Kind.GITLAB,
    read=read,
    repository_of=repository_of,
    graphql=frozenset({(Role.WEB, ("api", "graphql"))}),
    mutations="gitlab",
    complete=True,
)
