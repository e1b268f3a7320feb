"""The tables of GraphQL schemas can be read, lead nowhere that isn't listed, and say what the walk relies on."""

from __future__ import annotations

import pytest

from forgewall.learn import schema as module
from forgewall.learn.schema import Link, Word, schema

_WORDS = {"id": Word.ID, "nameWithOwner": Word.PATH, "login": Word.LOGIN, "username": Word.LOGIN}


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_what_is_listed_is_listed_whole(name: str) -> None:
    found = schema(name)
    types = {owner for owner, _ in found}
    bare = {"UniformResourceLocatable", "SearchResultItem", "IssueOrPullRequest", "IssueCommentEdge"}
    for (owner, key), field in found.items():
        assert (field.word is None) is bool(field.type), (owner, key)
        assert field.word or field.type in types | bare, (owner, key)
        if field.word in _WORDS.values():
            assert _WORDS.get(key, field.word) is field.word


def test_only_repositories_speak_of_repositories() -> None:
    for name, repository in (("github", "Repository"), ("gitlab", "Project")):
        words = {Word.PATH, Word.NAME, Word.PRIVATE, Word.VISIBILITY, Word.NUMBER}
        assert {owner for (owner, _), field in schema(name).items() if field.word in words} == {repository}


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_what_may_lead_elsewhere_does_not_lie_below(name: str) -> None:
    elsewhere = (
        "headRepository",
        "headRef",
        "parent",
        "subIssues",
        "forks",
        "closingIssuesReferences",
        "sourceProject",
    )
    for (owner, key), field in schema(name).items():
        assert key not in elsewhere or field.link is Link.OTHER, (owner, key)


@pytest.mark.parametrize(("row", "wrong"), [("Type field", "no field"), ("Type field=@nonsense", "nonsense")])
def test_a_row_that_cannot_be_read(row: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        list(module._rows(row))
