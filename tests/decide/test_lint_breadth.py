"""Approvals of what anybody can make for himself, and what only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)
FORGES = "forges: [{host: git.acme.example, kind: github}, {host: lab.acme.example, kind: gitlab}]\n"


def found(entry: str) -> list[str]:
    loaded = load(f"version: 1\napproved:\n  - {entry}\n{FORGES}", "p.yaml", NOW)
    return [str(problem) for problem in warnings(loaded, NOW) if problem.code == "over-broad"]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "github.com",
            "gist.github.com",
            "GitHub.com",
            "gitlab.com",
            "bitbucket.org",
            "dev.azure.com",
            "codeberg.org",
        ),
        *("huggingface.co", "git.sr.ht", "git-codecommit.us-east-1.amazonaws.com", "{repo: github.com, who: [ana]}"),
        "{address: github.com, mode: observe}",
    ],
)
def test_a_whole_public_forge_is_told(address: str) -> None:
    (told,) = found(address)
    assert told.startswith("p.yaml:3:1: ")
    assert "approves a whole public forge, where anybody can have a repository" in told
    assert "(name an owner, as in `" in told


@pytest.mark.parametrize(
    "address",
    [
        *("gitlab.com/-/snippets", "gitlab.com/snippets", "bitbucket.org/snippets", "huggingface.co/datasets"),
        "huggingface.co/spaces",
    ],
)
def test_all_of_one_thing_on_a_public_forge_is_told(address: str) -> None:
    (told,) = found(address)
    assert f"`{address}` approves what anybody can make there" in told


@pytest.mark.parametrize(
    "address",
    [
        *("github.com/acme", "gist.github.com/acme", "gitlab.com/acme/snippets", "huggingface.co/datasets/acme"),
        *("git.acme.example", "gist.git.acme.example", "lab.acme.example", "lab.acme.example/-/snippets"),
        "{address: github.com, allow: [fetch]}",
    ],
)
def test_an_owner_and_an_own_forge_are_fine(address: str) -> None:
    assert found(address) == []
