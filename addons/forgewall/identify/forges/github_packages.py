"""GitHub Packages: which owner, and for some ecosystems which repository, a package is written to.

npm's package.json and a gemspec may link a package to a repository, but the package itself belongs to the owner in the
path. What is *not* here: deleting packages through the REST API (`github_api`).
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.forges.github_call import bare
from forgewall.identify.oci import image_of, mounted_from, mounts, scope_to_push
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, other, plain_read, unidentified
from forgewall.model import Also, Operation, Request, Target

_REPOSITORY_HOSTS = ("docker.", "maven.")
# npm asks with the names and versions of what it installs; nothing is kept.
_NPM_AUDITS = frozenset({("audits", "quick"), ("audits",), ("advisories", "bulk")})


def identify_registry(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to ghcr.io and its like: `/v2/OWNER/IMAGE/…` and the token service."""
    if path.segments in (("token",), ("v2", "token")):
        return _token(request, forge_host, path)
    image = image_of(path)
    evidence = f"{request.method} of a container image"
    if image is None:
        if request.method in plain.READS:
            return plain_read(forge_host, evidence)
        return unidentified(forge_host, f"{request.method} names no container image")
    owner, repository = _owned(forge_host, image.name)
    if request.method in plain.READS:
        return plain_read(forge_host, evidence, owner=owner, repository=repository)
    if not mounts(path):
        return named(forge_host, owner, repository, Operation.PACKAGE, evidence)
    source = mounted_from(path)
    if source is None:
        return unidentified(forge_host, "the image to copy a blob from isn't certain", owner=owner)
    source_owner, source_repository = _owned(forge_host, source)
    also: tuple[Also, ...] = ()
    if (source_owner, source_repository) != (owner, repository):
        also = (other(forge_host, source_owner, source_repository, "source"),)
    return named(forge_host, owner, repository, Operation.PACKAGE, evidence, also=also)


def _owned(forge_host: ForgeHost, name: tuple[str, ...]) -> tuple[str, str | None]:
    if forge_host.host.startswith("docker.") and len(name) > 2:
        return name[0], bare(name[1])
    return name[0], None


def _token(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    scope = scope_to_push(request, forge_host, path)
    if isinstance(scope, Target):
        return scope
    owner, repository = _owned(forge_host, scope.image) if scope.image else (None, None)
    return named(forge_host, owner, repository, Operation.PACKAGE, "a registry token that may push")


def identify_package(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to npm., maven., nuget. or rubygems.pkg.github.com."""
    # npm writes a scoped name with an encoded slash (`/@owner%2fname`) or a plain one.
    pieces = path.pieces
    evidence = f"{request.method} of a package"
    if forge_host.host.startswith("npm."):
        login = (request.method, *pieces[:3])
        if login[:3] in (("PUT", "-", "user"), ("DELETE", "-", "user")) or login == ("POST", "-", "v1", "login"):
            return named(forge_host, None, None, Operation.AUTH, "npm login", address=forge_host.forge)
        if request.method == "POST" and pieces[:4] == ("-", "npm", "v1", "security") and pieces[4:] in _NPM_AUDITS:
            return plain_read(forge_host, "npm audit")
        owner = _npm_scope(pieces)
    else:
        owner = pieces[0] if pieces and path.splits_alike else None
    repository = None
    if forge_host.host.startswith(_REPOSITORY_HOSTS) and len(pieces) > 1:
        repository = bare(pieces[1])
    certain = owner is not None and is_name(owner) and (repository is not None or not _names_repository(forge_host))
    if request.method in plain.READS:
        if not certain:
            return plain_read(forge_host, evidence)
        return plain_read(forge_host, evidence, owner=owner, repository=repository)
    if not certain:
        return unidentified(forge_host, f"{request.method} names no certain package")
    return named(forge_host, owner, repository, Operation.PACKAGE, evidence)


def _npm_scope(pieces: tuple[str, ...]) -> str | None:
    named_by = pieces[2:] if pieces[:2] == ("-", "package") else pieces
    if len(named_by) > 1 and named_by[0].startswith("@"):
        return named_by[0][1:]
    return None


def _names_repository(forge_host: ForgeHost) -> bool:
    return forge_host.host.startswith(_REPOSITORY_HOSTS)
