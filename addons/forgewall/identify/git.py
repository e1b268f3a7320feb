"""git over HTTP: the smart protocol (gitprotocol-http), the dumb one, and WebDAV pushes. Reads paths, never packs."""

from __future__ import annotations

from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.kinds import FORGES, repository_of
from forgewall.identify.paths import Path, widest
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Operation, Request, Target

_PLAIN_FETCH = "service=git-upload-pack"
_SERVICES = frozenset({"git-upload-pack", "git-receive-pack", "git-upload-archive"})
_WEBDAV = frozenset({"PUT", "DELETE", "MKCOL", "LOCK", "UNLOCK", "MOVE", "COPY", "PROPPATCH", "PROPFIND", "PATCH"})
_READS = frozenset({"GET", "HEAD"})
# What lies in a bare repository. Other paths below `name.git/` are pages, whose routes tell what they do.
_PARTS = frozenset({"HEAD", "config", "description", "hooks", "info", "logs", "objects", "packed-refs", "refs"})


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory = EMPTY) -> Target | None:
    """The target of a git request; None if it isn't one.

    A path that only a lenient server would take for git is a push or unidentified, never a read.
    """
    tail = path.lenient[-2:]
    if tail == ("info", "refs") and request.method in _READS:
        return _advertisement(forge_host, path, directory)
    if tail[-1:] and tail[-1] in _SERVICES and request.method in (*_READS, "POST"):
        return _service(request.method, forge_host, path, directory)
    return _files(request, forge_host, path, directory)


def _exact(path: Path, words: int) -> bool:
    return not path.odd and not path.slashed and path.segments[-words:] == path.lenient[-words:]


def _before(forge_host: ForgeHost, path: Path, words: int, directory: Directory) -> Repository | None:
    if path.odd or not path.splits_alike:
        return None
    return repository_of(forge_host, path.segments[:-words], directory)


def _advertisement(forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    exact = _exact(path, 2)
    repository = _before(forge_host, path, 2, directory)
    if exact and path.query == _PLAIN_FETCH:
        evidence = "git fetch: info/refs asks for git-upload-pack"
        return repository.target(Operation.FETCH, evidence) if repository else plain_read(forge_host, evidence)
    if repository is not None:
        if path.query == "service=git-receive-pack":
            return repository.target(Operation.PUSH, "git push: info/refs asks for git-receive-pack")
        return repository.target(Operation.PUSH, "info/refs without exactly one plain service=git-upload-pack")
    if "service" in widest(path.query or ""):
        return unidentified(forge_host, "info/refs asks for a service, but the path names no repository")
    return None


def _service(method: str, forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    service = path.lenient[-1]
    repository = _before(forge_host, path, 1, directory)
    fetches = service != "git-receive-pack" and _exact(path, 1) and path.query is None
    if repository is None:
        if fetches and path.splits_alike and FORGES[forge_host.kind].names_oddly(forge_host, path.segments[:-1]):
            return plain_read(forge_host, f"git fetch: {method} {service}")
        return unidentified(forge_host, f"{service} of no certain repository") if method == "POST" else None
    if fetches:
        return repository.target(Operation.FETCH, f"git fetch: {method} {service}")
    return repository.target(Operation.PUSH, f"git push: {method} {path.segments[-1]}")


def _files(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    """Files below `…/name.git/`: dumb reads (`HEAD`, `objects/…`) and what WebDAV writes there."""
    method = request.method
    if method not in _READS and method not in _WEBDAV:
        return None
    repository = _below_dot_git(forge_host, path, directory)
    if repository is None:
        return None
    if method in _READS:
        return None if path.odd else repository.target(Operation.FETCH, "a file of the repository, read")
    if path.odd or not path.splits_alike:
        return unidentified(forge_host, f"{method} below a repository, but {path.odd or 'a slash is encoded'}")
    if request.header("destination") is not None:
        return repository.unidentified(f"{method} to a place that a header names")
    return repository.target(Operation.PUSH, f"git push by WebDAV: {method}")


def _below_dot_git(forge_host: ForgeHost, path: Path, directory: Directory) -> Repository | None:
    for index, segment in enumerate(path.segments[:-1]):
        if segment.endswith(".git") and len(segment) > 4:
            if path.segments[index + 1] not in _PARTS:
                return None
            return repository_of(forge_host, path.segments[: index + 1], directory)
    return None
