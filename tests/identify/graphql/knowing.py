"""What the GraphQL tests share: a directory that knows some ids, and a GraphQL request put in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.identify.asking import REGISTRY

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Move, Target, Visibility

GITHUB = "https://api.github.com/graphql"
GITLAB = "https://gitlab.com/api/graphql"
JSON = ("content-type", "application/json")


def at(address: str) -> Named:
    """What an address of two or more segments names: the last is a repository."""
    _host, *names = address.split("/")
    if len(names) < 2:
        return Named(address=address, owner=names[0])
    return Named(address=address, owner="/".join(names[:-1]), repository=names[-1])


class Knowing:
    """A directory of ids by their text: `{"I_1": "github.com/acme/api"}`; `kind:text` where it is no node id."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known

    def find(self, wanted: Id) -> Named | None:
        text = wanted.text if wanted.kind is IdKind.NODE else f"{wanted.kind.value}:{wanted.text}"
        found = self.known.get(text)
        return at(found) if found is not None and found.startswith(wanted.forge + "/") else None

    def visibility(self, key: str) -> Visibility | None:
        return None

    def moved(self, key: str) -> Move | None:
        return None


# An owner's, a repository's and its things' ids.
KNOWN = Knowing(
    {
        "O_acme": "github.com/acme",
        "R_api": "github.com/acme/api",
        "R_two": "github.com/acme/two",
        "R_fork": "github.com/ana/api",
        "I_api": "github.com/acme/api",
        "I_two": "github.com/acme/two",
        "PR_api": "github.com/acme/api",
        "PVT_acme": "github.com/acme",
        "PVTI_acme": "github.com/acme",
        "gid://gitlab/Project/1": "gitlab.com/acme/team/api",
        "gid://gitlab/Issue/7": "gitlab.com/acme/team/api",
        "repository:2": "gitlab.com/acme/team/two",
        "owner:3": "gitlab.com/acme",
    }
)


def sent(
    document: str,
    variables: object = None,
    *,
    url: str = GITHUB,
    known: Knowing = KNOWN,
    **more: object,
) -> Target:
    """The target of a POST with this document."""
    row = {"query": document, **({} if variables is None else {"variables": variables}), **more}
    return posted(json.dumps(row).encode(), url=url, known=known)


def posted(body: bytes, *headers: tuple[str, str], url: str = GITHUB, known: Knowing = KNOWN) -> Target:
    """The target of a POST with this body."""
    request = request_for("POST", url, headers=headers or (JSON,), body=body, body_state=BodyState.COMPLETE)
    target = identify(request, REGISTRY, None, known)
    assert target is not None
    return target


def said(target: Target) -> tuple[object, ...]:
    """Operation and address, and for each repository beside it the role, the address and the operation."""
    also = [(one.role, one.address, one.operation and one.operation.value) for one in target.also]
    return (target.operation.value, target.address, *also)


def lines(name: str) -> list[Any]:
    """The rows of `tests/corpus/identify/<name>.jsonl`."""
    folder = Path(__file__).parents[2] / "corpus" / "identify"
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
