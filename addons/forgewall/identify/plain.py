"""Forges whose API isn't read in full, and hosts of a forge that only store or stream: plain reads, nothing else.

git and LFS on these forges are understood by `git` and `lfs` before a request comes here.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from forgewall.identify.paths import Path, widest
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, repository_of
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Kind, Operation, Request, Target

READS = frozenset({"GET", "HEAD", "OPTIONS"})
# fmt: off
_GITEA_PAGES = frozenset({
    "-", "admin", "api", "assets", "attachments", "avatars", "explore", "issues", "login", "metrics", "milestones",
    "notifications", "org", "pulls", "repo", "search", "user", "users", "v2",
})
# fmt: on


def identify(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """A plain read, telemetry, or unidentified."""
    if forge_host.role is Role.TELEMETRY and request.method not in READS:
        evidence = f"{forge_host.host} takes telemetry only"
        return named(forge_host, None, None, Operation.TELEMETRY, evidence, address=forge_host.forge)
    if request.method not in READS:
        return unidentified(forge_host, f"{request.method} on {forge_host.host} is not understood")
    if may_write(request.path):
        return unidentified(forge_host, f"this {request.method} may open a write")
    repository = _read_from(forge_host, path)
    if repository is None:
        return plain_read(forge_host, f"{request.method} without a body")
    return repository.target(Operation.FETCH, f"{request.method} without a body")


def may_write(target: str) -> bool:
    """Whether a raw request target has all words of one row of `data/reads-that-write.txt`."""
    text = widest(target)
    return any(all(word in text for word in row) for row in _rows())


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    text = resources.files("forgewall.identify").joinpath("data/reads-that-write.txt").read_text("utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if line and not line.startswith("#"))


def _read_from(forge_host: ForgeHost, path: Path) -> Repository | None:
    names = path.segments
    if path.odd or forge_host.role is not Role.WEB:
        return None
    match forge_host.kind:
        case Kind.AZURE_DEVOPS if "_git" in names:
            at = names.index("_git")
            return repository_of(forge_host, names[: at + 2])
        case Kind.GITEA if names[:3] == ("api", "v1", "repos"):
            return repository_of(forge_host, names[3:5])
        case Kind.GITEA if names and names[0].lower() not in _GITEA_PAGES:
            return repository_of(forge_host, names[:2])
        case Kind.HUGGINGFACE if names[:2] == ("api", "models"):
            return repository_of(forge_host, names[2:4])
        case Kind.HUGGINGFACE if names[:1] == ("api",):
            return repository_of(forge_host, names[1:4])
        case Kind.HUGGINGFACE if names[:1] in (("datasets",), ("spaces",)):
            return repository_of(forge_host, names[:3])
        case Kind.HUGGINGFACE if len(names) > 2:
            return repository_of(forge_host, names[:2])
        case _:
            return None
