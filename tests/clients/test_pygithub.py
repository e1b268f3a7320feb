"""PyGithub through the real proxy: names, numbers and pages, at work and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.showing import assert_all_done, assert_all_refused, blocked, python, writes
from tests.clients.world import number

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

BEGIN = """
from github import Auth, Github, InputGitTreeElement
gh = Github(auth=Auth.Token("ghp_5ecret"), seconds_between_requests=None, seconds_between_writes=None)
"""
WORK = """
repo = step("look", lambda: gh.get_repo({repo!r}{lazy}))
step("file", lambda: repo.create_file("a.txt", "add", "text", branch="main"))
blob = step("blob", lambda: repo.create_git_blob("text", "utf-8"))
base = repo.get_git_tree("main")
one = InputGitTreeElement("a.txt", "100644", "blob", content="text")
tree = step("tree", lambda: repo.create_git_tree([one], base))
commit = step("commit", lambda: repo.create_git_commit("add", tree, []))
ref = step("ref", lambda: repo.create_git_ref("refs/heads/topic", commit.sha))
step("move", lambda: ref.edit(commit.sha))
issue = step("issue", lambda: repo.create_issue("title", body="text"))
step("comment", lambda: issue.create_comment("text"))
step("close", lambda: issue.edit(state="closed"))
pull = step("pull", lambda: repo.create_pull(base="main", head="topic", title="title", body="text"))
step("merge", lambda: pull.merge())
release = step("release", lambda: repo.create_git_release("v1", "v1", "notes"))
step("asset", lambda: release.upload_asset("notes.txt"))
"""


def test_a_day_of_approved_work(run: Run, github: GitHub) -> None:
    (run.home / "notes.txt").write_bytes(b"0123456789" * 1000)
    assert_all_done(python(run, BEGIN + WORK.format(repo="acme/api", lazy="")))
    assert blocked(run) == []
    release = number("release", "acme/api")
    assert github.writes == [
        "PUT /repos/acme/api/contents/a.txt",
        "POST /repos/acme/api/git/blobs",
        "POST /repos/acme/api/git/trees",
        "POST /repos/acme/api/git/commits",
        "POST /repos/acme/api/git/refs",
        "PATCH /repos/acme/api/git/refs/heads/topic",
        "POST /repos/acme/api/issues",
        "POST /repos/acme/api/issues/7/comments",
        "PATCH /repos/acme/api/issues/7",
        "POST /repos/acme/api/pulls",
        "PUT /repos/acme/api/pulls/3/merge",
        "POST /repos/acme/api/releases",
        f"POST /repos/acme/api/releases/{release}/assets",
    ]
    assert github.assets == [b"0123456789" * 1000]
    assert {event["forgewall"]["visibility"] for event in run.events("decision")} == {"private"}
    assert "5ecret" not in str(run.events())


def test_further_pages_are_named_by_number_and_teach_it(run: Run, github: GitHub) -> None:
    web = number("repository", "acme/web")
    code = f"""
repo = gh.get_repo("acme/web")
issues = step("pages", lambda: list(repo.get_issues()))
print("issues:", [issue.number for issue in issues])
lazy = gh.get_repo({web}, lazy=True)
step("by number", lambda: lazy.create_issue("title"))
step("file by number", lambda: lazy.create_file("a.txt", "add", "text"))
"""
    result = python(run, BEGIN + code)
    assert result.stdout.splitlines() == [
        "pages: done",
        "issues: [1, 2, 3]",
        "by number: done",
        "file by number: done",
    ], str(result)
    assert [read for read in github.reads if f"/repositories/{web}/issues" in read]
    assert github.writes == [f"POST /repositories/{web}/issues", f"PUT /repositories/{web}/contents/a.txt"]
    assert {event["forgewall"]["address"] for event in run.events("decision")} == {"github.com/acme/web"}


def test_a_strangers_repository_is_refused_by_name_and_by_number(run: Run, forge: Forge, github: GitHub) -> None:
    loot = number("repository", "mallory/loot")
    code = f"""
repo = gh.get_repo("mallory/loot")
lazy = gh.get_repo({loot}, lazy=True)
step("file", lambda: repo.create_file("a.txt", "add", "loot"))
step("blob", lambda: repo.create_git_blob("loot", "utf-8"))
step("issue", lambda: repo.create_issue("loot"))
step("comment", lambda: repo.get_issue(7).create_comment("loot"))
step("release", lambda: repo.create_git_release("v1", "v1", "loot"))
step("file by number", lambda: lazy.create_file("a.txt", "add", "loot"))
step("issue by number", lambda: lazy.create_issue("loot"))
"""
    names = ("file", "blob", "issue", "comment", "release", "file by number", "issue by number")
    refused = "github.com/mallory/loot is not an approved repository"
    assert_all_refused(run, python(run, BEGIN + code), dict.fromkeys(names, refused))
    assert github.writes == []
    assert writes(forge) == []


def test_other_ways_out_are_refused(run: Run, forge: Forge, github: GitHub) -> None:
    code = """
user, ours = gh.get_user(), gh.get_repo("acme/api")
step("own repository", lambda: user.create_repo("new", private=True))
step("gist", lambda: user.create_gist(False, {"a.txt": __import__("github").InputFileContent("loot")}))
step("fork", lambda: user.create_fork(ours))
step("public", lambda: ours.edit(private=False))
step("hook", lambda: ours.create_hook("web", {"url": "https://mallory.example/"}))
step("key", lambda: ours.create_key("mine", "ssh-ed25519 AAAA"))
step("unknown number", lambda: gh.get_repo(31337, lazy=True).create_issue("loot"))
"""
    assert_all_refused(
        run,
        python(run, BEGIN + code),
        {
            "own repository": "doesn't name the owner of the new repository",
            "gist": "doesn't say whose gist this is",
            "fork": "doesn't name the owner of the new repository",
            "public": "`visibility` is not among the operations approved for github.com/acme",
            "hook": "`webhook` is not among the operations approved for github.com/acme",
            "key": "`deploy-key` is not among the operations approved for github.com/acme",
            "unknown number": "whose repository 31337 is; GET https://api.github.com/repos/OWNER/NAME tells it",
        },
    )
    assert github.writes == []
    assert writes(forge) == []
