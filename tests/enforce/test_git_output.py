"""What people see: real git against our replies."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.enforce.conftest import Client
from tests.enforce.origin import serving
from tests.enforce.samples import CONTACT, EVENT, refusal

from forgewall.enforce.reply import Failure, Reply, refuse, unavailable
from forgewall.inspect.commands import HEAD
from forgewall.inspect.pktline import FLUSH, pkt
from forgewall.model import Request

VERSIONS = pytest.mark.parametrize("version", ["0", "2"])
PATH = "/mallory/loot.git"


def advertised(service: str, body: bytes) -> Reply:
    content = pkt(f"# service={service}\n".encode()) + FLUSH + body + FLUSH
    headers = (("content-type", f"application/x-{service}-advertisement"), ("content-length", str(len(content))))
    return Reply(status=200, headers=headers, body=content)


def refuse_all(request: Request, body: bytes) -> Reply:
    return refuse(refusal(), request, None, body[:HEAD])


class Late:
    """Lets `info/refs` through, as a forge would answer it, and refuses what follows."""

    def __init__(self, capabilities: bytes = b"report-status side-band-64k", head: int = HEAD) -> None:
        self.capabilities = capabilities
        self.head = head

    def __call__(self, request: Request, body: bytes) -> Reply:
        if "service=git-receive-pack" in request.path:
            line = b"0" * 40 + b" capabilities^{}\0delete-refs ofs-delta " + self.capabilities
            return advertised("git-receive-pack", pkt(line))
        if "service=git-upload-pack" in request.path:
            if request.header("git-protocol"):
                return advertised("git-upload-pack", b"".join(map(pkt, (b"version 2\n", b"ls-refs\n", b"fetch\n"))))
            oid = b"1" * 40
            return advertised(
                "git-upload-pack", pkt(oid + b" HEAD\0side-band-64k ofs-delta") + pkt(oid + b" refs/heads/main\n")
            )
        return refuse(refusal(), request, None, body[: self.head])


def assert_tells(output: str) -> None:
    for part in ("github.com/mallory/loot is not an approved repository", CONTACT, EVENT):
        assert part in output


@VERSIONS
def test_a_push_is_refused_before_an_object_is_sent(client: Client, work: Path, version: str) -> None:
    with serving(refuse_all) as origin:
        done = client("git", "-c", f"protocol.version={version}", "push", origin.url + PATH, "main", cwd=work)
    assert done.returncode == 128
    assert done.stderr.startswith("fatal: remote error: Forgewall refused this push to github.com/mallory/loot.\nWhy: ")
    assert_tells(done.stderr)
    assert origin.seen == [f"GET {PATH}/info/refs?service=git-receive-pack"]


@VERSIONS
def test_a_clone_is_refused_in_words(client: Client, work: Path, version: str) -> None:
    with serving(refuse_all) as origin:
        done = client("git", "-c", f"protocol.version={version}", "clone", origin.url + PATH, "copy")
    assert done.returncode == 128
    assert "fatal: remote error: Forgewall refused" in done.stderr
    assert_tells(done.stderr)


@VERSIONS
@pytest.mark.parametrize("post_buffer", ["1000", "200000000"])
def test_a_late_refusal_names_each_ref(client: Client, work: Path, version: str, post_buffer: str) -> None:
    options = ("-c", f"protocol.version={version}", "-c", f"http.postBuffer={post_buffer}")
    with serving(Late()) as origin:
        done = client("git", *options, "push", origin.url + PATH, "main:m3", "v1", cwd=work)
    assert done.returncode == 1
    assert "remote: Forgewall refused this push to github.com/mallory/loot." in done.stderr
    assert_tells(done.stderr)
    assert f"! [remote rejected] main -> m3 (not approved by Forgewall (event {EVENT}))" in done.stderr
    assert "! [remote rejected] v1 -> v1 (not approved" in done.stderr
    assert "bad band" not in done.stderr
    assert "Everything up-to-date" not in done.stderr
    posts = [line for line in origin.seen if line.startswith("POST")]
    assert len(posts) == (2 if post_buffer == "1000" else 1)  # the probe comes first


def test_a_refusal_without_the_command_list_still_shows(client: Client, work: Path) -> None:
    with serving(Late(head=0)) as origin:
        done = client("git", "push", origin.url + PATH, "main", cwd=work)
    assert done.returncode == 1
    assert "remote: Forgewall refused this push" in done.stderr
    assert_tells(done.stderr)


@pytest.mark.parametrize("capabilities", [b"report-status", b"report-status side-band"])
def test_a_client_without_side_band_reads_the_reason_too(client: Client, work: Path, capabilities: bytes) -> None:
    # git itself only knows side-band-64k here, so both ways it negotiates none.
    with serving(Late(capabilities)) as origin:
        done = client("git", "push", origin.url + PATH, "main", cwd=work)
    assert done.returncode == 1
    assert "error: remote unpack failed: Forgewall refused this push" in done.stderr
    assert "! [remote rejected] main -> main (not approved" in done.stderr
    assert_tells(done.stderr)


def test_without_a_report_of_refs_git_knows_all_the_same_that_it_failed(client: Client, work: Path) -> None:
    with serving(Late(b"side-band-64k")) as origin:
        done = client("git", "push", origin.url + PATH, "main", cwd=work)
    assert done.returncode == 1
    assert "remote: Forgewall refused this push" in done.stderr
    assert f"remote: not approved by Forgewall (event {EVENT})" in done.stderr
    assert_tells(done.stderr)


@VERSIONS
def test_a_late_fetch_refusal_is_shown(client: Client, work: Path, version: str) -> None:
    with serving(Late()) as origin:
        done = client("git", "-c", f"protocol.version={version}", "clone", origin.url + PATH, "copy")
    assert done.returncode == 128
    assert "fatal: remote error: Forgewall refused" in done.stderr
    assert_tells(done.stderr)


def test_a_network_failure_is_told_as_one(client: Client, work: Path) -> None:
    def answer(request: Request, body: bytes) -> Reply:
        return unavailable(
            Failure.CERTIFICATE, "self-signed certificate", request, None, contact=CONTACT, event_id=EVENT
        )

    with serving(answer) as origin:
        done = client("git", "push", origin.url + PATH, "main", cwd=work)
    assert done.returncode == 128
    assert "This is the network, not the policy." in done.stderr
    assert "self-signed certificate" in done.stderr
    assert EVENT in done.stderr


def test_terminal_escapes_in_an_address_do_not_reach_the_terminal(client: Client, work: Path) -> None:
    def answer(request: Request, body: bytes) -> Reply:
        return refuse(
            refusal(address="github.com/\x1b[2J\x07ev\u202eil\n/x", reason="\x1b]0;t\x07"), request, None, body
        )

    with serving(answer) as origin:
        done = client("git", "push", origin.url + PATH, "main", cwd=work)
    assert "github.com/[2Jevil /x" in done.stderr
    assert not any(char in done.stderr for char in "\x1b\x07\u202e")
