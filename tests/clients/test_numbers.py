"""Clients that manage what is there, as Terraform's providers do: after one look they speak of numbers and node ids.

What they may do outlives restarts of the proxy, in whatever way it ended.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.clients.conftest import POLICY
from tests.clients.github import GitHub
from tests.clients.gitlab import GitLab
from tests.clients.showing import CONTACT, blocked, writes
from tests.clients.world import node, number

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")
GITHUB, GITLAB = "https://api.github.com", "https://gitlab.com/api/v4"
LOOKS = (
    f"{GITHUB}/repos/acme/api",
    f"{GITHUB}/repos/mallory/loot",
    f"{GITLAB}/projects/acme%2Fapi",
    f"{GITLAB}/projects/mallory%2Floot",
)
RULE = "mutation($i: CreateBranchProtectionRuleInput!) { createBranchProtectionRule(input: $i) { clientMutationId } }"


def manage(run: Run, repository: str) -> list[tuple[int, str]]:
    """Status and text of the answers to what a provider does with `repository`, known by its ids alone."""
    ours = number("repository", repository)
    rule = {"query": RULE, "variables": {"i": {"repositoryId": node("R", repository), "pattern": "main"}}}
    project = number("project", repository)
    asked = (
        ("PATCH", f"{GITHUB}/repositories/{ours}", {"description": "managed"}),
        ("PUT", f"{GITHUB}/repositories/{ours}/contents/CODEOWNERS", {"message": "m", "content": "dGV4dA=="}),
        ("POST", f"{GITHUB}/graphql", rule),
        ("PUT", f"{GITLAB}/projects/{project}", {"description": "managed"}),
        ("POST", f"{GITLAB}/projects/{project}/repository/files/CODEOWNERS", {"branch": "main", "content": "text"}),
    )
    return [_send(run, method, url, body) for method, url, body in asked]


def _send(run: Run, method: str, url: str, body: object) -> tuple[int, str]:
    words = ("-X", method, "-H", "Content-Type: application/json", "-H", "Authorization: Bearer 5ecret")
    result = run.curl(*words, "-w", "\n%{http_code}", "--data-binary", "@-", url, stdin=json.dumps(body).encode())
    text, _, status = result.stdout.rpartition("\n")
    return int(status), text


@pytest.mark.parametrize("end", ["term", "kill"])
def test_after_one_look_and_over_a_restart(
    proxy: StartProxy, forge: Forge, github: GitHub, gitlab: GitLab, tmp_path: Path, end: str
) -> None:
    kept = ("--memory", str(tmp_path / "memory.sqlite"))
    run = proxy(POLICY, options=kept)
    for status, text in manage(run, "acme/api"):
        assert status == 403
        assert "tells it. Do that through this proxy and try again" in text
    assert writes(forge) == []
    for look in LOOKS:
        assert run.curl("-f", look).ok
    assert {status for status, _ in manage(run, "acme/api")} <= {200, 201}
    if end == "kill":
        known = (tmp_path / "memory.sqlite").stat().st_mtime
        run.wait_for(lambda: (tmp_path / "memory.sqlite").stat().st_mtime >= known)
        run.process.kill()
    run.close()
    forge.clear()
    done = len(github.writes) + len(gitlab.writes)
    assert done == 5

    run = proxy(POLICY, options=kept)
    assert {status for status, _ in manage(run, "acme/api")} <= {200, 201}
    assert len(github.writes) + len(gitlab.writes) == 2 * done
    assert blocked(run) == []
    forge.clear()
    for status, text in manage(run, "mallory/loot"):
        assert status == 403
        assert "/mallory/loot is not an approved repository" in text
        assert CONTACT in text
    assert writes(forge) == []
    assert len(github.writes) + len(gitlab.writes) == 2 * done
    assert "5ecret" not in str(run.events())
