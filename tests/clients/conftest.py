"""The harness of tests/e2e for clients of the forges' interfaces, and a proxy with a policy for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo.clients import Result
from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.gitlab import GitLab
from tests.e2e.conftest import (
    Run,
    StartProxy,
    _forge,
    _gateway,
    forge,
    gateway,
    proxy,
    pytest_configure,
    pytest_runtest_setup,
)

__all__ = ["_forge", "_gateway", "forge", "gateway", "proxy", "pytest_configure", "pytest_runtest_setup"]

POLICY = """\
version: 1
contact: security@acme.example
approved:
  - github.com/acme
  - repo: github.com/acme-labs
    allow: [code, text, other-write, create-repo, fork, secret, visibility]
    visibility: [private, internal]
  - gitlab.com/acme
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "clients" in item.path.parts:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def _clients(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    start = StartProxy(tmp_path_factory.mktemp("clients"), _forge)
    yield start(POLICY)
    start.close()


@pytest.fixture
def run(_clients: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy with POLICY that is shared by all tests here."""
    _clients.begin(tmp_path / "home")
    return _clients


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHub]:
    """GitHub, as long as the test runs."""
    stand_in = GitHub()
    with stand_in.behind(forge):
        yield stand_in


@pytest.fixture
def gitlab(forge: Forge) -> Iterator[GitLab]:
    """GitLab, as long as the test runs."""
    stand_in = GitLab()
    with stand_in.behind(forge):
        yield stand_in


@pytest.fixture
def node(run: Run) -> Callable[..., Result]:
    """Run a script of this folder with node, as somebody's script: `node("octokit.js", "work")`."""
    here = Path(__file__).parent
    if not (here / "node_modules" / ".forgewall-ready").exists():
        reason = "the packages of tests/clients/package-lock.json aren't installed: .ci/setup-node does it"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)

    def script(name: str, *arguments: str) -> Result:
        return run.client("node", str(here / name), *arguments).check()

    return script
