"""Whatever fails inside, no write gets through, the proxy lives, and it says what happened.

The faults are armed by a file while the proxy runs, in the real process (`tests.e2e.faults`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.e2e import faults
from tests.e2e.faults import ARM, FULL, RUNTIME, SECRET, Client

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl", "git")

PUT = ("-X", "PUT", "--data-binary", "@-", "-w", "\n%{http_code}")
APPROVED = "https://api.github.com/repos/acme/api/contents/a.bin"
UNAPPROVED = "https://api.github.com/repos/mallory/loot/contents/a.bin"
READ = "https://api.github.com/repos/mallory/loot"
POLICY = """\
version: 1
contact: security@acme.example
approved: [github.com/acme, gitlab.com/acme/platform]
limits: {per_client: 10GiB/1h}
content: {secrets: log}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere in the code, and the client whose write comes through it.

    `passed`: an approved request doesn't come through before its bytes may go on, so it may pass; a stranger's never.
    `answered`: the client is told something. `reads`: reads don't come through, so they go on meanwhile.
    """

    where: str
    client: Client = faults.put
    error: str = RUNTIME
    passed: bool = False
    answered: bool = True
    reads: bool = True


def _connecting(where: str, *, passed: bool = False, answered: bool = False) -> Place:
    return Place(where=where, passed=passed, answered=answered, reads=False)


PLACES = {
    "judging a request": Place(where="forgewall.proxy.enforcer:Enforcer._judge", reads=False),
    "the enforcer itself": Place(where="forgewall.proxy.enforcer:Enforcer.judge", reads=False),
    "identify": Place(where="forgewall.proxy.enforcer:identify", reads=False),
    "decide": Place(where="forgewall.proxy.enforcer:decide", reads=False),
    "making a refusal": Place(where="forgewall.proxy.case:refuse", passed=True),
    "reading the head": Place(where="forgewall.proxy.head:arrival_of", reads=False),
    "the wiring": Place(where="forgewall.proxy.wiring:current", reads=False, answered=False),
    "the event writer": Place(where="forgewall.record.log:EventLog.write"),
    "the event's document": Place(where="forgewall.record.log:document"),
    "opening a tunnel": _connecting("forgewall.proxy.tunnels:plan_connect"),
    "the first bytes of a tunnel": _connecting("forgewall.proxy.tunnels:plan_opening"),
    "reading the first bytes": _connecting("forgewall.proxy.tunnels:read_opening"),
    "the hook server_connect": _connecting("forgewall.proxy.addon:ForgewallAddon._start_timer", answered=True),
    "the hook tls_start_client": _connecting("forgewall.proxy.tls:Tls.client"),
    "the hook tls_start_server": _connecting("forgewall.proxy.tls:Tls.server", answered=True),
    "permitting a connection": _connecting("forgewall.proxy.wiring:Wiring.permitted", answered=True),
    "the hook server_connected": _connecting("forgewall.proxy.addon:ForgewallAddon._restore_name", passed=True),
    "the hook client_disconnected": _connecting("forgewall.proxy.wiring:Wiring.forget", passed=True),
    "the hook next_layer": _connecting("forgewall.proxy.addon:ForgewallAddon.next_layer"),
    # The gate, and what it counts with.
    "the gate": Place(where="forgewall.enforce.gate:Gate.turns"),
    "the end of the gate": Place(where="forgewall.enforce.gate:Gate.finish"),
    "making a gate": Place(where="forgewall.proxy.uploads:_gate", reads=False),
    "the inflater": Place(where="forgewall.enforce.inflate:Inflater.feed"),
    "the end of the inflater": Place(where="forgewall.enforce.inflate:Inflater.finish"),
    "the meter at the head": Place(where="forgewall.enforce.volume:Meter.announce", reads=False),
    "the meter": Place(where="forgewall.enforce.volume:Meter.spend"),
    "asking for the volume": Place(where="forgewall.enforce.volume:LocalVolume.used"),
    "adding to the volume": Place(where="forgewall.enforce.volume:LocalVolume.spend"),
    "the accounts": Place(where="forgewall.proxy.examiner:accounts"),
    "the transit": Place(where="forgewall.proxy.transit:Transit.turns"),
    "the end of the transit": Place(where="forgewall.proxy.transit:Transit.finish"),
    "the hash": Place(where="forgewall.proxy.hashing:BackgroundHash.update"),
    "how much is read": _connecting("forgewall.proxy.connection:FairReader.took"),
    "telling of the upload": Place(where="forgewall.proxy.transit:Transit.upload", passed=True),
    # The examination.
    "choosing an inspector": Place(where="forgewall.proxy.examiner:inspector_for"),
    "the heading": Place(where="forgewall.inspect.body:heading_of"),
    "the examination": Place(where="forgewall.enforce.examination:Examination.turns"),
    "the end of the examination": Place(where="forgewall.enforce.examination:Examination.finish"),
    "judging a fact": Place(where="forgewall.enforce.examination:judge_fact"),
    "the collector": Place(where="forgewall.inspect.collector:Collector.add"),
    "the evidence": Place(where="forgewall.inspect.collector:Collector.evidence", passed=True),
    "a file": Place(where="forgewall.inspect.content:FileReader.feed", client=faults.asset),
    "the end of a file": Place(where="forgewall.inspect.content:FileReader.finish", client=faults.asset),
    "the kind of a file": Place(where="forgewall.inspect.magic:Sniffer.finish", client=faults.document),
    "the search for secrets": Place(where="forgewall.inspect.secrets:SecretStream.feed", client=faults.asset),
    "the end of the search": Place(where="forgewall.inspect.secrets:SecretStream.finish", client=faults.asset),
    "a document": Place(where="forgewall.inspect.document_body:DocumentInspector.feed", client=faults.document),
    "the end of a document": Place(
        where="forgewall.inspect.document_body:DocumentInspector.finish", client=faults.document
    ),
    "base64": Place(where="forgewall.inspect.base64:Base64Decoder.feed", client=faults.document),
    "a form": Place(where="forgewall.inspect.multipart_body:MultipartInspector.feed", client=faults.form),
    "the end of a form": Place(where="forgewall.inspect.multipart_body:MultipartInspector.finish", client=faults.form),
    # Pushes.
    "a push's commands": Place(  # without them git can't be answered in its language
        where="forgewall.inspect.commands:CommandReader.feed", client=faults.push, answered=False
    ),
    "a push": Place(where="forgewall.inspect.push:PushInspector.turns", client=faults.push),
    "the end of a push": Place(where="forgewall.inspect.push:PushInspector.finish", client=faults.push),
    "a pack": Place(where="forgewall.inspect.objects:PackStream.turns", client=faults.push),
    "the end of a pack": Place(where="forgewall.inspect.objects:PackStream.finish", client=faults.push),
    "the spool of a pack": Place(where="forgewall.proxy.spool:DiskSpool.append", client=faults.push),
    "whether an answer is an advertisement": Place(where="forgewall.proxy.readers:can_be_patched", client=faults.push),
    "the advertisement": Place(where="forgewall.enforce.advertisement:NoThin.feed", client=faults.push),
    # Bodies that are held.
    "what is held": Place(where="forgewall.proxy.holding:Holding.add", client=faults.spooled),
    "the skimmer": Place(where="forgewall.inspect.skim:Skimmer.feed", client=faults.spooled),
    "the end of the skimmer": Place(where="forgewall.inspect.skim:Skimmer.finish", client=faults.spooled),
    "opening a spool": Place(where="forgewall.proxy.spool:SpoolSpace.open", client=faults.spooled),
    "writing to a spool": Place(where="forgewall.proxy.spool:DiskSpool.append", client=faults.spooled),
    "a full spool": Place(where="forgewall.proxy.spool:DiskSpool.append", client=faults.spooled, error=FULL),
    "no file for a spool": Place(where="forgewall.proxy.spool:SpoolSpace.file", client=faults.spooled, error=FULL),
    "a client's share of the disk": Place(where="forgewall.proxy.shares:Shares.fits", client=faults.spooled),
    "reading a spool": Place(where="forgewall.proxy.spool:DiskSpool.read", client=faults.spooled),
    "closing a spool": Place(where="forgewall.proxy.spool:DiskSpool.close", client=faults.spooled, passed=True),
    "waiting for the forge to take it": Place(
        where="forgewall.proxy.addon:ForgewallAddon.drain", client=faults.spooled, passed=True
    ),
    # git-lfs.
    "an LFS batch": Place(where="forgewall.proxy.lfs_batch:read_batch", client=faults.lfs),
    "whether an answer is read": Place(where="forgewall.proxy.readers:BatchAnswer.begin", client=faults.lfs),
    "an answer": Place(where="forgewall.proxy.readers:BatchAnswer.feed", client=faults.lfs),
    "the end of an answer": Place(where="forgewall.proxy.readers:BatchAnswer.finish", client=faults.lfs),
    "what an answer announces": Place(where="forgewall.proxy.readers:read_answer", client=faults.lfs),
    "remembering it": Place(where="forgewall.identify.announced_memory:Announcements.remember", client=faults.lfs),
    "recalling it": Place(
        where="forgewall.identify.announced_memory:Announcements.find", client=faults.lfs, reads=False
    ),
    "an LFS object": Place(where="forgewall.inspect.lfs_object:LfsObjectInspector.feed", client=faults.lfs),
    "the end of an LFS object": Place(
        where="forgewall.inspect.lfs_object:LfsObjectInspector.finish", client=faults.lfs
    ),
}


@pytest.fixture(scope="module")
def _armed(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[tuple[Run, Path]]:
    from tests.e2e.conftest import StartProxy

    directory = tmp_path_factory.mktemp("faults")
    start, fault = StartProxy(directory, _forge), directory / "fault"
    places = " ".join(sorted({place.where for place in PLACES.values()}))
    yield start(POLICY, env={"PLACES": places, "FAULT": str(fault)}, before=ARM), fault
    start.close()


@pytest.fixture
def run(_armed: tuple[Run, Path], forge: Forge, tmp_path: Path) -> Run:
    """The proxy that can be made to fail, one for all tests: each fault has to leave it alive."""
    _armed[0].begin(tmp_path / "home")
    return _armed[0]


@pytest.fixture
def fault(_armed: tuple[Run, Path]) -> Iterator[Path]:
    """The file that arms a fault."""
    yield _armed[1]
    _armed[1].unlink(missing_ok=True)


def writes(forge: Forge) -> list[str]:
    """The paths of the writes that the forge took whole; an LFS batch writes nothing."""
    forge.settle()
    reads = ("/objects/batch", "/info/refs")
    return [
        seen.path
        for seen in forge.requests()
        if seen.outcome == "complete"
        and seen.method in ("PUT", "POST")
        and seen.body > 4
        and not seen.path.partition("?")[0].endswith(reads)
    ]


@pytest.mark.parametrize("name", PLACES)
def test_a_fault_never_lets_a_write_through(run: Run, forge: Forge, fault: Path, name: str) -> None:
    place = PLACES[name]
    before = place.client(run, forge, "acme")
    assert before.done, before.output
    assert writes(forge)
    forge.clear()
    told_before = len(run.stderr), len(run.events())

    fault.write_text(f"{place.where} {place.error}")
    refused = {owner: place.client(run, forge, owner) for owner in ("mallory", "acme")}
    read = run.curl("-o", "/dev/null", "-w", "%{http_code}", READ, seconds=3)
    arrived = writes(forge)
    assert not any("mallory" in path for path in arrived)
    assert not refused["mallory"].done, refused["mallory"].output
    if not place.passed:
        assert arrived == [], refused
        assert not refused["acme"].done, refused["acme"].output
        assert not place.answered or "Forgewall" in refused["acme"].output, refused["acme"].output
    assert read.stdout == "200" or not place.reads, str(read)
    assert SECRET not in "".join(answer.output for answer in refused.values())

    fault.unlink()
    forge.clear()
    after = place.client(run, forge, "acme")
    assert after.done, f"{after.output}\n{run.stderr}"
    assert writes(forge)
    told = run.stderr[told_before[0] :] + "".join(str(event) for event in run.events()[told_before[1] :])
    assert SECRET not in told
    assert any(word in told for word in ("RuntimeError", "internal error", "Fault", "spool")), told


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
            options=["--events", str(events), "--memory", str(tmp_path / "memory.sqlite")],
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
