"""What holds for the published operations of all forges, and what their tables let pass as a read."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest
from tests.identify.coverage import ROWS, Row

from forgewall.identify.routes import Route, load_routes
from forgewall.model import Effect, Operation

# What one operation needs at least, that a plain approval doesn't cover.
NEED_NAMING = {
    Operation.FORK,
    Operation.VISIBILITY,
    Operation.DELETE_REPO,
    Operation.CREATE_REPO,
    Operation.WEBHOOK,
    Operation.DEPLOY_KEY,
    Operation.COLLABORATOR,
}
BY_PATH = [row for row in ROWS if "GraphQL" not in row.description.name and "Code" not in row.description.name]
# Their rows that read are compared with what is published; and tools of MCP, whose names say it.
OWN_TESTS = {"azure-devops-api", "github-mcp"}
TABLES = sorted(
    file.name.removesuffix(".routes")
    for file in resources.files("forgewall.identify").joinpath("data").iterdir()
    if file.name.endswith(".routes")
)


@pytest.mark.parametrize("row", BY_PATH, ids=lambda row: row.description.name)
def test_get_of_the_same_path_is_a_read(row: Row) -> None:
    asked = [
        replace(case.operation, method="GET") for case in row.cases if case.operation.method not in ("GET", "HEAD")
    ]
    opening = {case.operation.template for case in row.cases if case.writes and case.operation.method == "GET"}
    wrong = [one.title for one in asked if row.description.ask(one).effect is Effect.WRITE]
    assert {title.partition(" ")[2] for title in wrong} <= opening


def rows_of(operations: set[Operation]) -> list[tuple[str, Route]]:
    names = [name for name in TABLES if name not in OWN_TESTS]
    return [(name, row) for name in names for row in load_routes(name) if row.operation in operations]


def test_what_passes_as_a_read_is_a_short_list() -> None:
    found = sorted(
        f"{name} {'|'.join(sorted(row.methods))} /{'/'.join(row.pattern)}"
        for name, row in rows_of({Operation.FETCH})
        if not {"GET", "HEAD"} & row.methods
    )
    assert found == [
        "azure-devops-packages POST /{feed}/npm/registry/-/npm/v1/security/advisories/bulk",
        "azure-devops-packages POST /{feed}/npm/registry/-/npm/v1/security/audits/quick",
        "azure-devops-web POST /_git/_full/{*}/gvfs/objects",
        "azure-devops-web POST /_git/_full/{*}/gvfs/sizes",
        "azure-devops-web POST /_git/_optimized/{*}/gvfs/objects",
        "azure-devops-web POST /_git/_optimized/{*}/gvfs/sizes",
        "azure-devops-web POST /_git/{*}/gvfs/objects",
        "azure-devops-web POST /_git/{*}/gvfs/sizes",
        "bitbucket-api POST /repositories/{workspace}/{repo}/commits",
        "bitbucket-api POST /repositories/{workspace}/{repo}/commits/{*}",
        "bitbucket-dc-api POST /api/markup/preview",
        "bitbucket-dc-api POST /api/migration/exports/preview",
        "bitbucket-dc-api POST /api/migration/mesh/preview",
        "bitbucket-dc-api POST /build-status/commits/stats",
        "bitbucket-dc-api POST /webResources/resources",
        "bitbucket-dc-api POST /wrm/resources",
        "gitea-api POST /markdown",
        "gitea-api POST /markdown/raw",
        "gitea-api POST /markup",
        "gitea-api POST /repos/{owner}/{repo}/file-contents",
        "gitea-api POST /repos/{owner}/{repo}/markdown",
        "gitea-api POST /repos/{owner}/{repo}/markdown/raw",
        "gitea-api POST /repos/{owner}/{repo}/markup",
        "gitea-web POST /-/markup",
        "gitea-web POST /markdown",
        "gitea-web POST /{owner}/{repo}/_preview/{**}",
        "gitea-web POST /{owner}/{repo}/actions/runs/{*}",
        "gitea-web POST /{owner}/{repo}/actions/runs/{*}/attempts/{*}",
        "gitea-web POST /{owner}/{repo}/actions/runs/{*}/jobs/{*}",
        "gitea-web POST /{owner}/{repo}/actions/runs/{*}/jobs/{*}/attempt/{*}",
        "gitea-web POST /{owner}/{repo}/archive/{**}",
        "gitea-web POST /{owner}/{repo}/lastcommit/{**}",
        "gitea-web POST /{owner}/{repo}/markdown",
        "gitea-web POST /{owner}/{repo}/markup",
        "gitea-web POST /{owner}/{repo}/releases/generate-notes",
        "github-actions POST /actions/build/{plan}/jobs/{*}/runnerresolve/actions",
        "github-actions POST /twirp/github.actions.results.api.v1.ArtifactService/GetSignedArtifactURL",
        "github-actions POST /twirp/github.actions.results.api.v1.ArtifactService/ListArtifacts",
        "github-actions POST /twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL",
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
        "huggingface-api POST /inference-endpoints/{owner}/auth-check/{*}",
        "huggingface-api POST /inference-endpoints/{owner}/{*}/auth-check/{*}",
        "huggingface-api POST /quicksearch",
        "huggingface-api POST /validate-yaml",
        "huggingface-repo POST /paths-info",
        "huggingface-repo POST /paths-info/{*}",
    ]


def test_what_get_does_besides_reading_is_a_short_list() -> None:
    rows = [(name, row) for name in TABLES for row in load_routes(name) if "GET" in row.methods]
    found = {
        (name, row.operation.value, "/".join(row.pattern)) for name, row in rows if row.operation is not Operation.FETCH
    }
    assert found == {
        ("azure-devops-web", "auth", "_signedin"),
        ("azure-devops-web", "auth", "_signin"),
        ("azure-devops-web", "auth", "_signout"),
        ("bitbucket-web", "auth", "account/signout"),
        ("gitea-web", "auth", "user/activate"),
        ("gitea-web", "auth", "user/activate_email"),
        ("gitea-web", "auth", "user/logout"),
        ("gitlab-web", "auth", "users/sign_out"),
        ("huggingface-api", "telemetry", "telemetry/{**}"),
        ("huggingface-repo", "lfs-upload", "xet-write-token"),
        ("huggingface-repo", "lfs-upload", "xet-write-token/{*}"),
    }


def test_operations_that_need_naming_exist_on_every_forge() -> None:
    for name in ("github-api", "gitlab-api", "bitbucket-api", "bitbucket-dc-api"):
        found = {row.operation for row in load_routes(name)}
        assert found >= NEED_NAMING
