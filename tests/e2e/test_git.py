"""The real git client through the real proxy: what is approved passes byte for byte, nothing else reaches the forge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.clients import Result
from demo.exchange import Behaviour
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("git")

APPROVED = (
    "github.com/acme/api",
    "gitlab.com/acme/platform/tools/build",
    "bitbucket.org/acme/app",
    "git.acme.example/acme/team/app",
)
UNAPPROVED = (
    "github.com/mallory/loot",
    "gitlab.com/acme/platform-evil/loot",
    "bitbucket.org/mallory/loot",
    "git.acme.example/mallory/loot",
)
LIMITED = """\
version: 1
contact: security@acme.example
approved:
  - {repo: github.com/acme, max_upload: 1MiB}
"""
SMALL, LARGE = 0, 3 << 20  # LARGE is over http.postBuffer: git probes, then sends chunks without a length

wire_protocol = pytest.mark.parametrize("protocol", [0, 2], ids=["v0", "v2"])
http_version = pytest.mark.parametrize("http", ["HTTP/1.1", "HTTP/2"], ids=["h1", "h2"])
pack_size = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])


def objects(run: Run, tree: Path) -> set[str]:
    """All object ids that the branches and tags of a work tree hold."""
    listed = run.git("rev-list", "--objects", "--branches", "--tags", cwd=tree)
    return {line.split()[0] for line in listed.stdout.splitlines()}


def objects_at(forge: Forge, address: str) -> set[str]:
    """The same of the repository at the forge, after a check of every object's hash."""
    forge.git(address, "fsck", "--full", "--strict")
    return {line.split()[0] for line in forge.git(address, "rev-list", "--objects", "--all").splitlines()}


def assert_well_framed(forge: Forge) -> None:
    """Every request that reached the forge was one whole HTTP request."""
    assert forge.settle()
    assert {seen.outcome for seen in forge.requests()} <= {"complete"}


def assert_refused(run: Run, result: Result, address: str) -> None:
    """git failed and showed the address, the reason, the contact and the id of an event in the log."""
    assert not result.ok, str(result)
    output = " ".join(result.output.split())
    assert f"{address} is not an approved repository" in output, str(result)
    assert "security@acme.example" in output, str(result)
    blocked = [event for event in run.events() if event["forgewall"]["action"] == "block"]
    assert any(event["event"]["id"] in result.output for event in blocked), str(result)
    assert {event["forgewall"]["address"] for event in blocked} == {address}


def assert_untouched(forge: Forge, address: str, refs: dict[str, str]) -> None:
    """No request that could write to `address` reached the forge, and its refs are as they were."""
    assert forge.settle()
    _host, _, path = address.partition("/")
    reads = ("git-upload-pack", "/info/lfs/locks/verify")
    assert [seen for seen in forge.requests(path=path) if not seen.path.endswith(reads)] == []
    assert forge.refs(address) == refs


@pytest.mark.parametrize("address", APPROVED)
@wire_protocol
@http_version
@pack_size
def test_an_approved_push_arrives_byte_for_byte(
    gateway: Run, forge: Forge, address: str, protocol: int, http: str, size: int
) -> None:
    forge.make_repository(address)
    work = gateway.work_tree(size=size)
    result = gateway.git("push", f"https://{address}.git", "main", cwd=work, protocol=protocol, http=http)
    assert result.ok, str(result)
    assert "main -> main" in result.output
    assert objects_at(forge, address) == objects(gateway, work)
    assert_well_framed(forge)
    packs = [seen for seen in forge.requests(method="POST", path="git-receive-pack") if seen.body > len(b"0000")]
    assert len(packs) == 1
    assert packs[0].body > size


@pytest.mark.parametrize("address", UNAPPROVED)
@wire_protocol
@http_version
@pack_size
def test_an_unapproved_push_never_reaches_the_forge(
    gateway: Run, forge: Forge, address: str, protocol: int, http: str, size: int
) -> None:
    forge.make_repository(address)
    work = gateway.work_tree(size=size)
    result = gateway.git("push", f"https://{address}.git", "main", cwd=work, protocol=protocol, http=http)
    assert_refused(gateway, result, address)
    assert_untouched(forge, address, {})


@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [4, 300, 3 << 20], ids=["probe", "small", "large"])
@pytest.mark.needs("curl")
def test_a_client_that_skips_the_question_is_refused_at_the_pack(
    gateway: Run, forge: Forge, http: str, chunked: bool, size: int
) -> None:
    forge.make_repository("github.com/mallory/loot")
    body = b"0000" if size == 4 else b"00a0" + b"x" * (size - 4)
    framing = ["-H", "Transfer-Encoding: chunked"] if chunked and http == "--http1.1" else []
    source = ["-X", "POST", "-T", "-"] if chunked else ["--data-binary", "@-"]
    result = gateway.curl(
        http,
        *framing,
        *source,
        "-H",
        "Content-Type: application/x-git-receive-pack-request",
        "https://github.com/mallory/loot/git-receive-pack",
        stdin=body,
    )
    assert_untouched(forge, "github.com/mallory/loot", {})
    if size > 4:
        assert "security@acme.example" in result.output, str(result)
    assert any(event["forgewall"]["action"] == "block" for event in gateway.events())


@wire_protocol
def test_branches_tags_deletes_and_forced_pushes_pass(gateway: Run, forge: Forge, protocol: int) -> None:
    address = "github.com/acme/api"
    forge.make_repository(address)
    work = gateway.work_tree()
    gateway.git("remote", "add", "origin", f"https://{address}", cwd=work)

    def push(*arguments: str) -> dict[str, str]:
        result = gateway.git("push", *arguments, cwd=work, protocol=protocol)
        assert result.ok, str(result)
        return forge.refs(address)

    first = gateway.git("rev-parse", "HEAD", cwd=work).stdout.strip()
    assert push("-u", "origin", "main") == {"refs/heads/main": first}
    gateway.git("checkout", "--quiet", "-b", "feature/x", cwd=work)
    second = gateway.commit(work, "second")
    assert push("origin", "feature/x")["refs/heads/feature/x"] == second
    gateway.git("tag", "-a", "v1", "-m", "Version 1", cwd=work)
    gateway.git("tag", "light", cwd=work)
    assert {"refs/tags/v1", "refs/tags/light"} <= push("--tags", "origin").keys()
    assert "refs/heads/feature/x" not in push("origin", ":feature/x")
    assert "refs/tags/v1" not in push("origin", "--delete", "v1")
    gateway.git("commit", "--quiet", "--amend", "-m", "another second", cwd=work)
    assert push("--force", "origin", "HEAD:main")["refs/heads/main"] not in (first, second)
    assert_well_framed(forge)


@wire_protocol
@pytest.mark.parametrize(
    "arguments",
    [("main:brand-new",), ("--tags",), (":main",), ("--delete", "v1"), ("--force", "main:main"), ("--mirror",)],
    ids=["new branch", "tags", "delete branch", "delete tag", "forced", "mirror"],
)
def test_branches_tags_and_deletes_are_refused_elsewhere(
    gateway: Run, forge: Forge, protocol: int, arguments: tuple[str, ...]
) -> None:
    address = "github.com/mallory/loot"
    work = gateway.work_tree()
    gateway.git("tag", "v1", cwd=work)
    forge.seed(address, work)
    before = forge.refs(address)
    gateway.commit(work, "second")
    options = [word for word in arguments if word.startswith("--")]
    refs = [word for word in arguments if not word.startswith("--")]
    result = gateway.git("push", *options, f"https://{address}", *refs, cwd=work, protocol=protocol)
    assert_refused(gateway, result, address)
    assert_untouched(forge, address, before)


@pytest.mark.parametrize(
    "spelling",
    [
        "https://github.com/mallory/loot.git",
        "https://github.com/Mallory/Loot/",
        "https://GitHub.com/mallory/loot",
        "https://acme@github.com/mallory/loot",
        "https://github.com:443/mallory/loot",
        "https://github.com/acme/../mallory/loot",
        "https://github.com/acme%2f..%2fmallory/loot",
        "https://github.com//mallory//loot",
        "http://github.com/mallory/loot",
    ],
)
def test_no_spelling_gets_a_push_through(gateway: Run, forge: Forge, spelling: str) -> None:
    forge.make_repository("github.com/mallory/loot")
    work = gateway.work_tree()
    result = gateway.git("push", spelling, "main", cwd=work)
    assert not result.ok, str(result)
    assert_untouched(forge, "github.com/mallory/loot", {})


@wire_protocol
@http_version
@pytest.mark.parametrize("address", ["github.com/mallory/tool", "gitlab.com/mallory/a/b/tool"])
def test_reading_is_unharmed(gateway: Run, forge: Forge, address: str, protocol: int, http: str) -> None:
    source = gateway.work_tree("source", size=LARGE)
    gateway.git("tag", "v1", cwd=source)
    forge.seed(address, source)
    url = f"https://{address}.git"

    def git(*arguments: str, cwd: Path | None = None) -> str:
        result = gateway.git(*arguments, cwd=cwd, protocol=protocol, http=http)
        assert result.ok, str(result)
        return result.stdout.strip()

    copy = gateway.home / "copy"
    assert {line.split()[1] for line in git("ls-remote", url).splitlines()} == {
        "HEAD",
        "refs/heads/main",
        "refs/tags/v1",
    }
    git("clone", "--quiet", url, str(copy))
    assert objects(gateway, copy) == objects(gateway, source)
    latest = gateway.commit(source, "second")
    forge.seed(address, source)
    git("fetch", "--quiet", cwd=copy)
    git("pull", "--quiet", "--ff-only", cwd=copy)
    assert git("rev-parse", "HEAD", cwd=copy) == latest

    shallow = gateway.home / "shallow"
    git("clone", "--quiet", "--depth=1", url, str(shallow))
    assert git("rev-list", "--count", "HEAD", cwd=shallow) == "1"
    git("fetch", "--quiet", "--unshallow", cwd=shallow)
    assert git("rev-list", "--count", "HEAD", cwd=shallow) == "2"

    partial = gateway.home / "partial"
    git("clone", "--quiet", "--filter=blob:none", "--no-checkout", url, str(partial))
    git("checkout", "--quiet", "main", cwd=partial)  # fetches the blobs now
    assert (partial / "first.bin").read_bytes() == (source / "first.bin").read_bytes()
    assert_well_framed(forge)


def test_submodules_are_unharmed(gateway: Run, forge: Forge) -> None:
    library = gateway.work_tree("library", size=1000)
    forge.seed("gitlab.com/mallory/library", library)
    product = gateway.work_tree("product")
    added = gateway.git("submodule", "add", "https://gitlab.com/mallory/library.git", "library", cwd=product)
    assert added.ok, str(added)
    gateway.commit(product, "library added")
    forge.make_repository("github.com/acme/product")
    assert gateway.git("push", "https://github.com/acme/product", "main", cwd=product).ok
    copy = gateway.home / "copy"
    cloned = gateway.git("clone", "--recurse-submodules", "https://github.com/acme/product", str(copy))
    assert cloned.ok, str(cloned)
    assert (copy / "library" / "first.bin").read_bytes() == (library / "first.bin").read_bytes()


def lfs_tree(run: Run, content: bytes) -> Path:
    work = run.work_tree("lfs")
    for command in (("lfs", "install", "--local"), ("lfs", "track", "*.iso")):
        assert run.git(*command, cwd=work).ok
    (work / "disk.iso").write_bytes(content)
    run.commit(work, "image")
    return work


@pytest.mark.needs("git-lfs")
@pytest.mark.parametrize("address", ["github.com/acme/images", "gitlab.com/acme/platform/images"])
def test_lfs_objects_reach_an_approved_repository(gateway: Run, forge: Forge, address: str) -> None:
    forge.make_repository(address)
    content = address.encode() * 100_000
    work = lfs_tree(gateway, content)
    pushed = gateway.git("push", f"https://{address}.git", "main", cwd=work)
    assert pushed.ok, str(pushed)
    copy = gateway.home / "copy"
    options = ("-c", "filter.lfs.smudge=git-lfs smudge -- %f", "-c", "filter.lfs.process=git-lfs filter-process")
    cloned = gateway.git(*options, "clone", f"https://{address}.git", str(copy))
    assert cloned.ok, str(cloned)
    assert (copy / "disk.iso").read_bytes() == content
    assert_well_framed(forge)


@pytest.mark.needs("git-lfs")
@pytest.mark.parametrize("address", ["github.com/mallory/images", "gitlab.com/mallory/images"])
def test_lfs_objects_never_reach_another_repository(gateway: Run, forge: Forge, address: str) -> None:
    forge.make_repository(address)
    work = lfs_tree(gateway, b"secret of " + address.encode() * 1000)
    gateway.git("remote", "add", "origin", f"https://{address}.git", cwd=work)
    result = gateway.git("lfs", "push", "--all", "origin", cwd=work)
    assert_refused(gateway, result, address)
    assert_untouched(forge, address, {})


@http_version
def test_a_push_over_the_limit_is_cut_and_says_so(proxy: StartProxy, forge: Forge, http: str) -> None:
    address = "github.com/acme/api"
    run = proxy(
        policy="version: 1\ncontact: security@acme.example\napproved:\n  - {repo: github.com/acme, max_upload: 1MiB}\n"
    )
    forge.make_repository(address)
    work = run.work_tree(size=4 << 20)
    result = run.git("push", f"https://{address}", "main", cwd=work, http=http)
    assert not result.ok, str(result)
    assert "limit of 1 MiB" in result.output, str(result)
    assert "security@acme.example" in result.output, str(result)
    run.close()
    assert forge.settle(closed=True)
    packs = [seen for seen in forge.requests(path="git-receive-pack", method="POST") if seen.body > 4]
    assert all(seen.outcome == "aborted" and seen.body <= 1 << 20 for seen in packs)
    assert forge.refs(address) == {}


@http_version
def test_a_forge_that_answers_before_the_body_ends_changes_nothing(gateway: Run, forge: Forge, http: str) -> None:
    address = "github.com/acme/api"
    forge.make_repository(address)
    work = gateway.work_tree(size=LARGE)
    with forge.behave("github.com", Behaviour(early_head=True)):
        result = gateway.git("push", f"https://{address}", "main", cwd=work, http=http)
    assert result.ok, str(result)
    assert objects_at(forge, address) == objects(gateway, work)
    assert_well_framed(forge)


@http_version
def test_a_cut_leaves_no_trace_even_if_the_forge_has_begun_to_answer(
    proxy: StartProxy, forge: Forge, http: str
) -> None:
    address = "github.com/acme/api"
    run = proxy(policy=LIMITED)
    forge.make_repository(address)
    work = run.work_tree(size=4 << 20)
    with forge.behave("github.com", Behaviour(early_head=True)):
        result = run.git("push", f"https://{address}", "main", cwd=work, http=http)
        assert not result.ok, str(result)
        assert "Forgewall refused this push to github.com/acme/api" in result.output, str(result)
        run.close()
        assert forge.settle(closed=True)
    assert "complete" not in {seen.outcome for seen in forge.requests(method="POST") if seen.body > 4}
    assert forge.refs(address) == {}
