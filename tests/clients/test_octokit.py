"""octokit through the real proxy: REST, pages, numbers and GraphQL, at work and refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from demo.clients import Result
from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.showing import assert_all_done, assert_all_refused, blocked, writes
from tests.clients.world import number

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("node")
REFUSED = "github.com/mallory/loot is not an approved repository"


def test_a_day_of_approved_work(run: Run, github: GitHub, node: Callable[..., Result]) -> None:
    assert_all_done(node("octokit.js", "work"))
    assert blocked(run) == []
    release = number("release", "acme/api")
    assert github.writes == [
        "PUT /repos/acme/api/contents/a%2Fb.txt",
        "POST /repos/acme/api/git/blobs",
        "POST /repos/acme/api/git/trees",
        "POST /repos/acme/api/git/commits",
        "POST /repos/acme/api/git/refs",
        "PATCH /repos/acme/api/git/refs/heads%2Ftopic",
        "POST /repos/acme/api/issues",
        "POST /repos/acme/api/issues/7/comments",
        "POST /repos/acme/api/pulls",
        "PUT /repos/acme/api/pulls/3/merge",
        "POST /repos/acme/api/releases",
        f"POST /repos/acme/api/releases/{release}/assets",
    ]
    assert github.assets == [b"x" * 100000]
    assert {event["forgewall"]["address"] for event in run.events("decision")} == {"github.com/acme/api"}
    assert "5ecret" not in str(run.events())


def test_a_strangers_repository_is_refused(run: Run, forge: Forge, github: GitHub, node: Callable[..., Result]) -> None:
    names = ("file", "blob", "tree", "commit", "ref", "move", "issue", "comment", "pull request", "merge", "release")
    assert_all_refused(run, node("octokit.js", "loot"), dict.fromkeys(names, REFUSED), after=("look",))
    assert github.writes == []
    assert writes(forge) == []


def test_pages_teach_the_number_that_later_work_uses(run: Run, github: GitHub, node: Callable[..., Result]) -> None:
    result = node("octokit.js", "pages")
    assert "issues: 1,2,3" in result.stdout, str(result)
    web = number("repository", "acme/web")
    assert_all_done(node("octokit.js", "numbers", str(web)))
    assert github.writes == [f"POST /repositories/{web}/issues", f"PUT /repositories/{web}/contents/a.txt"]
    assert {event["forgewall"]["address"] for event in run.events("decision")} == {"github.com/acme/web"}


def test_a_number_that_nobody_told_is_refused(
    run: Run, forge: Forge, github: GitHub, node: Callable[..., Result]
) -> None:
    word = "whose repository 271828 is; GET https://api.github.com/repos/OWNER/NAME tells it"
    assert_all_refused(run, node("octokit.js", "numbers", "271828"), {"issue": word, "file": word})
    assert writes(forge) == []


def test_graphql_by_node_ids(run: Run, forge: Forge, github: GitHub, node: Callable[..., Result]) -> None:
    assert_all_done(node("octokit.js", "graphql"))
    assert github.writes == ["createIssue"]
    assert_all_refused(run, node("octokit.js", "graphql-loot"), {"issue": REFUSED}, after=("look",))
    assert github.writes == ["createIssue"]
