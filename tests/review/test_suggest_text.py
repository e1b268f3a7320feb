"""A suggestion as text: a policy that can be read, with its evidence, whatever the log holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.record.samples import anything
from tests.review.recordings import START, target, would
from tests.review.test_suggest import NOW, suggested, used

from forgewall.decide.load import load
from forgewall.model import Operation
from forgewall.review.suggest import Suggestion
from forgewall.review.suggest_text import MAX_DOUBTS, as_yaml, shown


def text(found: Suggestion, file: str = "p.yaml") -> str:
    return as_yaml(found, file=file, since=START, until=NOW)


def test_each_entry_stands_below_its_evidence() -> None:
    log = [*used("github.com/acme/api"), *used("github.com/acme/web", operation=Operation.ISSUE)]
    log = [replace(one, size=1024, event_id=f"01KB{number:022d}") for number, one in enumerate(log)]
    log.append(replace(would("github.com/zoe/x", user="zoe"), event_id="01KBZ"))
    assert text(suggested(log)) == (
        "# Suggested from the event log, 2026-11-24 to 2026-12-08. Review each entry; join them with `approved:` of"
        " p.yaml.\n"
        "# Of 13 decisions that aren't approved these entries let 12 pass.\n"
        "version: 1\n"
        "approved:\n"
        "  # 12 decisions by 2 people on 3 days, 2026-11-24 to 2026-11-26, 12 KiB: push 6, issue 6\n"
        "  # 2 addresses: github.com/acme/api, github.com/acme/web\n"
        "  # events 01KB0000000000000000000011 01KB0000000000000000000010 01KB0000000000000000000005\n"
        "  - github.com/acme\n"
        "\n"
        "# Not suggested. Whoever knows what it is may move it up:\n"
        "# - github.com/zoe/x\n"
        "#     the owner is called like somebody who sends there\n"
        "#     push; 1 decision by 1 person on 1 day, 2026-11-24; events 01KBZ\n"
    )


def test_operations_are_written_where_the_plain_set_is_not_enough() -> None:
    log = [*used("github.com/acme/api"), *used("github.com/acme/api", operation=Operation.CREATE_REPO)]
    assert "  - {repo: github.com/acme/api, allow: [code, create-repo]}\n" in text(suggested(log))


def test_nothing_to_suggest_is_a_policy_too() -> None:
    written = text(suggested([]), file="")
    assert load(written, "p.yaml", NOW).policy.approvals == 0
    assert "nothing that was seen" in written


def test_a_long_list_of_doubts_is_cut_and_counted() -> None:
    log = [would(f"github.com/o{number}/x") for number in range(MAX_DOUBTS + 7)]
    assert "# and 7 more; --json lists all\n" in text(suggested(log))


@given(anything, anything, anything)
def test_whatever_the_log_holds_the_text_is_ascii_and_a_policy(name: str, evidence: str, user: str) -> None:
    log = [
        *used("github.com/acme/api"),
        replace(would("github.com/x"), target=target(None, Operation.UNIDENTIFIED, evidence=evidence)),
        *[replace(one, target=target(f"github.com/{name}")) for one in used("github.com/x", people=("ana", user))],
        replace(would("github.com/x", time=START + timedelta(days=1)), event_id=name),
    ]
    written = text(suggested(log, people=1, days=1))
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert load(written, "p.yaml", NOW).policy.approvals >= 1
    assert all(line.startswith(("#", " ", "version:", "approved:")) or not line for line in written.split("\n"))


@given(st.text(), st.integers(4, 400))
def test_what_is_shown_is_short_and_plain(said: str, most: int) -> None:
    assert len(shown(said, most)) <= most
    assert shown(said, most).isascii()
    assert shown(said, most).isprintable()
