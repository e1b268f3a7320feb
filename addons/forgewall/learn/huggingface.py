"""What Hugging Face's answers teach: who can see a repository, and with which token its files may be uploaded.

Files go to a storage of their own (xet), whose requests name no repository: only a bearer token tells whose they are.
The answer to `…/xet-write-token/…` gives it, with the storage's address and the token's end, in body and headers. With
the token a client may ask for a grant, a signed URL of an object store, and send there instead (hf_xet 1.8).
What is *not* here: moves (redirects are read for all forges alike) and LFS (`inspect.lfs_answer`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from forgewall.identify.announced import Announcement, Place, Use, parse_place, token_place
from forgewall.identify.body import json_object
from forgewall.identify.forges.huggingface_place import TYPES, said_visibility
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.targets import fold
from forgewall.inspect.lfs_json import read_object, whole
from forgewall.learn.lesson import MAX_ANSWER, Fact, Headers, Lesson, VisibilityFact
from forgewall.model import Effect, Operation, Request, Target, Visibility

MIN_SECONDS, MAX_SECONDS = 300, 86_400
"""How long a token is believed at least, since clocks differ, and at most."""

GRANT_SECONDS = 3_600
"""How long a signed URL is believed, whose end only its own store knows."""

_STORAGE = ".xethub.hf.co"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_GRANTS = ("v1", "xorb-grants")
_METHODS = frozenset({"POST", "PUT"})
_WISHES = frozenset({Operation.CREATE_REPO, Operation.FORK, Operation.VISIBILITY})


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a request to a host of kind huggingface; None if it has none. `now` is aware."""
    path = parse(request.path)
    if request.scheme != "https" or target.key is None or target.repository is None or path.odd:
        return None
    if forge_host.role is Role.UPLOADS:
        grants = request.method == "POST" and target.operation is Operation.LFS_UPLOAD
        return GrantLesson(request=request, asker=target) if grants and path.segments[:2] == _GRANTS else None
    if forge_host.role is not Role.WEB or path.segments[:1] != ("api",):
        return None
    if request.method == "GET" and target.operation is Operation.LFS_UPLOAD and "xet-write-token" in path.segments:
        return TokenLesson(request=request, asker=target, now=now)
    if request.method == "GET" and target.effect is Effect.READ:
        told = path.segments[1:2] and path.segments[1] in TYPES and _is_about_itself(path.segments[2:], target)
        return SightLesson(target=target) if told else None
    # What stands in the target may also be what was learned before; only the request's own word is news.
    wish = said_visibility(json_object(request) or {}) if target.operation in _WISHES else None
    return None if wish is None or wish is not target.visibility else WishLesson(key=target.key, visibility=wish)


def _is_about_itself(names: tuple[str, ...], target: Target) -> bool:
    own = tuple(name for name in (target.owner, target.repository) if name is not None)
    return names[: len(own)] == own and (len(names) == len(own) or names[len(own)] == "revision")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLesson:
    """The token that uploads to the storage for a repository; `asker` is the target of the request for it."""

    request: Request
    asker: Target
    now: datetime

    def reads(self, status: int, headers: Headers) -> bool:
        """See `Lesson`."""
        return status == 200

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """See `Lesson`. Where body and headers tell different things, neither is believed."""
        if status != 200:
            return ()
        said = [token for token in (_in_body(body), _in_headers(headers)) if token is not None]
        if not said or any(token != said[0] for token in said):
            return ()
        url, token, end = said[0]
        where = parse_place(url, self.request)
        if isinstance(where, str) or where.scheme != "https" or not where.host.endswith(_STORAGE):
            return ()
        place = token_place(where.scheme, where.host, where.port, token)
        seconds = min(max(end - int(self.now.timestamp()), MIN_SECONDS), MAX_SECONDS)
        return (_announcement(place, _METHODS, self.asker, seconds),)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLesson:
    """A signed URL that the storage gives for one upload; `asker` is the target of the request for it."""

    request: Request
    asker: Target

    def reads(self, status: int, headers: Headers) -> bool:
        """See `Lesson`."""
        return status == 201

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """See `Lesson`. Only PUT and POST to a URL that all clients send alike are believed."""
        found = read_object(body, MAX_ANSWER) if status == 201 else None
        url, method = ("", "") if found is None else (found.get("url"), found.get("method"))
        if not isinstance(url, str) or not isinstance(method, str) or method not in _METHODS:
            return ()
        where = parse_place(url, self.request)
        if isinstance(where, str) or where.scheme != "https":
            return ()
        return (_announcement(where, frozenset({method}), self.asker, GRANT_SECONDS),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SightLesson:
    """What the Hub says of a repository that was asked for."""

    target: Target

    def reads(self, status: int, headers: Headers) -> bool:
        """See `Lesson`."""
        return status == 200

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """See `Lesson`. An answer about another repository than the one asked for teaches nothing."""
        found = read_object(body, MAX_ANSWER) if status == 200 else None
        name = "/".join(part for part in (self.target.owner, self.target.repository) if part)
        if found is None or self.target.key is None or not isinstance(found.get("id"), str):
            return ()
        kind = self.target.kind
        private = found.get("private")
        visibility = said_visibility({"private": private}) if found.get("visibility") != "protected" else None
        if visibility is None or fold(kind, str(found["id"])) != fold(kind, name):
            return ()
        return (VisibilityFact(key=self.target.key, visibility=visibility),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WishLesson:
    """A request that made a repository, or said who can see one: it holds if the Hub accepts it."""

    key: str
    visibility: Visibility

    def reads(self, status: int, headers: Headers) -> bool:
        """See `Lesson`."""
        return False

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """See `Lesson`."""
        return (VisibilityFact(key=self.key, visibility=self.visibility),) if status == 200 else ()


def _announcement(place: Place, methods: frozenset[str], asker: Target, seconds: int) -> Announcement:
    return Announcement(
        place=place,
        methods=methods,
        use=Use.UPLOAD,
        oid="",
        size=0,
        most=None,
        whole=False,
        transfer="xet",
        asker=asker,
        seconds=seconds,
        operation=Operation.LFS_UPLOAD,
    )


type _Token = tuple[str, str, int]
"""The storage's URL, the token, and when it ends, in seconds since 1970."""


def _in_body(body: bytes) -> _Token | None:
    found = read_object(body, MAX_ANSWER)
    return None if found is None else _token(found.get("casUrl"), found.get("accessToken"), whole(found.get("exp")))


def _in_headers(headers: Headers) -> _Token | None:
    names = ("x-xet-cas-url", "x-xet-access-token", "x-xet-token-expiration")
    said: Mapping[str, list[str]] = {name: [value for key, value in headers if key == name] for name in names}
    if any(len(values) != 1 for values in said.values()):
        return None
    url, token, end = (said[name][0].strip() for name in names)
    return _token(url, token, int(end) if _NUMBER.fullmatch(end) else None)


def _token(url: object, token: object, end: int | None) -> _Token | None:
    if not isinstance(url, str) or not isinstance(token, str) or end is None or not _TOKEN.fullmatch(token):
        return None
    return url, token, end
