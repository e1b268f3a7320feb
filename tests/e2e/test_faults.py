"""Whatever fails inside, no write gets through, the proxy lives, and it says what happened.

The faults are armed by a file after the proxy is ready, in the real process: its start-up self-test runs without them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")

PUT = ("-X", "PUT", "--data-binary", "@-", "-w", "\n%{http_code}")
APPROVED = "https://api.github.com/repos/acme/api/contents/a.bin"
UNAPPROVED = "https://api.github.com/repos/mallory/loot/contents/a.bin"

PLACES = {
    "judging a request": "forgewall.proxy.enforcer:Enforcer._judge",
    "the enforcer itself": "forgewall.proxy.enforcer:Enforcer.judge",
    "identify": "forgewall.proxy.enforcer:identify",
    "decide": "forgewall.proxy.enforcer:decide",
    "making a refusal": "forgewall.proxy.case:refuse",
    "reading the head": "forgewall.proxy.head:arrival_of",
    "the wiring": "forgewall.proxy.wiring:current",
    "the gate": "forgewall.enforce.gate:Gate.feed",
    "the end of the gate": "forgewall.enforce.gate:Gate.finish",
    "the event writer": "forgewall.record.log:EventLog.write",
    "the event's document": "forgewall.record.log:document",
    "opening a tunnel": "forgewall.proxy.tunnels:plan_connect",
    "the first bytes of a tunnel": "forgewall.proxy.tunnels:plan_opening",
    "reading the first bytes": "forgewall.proxy.tunnels:read_opening",
    "the hook server_connect": "forgewall.proxy.addon:ForgewallAddon._start_timer",
    "the hook tls_start_client": "forgewall.proxy.tls:Tls.client",
    "the hook tls_start_server": "forgewall.proxy.tls:Tls.server",
    "permitting a connection": "forgewall.proxy.wiring:Wiring.permitted",
    "the hook server_connected": "forgewall.proxy.addon:ForgewallAddon._restore_name",
    "the hook client_disconnected": "forgewall.proxy.wiring:Wiring.forget",
    "the hook next_layer": "forgewall.proxy.addon:ForgewallAddon.next_layer",
}
NOT_ON_ITS_WAY = {"the hook server_connected", "the hook client_disconnected", "making a refusal"}
"""Places an approved request doesn't come through before its bytes may go on, so it may pass; a stranger's never."""

ARM = """
import importlib, os, functools
def _arm(place):
    module, _, path = place.partition(":")
    owner = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real = getattr(owner, name)
    def fault(*args, **kwargs):
        if os.path.exists(os.environ["FAULT"]):
            raise RuntimeError("secret payload bytes")
        return real(*args, **kwargs)
    setattr(owner, name, fault)
import forgewall.proxy.launcher
_arm(os.environ["PLACE"])
"""


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    """The file that arms the fault."""
    return tmp_path / "fault"


def start(proxy: StartProxy, place: str, fault: Path) -> Run:
    """A proxy with a fault at `place`, not armed yet."""
    return proxy(env={"PLACE": place, "FAULT": str(fault)}, before=ARM)


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_never_lets_a_write_through(proxy: StartProxy, forge: Forge, fault: Path, name: str) -> None:
    run = start(proxy, PLACES[name], fault)
    body = b"x" * 300_000
    before = run.curl(*PUT, APPROVED, stdin=body)
    assert before.stdout.endswith("201") or before.stdout.endswith("200"), str(before)
    forge.settle()
    forge.clear()

    fault.touch()
    refused = [run.curl(*PUT, url, stdin=body, seconds=4) for url in (UNAPPROVED, APPROVED)]
    forge.settle()
    arrived = {seen.path for seen in forge.requests() if seen.outcome == "complete"}
    assert not any("mallory" in path for path in arrived)
    if name not in NOT_ON_ITS_WAY:
        assert arrived == set(), [str(result) for result in refused]
        assert not any(result.stdout.endswith(("200", "201")) for result in refused)

    fault.unlink()
    forge.clear()
    after = run.curl(*PUT, APPROVED, stdin=body)
    assert after.stdout.endswith("201") or after.stdout.endswith("200"), f"{after}\n{run.stderr}"
    assert "secret payload bytes" not in run.stderr
    told = run.stderr + "".join(str(event) for event in run.events())
    assert "RuntimeError" in told or "internal error" in told or "Fault" in told, run.stderr


@pytest.mark.parametrize("damage", ["deleted", "emptied", "broken", "unreadable", "a directory"])
def test_a_policy_that_goes_bad_keeps_the_last_good_one(proxy: StartProxy, forge: Forge, damage: str) -> None:
    run = proxy()
    match damage:
        case "deleted":
            run.policy_file.unlink()
        case "emptied":
            run.policy_file.write_text("")
        case "broken":
            run.policy_file.write_text("version: 1\napproved: [github.com/mallory\n")
        case "unreadable":
            run.policy_file.write_bytes(b"\xff\xfe\x00")
        case _:
            run.policy_file.unlink()
            run.policy_file.mkdir()
    run.wait_for(lambda: any(event["event"]["action"] == "policy-rejected" for event in run.events("policy")))
    assert run.curl(*PUT, UNAPPROVED, stdin=b"x").stdout.endswith("403")
    assert run.curl(*PUT, APPROVED, stdin=b"x").stdout.endswith(("200", "201"))
    assert "last good policy" in run.stderr


@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_full_disk_blocks_writes_unless_the_policy_says_otherwise(
    proxy: StartProxy, forge: Forge, tmp_path: Path, on_error: str
) -> None:
    events = tmp_path / "small"
    events.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(events)], capture_output=True, check=False
    )
    if mounted.returncode:
        reason = "a small tmpfs can't be mounted here (not root)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    try:
        run = proxy(
            policy=f"version: 1\napproved: [github.com/acme]\nevents: {{on_error: {on_error}}}\n",
            options=["--events", str(events)],
        )
        (events / "filler").write_bytes(b"x" * (96 << 10))
        for _ in range(40):
            if not _fill(events):
                break
        forge.clear()
        blocked = run.curl(*PUT, UNAPPROVED, stdin=b"x")
        approved = run.curl(*PUT, APPROVED, stdin=b"x")
        read = run.curl("-o", "/dev/null", "-w", "%{http_code}", "https://github.com/mallory/loot")
        assert not blocked.stdout.endswith(("200", "201"))
        assert approved.stdout.endswith(("200", "201")) is (on_error == "allow"), str(approved)
        assert read.stdout == "200"
        if on_error == "block":
            assert approved.stdout.endswith("503")
            assert "event log" in approved.stdout
        assert "event log" in run.stderr
        (events / "filler").unlink()
        for file in events.glob("fill*"):
            file.unlink()
        assert run.curl(*PUT, APPROVED, stdin=b"x").stdout.endswith(("200", "201"))
    finally:
        subprocess.run(["umount", "-l", str(events)], check=False)


def _fill(directory: Path) -> bool:
    """Write until the disk is full; whether anything could be written."""
    try:
        with (directory / "fill").open("ab") as file:
            file.write(b"x" * 4096)
    except OSError:
        return False
    return True
