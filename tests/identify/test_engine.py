from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY, ask, told

from forgewall.identify.address import covers
from forgewall.identify.engine import has_body, identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Operation, Request


def test_other_hosts_have_no_target() -> None:
    assert identify(request_for("POST", "https://example.com/acme/api/git-receive-pack"), REGISTRY) is None


@pytest.mark.parametrize("host", ["ssh.github.com", "altssh.gitlab.com", "altssh.bitbucket.org", "ssh.dev.azure.com"])
def test_ssh_hosts_are_never_read(host: str) -> None:
    assert ask("GET", f"https://{host}/").operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "header",
    [("content-length", "3"), ("content-length", "0, 3"), ("content-length", "x"), ("transfer-encoding", "chunked")],
)
def test_a_read_with_a_body_is_unidentified(method: str, header: tuple[str, str]) -> None:
    target = ask(method, "https://github.com/acme/api", b"", header)
    assert told(target) == ("unidentified", None)
    assert target.evidence == f"{method} with a body"


def test_a_length_of_zero_is_no_body() -> None:
    assert not has_body(request_for("GET", "https://github.com/", headers=[("content-length", "0")]))
    assert has_body(request_for("GET", "https://github.com/", body=b"x"))


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"])
def test_an_overridden_method_is_unidentified(name: str) -> None:
    url = "https://codeberg.org/acme/api"
    assert ask("GET", url, b"", (name, "DELETE")).operation is Operation.UNIDENTIFIED
    assert ask("GET", url, b"", (name, "GET"), (name, "PUT")).operation is Operation.UNIDENTIFIED
    assert ask("GET", url, b"", (name, "get")).operation is Operation.FETCH
    push = "https://codeberg.org/acme/api/git-receive-pack"
    assert ask("POST", push, b"", (name, "PUT")).operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize("query", ["?_method=delete", "?x=1&_METHOD=put", "?%5fmethod=patch"])
def test_a_method_in_the_query_counts(query: str) -> None:
    assert ask("GET", f"https://codeberg.org/acme/api{query}").operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize("name", ["X-Original-URL", "x-rewrite-url"])
def test_a_path_in_a_header_counts(name: str) -> None:
    target = ask("GET", "https://codeberg.org/acme/api", b"", (name, "/mallory/loot"))
    assert target.operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "get", "", "PROPFIND", "QUERY"])
def test_unknown_methods_are_unidentified(method: str) -> None:
    target = identify(Request(method=method, scheme="https", host="github.com", port=443, path="/acme/api"), REGISTRY)
    assert target is not None
    assert target.operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize(
    "path",
    [
        "/acme/api/raw/branch/main/a%20b.txt",
        "/acme/api/raw/branch/main/%C3%A9.txt",
        "/acme/api/src/branch/feature%2Fx/a;b",
        "/acme/api/compare/a...b",
        "/acme/api/raw/branch/main/é",
        "/acme/api/raw/branch/main/100%2525",
        "//acme",
        "/acme/../api",
        "/acme/api/%zz",
    ],
)
@pytest.mark.parametrize("host", ["codeberg.org", "github.com", "gitlab.com", "bitbucket.org", "gitee.com"])
def test_reads_with_unusual_paths_stay_reads(host: str, path: str) -> None:
    target = identify(Request(method="GET", scheme="https", host=host, port=443, path=path), REGISTRY)
    assert target is not None
    assert target.operation is Operation.FETCH


@pytest.mark.parametrize("host", ["codeberg.org", "github.com", "gitlab.com", "bitbucket.org", "gitee.com"])
def test_writes_with_odd_paths_are_unidentified(host: str) -> None:
    for path in ("//acme/api/issues", "/acme/../mallory/loot/issues", "/acme/api%2e%2e%2f/x", "*", ""):
        target = identify(Request(method="POST", scheme="https", host=host, port=443, path=path), REGISTRY)
        assert target is not None
        assert (target.operation, target.address) == (Operation.UNIDENTIFIED, None)


@pytest.mark.parametrize(
    "method, url, operation, address",
    [
        ("GET", "https://codeberg.org/api/v1/repos/acme/api/issues", "fetch", "codeberg.org/acme/api"),
        ("GET", "https://codeberg.org/acme/api", "fetch", "codeberg.org/acme/api"),
        ("GET", "https://codeberg.org/explore/repos", "fetch", None),
        ("GET", "https://dev.azure.com/acme/pay/_git/api?path=/x", "fetch", "dev.azure.com/acme/pay/api"),
        ("GET", "https://huggingface.co/api/models/acme/bert", "fetch", "huggingface.co/acme/bert"),
        ("GET", "https://hf.co/datasets/acme/set/resolve/main/x", "fetch", "huggingface.co/datasets/acme/set"),
        ("GET", "https://hf.co/acme/bert/resolve/main/x", "fetch", "huggingface.co/acme/bert"),
        ("GET", "https://hf.co/api/models/acme/bert/xet-write-token/main", "lfs-upload", "huggingface.co/acme/bert"),
        ("GET", "https://codeberg.org/v2/token?scope=repository:acme/x:pull,push", "package", "codeberg.org/acme"),
        ("POST", "https://codeberg.org/api/v1/repos/acme/api/issues", "issue", "codeberg.org/acme/api"),
        ("PUT", "https://github-cloud.s3.amazonaws.com/alambic/media/1/aa/bb/cc", "unidentified", None),
        ("GET", "https://github-cloud.s3.amazonaws.com/alambic/media/1/aa/bb/cc", "fetch", None),
        ("POST", "https://collector.github.com/github/collect", "telemetry", "github.com"),
        ("POST", "https://unheard.of.gitlab.com/x", "unidentified", None),
        ("OPTIONS", "https://gitlab.com/api/v4/projects", "fetch", None),
        ("GET", "https://gl.example:8443/other/app", "fetch", None),
        ("POST", "https://gl.example:8443/other/app", "unidentified", None),
        ("GET", "https://gl.example:8443/other/app?_method=put", "unidentified", None),
        ("OPTIONS", "https://github.com/acme/api/info/lfs/locks", "fetch", None),
        ("POST", "https://gl.example:8443/acme/api.git/git-receive-pack", "unidentified", None),
        ("GET", "https://gl.example:8443/x/%2e%2e/gitlab/a/b/info/refs?service=git-receive-pack", "unidentified", None),
        ("POST", "https://ana:pw@GitHub.com.:443/acme/api/git-receive-pack", "push", "github.com/acme/api"),
    ],
)
def test_forges_and_hosts_that_are_read_in_part(method: str, url: str, operation: str, address: str | None) -> None:
    assert told(ask(method, url)) == (operation, address)


# What a push, an upload or a REST write to a stranger's repository looks like, per forge; ATOM marks where to mutate.
BASES = [
    "https://github.com/{o}/{r}.git/info/refs?service=git-receive-pack",
    "https://github.com/{o}/{r}/git-receive-pack",
    "https://github.com/{o}/{r}.git/info/lfs/objects/batch",
    "https://github.com/{o}/{r}/issues",
    "https://api.github.com/repos/{o}/{r}/contents/a.txt",
    "https://api.github.com/repos/{o}/{r}/issues",
    "https://uploads.github.com/repos/{o}/{r}/releases/1/assets",
    "https://gitlab.com/{o}/{r}.git/git-receive-pack",
    "https://gitlab.com/api/v4/projects/{o}%2F{r}/issues",
    "https://gitlab.com/{o}/{r}/-/issues",
    "https://gitlab.com/{o}/{r}.git/gitlab-lfs/objects/ab/1",
    "https://bitbucket.org/{o}/{r}/git-receive-pack",
    "https://api.bitbucket.org/2.0/repositories/{o}/{r}/src",
    "https://bb.example/bitbucket/scm/{o}/{r}.git/git-receive-pack",
    "https://bb.example/bitbucket/rest/api/1.0/projects/{o}/repos/{r}/pull-requests",
    "https://ghe.example/api/v3/repos/{o}/{r}/issues",
]
# fmt: off
ATOMS = [
    "..", ".", "%2e%2e", "%2e", "%2E.", "..;", ";", ";acme", "%3b", "//", "/", "%2f", "%2F", "%252f", "%5c", "\\",
    "%00", "%0a", "#", "?", "acme", "ACME", "ａｃｍｅ", "аcme", ".git", ".wiki", "/acme/api/", "../acme/api",
    "%2e%2e/acme/api", "acme%2Fapi", "/-/", " ", "%20", "@", ":443", "é", "~", "%61", "%6d", "mallory", "_", "-evil",
]
# fmt: on
APPROVED = [
    "github.com/acme",
    "gitlab.com/acme",
    "bitbucket.org/acme",
    "bb.example/acme",
    "ghe.example/acme",
]


# Literal segments of these APIs; an owner stands right after them.
BEFORE_OWNERS = {"", "repos", "api", "v3", "v4", "projects", "2.0", "repositories", "scm", "bitbucket", "rest", "1.0"}


def truly_names(url: str, owner: str) -> bool:
    """Whether a URL names `owner` by RFC 3986 alone: as the first name in it, and with nothing to resolve."""
    names = unquote(urlsplit(url).path).lower().split("/")
    if owner not in names or {"", ".", ".."} & set(names[1:-1]):
        return False
    return set(names[: names.index(owner)]) <= BEFORE_OWNERS


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(BASES),
    st.sampled_from(["POST", "PUT", "GET", "DELETE"]),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(ATOMS)), max_size=4),
    st.sampled_from(["mallory", "acme-evil", "acme.evil", "acme_", "xacme"]),
)
@example(BASES[1], "POST", [(0, "/acme/api/"), (10, "..")], "mallory")
@example(BASES[1], "POST", [(0, "acme/")], "mallory")
def test_no_spelling_of_a_strangers_path_is_covered_by_an_approval(
    base: str, method: str, changes: list[tuple[int, str]], owner: str
) -> None:
    url = base.format(o=owner, r="loot")
    start = url.index("/", 8)
    for position, atom in changes:
        at = start + 1 + position % (len(url) - start)
        url = url[:at] + atom + url[at:]
    host, path = url[8:start], url[start:]
    target = identify(Request(method=method, scheme="https", host=host, port=443, path=path), REGISTRY)
    assert target is not None
    assert target.key is None or target.address is not None
    for approval in APPROVED:
        if target.key is not None and covers(approval, target.key):
            assert truly_names(url, "acme"), (url, target)


@given(
    st.text(max_size=12),
    st.sampled_from(
        ["github.com", "api.github.com", "gitlab.com", "bitbucket.org", "ghcr.io", "dev.azure.com", "hf.co"]
    )
    | st.text(max_size=20),
    st.text(max_size=120) | st.binary(max_size=120).map(lambda octets: "/" + octets.decode("latin-1")),
    st.lists(st.tuples(st.sampled_from(["content-type", "content-length", "x-http-method"]), st.text(max_size=9))),
    st.binary(max_size=60),
    st.sampled_from(list(BodyState)),
)
@settings(max_examples=300, deadline=None)
def test_anything_is_a_target_or_no_forge(
    method: str, host: str, path: str, headers: list[tuple[str, str]], body: bytes, state: BodyState
) -> None:
    request = Request(
        method=method,
        scheme="https",
        host=host,
        port=443,
        path=path,
        headers=tuple(headers),
        body=body,
        body_state=state,
    )
    target = identify(request, REGISTRY)
    if target is not None:
        assert target.effect is target.operation.effect
        assert not target.wants_body or state is BodyState.UNREAD


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    st.sampled_from(BASES),
    st.binary(max_size=80) | st.sampled_from([b"{}", b'{"name":"x"}', b'{"operation":"download"}']),
)
def test_reading_the_body_never_makes_a_target_looser_than_asked(method: str, base: str, body: bytes) -> None:
    url = base.format(o="mallory", r="loot")
    unread = ask(method, url, state=BodyState.UNREAD)
    complete = ask(method, url, body, state=BodyState.COMPLETE)
    too_long = ask(method, url, state=BodyState.TOO_LONG)
    assert not complete.wants_body
    assert not too_long.wants_body
    if not unread.wants_body and method != "GET":
        assert complete == unread


@pytest.mark.parametrize(("part", "url"), [("path", "https://mallory.hf.space/"), ("query", "https://github.com/a/b?")])
def test_a_read_asks_for_no_more_than_a_read_needs(part: str, url: str) -> None:
    """A forge's pages may run on a stranger's server, which gets to see whatever it is asked for."""
    assert ask("GET", url + "x" * 8000).operation is Operation.FETCH
    target = ask("GET", url + "x" * 8200)
    assert told(target) == ("unidentified", None)
    assert target.evidence == f"the {part} has more than the 8192 characters that a read may need"
