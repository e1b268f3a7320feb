"""Every documented route that writes is listed and names the repository in its path; what passes as a read is few."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identify.asking import ask

from forgewall.identify.routes import Route, load_routes
from forgewall.model import Effect, Operation, Target

_FOLDER = Path(__file__).parents[1] / "corpus" / "identify"

# Forge, its API's beginning, what to put for placeholders, and the addresses that must come out.
FORGES = {
    "github": ("https://api.github.com", "github.com/acme", "github.com/acme/api"),
    "gitlab": ("https://gitlab.com/api/v4", "gitlab.com/acme/team", "gitlab.com/acme/team/api"),
    "bitbucket": ("https://api.bitbucket.org/2.0", "bitbucket.org/acme", "bitbucket.org/acme/api"),
    "bitbucket-dc": ("https://bb.example/bitbucket/rest", "bb.example/acme", "bb.example/acme/api"),
}
NAMES = {
    **dict.fromkeys(("owner", "org", "template_owner", "workspace", "projectKey"), "acme"),
    **dict.fromkeys(("repo", "template_repo", "repo_slug", "repositorySlug"), "api"),
    "project": "acme%2Fteam%2Fapi",
    "security_product": "secret_scanning",
}
# An id stands where a name is needed, in the path or in the body.
BY_ID = re.compile(
    r"^/(teams/\{team_id\}|user/\{user_id\}/|users/\{x\}(?!/(un)?follow)|suggestions/\{x\}"
    r"|build-status/latest/commits/\{|jira/|keys/latest/ssh/|jobs/\{x\}|packages/(conan|npm/-/package)/"
    r"|geo/(status|.*proxy)|integrations/(slack|jira_connect)/|slack/|container_registry_event/)"
    r"|/issues/\{x\}/(move|clone)$|/projects/\{x\}$|/fork/\{x\}$|import_project_members"
    r"|/share$|/job_token_scope/(groups_)?allowlist$"
)
# More than the path's repository is written to.
WITHOUT_NAME = re.compile(r"^/teams/\{team_id\}|^/teams/\{workspace\}/permissions/|/update-branch$")
# The new repository stands in the body, and not in the path.
ELSEWHERE = {Operation.FORK, Operation.CREATE_REPO, Operation.IMPORT}


NEED_NAMING = {
    Operation.FORK,
    Operation.VISIBILITY,
    Operation.DELETE_REPO,
    Operation.CREATE_REPO,
    Operation.WEBHOOK,
    Operation.DEPLOY_KEY,
    Operation.COLLABORATOR,
}


def documented(forge: str) -> Iterator[tuple[str, str]]:
    for line in (_FOLDER / f"documented-{forge}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            method, path = line.split()
            yield method, path


def asked(forge: str, method: str, path: str) -> Target:
    filled = re.sub(r"\{(\w+)\}", lambda found: NAMES.get(found[1], "x1"), path)
    return ask(method, FORGES[forge][0] + filled)


@pytest.mark.parametrize("forge", FORGES)
def test_is_listed(forge: str) -> None:
    unknown = {row for row in documented(forge) if asked(forge, *row).operation is Operation.UNIDENTIFIED}
    assert unknown == {(method, path) for method, path in documented(forge) if method != "GET" and BY_ID.search(path)}


@pytest.mark.parametrize("forge", FORGES)
def test_names_the_repository_of_the_path(forge: str) -> None:
    named = 0
    for method, path in documented(forge):
        target = asked(forge, method, path)
        holds = re.search(r"\{(repo|template_repo|repo_slug|repositorySlug)\}|^/projects/\{project\}", path)
        if holds and target.operation not in ELSEWHERE and not WITHOUT_NAME.search(path):
            assert (target.address, target.also) == (FORGES[forge][2], ()), (method, path)
            named += 1
    assert named > 90


@pytest.mark.parametrize("forge", FORGES)
def test_get_of_the_same_path_is_a_read(forge: str) -> None:
    assert [path for _, path in documented(forge) if asked(forge, "GET", path).effect is not Effect.READ] == []


def test_documented_routes_are_many() -> None:
    assert sum(len(list(documented(forge))) for forge in FORGES) > 1700


TABLES = ("github-api", "github-web", "github-gist", "github-uploads", "gitlab-api", "gitlab-web",
          "gitlab-project", "gitlab-group", "gitlab-tail", "gitlab-bare",
          "bitbucket-api", "bitbucket-web", "bitbucket-dc-api", "bitbucket-dc-web")  # fmt: skip


def rows_of(operations: set[Operation]) -> list[tuple[str, Route]]:
    return [(name, row) for name in TABLES for row in load_routes(name) if row.operation in operations]


def test_what_passes_as_a_read_is_a_short_list() -> None:
    found = sorted(
        f"{name} {'|'.join(sorted(row.methods))} /{'/'.join(row.pattern)}" for name, row in rows_of({Operation.FETCH})
    )
    assert found == [
        "bitbucket-api POST /repositories/{workspace}/{repo}/commits",
        "bitbucket-api POST /repositories/{workspace}/{repo}/commits/{*}",
        "bitbucket-dc-api POST /api/markup/preview",
        "bitbucket-dc-api POST /api/migration/exports/preview",
        "bitbucket-dc-api POST /api/migration/mesh/preview",
        "bitbucket-dc-api POST /build-status/commits/stats",
        "bitbucket-dc-api POST /webResources/resources",
        "bitbucket-dc-api POST /wrm/resources",
        "github-api POST /markdown",
        "github-api POST /markdown/raw",
        "github-api POST /orgs/{owner}/attestations/bulk-list",
        "github-api POST /users/{owner}/attestations/bulk-list",
        "github-web POST /preview",
        "github-web POST /{owner}/{repo}/preview/{**}",
        "gitlab-api POST /ci/lint",
        "gitlab-api POST /glql",
        "gitlab-api POST /groups/{project}/-/packages/npm/-/npm/v1/security/advisories/bulk",
        "gitlab-api POST /groups/{project}/-/packages/npm/-/npm/v1/security/audits/quick",
        "gitlab-api POST /markdown",
        "gitlab-api POST /packages/npm/-/npm/v1/security/advisories/bulk",
        "gitlab-api POST /packages/npm/-/npm/v1/security/audits/quick",
        "gitlab-api POST /projects/{project}/ci/lint",
        "gitlab-api POST /projects/{project}/packages/npm/-/npm/v1/security/advisories/bulk",
        "gitlab-api POST /projects/{project}/packages/npm/-/npm/v1/security/audits/quick",
        "gitlab-api POST /projects/{project}/packages/rubygems/api/v1/dependencies",
        "gitlab-api POST /projects/{project}/product_analytics/request/dry-run",
        "gitlab-api POST /projects/{project}/product_analytics/request/load",
        "gitlab-group POST /insights/query",
        "gitlab-group POST /preview_markdown",
        "gitlab-group POST /wikis/{id}/preview_markdown",
        "gitlab-project POST /ci/lint",
        "gitlab-project POST /compare",
        "gitlab-project POST /incident_management/timeline_events/preview_markdown",
        "gitlab-project POST /ml/preview_markdown",
        "gitlab-project POST /preview/{**}",
        "gitlab-project POST /preview_markdown",
        "gitlab-project POST /wikis/{id}/preview_markdown",
        "gitlab-tail POST /insights/query",
        "gitlab-tail POST /preview_markdown",
        "gitlab-web POST /-/snippets/preview_markdown",
        "gitlab-web POST /organizations/preview_markdown",
    ]


def test_only_signing_out_is_listed_for_get() -> None:
    rows = [(row.operation, row.pattern) for name in TABLES for row in load_routes(name) if "GET" in row.methods]
    assert rows == [(Operation.AUTH, ("users", "sign_out")), (Operation.AUTH, ("account", "signout"))]


def test_operations_that_need_naming_exist_on_every_forge() -> None:
    for name in ("github-api", "gitlab-api", "bitbucket-api", "bitbucket-dc-api"):
        found = {row.operation for row in load_routes(name)}
        assert found >= NEED_NAMING
