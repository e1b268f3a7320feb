from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.enforce.samples import request, target

from forgewall.enforce.language import Language, language_of
from forgewall.model import Kind, Request

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (request("/a/b.git/info/refs?service=git-receive-pack"), Language.GIT_ADVERTISEMENT),
        (request("/a/b/info/refs?x=1&service=git-upload-pack"), Language.GIT_ADVERTISEMENT),
        (request("/a/b/info/refs?service=git-upload-pack", accept=BROWSER), Language.GIT_ADVERTISEMENT),
        (request("/a/b/info/refs"), Language.TEXT),
        (request("/a/b/info/refs?service=git-evil"), Language.TEXT),
        (request("/a/b.git/git-receive-pack", "POST"), Language.GIT_RESULT),
        (request("/a/b.git/git-upload-pack", "POST"), Language.GIT_RESULT),
        (request("/a/b.git/git-receive-pack", "GET"), Language.TEXT),
        (request("/a/b.git/info/lfs/objects/batch", "POST", accept="application/json"), Language.LFS),
        (request("/x", "POST", content_type="application/vnd.git-lfs+json; charset=utf-8"), Language.LFS),
        (
            request("/bucket/o", "PUT", host="github-cloud.s3.amazonaws.com", user_agent="git-lfs/3.7.1 (x)"),
            Language.LFS,
        ),
        (request("/bucket/o", "PUT", host="github-cloud.s3.amazonaws.com", user_agent="my-git-lfs/1"), Language.TEXT),
        (request("/graphql", "POST", host="api.github.com"), Language.GRAPHQL),
        (request("/api/graphql", "POST", host="gitlab.com"), Language.GRAPHQL),
        (request("/repos/a/b/issues", "POST", host="api.github.com"), Language.GITHUB_JSON),
        (request("/repos/a/b/releases/1/assets", "POST", host="uploads.github.com"), Language.GITHUB_JSON),
        (request("/api/v4/projects", "POST", host="gitlab.com"), Language.GITLAB_JSON),
        (request("/2.0/repositories/a/b", "PUT", host="api.bitbucket.org"), Language.BITBUCKET_JSON),
        (request("/v2/a/b/blobs/uploads/", "POST", host="ghcr.io"), Language.REGISTRY_JSON),
        (request("/a/b/upload", "POST", accept=BROWSER), Language.HTML),
        (request("/a/b", sec_fetch_mode="navigate"), Language.HTML),
        (request("/acme/api/create/main", "POST", accept=BROWSER), Language.HTML),
        (request("/acme/platform/api/-/create/main", "POST", host="gitlab.com", accept=BROWSER), Language.HTML),
        (request("/acme/rest/upload/main", "POST", accept=BROWSER), Language.HTML),
        (request("/upload/policies/assets", "POST", accept="application/json"), Language.GITHUB_JSON),
        (request("/a/b", "PUT", accept="*/*"), Language.TEXT),
        (request("github.com:22", "CONNECT", accept=BROWSER), Language.TEXT),
    ],
)
def test_what_is_asked_decides_before_what_is_accepted(asked: Request, language: Language) -> None:
    assert language_of(asked, None) is language


@pytest.mark.parametrize(
    ("kind", "path", "language"),
    [
        (Kind.GITHUB, "/api/v3/repos/a/b", Language.GITHUB_JSON),
        (Kind.GITEA, "/api/v1/repos/a/b", Language.GITHUB_JSON),
        (Kind.GITLAB, "/gitlab/api/v4/projects/1", Language.GITLAB_JSON),
        (Kind.GITLAB, "/gitlab/api/graphql/x", Language.GITLAB_JSON),
        (Kind.BITBUCKET, "/rest/api/1.0/projects/A/repos/b", Language.BITBUCKET_SERVER_JSON),
        (Kind.BITBUCKET, "/bitbucket/rest/build-status/latest/commits/1", Language.BITBUCKET_SERVER_JSON),
        (Kind.HUGGINGFACE, "/api/repos/create", Language.GITLAB_JSON),
    ],
)
def test_an_instance_speaks_its_kind(kind: Kind, path: str, language: Language) -> None:
    host = "git.acme.example"
    assert language_of(request(path, "POST", host=host), target(kind, host)) is language


@given(path=st.text(max_size=60), method=st.sampled_from(["GET", "POST", "CONNECT", "x"]), accept=st.text(max_size=30))
def test_any_request_has_a_language(path: str, method: str, accept: str) -> None:
    assert language_of(request(path, method, accept=accept), None) in Language
