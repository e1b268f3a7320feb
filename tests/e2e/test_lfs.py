"""The real git-lfs through the real proxy, to forges that keep their objects in a store of another name.

An upload is judged where the batch names the repository; afterwards only what was announced to this client reaches the
store, byte for byte. Objects that go to the forge itself are in `test_git`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo.batch import GITHUB, GOOGLE, HUGGING_FACE, MINIO, LfsStyle
from demo.clients import Result
from demo.exchange import Behaviour
from demo.forge import Forge
from tests.e2e.clock import Clock

from demo import clients

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("git", "git-lfs", "curl")

MIB = 1 << 20
STORE = "github-cloud.s3.amazonaws.com"
APPROVED = "github.com/acme/assets"
STRANGER = "github.com/mallory/loot"
OWN = "git.acme.example/acme/assets"
STATUS = ("-w", "\n%{http_code}")


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def ask(run: Run, address: str, *contents: bytes, curl: tuple[str, ...] = (), **more: Any) -> Result:
    """What curl prints of the answer to an upload batch for objects of these contents."""
    objects = [{"oid": oid_of(content), "size": len(content)} for content in contents]
    body = {"operation": "upload", "transfers": ["basic"], "objects": objects, "hash_algo": "sha256"} | more
    media = ("-H", "content-type: application/vnd.git-lfs+json", "-H", "accept: application/vnd.git-lfs+json")
    url = f"https://{address}.git/info/lfs/objects/batch"
    return run.curl(*curl, *media, *STATUS, "--data-binary", "@-", url, stdin=json.dumps(body).encode())


def announced(run: Run, address: str, *contents: bytes, **more: Any) -> list[dict[str, Any]]:
    """The actions that a batch's answer gives for each object."""
    answer, _, status = ask(run, address, *contents, **more).stdout.rpartition("\n")
    assert status == "200", answer
    return [item["actions"] for item in json.loads(answer)["objects"]]


def href(run: Run, address: str, content: bytes, **more: Any) -> str:
    """Where a batch's answer tells the client to upload an object."""
    (actions,) = announced(run, address, content, **more)
    url: str = actions["upload"]["href"]
    return url


def put(run: Run, url: str, content: bytes, *curl: str) -> tuple[str, str]:
    """The status and the body that curl sees for a PUT."""
    result = run.curl(*curl, *STATUS, "-X", "PUT", "--data-binary", "@-", url, stdin=content)
    answer, _, status = result.stdout.rpartition("\n")
    return status, answer + result.stderr


def uploads(run: Run, host: str = STORE) -> list[dict[str, Any]]:
    """The events about bodies that went to a store."""
    return [event for event in run.events("upload") if event["url"]["domain"] == host]


def push(run: Run, tree: Path, address: str, *words: str) -> Result:
    """`git lfs push --all`, without a git push."""
    run.git("remote", "remove", "there", cwd=tree)
    run.git("remote", "add", "there", f"https://{address}.git", cwd=tree)
    return run.git("lfs", "push", "--all", "there", *words, cwd=tree)


# -- a store of one forge --------------------------------------------------------------------------------------------


def test_twenty_objects_reach_the_store_each_with_its_evidence(gateway: Run, forge: Forge) -> None:
    forge.make_repository(APPROVED)
    files = {f"art/{number:02}.bin": os.urandom(MIB) for number in range(20)}
    tree = gateway.lfs_tree(files)
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        pushed = gateway.git("push", f"https://{APPROVED}.git", "main", cwd=tree)
        assert pushed.ok, str(pushed)
        copy = gateway.lfs_clone(f"https://{APPROVED}.git")
    assert {name: (copy / name).read_bytes() for name in files} == files
    assert forge.settle()
    oids = {oid_of(content) for content in files.values()}
    assert {seen.sha256 for seen in forge.requests(host=STORE, method="PUT")} == oids
    assert len(forge.requests(host="lfs.github.com", path="/verify")) == 20
    assert {seen.outcome for seen in forge.requests()} == {"complete"}

    (batch,) = [event for event in gateway.events("decision") if event["url"]["path"].endswith("/objects/batch")]
    assert batch["forgewall"]["lfs"]["object_count"] == 20
    assert batch["forgewall"]["lfs"]["object_bytes"] == 20 * MIB
    told = uploads(gateway)
    assert len(told) == 20
    for event in told:
        facts = event["forgewall"]
        assert (facts["address"], facts["operation"], facts["upload"]["result"]) == (APPROVED, "lfs-upload", "complete")
        assert facts["lfs"]["announced"]["request_id"] == batch["http"]["request"]["id"]
        assert facts["lfs"]["announced"]["size"] == facts["upload"]["body_bytes"] == MIB
        (file,) = facts["evidence"]["files"]
        assert file["oid"] == file["sha256"] == facts["lfs"]["announced"]["oid"] == facts["upload"]["sha256"]
        assert file["size"] == MIB
    assert {event["forgewall"]["upload"]["sha256"] for event in told} == oids
    text = json.dumps(gateway.events())
    assert "X-Amz-Signature=REDACTED" in text
    assert all(seen.path.partition("X-Amz-Signature=")[2][:64] not in text for seen in forge.requests(host=STORE))


def test_large_objects_go_side_by_side(gateway: Run, forge: Forge) -> None:
    # git-lfs sends eight at once over one HTTP/2 connection; what waits for the forge must not stop what is on its way.
    forge.make_repository(APPROVED)
    files = {f"{number}.bin": os.urandom(3 * MIB) for number in range(8)}
    tree = gateway.lfs_tree(files)
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        pushed = push(gateway, tree, APPROVED)
    assert pushed.ok, str(pushed)
    assert all(forge.store.size(oid_of(content)) == 3 * MIB for content in files.values())
    assert len(uploads(gateway)) == 8


def test_a_stranger_is_stopped_at_the_batch(gateway: Run, forge: Forge) -> None:
    forge.make_repository(STRANGER)
    tree = gateway.lfs_tree({"a.bin": b"company data" * 1000})
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        result = push(gateway, tree, STRANGER)
    assert not result.ok
    assert f"batch response: Forgewall refused this LFS upload to {STRANGER}" in result.output, str(result)
    assert f"{STRANGER} is not an approved repository" in result.output
    assert "security@acme.example" in result.output
    assert forge.settle()
    assert {seen.path.rpartition("/")[2] for seen in forge.requests(method="POST")} <= {"verify", "git-upload-pack"}
    assert forge.requests(host=STORE) == []


@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_what_nobody_announced_is_refused_and_says_what_to_do(
    gateway: Run, forge: Forge, http: str, method: str
) -> None:
    url = f"https://{STORE}/alambic/media/1/aa/bb/{'ab' * 32}?X-Amz-Signature=1"
    body = b"x" * (2 * MIB)
    result = gateway.curl(http, *STATUS, "-X", method, "--data-binary", "@-", url, stdin=body)
    assert result.stdout.endswith("\n403"), str(result)
    if method == "PUT":
        assert "no LFS batch announced this address to this client; run git lfs push again" in result.stdout
    assert "security@acme.example" in result.stdout
    assert forge.settle()
    assert forge.requests() == []
    (event,) = gateway.events("decision")
    assert event["forgewall"]["action"] == "block"


@pytest.mark.parametrize("size", [100, MIB], ids=["small", "large"])
@pytest.mark.parametrize("change", ["others", "more", "fewer"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_announced_upload_must_be_that_object(
    gateway: Run, forge: Forge, size: int, change: str, framing: str
) -> None:
    content = os.urandom(size)
    sent, why = {
        "others": (content[:-1] + bytes([content[-1] ^ 1]), "The object's bytes are not those that its id stands for"),
        "more": (content + b"x", f"The object is larger than the {size} bytes that were announced"),
        "fewer": (content[:-1], f"The object ends after {size - 1} of the {size} bytes that were announced"),
    }[change]
    options = ("-H", "transfer-encoding: chunked") if framing == "chunked" else ()
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        url = href(gateway, APPROVED, content)
        status, answer = put(gateway, url, sent, *options)
        assert status == "400", answer
        assert why in answer
        assert "git lfs fsck" in answer
        assert forge.settle()
        assert {seen.outcome for seen in forge.requests(host=STORE)} <= {"aborted"}
        assert put(gateway, url, content)[0] == "200"  # the announcement holds


def test_an_announcement_is_for_one_client_and_one_method(gateway: Run, forge: Forge) -> None:
    content = b"drawing" * 100
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        url = href(gateway, APPROVED, content, curl=("--interface", "127.0.0.2"))
        for curl in ((), ("-X", "POST"), ("--interface", "127.0.0.3")):
            status, answer = put(gateway, url, content, *curl)
            assert status == "403", answer
            assert "no LFS batch announced" in answer or "POST on" in answer
        other = put(gateway, f"{url}&partNumber=1", content, "--interface", "127.0.0.2")
        assert other[0] == "403"
        assert forge.settle()
        assert forge.requests(host=STORE) == []
        assert put(gateway, url, content, "--interface", "127.0.0.2")[0] == "200"


def test_locks_work_where_writes_are_approved_and_nowhere_else(gateway: Run, forge: Forge) -> None:
    tree = gateway.lfs_tree({"a.psd": b"drawing"})
    for address in (APPROVED, STRANGER):
        forge.make_repository(address)
        gateway.git("remote", "add", address.rpartition("/")[2], f"https://{address}.git", cwd=tree)

    def lfs(*words: str) -> Result:
        return gateway.git("lfs", *words, cwd=tree)

    assert lfs("lock", "--remote", "assets", "a.psd").ok
    assert "a.psd" in lfs("locks", "--remote", "assets").output
    assert lfs("locks", "--remote", "assets", "--verify").output.startswith("O ")
    assert lfs("unlock", "--remote", "assets", "a.psd").ok
    assert lfs("locks", "--remote", "assets").output == ""
    assert lfs("locks", "--remote", "loot").ok
    refused = lfs("lock", "--remote", "loot", "a.psd")
    assert not refused.ok
    assert f"{STRANGER} is not an approved repository" in refused.output, str(refused)
    assert forge.settle()
    assert forge.requests(path="mallory/loot.git/info/lfs/locks", method="POST") == []


def test_a_stranger_can_be_downloaded_from(gateway: Run, forge: Forge) -> None:
    content = os.urandom(MIB)
    tree = gateway.lfs_tree({"a.bin": content})
    (tree / ".git" / "hooks" / "pre-push").unlink()  # it would send the object
    forge.seed(STRANGER, tree)
    shutil.copyfile(tree / "a.bin", forge.store.file(oid_of(content)))
    filters = ("filter.lfs.smudge=git-lfs smudge -- %f", "filter.lfs.process=git-lfs filter-process")
    options = [word for setting in filters for word in ("-c", setting)]
    both = gateway.home / "both.pem"  # where nothing is uploaded to, the client sees Google's own certificate
    both.write_bytes(gateway.ca_file.read_bytes() + forge.ca_file.read_bytes())
    for style in (LfsStyle(), GITHUB, GOOGLE):
        copy = gateway.home / f"copy-{style.store}"
        with forge.behave("github.com", Behaviour(lfs=style)):
            words = (*options, "clone", "--quiet", f"https://{STRANGER}.git", str(copy))
            cloned = gateway.git(*words, env={"GIT_SSL_CAINFO": str(both)})
        assert cloned.ok, str(cloned)
        assert (copy / "a.bin").read_bytes() == content


def test_objects_in_parts(gateway: Run, forge: Forge) -> None:
    address = "huggingface.co/acme/model"
    forge.make_repository(address)
    content = os.urandom(2 * MIB + 5)
    tree = gateway.lfs_tree({"model.bin": content})
    with forge.behave("huggingface.co", Behaviour(lfs=HUGGING_FACE)):
        pushed = push(gateway, tree, address)
    assert pushed.ok, str(pushed)
    assert forge.store.file(oid_of(content)).read_bytes() == content
    assert HUGGING_FACE.store is not None
    parts = uploads(gateway, HUGGING_FACE.store)
    assert sorted(event["forgewall"]["upload"]["body_bytes"] for event in parts) == [5, MIB, MIB]
    for event in parts:
        assert event["forgewall"]["address"] == address
        assert event["forgewall"]["lfs"]["announced"]["oid"] == oid_of(content)


def test_parts_that_a_store_completes_and_aborts(gateway: Run, forge: Forge) -> None:
    content = os.urandom(MIB + 5)
    style = LfsStyle(store=STORE, transfer="multipart-basic")
    with forge.behave("github.com", Behaviour(lfs=style)):
        (actions,) = announced(gateway, APPROVED, content, transfers=["basic", "multipart-basic"])
        for part in actions["parts"]:
            assert put(gateway, part["href"], content[part["pos"] :][: part["size"]] + b"x")[0] == "400"
            assert put(gateway, part["href"], content[part["pos"] :][: part["size"]])[0] == "200"
        assert gateway.curl("-X", "POST", *STATUS, actions["commit"]["href"]).stdout.endswith("200")
        assert forge.store.file(oid_of(content)).read_bytes() == content
        (actions,) = announced(gateway, APPROVED, content[1:], transfers=["basic", "multipart-basic"])
        assert gateway.curl("-X", "DELETE", *STATUS, actions["abort"]["href"]).stdout.endswith("204")


def test_a_transfer_that_cannot_be_followed_is_refused(gateway: Run, forge: Forge) -> None:
    address = "github.com/acme/custom"
    forge.make_repository(address)
    tree = gateway.lfs_tree({"a.bin": b"content"})
    gateway.git("config", "lfs.customtransfer.courier.path", sys.executable, cwd=tree)
    with forge.behave("github.com", Behaviour(lfs=LfsStyle(store=STORE, transfer="courier"))):
        result = push(gateway, tree, address)
    assert not result.ok
    assert "batch response: Forgewall refused this LFS upload" in result.output, str(result)
    assert "the transfer `courier`, whose uploads name no repository" in result.output
    assert "Use a current git-lfs with its usual transfer" in result.output


# -- a store that others use too -------------------------------------------------------------------------------------


def origins_own(run: Run, forge: Forge, host: str, *curl: str) -> bool:
    """Whether a client sees the host's own certificate, and not one of the proxy's."""
    seen = {ca: run.curl(*curl, "--cacert", str(ca), f"https://{host}/x").ok for ca in (forge.ca_file, run.ca_file)}
    assert set(seen.values()) == {True, False}
    return seen[forge.ca_file]


@pytest.mark.parametrize("style", [GOOGLE, MINIO], ids=["google", "minio"])
def test_a_shared_store_is_read_only_while_and_for_whom_something_is_announced(
    proxy: StartProxy, forge: Forge, tmp_path: Path, style: LfsStyle
) -> None:
    clock = Clock(tmp_path)
    run = proxy(before=clock.before, env=clock.env)
    host, content = style.store or "", os.urandom(MIB)
    one, other = ("--interface", "127.0.0.2"), ("--interface", "127.0.0.3")
    assert origins_own(run, forge, host, *one)
    with forge.behave("git.acme.example", Behaviour(lfs=style)):
        url = href(run, OWN, content, curl=one)
    assert not origins_own(run, forge, host, *one)
    assert origins_own(run, forge, host, *other)
    assert put(run, url, b"other" + content[5:], *one)[0] == "400"
    for http in ("--http1.1", "--http2"):
        assert put(run, url, content, *one, http) == ("200", "")
        assert put(run, f"{url}&x=1", b"backup", *one, http)[0] == "403"  # of the store: it was signed otherwise
    assert put(run, f"https://{host}/bucket/file", b"backup", *one)[1].startswith("<?xml")
    assert forge.settle()
    assert len(forge.requests(host=host, path="/bucket/file")) == 1
    told = uploads(run, host)
    assert [event["forgewall"]["upload"]["result"] for event in told] == ["cut", "complete", "complete"]
    assert {event["forgewall"]["address"] for event in told} == {OWN}
    assert "bucket" not in json.dumps(run.events())

    clock.move(900 + 1)
    assert origins_own(run, forge, host, *one)
    forge.clear()
    assert put(run, url, content, *one, "--cacert", str(forge.ca_file))[0] == "200"  # a tunnel again: nobody looks
    assert len(uploads(run, host)) == 3


def test_where_other_hosts_are_closed_only_the_announced_upload_passes(
    proxy: StartProxy, forge: Forge, tmp_path: Path
) -> None:
    clock = Clock(tmp_path)
    policy = "version: 1\nforges:\n  - {host: git.acme.example, kind: gitlab}\napproved: [git.acme.example/acme]\n"
    run = proxy(policy + "defaults: {other_hosts: block}\n", before=clock.before, env=clock.env)
    content = os.urandom(MIB)
    closed = run.curl(f"https://{GOOGLE.store}/x")
    assert not closed.ok
    assert "403" in closed.stderr
    forge.make_repository(OWN)
    tree = run.lfs_tree({"a.bin": content})
    with forge.behave("git.acme.example", Behaviour(lfs=GOOGLE)):
        assert push(run, tree, OWN).ok
    (event,) = uploads(run, GOOGLE.store or "")
    assert event["forgewall"]["upload"]["sha256"] == oid_of(content)
    forge.clear()
    status, answer = put(run, f"https://{GOOGLE.store}/bucket/file", b"backup")
    assert status == "403"
    assert "Forgewall refused this request to storage.googleapis.com" in answer
    assert not run.curl("https://minio.acme.example/x").ok
    clock.move(900 + 1)
    assert "403" in run.curl(f"https://{GOOGLE.store}/x").stderr
    assert forge.settle()
    assert forge.requests() == []


# -- the policy ------------------------------------------------------------------------------------------------------


LIMITED = """\
version: 1
contact: security@acme.example
approved:
  - {repo: github.com/acme, max_upload: 1MiB, refs: [main], content: {archives: block, secrets: block}}
  - {repo: github.com/mallory, mode: observe, refs: [main], max_upload: 1MiB, content: {archives: block}}
content: {encrypted: block}
"""


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An archive, an encrypted one, and a text with a secret."""
    directory = tmp_path_factory.mktemp("zipped")
    (directory / "plans.txt").write_bytes(os.urandom(1000))
    for name, words in (("plain.zip", ()), ("encrypted.zip", ("-P", "x"))):
        clients.run(["zip", "-q", *words, name, "plans.txt"], env=clients.environment(directory), cwd=directory)
    secret = b"key = AKIA" + b"Q3EGRT7XPL2MNB6V\n"
    found = {name: (directory / name).read_bytes() for name in ("plain.zip", "encrypted.zip")}
    return found | {"readme.txt": b"a line of text\n" * 50_000 + secret}


def test_limits_of_the_policy_hold_at_the_batch(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(LIMITED)
    forge.make_repository(APPROVED)
    tree = run.lfs_tree({"large.bin": os.urandom(MIB + 1), "small.bin": b"small"})
    assert run.git("branch", "dev", cwd=tree).ok
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        large = push(run, tree, APPROVED, "main")
        assert not large.ok
        assert "has 1,048,577 bytes, more than the limit of 1 MiB" in large.output, str(large)
        assert "Send at most 1 MiB in one request" in large.output
        forge.clear()
        branch = push(run, tree, APPROVED, "dev")
        assert not branch.ok
        assert "refs/heads/dev" in branch.output, str(branch)
        assert "security@acme.example" in branch.output
    assert forge.settle()
    assert forge.requests(path="/objects/batch") == []
    assert forge.requests(host=STORE) == []


REFUSED = {
    "plain.zip": "is an archive",
    "encrypted.zip": "is an encrypted archive",
    "readme.txt": "holds a secret (aws-access-token)",
}


@pytest.mark.needs("zip")
def test_content_is_refused_and_git_lfs_says_why(proxy: StartProxy, forge: Forge, zipped: dict[str, bytes]) -> None:
    run = proxy(LIMITED)
    forge.make_repository(APPROVED)
    for name, why in REFUSED.items():
        forge.clear()
        harmless = f"beside {name}".encode()
        tree = run.lfs_tree({name: zipped[name], "harmless.bin": harmless}, name)
        with forge.behave("github.com", Behaviour(lfs=GITHUB)):
            result = push(run, tree, APPROVED, "main")
        assert not result.ok
        assert why in result.output, str(result)
        assert oid_of(zipped[name])[:10] in result.output, str(result)
        assert "AKIAQ3" not in result.output
        assert "Take it out of each commit or file you send" in result.output
        assert forge.settle()
        assert [seen.outcome for seen in forge.requests(host=STORE, path=oid_of(zipped[name]))] in ([], ["aborted"])
        assert forge.store.size(oid_of(harmless)) == len(harmless)
        assert len(forge.requests(path="/objects/batch")) == 1  # git-lfs asks again, and would send it eight times
    assert "AKIAQ3" not in json.dumps(run.events())


@pytest.mark.needs("zip")
def test_observing_stops_nothing_and_tells_all(proxy: StartProxy, forge: Forge, zipped: dict[str, bytes]) -> None:
    run = proxy(LIMITED)
    forge.make_repository(STRANGER)
    files = {"plain.zip": zipped["plain.zip"], "large.bin": os.urandom(MIB + 1)}
    tree = run.lfs_tree(files)
    assert run.git("branch", "dev", cwd=tree).ok
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        assert push(run, tree, STRANGER, "dev").ok
    assert all(forge.store.size(oid_of(content)) == len(content) for content in files.values())
    (batch,) = [event for event in run.events("decision") if event["url"]["path"].endswith("/batch")]
    assert (batch["forgewall"]["action"], batch["forgewall"]["would_action"]) == ("log", "block")
    told = {event["forgewall"]["upload"]["sha256"]: event["forgewall"] for event in uploads(run)}
    assert told[oid_of(files["plain.zip"])]["would_action"] == "block"
    assert told[oid_of(files["large.bin"])]["would_action"] == "block"
