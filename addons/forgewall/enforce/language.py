"""Which language a client reads its refusal in: by what it asks for first, by what it says it accepts second.

Not here: any judgement. A wrong guess costs readability, never safety.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import parse_qsl

from forgewall.model import Kind, Request, Target


class Language(StrEnum):
    """What a client reads."""

    GIT_ADVERTISEMENT = "git-advertisement"
    GIT_RESULT = "git-result"
    LFS = "lfs"
    GITHUB_JSON = "github-json"
    GITLAB_JSON = "gitlab-json"
    BITBUCKET_JSON = "bitbucket-json"
    BITBUCKET_SERVER_JSON = "bitbucket-server-json"
    GRAPHQL = "graphql"
    REGISTRY_JSON = "registry-json"
    HTML = "html"
    TEXT = "text"


SERVICES = ("git-receive-pack", "git-upload-pack", "git-upload-archive")
_API_LABELS = frozenset({"api", "uploads"})
# At the root, or below an instance's prefix, which mustn't be an owner whose repository is called `api`.
_API = re.compile(r"/api/|/2\.0/|(?:/[^/]+)*?/(?:api/(?:v[0-9]|graphql)|rest/[a-z-]+/(?:latest|[0-9.]+)/)")


def language_of(request: Request, target: Target | None) -> Language:
    """The language for `request`; `target` only helps to tell the forges' interfaces apart."""
    path, _, query = request.path.partition("?")
    path = path.rstrip("/").lower()
    if request.method == "CONNECT":
        return Language.TEXT
    if path.endswith("/info/refs") and service_of(query):
        return Language.GIT_ADVERTISEMENT
    if request.method == "POST" and path.rpartition("/")[2] in SERVICES:
        return Language.GIT_RESULT
    accept, content = (request.header("accept") or "").lower(), (request.header("content-type") or "").lower()
    if "/info/lfs" in path or "git-lfs" in accept or "git-lfs" in content or _is_git_lfs(request):
        return Language.LFS
    if path.endswith("/graphql"):
        return Language.GRAPHQL
    if path == "/v2" or path.startswith("/v2/"):
        return Language.REGISTRY_JSON
    if _is_api(request.host.lower(), path):
        return _json_of(target, request.host.lower(), path)
    if "text/html" in accept or request.header("sec-fetch-mode") == "navigate":
        return Language.HTML
    return _json_of(target, request.host.lower(), path) if "json" in accept else Language.TEXT


def service_of(query: str) -> str | None:
    """The git service that a query names, or None; the last one where several are named."""
    names = [value for name, value in parse_qsl(query) if name == "service" and value in SERVICES]
    return names[-1] if names else None


def _is_git_lfs(request: Request) -> bool:
    """Whether git-lfs itself asks: on its way to an object store nothing else tells."""
    return (request.header("user-agent") or "").lower().startswith("git-lfs/")


def _is_api(host: str, path: str) -> bool:
    return host.partition(".")[0] in _API_LABELS or _API.match(f"{path}/") is not None


def _json_of(target: Target | None, host: str, path: str) -> Language:
    match target.kind if target else None:
        case Kind.GITHUB | Kind.GITEA:
            return Language.GITHUB_JSON
        case Kind.BITBUCKET:
            return Language.BITBUCKET_SERVER_JSON if "/rest/" in path else Language.BITBUCKET_JSON
        case None if host.endswith("github.com"):
            return Language.GITHUB_JSON
        case None if host.endswith("bitbucket.org"):
            return Language.BITBUCKET_JSON
        case _:
            return Language.GITLAB_JSON
