"""From a block to an approval: a refused push, one command, and the next push passes; no restart, and not for ever."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from demo.forge import Forge
from tests.e2e.led import ADMIN, POLICY, Led, quoted

if TYPE_CHECKING:
    from tests.e2e.conftest import StartProxy


@pytest.fixture
def led(proxy: StartProxy, forge: Forge, tmp_path: Path) -> Led:
    forge.make_repository("github.com/mallory/loot")
    return Led(proxy, tmp_path)


def test_a_refused_push_is_approved_within_a_minute_for_an_hour(led: Led, forge: Forge) -> None:
    refused = led.push()
    assert not refused.ok
    event = quoted(refused)
    link = urlsplit(refused.output.partition("Ask here: ")[2].split()[0])
    assert dict(parse_qsl(link.query)) == {"event": event, "repo": "github.com/mallory/loot"}

    typed = time.monotonic()
    approved = led.forgewall("approve", event, "--for", "1h", "--reason", "INC-42", "--yes")
    assert approved.ok, approved.output
    led.taken_over()
    passed = led.push()
    assert passed.ok, passed.output
    assert time.monotonic() - typed < 60  # what is promised, not a measure of speed
    assert "refs/heads/main" in forge.refs("github.com/mallory/loot")

    before, after = POLICY.splitlines(), led.run.policy_file.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line in before] == before
    added = [place for place, line in enumerate(after) if line not in before]
    assert added == list(range(5, 10))
    assert after[5:8] == [
        "  - repo: github.com/mallory/loot",
        "    allow: [push, lfs-upload]",
        "    who: [127.0.0.1]",
    ]
    assert after[8].startswith("    expires: ")

    led.later(3590)
    led.run.commit(led.tree, "second")
    assert led.push().ok
    led.later(3610)
    led.run.commit(led.tree, "third")
    late = led.push()
    assert not late.ok
    assert "expired" in late.output
    assert led.run.process.poll() is None


def test_what_was_done_stands_in_the_log_and_the_case_is_settled(led: Led) -> None:
    event = quoted(led.push())
    assert led.forgewall("approve", event, "--for", "1h", "--reason", "INC-42", "--yes").ok
    told = led.edited()
    assert (told["user"]["name"], told["event"]["reason"]) == (ADMIN, "INC-42")
    assert told["forgewall"]["change"]["approved_event"] == event
    assert told["forgewall"]["address"] == "github.com/mallory/loot"
    led.taken_over()
    assert led.forgewall("revoke", "github.com/mallory/loot", "--yes").ok
    assert led.run.policy_file.read_text(encoding="utf-8") == POLICY
    led.taken_over()
    assert not led.push().ok


def test_the_glass_is_broken_for_half_an_hour_and_no_longer(led: Led, forge: Forge) -> None:
    assert not led.push().ok
    broken = led.forgewall("break-glass", "--minutes", "30", "--reason", "INC-43: the release is stuck", "--yes")
    assert broken.ok, broken.output
    led.taken_over()
    assert led.push().ok
    decided = led.run.events("decision")[-1]
    assert "break-glass" in decided["tags"]
    assert decided["forgewall"]["would_action"] == "block"
    assert decided["forgewall"]["policy"]["break_glass"]["by"] == ADMIN
    assert "NOTHING IS BLOCKED" in led.run.stderr
    led.later(31 * 60)
    led.run.commit(led.tree, "second")
    assert not led.push().ok
    led.later(0)
    assert led.push().ok
    assert led.forgewall("break-glass", "--end", "--yes").ok
    led.taken_over()
    assert led.run.policy_file.read_text(encoding="utf-8") == POLICY
    led.run.commit(led.tree, "third")
    assert not led.push().ok
    assert any(event["event"]["action"] == "policy-break-glass-over" for event in led.run.events("policy"))
