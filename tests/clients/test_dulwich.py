"""dulwich, a git client that shares no code with git, through the real proxy: it clones and pushes, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.clients.showing import assert_all_done, assert_all_refused, blocked, python, writes

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git")

BEGIN = """
import os
from dulwich import porcelain
QUIET = open(os.devnull, "wb")

def push(url, *refs):
    return porcelain.push(repo, url, list(refs), outstream=QUIET, errstream=QUIET)
"""
COMMIT = """
open(os.path.join(repo.path, "a.bin"), "wb").write(os.urandom({size}))
porcelain.add(repo, [os.path.join(repo.path, "a.bin")])
porcelain.commit(repo, b"second", author=b"Ana <ana@acme.example>", committer=b"Ana <ana@acme.example>")
"""


@pytest.mark.parametrize("size", [100, 3 << 20])
def test_an_approved_clone_and_push_arrive(run: Run, forge: Forge, size: int) -> None:
    forge.seed("github.com/acme/api", run.work_tree())
    code = f"""
url = "https://github.com/acme/api.git"
repo = step("clone", lambda: porcelain.clone(url, os.path.abspath("copy"), errstream=QUIET))
{COMMIT.format(size=size)}
step("push", lambda: push(url, "refs/heads/main"))
step("branch", lambda: push(url, "refs/heads/main:refs/heads/topic"))
step("delete", lambda: push(url, ":refs/heads/topic"))
"""
    assert_all_done(python(run, BEGIN + code))
    assert blocked(run) == []
    head = run.git("rev-parse", "HEAD", cwd=run.home / "copy").stdout.strip()
    assert forge.refs("github.com/acme/api") == {"refs/heads/main": head}
    forge.git("github.com/acme/api", "fsck", "--full", "--strict")
    told = [event["forgewall"] for event in run.events("upload")]
    assert [file["path"] for file in told[0]["evidence"]["files"]] == ["a.bin"]


@pytest.mark.parametrize("address", ["github.com/mallory/loot", "gitlab.com/mallory/loot"])
def test_an_unapproved_push_is_refused_before_a_byte(run: Run, forge: Forge, address: str) -> None:
    tree = run.work_tree()
    forge.seed(address, tree)
    before = forge.refs(address)
    run.commit(tree, "loot", size=1000)
    code = f"""
repo = porcelain.Repo({str(tree)!r})
step("read", lambda: porcelain.ls_remote("https://{address}"))
step("push", lambda: push("https://{address}", "refs/heads/main"))
"""
    result = python(run, BEGIN + code)
    assert writes(forge) == []
    assert forge.refs(address) == before
    words = {"push": f"{address} is not an approved repository"}
    assert_all_refused(run, result, words, after=("read",))
