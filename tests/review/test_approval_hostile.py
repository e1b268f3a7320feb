"""Approvals of hostile requests: what is written is what a person saw, and no more than was refused."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest
from tests.record.samples import decision
from tests.review import recordings
from tests.review.console.actions.test_approve import previewed
from tests.review.console.served import console, written

from forgewall.cli import proposal
from forgewall.review import amend, approval, remedy_address
from forgewall.review.amend import AmendError
from forgewall.review.console.words import shown
from forgewall.review.remedy import Choice, remedy
from forgewall.review.wish import Wish

NOW = recordings.START
UNSEEN = ["\u034f", "\u115f", "\u2800", "\u3164", "\ufe0f", "\uffa0", "\U000e0100", "\u200b", "\u202e", "\u00ad"]
LONG = json.dumps({"version": 1, "approved": [f"github.com/org{number}/{'x' * 60}" for number in range(200)]})
"""A policy on one line of 16,000 characters."""


@pytest.mark.parametrize("char", UNSEEN)
def test_a_name_with_a_letter_that_nobody_sees_is_never_written(char: str) -> None:
    with pytest.raises(AmendError, match="invisible"):
        amend.approve("version: 1\n", "p.yaml", [Wish(address="github.com/a/b", who=(f"ana{char}",))])
    with pytest.raises(AmendError, match="invisible"):
        amend.approve("version: 1\n", "p.yaml", [Wish(address="github.com/a/b", refs=(f"main{char}",))])
    assert shown(f"ana{char}") == "ana\ufffd"


@pytest.mark.parametrize("name", ["oss", "0.0.0.0/0", "10.1.2.3", "*", "ana, ben", "ana\0", "ana ben", "ana\nben"])
def test_a_user_whose_name_means_others_in_a_policy_is_never_written(name: str) -> None:
    law = recordings.policy("groups: {oss: [ana, ben]}\napproved: [{repo: github.com/a, who: [oss]}]\n")
    found = remedy(recordings.recorded("github.com/mallory/loot", user=name), law, NOW)
    assert [wish.who for wish in found.wishes] == [("10.1.2.3",)]
    assert any("would mean something else" in warning for warning in found.warnings)


def test_on_the_terminal_nothing_of_a_long_line_is_out_of_sight(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(LONG)
    current = approval.read(file, NOW)
    found = remedy_address.remedy_for(["github.com/new/one"], current.policy, NOW, Choice(reason="why"))
    proposal.show(approval.propose(current, found, NOW), NOW)
    assert '"github.com/new/one"' in capsys.readouterr().out


def test_in_the_console_nothing_of_a_long_line_is_out_of_sight(tmp_path: Path) -> None:
    written(tmp_path, decision())
    with console(tmp_path, policy=LONG) as served:
        page = previewed(
            served.signed_in(served.reviewer), {"address": "github.com/new/one"}, who="everyone", operation="usual"
        )
    listed = page.text.partition('<pre class="diff">')[2].partition("</pre>")[0]
    assert '"github.com/new/one"' in unescape(listed)
