"""Hugging Face: whose model, dataset or space a request is about."""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, found, pair
from forgewall.model import Kind, Operation, Request, Target

_PAGES = frozenset(
    {"api", "models", "datasets", "spaces", "buckets", "kernels", "docs", "papers", "collections", "organizations"}
)


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind huggingface."""
    target = plain.identify(request, forge_host, path)
    if target.operation is not Operation.FETCH:
        return target
    match path.segments:
        case ("api", "models", *names):
            repository = repository_of(forge_host, tuple(names[:2]), directory)
        case ("api", *names):
            repository = repository_of(forge_host, tuple(names[:3]), directory)
        case ("datasets" | "spaces", *_):
            repository = repository_of(forge_host, path.segments[:3], directory)
        case (_, _, _, *_):
            repository = repository_of(forge_host, path.segments[:2], directory)
        case _:
            repository = None
    return target if repository is None else repository.target(Operation.FETCH, target.evidence)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`owner/name` of a model, `datasets/owner/name`, `spaces/owner/name`."""
    if names[:1] in (("datasets",), ("spaces",)) and len(names) == 3:
        plain_names = pair(forge_host, names[1:])
        if plain_names is None or plain_names.owner is None:
            return None
        address = f"{forge_host.forge}/{names[0]}/{plain_names.owner}/{plain_names.name}"
        return found(forge_host, plain_names.owner, plain_names.name, address)
    return None if not names or names[0].lower() in _PAGES else pair(forge_host, names)


FORGE = Forge(kind=Kind.HUGGINGFACE, read=read, repository_of=repository_of)
