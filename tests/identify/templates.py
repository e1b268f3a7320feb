"""Every address that a route table, git, LFS or a registry takes a write at, with room for an owner and a repository.

What is *not* here: the ways to spell them (`respelling`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

from forgewall.identify.routes import Route, load_routes
from forgewall.model import BodyState, Effect, Request

_OWNERS = ("{owner}", "{workspace}", "{org}", "{enterprise}")


@dataclass(frozen=True, slots=True)
class Template:
    """A request that writes. `url` has `{o}` where an owner stands, and `{r}` where one of its repositories does."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def at(self, owner: str, repository: str) -> str:
        """The URL with these names, as they are."""
        return self.url.replace("{o}", owner).replace("{r}", repository)

    def request(self, owner: str, repository: str) -> Request:
        """The request with these names."""
        host, _, path = self.at(owner, repository).removeprefix("https://").partition("/")
        return Request(
            method=self.method,
            scheme="https",
            host=host,
            port=443,
            path=f"/{path}",
            headers=self.headers,
            body=self.body,
            body_state=BodyState.COMPLETE,
        )


WITHOUT_ADDRESS = {
    "azure-devops-reads": "reads only",
    "azure-devops-web": "reads and signing in",
    "github-actions": "a run stands in the path or in a token",
    "github-copilot": "for assistants",
    "github-mcp": "tools, whose arguments stand in the body",
    "gitlab-web": "pages of the asker's own and of the instance",
}
"""Tables without an address in any path that writes, and why."""


def _spots(route: Route) -> str:
    """The path of a row, with the first owner that stands before a repository, or the only one, as the spot."""
    parts = list(route.pattern)
    owners = [at for at, part in enumerate(parts) if part in _OWNERS]
    if not owners:
        return ""
    before = parts.index("{repo}") if "{repo}" in parts else len(parts)
    spot = max((at for at in owners if at < before), default=owners[0])
    return "/" + "/".join("{o}" if at == spot else _word(part) for at, part in enumerate(parts))


def _word(part: str) -> str:
    if part == "{repo}":
        return "{r}"
    return "x1/y1" if part == "{**}" else "acme" if part in _OWNERS else "7" if part.startswith("{") else part


def _plain(base: str) -> Callable[[Route], str]:
    return lambda route: base + _spots(route) if _spots(route) else ""


def _gitlab(route: Route) -> str:
    parts = ["{o}%2F{r}" if part == "{project}" else _word(part) for part in route.pattern]
    return f"https://gitlab.com/api/v4/{'/'.join(parts)}" if "{project}" in route.pattern else ""


def _gitlab_page(base: str) -> Callable[[Route], str]:
    return lambda route: "/".join(("https://gitlab.com", base, *map(_word, route.pattern))).rstrip("/")


def _center(route: Route) -> str:
    name, _, rest = _spots(route).removeprefix("/").partition("/")
    return f"https://bb.example/bitbucket/rest/{name}/latest/{rest}" if rest else ""


def _azure(route: Route) -> str:
    if "{project}" in route.pattern:
        at = ["{r}" if part == "{project}" else _word(part) for part in route.pattern]
        return f"https://dev.azure.com/{{o}}/_apis/{'/'.join(at)}"
    words = ["api" if part == "{repository}" else _word(part) for part in route.pattern]
    return f"https://dev.azure.com/{{o}}/{{r}}/_apis/{'/'.join(words)}"


def _feed(route: Route) -> str:
    return f"https://pkgs.dev.azure.com/{{o}}/{{r}}/_packaging/{'/'.join(map(_word, route.pattern))}"


def _hub(kind: str) -> Callable[[Route], str]:
    return lambda route: "/".join((f"https://huggingface.co/api/{kind}/{{o}}/{{r}}", *map(_word, route.pattern)))


TABLES: tuple[tuple[str, Callable[[Route], str]], ...] = (
    ("azure-devops-api", _azure),
    ("azure-devops-packages", _feed),
    ("bitbucket-api", _plain("https://api.bitbucket.org/2.0")),
    ("bitbucket-dc-api", _center),
    ("bitbucket-dc-web", _plain("https://bb.example/bitbucket")),
    ("bitbucket-internal", _plain("https://bitbucket.org/!api/internal")),
    ("bitbucket-web", _plain("https://bitbucket.org")),
    ("gitea-api", _plain("https://codeberg.org/api/v1")),
    ("gitea-web", _plain("https://codeberg.org")),
    ("github-api", _plain("https://api.github.com")),
    ("github-gist", _plain("https://gist.github.com")),
    ("github-uploads", _plain("https://uploads.github.com")),
    ("github-web", _plain("https://github.com")),
    ("gitlab-api", _gitlab),
    ("gitlab-bare", _gitlab_page("{o}/{r}")),
    ("gitlab-group", _gitlab_page("groups/{o}/{r}/-")),
    ("gitlab-project", _gitlab_page("{o}/{r}/-")),
    ("gitlab-tail", _gitlab_page("{o}/{r}")),
    ("huggingface-api", _plain("https://huggingface.co/api")),
    ("huggingface-endpoints", _plain("https://api.endpoints.huggingface.cloud")),
    ("huggingface-repo", _hub("models")),
    ("huggingface-repo", _hub("datasets")),
    ("huggingface-web", _plain("https://huggingface.co")),
)
"""Tables, and how a row of each becomes a URL: empty where its path holds no address."""


def tables() -> set[str]:
    """The names of all route tables there are."""
    files = resources.files("forgewall.identify").joinpath("data").iterdir()
    return {file.name.removesuffix(".routes") for file in files if file.name.endswith(".routes")}


def of_table(name: str, url_of: Callable[[Route], str]) -> Iterator[Template]:
    """The writes of one table, one for each row: its methods share the path."""
    for route in load_routes(name):
        if route.operation.effect is Effect.WRITE and (url := url_of(route)):
            yield Template(min(route.methods), url)


REPOSITORIES = (
    "https://github.com/{o}/{r}",
    "https://gist.github.com/{o}/0123456789abcdef0123456789abcdef",
    "https://gitlab.com/{o}/{r}",
    "https://bitbucket.org/{o}/{r}",
    "https://bb.example/bitbucket/scm/{o}/{r}",
    "https://dev.azure.com/{o}/{r}/_git/api",
    "https://dev.azure.com/{o}/_git/{r}",
    "https://dev.azure.com/{o}/{r}/_git/_full/api",
    "https://codeberg.org/{o}/{r}",
    "https://huggingface.co/{o}/{r}",
    "https://huggingface.co/datasets/{o}/{r}",
    "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/{r}",
    "https://git.code.sf.net/p/{o}/{r}",
    "https://git.sr.ht/~{o}/{r}",
    "https://gitee.com/{o}/{r}",
    "https://review.opendev.org/a/{o}/{r}",
)
"""Where each kind of forge keeps its git repositories."""

_LFS = ("content-type", "application/vnd.git-lfs+json")
_OID = "a" * 64


def of_git() -> Iterator[Template]:
    """git and LFS on every kind of forge, by the name alone and with `.git`."""
    for base in REPOSITORIES:
        for suffix in ("", ".git"):
            place = base + suffix
            yield Template("GET", f"{place}/info/refs?service=git-receive-pack")
            yield Template("POST", f"{place}/git-receive-pack")
            batch = b'{"operation":"upload","objects":[]}'
            yield Template("POST", f"{place}/info/lfs/objects/batch", (_LFS,), batch)
            yield Template("PUT", f"{place}/info/lfs/objects/{_OID}")
            yield Template("POST", f"{place}/info/lfs/locks")
        yield Template("PUT", f"{base}.git/objects/00/x")


REGISTRIES = (
    ("POST", "https://ghcr.io/v2/{o}/{r}/blobs/uploads/"),
    ("PUT", "https://ghcr.io/v2/{o}/{r}/manifests/latest"),
    ("GET", "https://ghcr.io/token?scope=repository:{o}/{r}:pull,push"),
    ("PUT", "https://npm.pkg.github.com/@{o}%2f{r}"),
    ("PUT", "https://maven.pkg.github.com/{o}/{r}/com/acme/x/1/x.jar"),
    ("POST", "https://rubygems.pkg.github.com/{o}/api/v1/gems"),
    ("PUT", "https://nuget.pkg.github.com/{o}"),
    ("POST", "https://registry.gitlab.com/v2/{o}/{r}/blobs/uploads/"),
    ("PUT", "https://registry.gitlab.com/v2/{o}/{r}/manifests/latest"),
    ("GET", "https://gitlab.com/jwt/auth?service=container_registry&scope=repository:{o}/{r}:push"),
    ("POST", "https://codeberg.org/v2/{o}/{r}/blobs/uploads/"),
    ("PUT", "https://codeberg.org/api/packages/{o}/npm/{r}"),
    ("PUT", "https://codeberg.org/api/packages/{o}/generic/{r}/1/x.zip"),
)


def of_registries() -> Iterator[Template]:
    """Images and packages."""
    for method, url in REGISTRIES:
        yield Template(method, url)


GROUPS: tuple[tuple[str, tuple[Template, ...]], ...] = (
    *((name, tuple(of_table(name, url_of))) for name, url_of in TABLES),
    ("git and LFS", tuple(of_git())),
    ("registries", tuple(of_registries())),
)
"""All templates, by where they are from."""
