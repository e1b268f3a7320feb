"""Repositories that are somewhere else now: clients that follow the forge there are stopped, by old name and by new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.gitlab import GitLab
from tests.clients.showing import assert_shown, assert_told, blocked, python, writes
from tests.clients.test_gh import gh

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git")


def assert_moved(run: Run, old: str, new: str) -> None:
    """The last refusal was for the move of `old`."""
    last = blocked(run)[-1]
    assert (last["code"], last["address"], last["moved"]["address"]) == ("moved", old, new)


@pytest.mark.parametrize("protocol", [0, 2])
def test_git_that_follows_a_redirect_to_a_stranger(run: Run, forge: Forge, github: GitHub, protocol: int) -> None:
    old, new = f"acme/went{protocol}", "mallory/loot"
    github.renamed[old] = new
    forge.make_repository(f"github.com/{new}")
    tree = run.work_tree()
    push = ("push", f"https://github.com/{old}", "main")
    assert_shown(run, run.git(*push, cwd=tree, protocol=protocol), f"github.com/{new} is not an approved repository")
    assert [path for path in writes(forge) if new in path] == []
    forge.clear()
    result = run.git(*push, cwd=tree, protocol=protocol)
    assert_shown(run, result, f"github.com/{old} has moved to github.com/{new}, the forge said")
    assert_moved(run, f"github.com/{old}", f"github.com/{new}")
    assert writes(forge) == []
    assert forge.refs(f"github.com/{new}") == {}


@pytest.mark.needs("git-lfs")
def test_git_lfs_and_what_is_pushed_behind_it(run: Run, forge: Forge, github: GitHub) -> None:
    old, new = "acme/large", "mallory/loot"
    github.renamed[old] = new
    run.git("ls-remote", f"https://github.com/{old}")
    tree = run.lfs_tree({"a.bin": b"x" * 10000})
    forge.clear()
    result = run.git("lfs", "push", "--all", f"https://github.com/{old}", "main", cwd=tree)
    assert_shown(run, result, f"github.com/{old} has moved to github.com/{new}")
    assert_moved(run, f"github.com/{old}", f"github.com/{new}")
    assert [path for path in writes(forge) if "locks/verify" not in path] == []


@pytest.mark.needs("gh")
def test_gh_that_asks_for_the_old_name(run: Run, forge: Forge, github: GitHub) -> None:
    old, new = "acme/renamed", "mallory/loot"
    github.renamed[old] = new
    result = gh(run, f"issue create -R {old} --title t --body b")
    assert_shown(run, result, f"github.com/{new} is not an approved repository")
    result = gh(run, f"api -X POST repos/{old}/issues -f title=t")
    assert_shown(run, result, f"github.com/{old} has moved to github.com/{new}")
    assert_moved(run, f"github.com/{old}", f"github.com/{new}")
    assert writes(forge) == []
    assert github.writes == []


@pytest.mark.needs("gh")
def test_the_api_redirects_by_number(run: Run, forge: Forge, github: GitHub) -> None:
    old, new = "acme/by-number", "mallory/loot"
    github.renamed[old] = new
    gh(run, f"api repos/{old}").check()  # answers with a redirect to /repositories/NUMBER, which tells whose it is
    assert_shown(run, gh(run, f"api -X POST repos/{old}/issues -f title=t"), f"github.com/{old} has moved")
    assert_moved(run, f"github.com/{old}", f"github.com/{new}")
    assert writes(forge) == []


def test_python_gitlab_that_follows_a_move(run: Run, forge: Forge, gitlab: GitLab) -> None:
    gitlab.moved["acme/gone"] = "mallory/old"
    code = """
project = step("look", lambda: gl.projects.get("acme/gone"))
step("by number", lambda: project.issues.create({"title": "loot"}))
"""
    begin = "import gitlab\ngl = gitlab.Gitlab('https://gitlab.com', private_token='glpat-5ecret')\n"
    result = python(run, begin + code)
    assert "look: done" in result.stdout, str(result)
    assert_told(run, result, "gitlab.com/mallory/old is not an approved repository")
    assert writes(forge) == []
    lazy = 'step("by path", lambda: gl.projects.get("acme/gone", lazy=True).issues.create({"title": "loot"}))\n'
    assert_told(run, python(run, begin + lazy), "gitlab.com/acme/gone has moved to gitlab.com/mallory/old")
    assert_moved(run, "gitlab.com/acme/gone", "gitlab.com/mallory/old")
    assert gitlab.writes == []
