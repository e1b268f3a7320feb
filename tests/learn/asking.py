"""Requests and answers for the tests of this folder: what is asked, what the forge says, which facts come of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from forgewall.identify.directory import EMPTY, Directory, Id, IdKind
from forgewall.identify.engine import identify
from forgewall.identify.registry import Instance, Registry
from forgewall.identify.url import request_for
from forgewall.learn.engine import lesson_for
from forgewall.learn.lesson import Fact, IdFact, Lesson, MoveFact, VisibilityFact
from forgewall.model import Kind, Request

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANCES = (
    Instance(kind=Kind.GITHUB, host="ghe.acme.example"),
    Instance(kind=Kind.GITLAB, host="git.acme.example", path="/gitlab"),
    Instance(kind=Kind.BITBUCKET, host="bb.acme.example", path="/bitbucket"),
    Instance(kind=Kind.GITEA, host="tea.acme.example"),
)
REGISTRY = Registry.build(INSTANCES)
JSON = (("content-type", "application/json; charset=utf-8"),)


def lesson_of(request: Request, directory: Directory = EMPTY) -> Lesson | None:
    """The lesson of the answer to `request`, as the proxy asks for it."""
    forge_host = REGISTRY.lookup(request.host)
    target = identify(request, REGISTRY, directory=directory)
    assert forge_host is not None
    assert target is not None
    return lesson_for(request, target, forge_host, NOW)


def taught(
    request: Request, answer: object, *, status: int = 200, headers: Iterable[tuple[str, str]] = JSON
) -> tuple[Fact, ...]:
    """What an answer teaches; `answer` is bytes, or a value that is written as JSON."""
    lesson = lesson_of(request)
    if lesson is None:
        return ()
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    head = tuple(headers)
    return lesson.facts(status, head, body if lesson.reads(status, head) else b"")


def got(url: str, answer: object, method: str = "GET", status: int = 200) -> tuple[Fact, ...]:
    """What the answer to `method` on `url` teaches."""
    return taught(request_for(method, url), answer, status=status)


def said(facts: Iterable[Fact]) -> set[str]:
    """Facts in short: `repository 1 = github.com/acme/api`, `github.com/acme/api is private`, `a went to b`."""
    found = set()
    for fact in facts:
        match fact:
            case IdFact(id=Id(kind=kind, text=text), named=named):
                found.add(f"{kind.value} {text} = {named.address}")
            case VisibilityFact(key=key, visibility=visibility):
                found.add(f"{key} is {visibility.value}")
            case MoveFact(key=key, move=move):
                assert move.seen == NOW
                found.add(f"{key} went to {move.address}")
            case _:
                found.add(repr(fact))
    return found


def ids(facts: Iterable[Fact], kind: IdKind) -> dict[str, str]:
    """The addresses of the ids of one kind."""
    return {fact.id.text: fact.named.address for fact in facts if isinstance(fact, IdFact) and fact.id.kind is kind}
