"""Long bodies that have to be seen whole before it is known where they go: they wait on disk, memory stays flat.

A merge request is one: the project it goes to may stand at its very end. Files are in `test_api_uploads`.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.proxy import NotReadyError

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")

MIB = 1 << 20
URL = "https://gitlab.com/api/v4/projects/acme%2Fplatform%2Fapi/merge_requests"
STRANGER = "https://gitlab.com/api/v4/projects/mallory%2Floot/merge_requests"
STATUS = ("-w", "\n%{http_code}", "-H", "content-type: application/json")
SMALL_SPACE = """
import forgewall.proxy.spool as _spool
_init = _spool.SpoolSpace.__init__
_spool.SpoolSpace.__init__ = lambda self, directory=None, total=0: _init(self, directory, 4 << 20)
"""
FILLING = """
import forgewall.proxy.spool as _spool
_spool.SpoolSpace.at = _spool.SpoolSpace  # fills up the disk, as others may do
"""


def merge_request(size: int, **more: object) -> bytes:
    """A merge request of about `size` bytes; what decides stands behind the long text."""
    return json.dumps({"title": "t", "description": os.urandom(size // 2).hex(), "source_branch": "a"} | more).encode()


def post(run: Run, body: bytes, *curl: str, url: str = URL) -> tuple[str, str]:
    """The status and the answer that curl sees."""
    length = () if "-T" in curl else ("--data-binary", "@-")
    result = run.curl(*STATUS, *curl, "-X", "POST", *length, url, stdin=body)
    answer, _, status = result.stdout.rpartition("\n")
    return status, answer + result.stderr


def kept(run: Run) -> list[str]:
    """The files without a name that the proxy has open."""
    links = []
    for entry in Path(f"/proc/{run.process.pid}/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return [link for link in links if link.endswith("(deleted)")]


def test_thirty_mib_pass_through_the_disk(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    run = proxy(options=["--spool", str(spool)])
    plain = merge_request(30 * MIB, target_branch="main")
    coded = gzip.compress(plain, 1)
    idle = run.memory()
    run.reset_peak()
    for body, words in (
        (plain, ()),
        (plain, ("-T", "-", "--http1.1")),
        (coded, ("-T", "-", "--http2", "-H", "content-encoding: gzip")),
    ):
        forge.clear()
        status, answer = post(run, body, *words)
        assert status == "201", answer
        assert kept(run) == []
        assert list(spool.iterdir()) == []
        assert forge.settle()
        (seen,) = forge.requests()
        facts = run.events("upload")[-1]["forgewall"]["upload"]
        assert (seen.outcome, seen.body, seen.sha256) == ("complete", len(body), facts["sha256"])
        assert facts["body_bytes"] == len(plain)
    assert run.peak_memory() - idle < 15 * MIB


def test_what_stands_at_the_end_decides(gateway: Run, forge: Forge) -> None:
    for size in (1000, 3 * MIB):
        status, answer = post(gateway, merge_request(size, target_project_id=5))
        assert (status, "nobody has said yet whose project 5 is" in answer.lower()) == ("403", True)
        status, answer = post(gateway, merge_request(size), url=STRANGER)
        assert (status, "gitlab.com/mallory/loot is not an approved repository" in answer) == ("403", True), answer
    assert kept(gateway) == []
    assert forge.settle()
    assert forge.requests() == []


@pytest.mark.parametrize("framing", [(), ("-T", "-", "--http1.1"), ("-T", "-", "--http2")], ids=["length", "h1", "h2"])
def test_beyond_the_limit_nothing_is_kept_any_longer(gateway: Run, forge: Forge, framing: tuple[str, ...]) -> None:
    status, answer = post(gateway, merge_request(51 * MIB), *framing)
    assert status == "413", answer
    message = json.loads(answer)["message"]
    assert "The body tells what this request is about, and beyond 50 MiB it isn't looked through" in message
    assert "Send at most 50 MiB in one request" in message
    assert kept(gateway) == []
    assert forge.settle()
    assert forge.requests() == []


def test_a_client_that_leaves_and_a_slow_forge_leave_nothing_behind(gateway: Run, forge: Forge) -> None:
    with forge.behave("gitlab.com", Behaviour(bytes_per_second=2 * MIB)):
        idle = gateway.memory()
        gateway.reset_peak()
        left = gateway.curl(*STATUS, "-X", "POST", "--data-binary", "@-", URL, stdin=merge_request(20 * MIB), seconds=2)
        assert not left.ok
        assert forge.wait(lambda: [seen.outcome for seen in forge.requests()] == ["aborted"])
        assert gateway.peak_memory() - idle < 20 * MIB
    gateway.wait_for(lambda: kept(gateway) == [])


def test_no_room_to_keep_it_is_told(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(before=SMALL_SPACE)
    for framing in ((), ("-T", "-", "--http2")):
        status, answer = post(run, merge_request(3 * MIB), *framing)
        assert status == "503", answer
        message = json.loads(answer)["message"]
        assert "has to be seen whole before it goes on, and there is no room left to keep it" in message
        assert "Send smaller parts, or try again in a few minutes" in message
        assert "security@acme.example" in message
    assert forge.settle()
    assert forge.requests() == []
    assert [event["forgewall"]["code"] for event in run.events("decision")] == ["spool", "spool"]
    assert post(run, merge_request(MIB))[0] == "201"  # the room was given back


def test_a_full_disk_is_told(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    spool = tmp_path / "small"
    spool.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(spool)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        reason = "a small tmpfs can't be mounted here (not root)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    try:
        run = proxy(options=["--spool", str(spool)], before=FILLING)
        status, answer = post(run, merge_request(3 * MIB))
        assert status == "503", answer
        assert "seen whole before it goes on" in answer
        assert "disk" in answer or "No space left" in answer
        assert forge.settle()
        assert forge.requests() == []
        assert kept(run) == []
        assert post(run, merge_request(MIB // 2))[0] == "201"
        run.close()
    finally:
        subprocess.run(["umount", "-l", str(spool)], check=False)


def test_a_directory_that_takes_no_file_is_told_at_start(proxy: StartProxy, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match=r"cannot write to --spool .*: No such file or directory"):
        proxy(options=["--spool", str(tmp_path / "nowhere")])
