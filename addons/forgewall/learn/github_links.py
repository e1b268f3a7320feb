"""What GitHub's links from page to page of a list say: they name the repository by its number.

`GET /repos/acme/api/issues` is answered with a `Link` header to `/repositories/1/issues?page=2` (RFC 8288), so a client
that reads on speaks of a number that no answer's body has named. What is *not* here: bodies (`github`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.learn.answers import Teller, asked_for, header, segments_of
from forgewall.learn.lesson import Fact, Headers
from forgewall.model import Kind, Request, Target

MAX_LINK = 8192
"""Characters of a `Link` header that are read."""

_URL = re.compile(r"<([^<>]*)>")
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLesson:
    """The lesson of the head of an answer about the repository `asked`; `rest` stands behind its name in the path."""

    teller: Teller
    asked: Named
    root: tuple[str, ...]
    rest: tuple[str, ...]

    def reads(self, status: int, headers: Headers) -> bool:
        """Never: the head says all."""
        return False

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """The number that all links agree on, if they lead to the same list."""
        links = header(headers, "link")
        if status != 200 or links is None or len(links) > MAX_LINK:
            return ()
        numbers = {self._number(url) for url in _URL.findall(links)}
        found = numbers.pop() if len(numbers) == 1 else None
        return tuple(self.teller.id(IdKind.REPOSITORY, found, self.asked))

    def _number(self, url: str) -> str | None:
        names = segments_of(url, self.teller.forge_host.host)
        at = len(self.root)
        if names[:at] != self.root or names[at : at + 1] != ("repositories",) or names[at + 2 :] != self.rest:
            return None
        return names[at + 1] if _NUMBER.fullmatch(names[at + 1]) else None


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> LinkLesson | None:
    """The lesson of the answer to a request for a list of something in a repository; None otherwise. `now` is aware."""
    path, asked = parse(request.path), asked_for(target)
    root: tuple[str, ...] = ()
    if forge_host.role is Role.WEB and forge_host.instance is not None:
        root = forge_host.root("api", "v3")
    elif forge_host.role is not Role.API:
        return None
    if forge_host.kind is not Kind.GITHUB or request.method != "GET" or asked is None or path.odd:
        return None
    names = path.segments[len(root) :]
    if not path.splits_alike or path.segments[: len(root)] != root or names[:1] != ("repos",) or len(names) < 4:
        return None
    if "/".join(names[1:3]).lower() != f"{asked.owner}/{asked.repository}".lower():
        return None
    teller = Teller(forge_host=forge_host, now=now)
    return LinkLesson(teller=teller, asked=asked, root=root, rest=names[3:])
