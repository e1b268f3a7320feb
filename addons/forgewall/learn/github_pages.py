"""What a page of a repository says of it in its head: its number, its owner's, and whether all can see it.

Browsers don't ask the API, but what they upload names the repository by its number. GitHub's pages write it for their
own scripts into `<meta name="octolytics-dimension-…">`, and nobody else writes into a page's head. Still it counts only
where the page is about the repository that was asked for. What is *not* here: the API's answers (`github`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.learn.answers import Teller, asked_for, header, owner_named, repository_named
from forgewall.learn.lesson import Fact, Headers
from forgewall.model import Kind, Request, Target, Visibility

OPENING: Final = 128 * 1024
"""Bytes of a page that are read, after content coding; the head of one has about 30,000."""

_END = b"</head"
_PREFIX = "octolytics-dimension-"
_WANTED = ("repository_id", "repository_nwo", "repository_public", "user_id", "user_login")
_META = re.compile(r"<meta\s[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s(name|content)=\"([^\"]*)\"", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class PageLesson:
    """The lesson of a page of the repository `asked`. See `Lesson`; its end isn't waited for."""

    teller: Teller
    asked: Named

    @property
    def opening(self) -> int:
        """How many bytes of the body, after its coding, are enough."""
        return OPENING

    @property
    def end(self) -> bytes:
        """The head's end tag: GitHub writes it in lower case."""
        return _END

    def reads(self, status: int, headers: Headers) -> bool:
        """Whether it is a page."""
        kind = (header(headers, "content-type") or "").partition(";")[0].strip().lower()
        return status == 200 and kind == "text/html"

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What the head says, if it is whole."""
        head, end, _ = body.partition(_END)
        return tuple(self._facts(head.decode("utf-8", "replace"))) if end and self.reads(status, headers) else ()

    def _facts(self, head: str) -> Iterator[Fact]:
        said = _dimensions(head)
        named = repository_named(self.teller.forge_host, said.get("repository_nwo"))
        if named is None or self.teller.key(named) != self.teller.key(self.asked):
            return
        yield from self.teller.id(IdKind.REPOSITORY, _number(said.get("repository_id")), named)
        if said.get("repository_public") == "true":  # `false` stands for private and internal ones
            yield from self.teller.seen_by(named, Visibility.PUBLIC)
        owner = owner_named(self.teller.forge_host, said.get("user_login"))
        if owner is not None and owner.address.lower() == named.address.rpartition("/")[0].lower():
            yield from self.teller.id(IdKind.OWNER, _number(said.get("user_id")), owner)


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> PageLesson | None:
    """The lesson of the answer to a browser that asks for a page of a repository. `now` is aware."""
    asked = asked_for(target)
    if forge_host.kind is not Kind.GITHUB or forge_host.role is not Role.WEB or asked is None:
        return None
    if request.method != "GET" or "text/html" not in (request.header("accept") or "") or parse(request.path).odd:
        return None
    return PageLesson(Teller(forge_host=forge_host, now=now), asked)


def _dimensions(head: str) -> dict[str, str]:
    """What is wanted of the head; nothing if something of it stands twice."""
    found: dict[str, str] = {}
    for meta in _META.findall(head):
        pairs = [(name.lower(), value) for name, value in _ATTRIBUTE.findall(meta)]
        said = dict(pairs)
        name = said.get("name", "").removeprefix(_PREFIX)
        if name not in _WANTED or said["name"] == name or "content" not in said:
            continue
        if len(said) != len(pairs) or name in found:
            return {}
        found[name] = said["content"]
    return found


def _number(text: str | None) -> str | None:
    return text if text is not None and _NUMBER.fullmatch(text) else None
