"""Container registries: the image in a path of the OCI distribution API, and the scopes of a registry token.

Spec: OCI distribution v1.1; token scopes as in the Docker registry's "Token Scope Documentation". What is *not* here:
whose repository an image belongs to; each forge has a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.identify.body import unread
from forgewall.identify.paths import Path, namespace, widest
from forgewall.identify.plain import READS
from forgewall.identify.query import parameters
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, unidentified
from forgewall.model import BodyState, Operation, Request, Target

_SESSIONS = frozenset({"uploads", "upload"})  # ghcr.io hands out the second
_MOVES = frozenset({"push", "delete", "*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image's name and what the path asks of it: `blobs`, `manifests`, `tags` or `referrers`."""

    name: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a token is asked for. `pushes`: it may write. `image`: the only image it may write, None if not certain."""

    pushes: bool
    image: tuple[str, ...] | None = None


def image_of(path: Path) -> Image | None:
    """The image that a path `/v2/NAME/blobs/…` is about; None if it isn't of the distribution API or ambiguous."""
    segments = path.segments
    if segments[:1] != ("v2",) or path.odd or not path.splits_alike:
        return None
    for tail, parts in ((3, ("blobs",)), (2, ("blobs", "manifests", "tags", "referrers"))):
        at = len(segments) - tail
        if at < 2 or segments[at] not in parts or (tail == 3 and segments[at + 1] not in _SESSIONS):
            continue
        name = namespace("/".join(segments[1:at]))
        return None if name is None else Image(name=name, part=segments[at])
    return None


def scope_of(query: str | None) -> Scope:
    """What the `scope` parameters of a token request ask for. In doubt it pushes, to an image nobody knows."""
    # A semicolon separates parameters to some servers, and is a part of the value to others.
    images: set[tuple[str, ...] | None] = {None} if ";" in (query or "") and _may_push(query or "") else set()
    for name, value in parameters(query):
        if "scope" not in widest(name):
            continue
        if name != "scope" or "%" in value:
            images.update({None} if _may_push(value) else ())
            continue
        for scope in value.split():
            kind, _, rest = scope.partition(":")
            image, _, actions = rest.rpartition(":")
            if not _MOVES.isdisjoint(actions.lower().split(",")):
                images.add(namespace(image) if kind == "repository" else None)
    return Scope(pushes=bool(images), image=images.pop() if len(images) == 1 else None)


def _may_push(text: str) -> bool:
    return any(word in widest(text) for word in _MOVES)


def asked_scope(request: Request, path: Path) -> Scope | None:
    """What a request to a token service asks for, by its query or its form; None if the body isn't known."""
    query = path.query
    if request.method not in READS:
        if request.body_state is not BodyState.COMPLETE or request.header("content-encoding"):
            return None
        query = "&".join(part for part in (query, request.body.decode("latin-1")) if part)
    return scope_of(query)


def scope_to_push(request: Request, forge_host: ForgeHost, path: Path) -> Scope | Target:
    """What a request to a token service asks for, if the token may push; else the request's target."""
    scope = asked_scope(request, path)
    if scope is None:
        return unidentified(forge_host, "the token's scope stands in the body", wants_body=unread(request))
    if not scope.pushes:
        evidence = "a registry token that can't push"
        return named(forge_host, None, None, Operation.AUTH, evidence, address=forge_host.forge)
    return scope


def mounted_from(path: Path) -> tuple[str, ...] | None:
    """The image that an upload copies a blob from (`?mount=…&from=NAME`); None if it names none certainly."""
    named = [value for name, value in parameters(path.query) if name == "from"]
    return namespace(named[0]) if len(named) == 1 else None


def mounts(path: Path) -> bool:
    """Whether an upload asks to copy a blob from another image."""
    return any(name.lower() in ("from", "mount") for name, _ in parameters(path.query))
