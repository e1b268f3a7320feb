"""All documented operations of GitLab's projects and Bitbucket's repositories: a known id is as good as a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.identify.forges.labelled import asked
from tests.identify.knowing import Known, at
from tests.identify.published import bitbucket, gitlab
from tests.identify.published.case import Operation as Published
from tests.identify.published.case import documented

from forgewall.identify.directory import IdKind
from forgewall.model import Effect, Operation, Target

# The new repository stands in the body, and not in the path.
ELSEWHERE = {Operation.FORK, Operation.CREATE_REPO, Operation.IMPORT}


@dataclass(frozen=True)
class Naming:
    """How a template's repository is filled in: by its path, by a known id, by an unknown one."""

    base: str
    repository: str
    begins: str
    known: Known
    by_path: Callable[[str], str]
    by_id: Callable[[str], str]
    by_stranger: Callable[[str], str]


def _lab(text: str) -> Callable[[str], str]:
    return lambda path: path.replace("{project}", text, 1)


def _cloud(workspace: str, name: str) -> Callable[[str], str]:
    return lambda path: path.replace("{workspace}", workspace, 1).replace("{repo_slug}", name, 1)


NAMINGS = {
    "gitlab": Naming(
        gitlab.API,
        gitlab.PROJECT,
        "/projects/{project}",
        at("gitlab.com", {(IdKind.REPOSITORY, "1"): "acme/team/api"}),
        _lab("acme%2Fteam%2Fapi"),
        _lab("1"),
        _lab("5"),
    ),
    "bitbucket": Naming(
        bitbucket.CLOUD,
        bitbucket.API,
        "/repositories/{workspace}/{repo_slug}",
        bitbucket.KNOWN,
        _cloud("acme", "api"),
        _cloud("%7B%7D", f"%7B{bitbucket.UUID}%7D"),
        _cloud("%7B%7D", f"%7B{bitbucket.STRANGER}%7D"),
    ),
}


def operations(forge: str) -> list[Published]:
    """The operations whose path names a repository, and not a second one by its id."""
    return [one for one in documented(forge) if one.template.startswith(NAMINGS[forge].begins)]


def target_of(forge: str, one: Published, naming: Callable[[str], str]) -> Target:
    filled = re.sub(r"\{\w+\}", "x1", naming(one.template))
    return asked(NAMINGS[forge].known, one.method, NAMINGS[forge].base + filled)


@pytest.mark.parametrize(("forge", "least"), [("gitlab", 700), ("bitbucket", 180)])
def test_a_known_id_is_as_good_as_a_path(forge: str, least: int) -> None:
    naming = NAMINGS[forge]
    for one in operations(forge):
        named = target_of(forge, one, naming.by_path)
        by_id = target_of(forge, one, naming.by_id)
        assert (named.operation, named.address, named.also) == (by_id.operation, by_id.address, by_id.also), one.title
        if named.operation not in ELSEWHERE:
            assert named.address == naming.repository, one.title
    assert len(operations(forge)) > least


@pytest.mark.parametrize("forge", NAMINGS)
def test_an_unknown_id_claims_nobody(forge: str) -> None:
    for one in operations(forge):
        target = target_of(forge, one, NAMINGS[forge].by_stranger)
        assert target.owner is None
        assert not target.identified or target.effect not in (Effect.WRITE, Effect.READ)
        if one.method == "GET":
            assert target.effect is Effect.READ
