"""Git LFS: the batch API, locks and transfers (git-lfs docs/api). The direction of a batch stands only in its body.

What is *not* here: object stores; a URL announced by a batch answer leads there without naming the repository
(`announced`).
"""

from __future__ import annotations

from forgewall.identify.body import json_object, unread
from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.kinds import repository_of
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository
from forgewall.identify.targets import address_of
from forgewall.model import Operation, Request, Target

UNANNOUNCED = "no LFS batch announced this address to this client; run git lfs push again"
"""Evidence for an upload to a forge's object store that nothing explains."""

_READS = frozenset({"GET", "HEAD"})


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory = EMPTY) -> Target | None:
    """The target of an LFS request; None if it isn't one."""
    if path.odd:
        return None
    found = _split(forge_host, path, directory)
    if found is None:
        return None
    repository, rest = found
    if request.method in _READS:
        return repository.target(Operation.FETCH, "LFS: read")
    match request.method, rest:
        case "POST", ("objects", "batch"):
            return _batch(request, path, repository)
        case "POST", ("locks", "verify"):
            return repository.target(Operation.FETCH, "LFS: locks are compared")
        case "POST", ("locks",) | ("locks", _, "unlock"):
            return repository.target(Operation.OTHER_WRITE, "LFS: a lock changes")
        case "POST" | "PUT" | "PATCH", ("objects", _, *_) | ("verify",):
            return repository.target(Operation.LFS_UPLOAD, f"LFS: {request.method} of an object")
        case _:
            return repository.unidentified(f"LFS: {request.method} /{'/'.join(rest)} is not known")


def _split(forge_host: ForgeHost, path: Path, directory: Directory) -> tuple[Repository, tuple[str, ...]] | None:
    """The repository and the segments after its LFS endpoint."""
    segments = path.segments
    if forge_host.role is Role.LFS:
        owner, name = (*segments[:2], "", "")[:2]
        web = repository_of(forge_host.serving(Role.WEB), (owner, name), directory) if name else None
        if web is None or web.owner is None:
            return None
        address = address_of(forge_host, web.owner, web.name)
        return Repository(forge_host=forge_host, owner=web.owner, name=web.name, address=address), segments[2:]
    for index in range(1, len(segments) - 2):
        if segments[index : index + 2] == ("info", "lfs"):
            rest = segments[index + 2 :]
        elif segments[index : index + 2] == ("gitlab-lfs", "objects"):
            rest = segments[index + 1 :]
        else:
            continue
        repository = repository_of(forge_host, segments[:index], directory)
        return (repository, rest) if repository else None
    return None


def _batch(request: Request, path: Path, repository: Repository) -> Target:
    if path.query:
        # To Rails a parameter of the query wins over the body's.
        return repository.target(Operation.LFS_UPLOAD, "LFS batch with a query counts as upload")
    if unread(request):
        return repository.target(Operation.LFS_UPLOAD, "LFS batch, direction not read yet", wants_body=True)
    body = json_object(request)
    direction = body.get("operation") if body is not None else None
    if direction == "download":
        return repository.target(Operation.FETCH, "LFS batch: download")
    if direction == "upload":
        return repository.target(Operation.LFS_UPLOAD, "LFS batch: upload")
    return repository.target(Operation.LFS_UPLOAD, "LFS batch whose direction can't be read counts as upload")
