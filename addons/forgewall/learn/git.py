"""What any forge's answers teach without being read: redirects to another repository, and what strangers may fetch.

Theory of redirects. A forge redirects who uses a repository's old address. But it also redirects who asks for an issue
that was moved, or for a file of a release that lies elsewhere, and people choose where to. So a redirect counts only
where git or an API asked, or a browser for the repository's own page; and only if nothing changes but the repository: a
query that wasn't asked with tells a sign-in page where to lead back to.
Other spellings, a change of scheme or host within the forge, and the way to a login page are no moves.

Theory of sights. What a client fetched by git without any credential is public. A forge that asked it to sign in, and
shows the repository afterwards, hides it from strangers (`memory` says how far that is believed). A client has much to
say in a request, so only one that says nothing unusual counts. What is *not* here: answers with a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import urljoin

from forgewall.identify.directory import Id, IdKind
from forgewall.identify.engine import identify
from forgewall.identify.paths import Path, parse
from forgewall.identify.registry import ForgeHost, Instance, Registry, Role
from forgewall.identify.url import request_for
from forgewall.learn.answers import header
from forgewall.learn.lesson import Fact, Headers, MoveFact, ReferralFact, SightFact, VisibilityFact
from forgewall.model import Kind, Move, Request, Target, Visibility

MAX_LOCATION = 2048
"""Characters of a `Location` that are read."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LASTING = frozenset({301, 307, 308})
_SERVICES = frozenset({"git-upload-pack", "git-receive-pack"})
_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
_SIGNS_IN = frozenset({"authorization", "cookie"})
_PLAIN_HEADERS = frozenset(
    {"host", "user-agent", "accept", "accept-encoding", "accept-language", "cache-control", "connection", "pragma"}
    | {"git-protocol"}
)
_GIT_PROTOCOL = re.compile(r"version=[0-2]")
# What is moved from repository to repository by itself, and a release's links, which lead where its author likes.
_MOVABLE = frozenset({"issues", "discussions", "work_items", "epics", "downloads"})
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLesson:
    """The lesson of an answer's head. `key` is that of the repository asked for."""

    request: Request
    target: Target
    forge_host: ForgeHost
    key: str
    now: datetime

    def reads(self, status: int, headers: Headers) -> bool:
        """Never: status and headers are enough."""
        return False

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What status and headers teach."""
        if status in _REDIRECTS:
            return tuple(self._redirected(status, headers))
        return tuple(self._sighted(status, headers))

    def _redirected(self, status: int, headers: Headers) -> Iterator[Fact]:
        location = header(headers, "location")
        if location is None or len(location) > MAX_LOCATION:
            return
        try:
            asked = request_for("GET", urljoin(_url(self.request), location))
        except ValueError:
            return
        registry = _registry(self.forge_host.instance)
        there = registry.lookup(asked.host)
        if there is None or there.forge != self.forge_host.forge:
            return
        path = parse(asked.path)
        if path.odd or path.query not in (None, "", parse(self.request.path).query):
            return
        number = self._number(there, path)
        if number is not None:
            yield ReferralFact(key=self.key, id=Id(forge=there.forge, kind=IdKind.REPOSITORY, text=number))
            return
        target = identify(asked, registry)
        if target is None or target.repository is None or target.key is None or target.address is None:
            return
        before, after = _around(parse(self.request.path), self.target), _around(path, target)
        if before is None or after is None or before[1] != after[1] or target.key == self.key:
            return
        if not self._counts(*before, there) or not (before[1] or self._is_certain(status, before[0], after[0], there)):
            return
        yield MoveFact(key=self.key, move=Move(address=target.address, key=target.key, seen=self.now))

    def _number(self, there: ForgeHost, path: Path) -> str | None:
        """The number of the repository that the forge's API redirects to, with the same rest behind it."""
        names = path.segments
        match self.forge_host.kind:
            case Kind.GITHUB:
                api, collection = ("api", "v3"), "repositories"
            case Kind.GITLAB:
                api, collection = ("api", "v4"), "projects"
            case _:
                return None
        at = names.index(collection) if collection in names[:6] else len(names)
        if not (there.role is Role.API and at == 0) and names[max(at - 2, 0) : at] != api:
            return None
        around = _around(parse(self.request.path), self.target)
        if around is None or around[1] != names[at + 2 :] or not self._counts(*around, there):
            return None
        return names[at + 1] if names[at + 1 : at + 2] and _NUMBER.fullmatch(names[at + 1]) else None

    def _counts(self, front: tuple[str, ...], rest: tuple[str, ...], there: ForgeHost) -> bool:
        """Whether a redirect, with these segments around the repository's name, is one of the whole repository."""
        if not rest or rest == ("info", "refs") or (len(rest) == 1 and rest[0] in _SERVICES):
            return True
        is_api = there.role is Role.API or "api" in front
        return is_api and not (len(rest) > 1 and not _MOVABLE.isdisjoint(rest))

    def _is_certain(self, status: int, before: tuple[str, ...], after: tuple[str, ...], there: ForgeHost) -> bool:
        """Whether a redirect of a repository's page, or of what an API says of it, can't lead to a page for signing in.

        `/vpn/index.html` may be a repository's name as well. Forges send 301 and 307 to a new address, and gateways in
        front of them 302 and 303 to such a page.
        """
        return before == after and (there.role is Role.API or "api" in before or status in _LASTING)

    def _sighted(self, status: int, headers: Headers) -> Iterator[Fact]:
        if not _asks_to_fetch(self.request, self.target):
            return
        shown = status == 200 and (header(headers, "content-type") or "").strip().lower() == _ADVERTISEMENT
        stranger = _says_nothing(self.request)
        signed_in = any(name in _SIGNS_IN for name, _ in self.request.headers)
        if shown and stranger:
            yield VisibilityFact(key=self.key, visibility=Visibility.PUBLIC)
        elif shown and signed_in:
            yield SightFact(key=self.key, shown=True)
        elif status == 401 and stranger:
            yield SightFact(key=self.key, shown=False)


def head_lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> HeadLesson | None:
    """The lesson of the head of the answer to `request`; None if it names no repository. `now` is aware."""
    if target.key is None or target.repository is None or target.host != forge_host.forge:
        return None
    return HeadLesson(request=request, target=target, forge_host=forge_host, key=target.key, now=now)


def _asks_to_fetch(request: Request, target: Target) -> bool:
    """Whether git asks what there is to fetch from the repository itself, not from its wiki or a snippet."""
    path = parse(request.path)
    return (
        request.method == "GET"
        and not path.odd
        and path.query == "service=git-upload-pack"
        and (_around(path, target) or ())[1:] == (("info", "refs"),)
    )


def _says_nothing(request: Request) -> bool:
    """Whether no header could sign the client in, or have the forge answer otherwise than git is answered."""
    names = [name for name, _ in request.headers]
    protocol = request.header("git-protocol")
    return (
        _PLAIN_HEADERS.issuperset(names)
        and len(names) == len(set(names))
        and (request.header("user-agent") or "").startswith("git/")
        and (protocol is None or _GIT_PROTOCOL.fullmatch(protocol) is not None)
    )


def _around(path: Path, target: Target) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The segments before and behind the repository's own name, or None if that isn't found."""
    if target.repository is None or path.odd:
        return None
    pieces = path.pieces
    names = [name.lower() for name in (*(target.owner or "").split("/"), target.repository) if name]
    for at in range(min(len(pieces) - len(names), 6) + 1):
        here = [piece.lower() for piece in pieces[at : at + len(names)]]
        here[-1] = here[-1].removesuffix(".git")
        if here == names:
            return pieces[:at], pieces[at + len(names) :]
    return None


def _url(request: Request) -> str:
    host = f"[{request.host}]" if ":" in request.host else request.host
    return f"{request.scheme}://{host}:{request.port}{request.path}"


@cache
def _registry(instance: Instance | None) -> Registry:
    """The hosts of the built-in forges, and those of `instance`."""
    return Registry.build(() if instance is None else (instance,))
