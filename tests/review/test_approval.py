from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.review import recordings
from tests.review.desk import BOB, NOW, Desk

from forgewall.errors import ForgewallError, PolicyError, UsageError
from forgewall.model import Action, Move, Operation
from forgewall.record.log import EventLog, EventLogError
from forgewall.review import approval
from forgewall.review.amend import AmendError
from forgewall.review.approval import ObstacleError
from forgewall.review.approval_proof import UnfitError
from forgewall.review.case import State
from forgewall.review.filters import Filters
from forgewall.review.person import Person, Role
from forgewall.review.remedy import Choice
from forgewall.review.saving import SaveError

LOOT = "github.com/mallory/loot"
COMMENTED = """# who may push where
approved:   # these
  - github.com/acme        # all of it

  # - github.com/example
defaults: {writes: block}
tests:
  - {do: git push https://github.com/acme/api, expect: allow}
"""


def logged(desk: Desk, action: str) -> list[dict[str, Any]]:
    desk.store.refresh()
    found = []
    for row in desk.store.events(Filters(), limit=50):
        document = desk.store.document(row.id)
        if document is not None and document["event"]["action"] == action:
            found.append(document)
    return found


def test_an_approval_is_shown_written_logged_and_remembered(tmp_path: Path) -> None:
    desk = Desk(tmp_path, COMMENTED)
    before = desk.text
    event = desk.refuse()
    choice = Choice(expires=NOW + timedelta(days=7), reason="OSS-1")
    preview = desk.propose(desk.remedy(event.id, choice))
    assert desk.text == before
    assert [line for line in preview.diff if line[0] in "+-" and line[:3] not in {"+++", "---"}] == [
        "+  - repo: github.com/mallory/loot",
        "+    allow: [push, lfs-upload]",
        "+    who: [ana]",
        "+    expires: 2026-12-01T09:00:00Z",
        "+    reason: OSS-1",
    ]
    assert (preview.tests, preview.lint, preview.settles, preview.event_id) == (1, (), True, event.id)
    assert preview.expires == NOW + timedelta(days=7)
    assert (preview.replayed.judged, preview.replayed.changed) == (1, 1)
    desk.apply(preview, reason="asked for by ana")
    kept = [line for line in desk.text.splitlines() if line in before.splitlines()]
    assert kept == before.splitlines()
    (edit,) = logged(desk, "policy-approved")
    assert (edit["user"]["name"], edit["event"]["reason"]) == ("bob", "asked for by ana")
    change = edit["forgewall"]["change"]
    assert change["approved_event"] == event.id
    assert (change["old_digest"], change["new_digest"]) == (preview.old_digest, desk.policy.digest)
    first, last = (int(number) for number in change["lines"].split("-"))
    shown = desk.text.splitlines()[first - 1 : last]
    assert "".join(shown).split() == change["entry"].split()
    case = desk.store.case(event.id)
    assert case is not None
    assert (case.state, change["case"]) == (State.APPROVED, case.id)


def test_a_case_is_open_again_when_its_approval_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    desk.approve(event.id, Choice(expires=NOW + timedelta(hours=1)))
    case = desk.store.case(event.id)
    assert case is not None
    assert case.triage is not None
    assert case.triage.until == NOW + timedelta(hours=1)


def test_what_else_changes_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    desk.refuse(user="ben")
    desk.refuse(time=NOW - timedelta(days=31))
    alone = desk.propose(desk.remedy(event.id)).replayed
    assert (alone.judged, alone.changed) == (2, 1)
    everybody = desk.propose(desk.remedy(event.id, Choice(who=("everyone",)))).replayed
    assert (everybody.changed, everybody.changes[0].people_count) == (2, 2)


def test_a_test_that_would_fail_refuses_the_edit(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "tests:\n  - {do: git push https://github.com/mallory/loot, user: ana, expect: block}")
    event, before = desk.refuse(), desk.text
    with pytest.raises(UnfitError) as found:
        desk.propose(desk.remedy(event.id))
    said = str(found.value)
    assert "nothing was written" in said
    assert "git push https://github.com/mallory/loot" in said
    assert "approved/github.com/mallory/loot" in said
    assert found.value.exit_code == 1
    assert desk.text == before


def test_only_new_complaints_of_the_linter_are_told(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, "approved:\n  - {repo: github.com/acme/old, expires: 2026-01-01}\nforbidden: [github.com/x/y]"
    )
    event = desk.refuse()
    assert desk.propose(desk.remedy(event.id)).lint == ()
    broad = desk.refuse("github.com/mallory", target=recordings.target("github.com/mallory", Operation.PACKAGE))
    choice = Choice(who=("everyone",), operations=frozenset({Operation.FETCH}))
    found = desk.propose(desk.remedy(broad.id, choice))
    assert found.settles is False
    assert all(problem.line >= 4 for problem in found.lint)


def test_what_would_still_be_refused_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    preview = desk.propose(desk.remedy(event.id, Choice(who=("ben",))))
    assert not preview.settles
    assert "is not for ana" in preview.refused


def test_a_file_that_changed_meanwhile_isn_t_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    desk.file.write_text(desk.text + "contact: it\n")
    with pytest.raises(SaveError, match="changed"):
        desk.apply(preview)
    assert LOOT not in desk.text
    assert logged(desk, "policy-approved") == []


def test_a_remedy_for_another_text_is_made_anew(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [github.com/acme]")
    found = desk.remedy(desk.refuse("github.com/acme/x", operation=Operation.DEPLOY_KEY).id)
    desk.file.write_text("# a line more\n" + desk.text)
    with pytest.raises(ObstacleError, match="changed"):
        desk.propose(found)


def test_what_can_t_be_logged_isn_t_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    elsewhere = tmp_path / "file"
    elsewhere.write_text("no directory")
    before = desk.text, desk.file.stat()
    with pytest.raises(EventLogError):
        approval.apply(preview, BOB, elsewhere, "", lambda: NOW)
    assert (desk.text, desk.file.stat()) == before  # it wasn't even written and taken back


def test_a_log_that_fails_after_the_write_takes_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    before = desk.text

    def full(*_: object) -> None:
        raise EventLogError("no space is left")

    monkeypatch.setattr(EventLog, "write", full)
    with pytest.raises(EventLogError):
        approval.apply(preview, BOB, desk.events, "", lambda: NOW, store=desk.store)
    assert desk.text == before
    case = desk.store.case(preview.event_id or "")
    assert case is not None
    assert case.state is State.OPEN


def test_a_viewer_may_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    before = desk.text
    with pytest.raises(ForgewallError, match="reviewer"):
        desk.apply(preview, Person(name="eve", source="token", role=Role.VIEWER))
    assert desk.text == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    desk.file.chmod(0o400)
    with pytest.raises(SaveError, match="may not write"):
        desk.apply(preview)


def test_obstacles_are_errors(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "forbidden: [github.com/mallory]")
    with pytest.raises(ObstacleError, match="by hand"):
        desk.propose(desk.remedy(desk.refuse().id))


def test_an_end_that_is_past_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(UsageError, match="later"):
        desk.propose(desk.remedy(desk.refuse().id, Choice(expires=NOW)))


def test_a_bad_policy_isn_t_edited(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.file.write_text("version: 1\napproved: [github.com/acme/*]\n")
    with pytest.raises(PolicyError):
        approval.read(desk.file, NOW)


def test_a_revocation_takes_all_entries_of_the_address(tmp_path: Path) -> None:
    desk = Desk(tmp_path, COMMENTED.partition("tests:")[0])
    before = desk.text
    event = desk.refuse("github.com/acme/api", operation=Operation.DEPLOY_KEY)
    desk.approve(event.id)
    assert desk.judge(event).action is Action.ALLOW
    preview = approval.propose_revoke(
        approval.read(desk.file, NOW), "github.com/acme/api", NOW, approval.Proof(store=desk.store)
    )
    assert any("all 2 entries" in warning for warning in preview.warnings)
    assert preview.replayed.changed == 1
    desk.apply(preview, reason="done")
    assert desk.text == before
    (edit,) = logged(desk, "policy-revoked")
    assert (edit["event"]["reason"], edit["forgewall"]["address"]) == ("done", "github.com/acme/api")


NESTED = """approved:
  - github.com/acme
  - {repo: github.com/acme/api, who: [ana]}
  - {repo: github.com/acme/api, allow: [issue]}
  - {repo: github.com/acme/old, expires: 2026-01-01}
  - {repo: github.com/acme/secret, allow: [fetch]}
  - github.com/acme-labs
"""


@pytest.mark.parametrize(
    ("address", "line", "said"),
    [
        ("github.com/acme", None, ("3 entries below stay: lines 4, 5, 7",)),
        ("github.com/acme/secret", None, ("from then on the entry of github.com/acme (line 3) decides there",)),
        ("github.com/acme/api", 4, ()),
        (
            "github.com/acme/api",
            None,
            (
                "all 2 entries for this address go; --line N takes away one",
                "from then on the entry of github.com/acme (line 3) decides there",
            ),
        ),
        ("github.com/acme/old", None, ()),
        ("github.com/acme-labs", None, ()),
        (
            "github.com/acme/secret, github.com/acme/api",
            None,
            (
                "all 3 entries for these addresses go; --line N takes away one",
                "from then on the entry of github.com/acme (line 3) decides at github.com/acme/secret",
                "from then on the entry of github.com/acme (line 3) decides at github.com/acme/api",
            ),
        ),
        ("github.com/acme/secret, github.com/acme", None, ("2 entries below stay: lines 4, 5",)),
    ],
)
def test_a_revocation_tells_what_stays_and_who_decides(
    address: str, line: int | None, said: tuple[str, ...], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, NESTED)
    preview = approval.propose_revoke(approval.read(desk.file, NOW), address, NOW, line=line)
    assert preview.warnings == said
    assert preview.address == address


def test_what_wrote_several_addresses_names_all_and_is_taken_back_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved:\n  - github.com/example")
    before = desk.text
    new = Move(address="github.com/acme/new", key="github.com/acme/new", seen=NOW - timedelta(days=3))
    event = desk.refuse("github.com/acme/api", target=recordings.target("github.com/acme/api", moved=new))
    both = "github.com/acme/api, github.com/acme/new"
    assert desk.approve(event.id).address == both
    (edit,) = logged(desk, "policy-approved")
    assert edit["forgewall"]["address"] == both
    desk.apply(approval.propose_revoke(approval.read(desk.file, NOW), both, NOW))
    assert desk.text == before
    (edit,) = logged(desk, "policy-revoked")
    assert edit["forgewall"]["address"] == both


def test_what_isn_t_approved_can_t_be_revoked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [github.com/acme]")
    with pytest.raises(AmendError, match=r"github\.com/acme"):
        approval.propose_revoke(approval.read(desk.file, NOW), "github.com/acme/api", NOW)


def test_the_glass_is_broken_and_mended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, COMMENTED)
    before = desk.text
    event = desk.refuse()
    preview = approval.propose_break_glass(approval.read(desk.file, NOW), "bob", "INC-1", 30, NOW)
    desk.apply(preview, reason="INC-1")
    assert (desk.judge(event).action, desk.judge(event).would_action) == (Action.LOG, Action.BLOCK)
    assert desk.judge(event, NOW + timedelta(minutes=30)).action is Action.BLOCK
    assert [one["forgewall"]["change"]["until"] for one in logged(desk, "policy-break-glass")] == [
        "2026-11-24T09:30:00.000Z"
    ]
    again = approval.propose_break_glass(approval.read(desk.file, NOW), "eve", "INC-2", 10, NOW)
    assert any("bob has broken it already" in warning for warning in again.warnings)
    desk.apply(approval.propose_end_break_glass(approval.read(desk.file, NOW), NOW))
    assert desk.text == before
    assert logged(desk, "policy-break-glass-ended")


def test_while_the_glass_is_broken_an_approval_is_judged_without_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "break_glass: {until: 2026-11-24T12:00:00Z, by: bob, reason: INC-1}")
    event = desk.refuse()
    assert event.verdict.action is Action.LOG
    preview = desk.approve(event.id)
    assert preview.settles
    assert any("glass is broken" in warning for warning in preview.warnings)
    assert desk.judge(event, NOW + timedelta(days=1)).action is Action.ALLOW


@pytest.mark.parametrize("minutes", [0, -1, 241])
def test_the_glass_is_broken_for_a_short_time_only(minutes: int, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(UsageError, match="240"):
        approval.propose_break_glass(approval.read(desk.file, NOW), "bob", "x", minutes, NOW)


def test_the_glass_is_broken_for_a_reason_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(UsageError, match="why"):
        approval.propose_break_glass(approval.read(desk.file, NOW), "bob", "  ", 10, NOW)


def test_a_preview_without_a_log(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    current = approval.read(desk.file, NOW)
    preview = approval.propose(current, desk.remedy(desk.refuse().id), NOW)
    assert preview.replayed.judged == 0


def test_an_event_about_no_request_can_t_be_approved(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.approve(desk.refuse().id)
    (edit,) = logged(desk, "policy-approved")
    with pytest.raises(ForgewallError, match="about no request"):
        desk.remedy(edit["event"]["id"])
    with pytest.raises(UsageError, match="no event and no case"):
        desk.remedy("C-0000000000")


def test_the_log_s_line_is_one_line_whatever_the_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    preview = desk.propose(desk.remedy(desk.refuse().id))
    desk.apply(preview, reason="a\nb\x1b[31m \u202e token=ghp_0123456789abcdefghij")
    lines = [line for file in desk.events.glob("*.jsonl") for line in file.read_text().splitlines()]
    documents = [json.loads(line) for line in lines]
    said = documents[-1]["event"]["reason"]
    assert said.isprintable()
    assert "ghp_" not in said
