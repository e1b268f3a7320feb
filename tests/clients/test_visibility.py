"""`visibility: private` with real clients: nothing is pushed until the forge has said it, and to public ones never."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.showing import assert_shown, assert_told, blocked, python, writes
from tests.clients.test_gh import gh

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git")
SIGNED_IN = "https://ana:ghp_5ecret@github.com"


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHub]:
    stand_in = GitHub()
    stand_in.hidden = frozenset({"/acme-labs/by-git", "/acme-labs/by-push"})
    stand_in.public |= {"acme-labs/open", "acme-labs/shown"}
    with stand_in.behind(forge):
        yield stand_in


def refused(run: Run, forge: Forge, name: str, words: str) -> None:
    tree = run.work_tree() if not (run.home / "work").exists() else run.home / "work"
    forge.clear()
    assert_shown(run, run.git("push", f"{SIGNED_IN}/{name}", "main", cwd=tree), words)
    assert blocked(run)[-1]["code"] == "visibility"
    assert writes(forge) == []


def test_git_ls_remote_tells_it(run: Run, forge: Forge, github: GitHub) -> None:
    name, url = "acme-labs/by-git", "https://github.com/acme-labs/by-git"
    forge.make_repository(f"github.com/{name}")
    refused(run, forge, name, f"`git ls-remote {url}` or a look at it through the API tells it")
    assert run.git("ls-remote", f"{SIGNED_IN}/{name}").ok
    assert run.git("push", f"{SIGNED_IN}/{name}", "main", cwd=run.home / "work").ok
    assert "refs/heads/main" in forge.refs(f"github.com/{name}")
    assert {event["forgewall"]["visibility"] for event in run.events("upload")} == {"private"}
    assert "5ecret" not in str(run.events())


def test_a_clone_tells_that_a_repository_is_public(run: Run, forge: Forge, github: GitHub) -> None:
    forge.seed("github.com/acme-labs/open", run.work_tree())
    assert run.git("clone", "https://github.com/acme-labs/open", "open").ok
    refused(run, forge, "acme-labs/open", "github.com/acme-labs/open is public")


@pytest.mark.needs("gh")
def test_a_look_with_gh_tells_both(run: Run, forge: Forge, github: GitHub) -> None:
    for name in ("closed", "shown"):
        forge.make_repository(f"github.com/acme-labs/{name}")
        refused(run, forge, f"acme-labs/{name}", "isn't known yet")
        gh(run, f"api repos/acme-labs/{name}").check()
    assert run.git("push", f"{SIGNED_IN}/acme-labs/closed", "main", cwd=run.home / "work").ok
    refused(run, forge, "acme-labs/shown", "github.com/acme-labs/shown is public")


def test_a_file_through_the_api_follows_the_same_rule(run: Run, forge: Forge, github: GitHub) -> None:
    code = """
from github import Auth, Github
gh = Github(auth=Auth.Token("ghp_5ecret"), seconds_between_requests=None, seconds_between_writes=None)
for name in ("acme-labs/files", "acme-labs/open-files"):
    step(name, lambda: gh.get_repo(name).create_file("a.txt", "add", "text"))
"""
    github.public.add("acme-labs/open-files")
    result = python(run, code)
    assert "acme-labs/files: done" in result.stdout, str(result)
    assert_told(run, result, "github.com/acme-labs/open-files is public")
    assert github.writes == ["PUT /repos/acme-labs/files/contents/a.txt"]
