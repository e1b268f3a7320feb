"""isomorphic-git, a git client in JavaScript, through the real proxy: it clones and pushes, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from demo.clients import Result
from demo.forge import Forge
from tests.clients.showing import CONTACT, assert_all_done, blocked, steps, writes

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git", "node")


@pytest.mark.parametrize("size", [100, 3 << 20])
def test_an_approved_clone_and_push_arrive(run: Run, forge: Forge, node: Callable[..., Result], size: int) -> None:
    forge.seed("github.com/acme/api", run.work_tree())
    assert_all_done(node("isomorphic-git.js", "https://github.com/acme/api.git", str(run.home / "copy"), str(size)))
    assert blocked(run) == []
    head = run.git("rev-parse", "HEAD", cwd=run.home / "copy").stdout.strip()
    assert forge.refs("github.com/acme/api") == {"refs/heads/main": head}
    forge.git("github.com/acme/api", "fsck", "--full", "--strict")
    told = [event["forgewall"] for event in run.events("upload")]
    assert "a.bin" in [file["path"] for file in told[0]["evidence"]["files"]]


@pytest.mark.parametrize("address", ["github.com/mallory/loot", "gitlab.com/mallory/loot"])
def test_an_unapproved_push_is_refused_before_a_byte(
    run: Run, forge: Forge, node: Callable[..., Result], address: str
) -> None:
    forge.seed(address, run.work_tree())
    before = forge.refs(address)
    result = node("isomorphic-git.js", f"https://{address}", str(run.home / "copy"), "1000")
    found = steps(result)
    assert found["clone"] == "done", str(result)
    assert found["push"].startswith("failed"), str(result)
    (refused,) = blocked(run)
    for word in (f"{address} is not an approved repository", CONTACT, refused["id"]):
        assert word in found["push"], str(result)
    assert writes(forge) == []
    assert forge.refs(address) == before
