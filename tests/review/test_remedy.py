from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples
from tests.review import recordings
from tests.review.desk import NOW, Desk

from forgewall.errors import UsageError
from forgewall.evidence import Evidence, RefAction, RefUpdate
from forgewall.model import Action, Also, Kind, Move, Operation, Visibility
from forgewall.record.event import Objection, Result
from forgewall.review.amend import AmendError
from forgewall.review.remedy import Choice, remedy
from forgewall.review.remedy_admission import round_above
from forgewall.review.remedy_warning import resembles

LOOT = "github.com/mallory/loot"
API = "github.com/acme/api"
MIB = 2**20
OLD = Move(address="github.com/acme/new", key="github.com/acme/new", seen=NOW - timedelta(days=3))


def ref(name: str, action: RefAction = RefAction.UPDATE) -> RefUpdate:
    return RefUpdate(name=name, action=action)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A policy, a request that it refuses, the entries that let it pass, and changes of it that stay refused."""

    policy: str = ""
    address: str | None = LOOT
    request: dict[str, Any] = field(default_factory=dict)
    code: str = "unapproved"
    entry: str
    refused: tuple[dict[str, Any], ...] = ({"user": "ben"}, {"operation": Operation.ISSUE})
    choice: Choice | None = None


def aimed(address: str, operation: Operation = Operation.PUSH, **changes: Any) -> dict[str, Any]:
    return {"target": recordings.target(address, operation, **changes)}


CASES = {
    "uncovered": Case(
        entry="- {repo: github.com/mallory/loot, allow: [push, lfs-upload], who: [ana]}",
        refused=({"user": "ben"}, {"user": None}, {"operation": Operation.ISSUE}, {"key": "github.com/mallory/loot2"}),
    ),
    "for an hour": Case(
        choice=Choice(expires=NOW + timedelta(hours=1), reason="OSS-1", owner="platform"),
        entry="- repo: github.com/mallory/loot\n  allow: [push, lfs-upload]\n  who: [ana]\n"
        "  expires: 2026-11-24T10:00:00Z\n  owner: platform\n  reason: OSS-1",
    ),
    "git-lfs alone brings no push": Case(
        request=aimed(LOOT, Operation.LFS_UPLOAD),
        entry="- {repo: github.com/mallory/loot, allow: [lfs-upload], who: [ana]}",
        refused=({"operation": Operation.PUSH},),
    ),
    "allow": Case(
        policy="approved: [{repo: github.com/mallory/loot, allow: [issue], who: [ana, ben]}]",
        entry="{repo: github.com/mallory/loot, allow: [push, lfs-upload], who: [ana]}",
        refused=({"user": "ben"}, {"operation": Operation.CONTENTS}),
    ),
    "who": Case(
        policy="groups: {oss: [ben]}\napproved:\n  - {address: github.com/acme, who: [oss]}",
        address=API,
        entry="- {repo: github.com/acme/api, allow: [push, lfs-upload], who: [ana]}\n"
        "- {address: github.com/acme/api, who: [oss], reason: as github.com/acme has it}",
        refused=({"user": "eve"}, {"operation": Operation.ISSUE}, {"key": "github.com/acme/web"}),
    ),
    "visibility": Case(
        policy="approved:\n  - {address: github.com/acme, visibility: [private, internal]}",
        address=API,
        request=aimed(API, visibility=Visibility.PUBLIC),
        code="visibility",
        entry="- {repo: github.com/acme/api, allow: [push, lfs-upload], who: [ana], visibility: [public]}\n"
        "- {address: github.com/acme/api, visibility: [private, internal], reason: as github.com/acme has it}",
        refused=({"user": "ben"}, {"visibility": None}, {"key": "github.com/acme/web"}),
    ),
    "too large by the default": Case(
        policy="approved: [github.com/acme]",
        address=API,
        request={"size": 60 * MIB},
        code="too-large",
        entry="{repo: github.com/acme/api, allow: [push, lfs-upload], who: [ana], max_upload: 100MiB}, "
        "{repo: github.com/acme/api, reason: as github.com/acme has it}",
        refused=({"user": "ben"}, {"size": 101 * MIB}),
    ),
    "too large for the entry": Case(
        policy="approved:\n  - {repo: github.com/acme/api, max_upload: 10KiB, over: block, inspect: headers}",
        address=API,
        request={"size": 11 * 1024},
        code="too-large",
        entry="- repo: github.com/acme/api\n  allow: [push, lfs-upload]\n  who: [ana]\n  max_upload: 20KiB\n  "
        "over: block\n  inspect: headers",
        refused=({"user": "ben"}, {"size": 20 * 1024 + 1}),
    ),
    "ref": Case(
        policy="approved:\n  - {repo: github.com/acme/api, refs: [main], content: {secrets: block}}",
        address=API,
        request={"refs": (ref("refs/heads/release/1"), ref("refs/tags/v1"))},
        code="ref",
        entry="- repo: github.com/acme/api\n  allow: [push, lfs-upload]\n  who: [ana]\n"
        "  refs: [release/1, refs/tags/v1]\n  content: {secrets: block}",
        refused=({"user": "ben"}, {"refs": (ref("refs/heads/release/2"),)}),
    ),
    "moved": Case(
        policy="approved:\n  - github.com/acme/api",
        address=API,
        request=aimed(API, moved=OLD),
        code="moved",
        entry="- {repo: github.com/acme/new, allow: [push, lfs-upload], who: [ana]}",
        refused=({"user": "ben"},),
    ),
    "moved, confirmed": Case(
        policy="approved:\n  - github.com/acme/api",
        address=API,
        request=aimed(API, moved=OLD),
        code="moved",
        choice=Choice(confirm=True),
        entry="- {repo: github.com/acme/api, allow: [push, lfs-upload], who: [ana], confirmed: 2026-11-24T09:00:01Z}",
        refused=({"user": "ben"},),
    ),
    "moved, and neither place is approved": Case(
        address=API,
        request=aimed(API, moved=OLD),
        entry="- {repo: github.com/acme/api, allow: [push, lfs-upload], who: [ana]}\n"
        "- {repo: github.com/acme/new, allow: [push, lfs-upload], who: [ana]}",
    ),
    "read": Case(
        policy="defaults: {reads: approved-only}",
        request=aimed(LOOT, Operation.FETCH),
        entry="- {repo: github.com/mallory/loot, allow: [fetch], who: [ana]}",
        refused=({"user": "ben"}, {"operation": Operation.PUSH, "effect": Operation.PUSH.effect}),
    ),
    "fork to another owner": Case(
        policy="approved: [github.com/acme]\ndefaults: {reads: approved-only}",
        address="github.com/acme/api",
        request={
            "target": recordings.target(
                "github.com/acme/api",
                Operation.FORK,
                also=(Also(address=LOOT, owner="mallory", repository="loot", role="source"),),
            )
        },
        entry="{repo: github.com/acme/api, allow: [fork], who: [ana]}, "
        "{repo: github.com/acme/api, reason: as github.com/acme has it}, "
        "{repo: github.com/mallory/loot, allow: [fetch], who: [ana]}",
        refused=({"user": "ben"},),
    ),
    "expired": Case(
        policy="approved:\n  - {repo: github.com/mallory/loot, expires: 2026-11-01}",
        entry="- {repo: github.com/mallory/loot, allow: [push, lfs-upload], who: [ana]}",
    ),
    "observed": Case(
        policy="mode: observe", entry="- {repo: github.com/mallory/loot, allow: [push, lfs-upload], who: [ana]}"
    ),
    "everyone": Case(
        choice=Choice(who=("everyone",)),
        entry="- {repo: github.com/mallory/loot, allow: [push, lfs-upload]}",
        refused=({"operation": Operation.ISSUE},),
    ),
    "client": Case(
        choice=Choice(who=("client",)),
        entry="- {repo: github.com/mallory/loot, allow: [push, lfs-upload], who: [10.1.2.3]}",
        refused=({"client": "10.1.2.4"},),
    ),
    "a group and more operations": Case(
        policy="groups: {oss: [ana]}",
        choice=Choice(who=("oss",), operations=frozenset({Operation.PUSH, Operation.ISSUE})),
        entry="- {repo: github.com/mallory/loot, allow: [push, issue], who: [oss]}",
        refused=({"user": "ben"}, {"operation": Operation.CONTENTS}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_refused_passes_and_nothing_else(case: Case, tmp_path: Path) -> None:
    desk = Desk(tmp_path, case.policy)
    event = desk.refuse(case.address, **case.request)
    assert event.verdict.code == case.code
    before = [desk.judge(event, **dict(changes)) for changes in case.refused]
    assert all(verdict.action is Action.BLOCK or verdict.would_action for verdict in before)
    preview = desk.approve(event.id, case.choice)
    wanted, got = (
        sorted(text.replace("{", "").replace("}", "").replace("- ", "").replace("\n", ", ").split(", "))
        for text in (case.entry, preview.entry)
    )
    assert [word.strip() for word in got] == [word.strip() for word in wanted]
    assert preview.settles
    assert (desk.judge(event).action, desk.judge(event).would_action) == (Action.ALLOW, None)
    after = [desk.judge(event, **dict(changes)) for changes in case.refused]
    assert [(one.action, one.would_action) for one in after] == [(one.action, one.would_action) for one in before]


def test_what_a_broader_entry_grants_stays_and_ends_with_the_new_one(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, "groups: {oss: [ben]}\napproved:\n  - {address: github.com/acme, who: [oss], expires: 2027-01-31}"
    )
    event = desk.refuse(API)
    desk.approve(event.id, Choice(expires=NOW + timedelta(hours=1)))
    assert desk.judge(event).action is Action.ALLOW
    assert desk.judge(event, user="ben").rule == "approved/github.com/acme/api"
    later = NOW + timedelta(hours=1)
    assert desk.judge(event, later).action is Action.BLOCK
    assert desk.judge(event, later, user="ben").rule == "approved/github.com/acme"


def test_an_hour_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    desk.approve(event.id, Choice(expires=NOW + timedelta(hours=1)))
    assert desk.judge(event, NOW + timedelta(minutes=59, seconds=59)).action is Action.ALLOW
    assert desk.judge(event, NOW + timedelta(hours=1)).action is Action.BLOCK


@dataclass(frozen=True, kw_only=True)
class Futile:
    """A request that no entry lets pass, and words of why not."""

    policy: str = ""
    address: str | None = LOOT
    request: dict[str, Any] = field(default_factory=dict)
    says: tuple[str, ...]


FUTILE = {
    "forbidden": Futile(policy="forbidden: [github.com/mallory]", says=("policy.yaml:2", "by hand")),
    "moved below what is forbidden": Futile(
        policy="approved: [github.com/acme/api]\nforbidden: [github.com/acme/new]",
        address=API,
        request=aimed(API, moved=OLD),
        says=("policy.yaml:3", "by hand"),
    ),
    "unidentified": Futile(
        request={
            "target": recordings.target(
                None, Operation.CONTENTS, evidence="nobody has said yet which repository 12 is; GET /repositories/12"
            )
        },
        says=("GET /repositories/12", "`id:`"),
    ),
    "reads are blocked": Futile(
        policy="defaults:\n  reads: block", request=aimed(LOOT, Operation.FETCH), says=("policy.yaml:3",)
    ),
    "assistants": Futile(request=aimed(LOOT, Operation.ASSISTANT), says=("`defaults: assistants`",)),
    "who can see it isn't known": Futile(
        policy="approved: [{repo: github.com/acme/api, visibility: private}]", address=API, says=("git ls-remote",)
    ),
    "a new repository that doesn't say who will see it": Futile(
        policy="approved: [{address: github.com/acme, allow: [create-repo], visibility: private}]",
        address=API,
        request=aimed(API, Operation.CREATE_REPO),
        says=("private: true",),
    ),
    "deleting": Futile(
        policy="approved:\n  - {repo: github.com/acme/api, deletes: block}",
        address=API,
        request={"refs": (ref("refs/heads/main", RefAction.DELETE),)},
        says=("policy.yaml:3", "deletes: block"),
    ),
    "a ref that is a pattern": Futile(
        policy="approved: [{repo: github.com/acme/api, refs: [main]}]",
        address=API,
        request={"refs": (ref("refs/heads/**"),)},
        says=("can't stand in a policy",),
    ),
    "no certain branch": Futile(
        policy="approved: [{repo: github.com/acme/api, refs: [main]}]",
        address=API,
        request={"refs": (ref("HEAD"),)},
        says=("no branch for certain",),
    ),
    "an address that was cut": Futile(address="github.com/mallory/lo…", says=("shortened",)),
    "an address that no policy can name": Futile(address="github.com/mallory/*", says=("wildcards",)),
    "passes by now": Futile(policy="approved: [github.com/mallory]", says=("lets this pass", "policy.yaml:2")),
}


@pytest.mark.parametrize("case", FUTILE.values(), ids=FUTILE)
def test_what_no_entry_helps_against_is_told(case: Futile, tmp_path: Path) -> None:
    desk = Desk(tmp_path, case.policy)
    event = desk.refuse(case.address, **case.request)
    found = desk.remedy(event.id)
    assert found.wishes == ()
    said = "; ".join(found.obstacles)
    assert [word for word in case.says if word not in said] == []
    assert found.settled == (event.verdict.action is Action.ALLOW)


VERDICTS = {
    "ssh": ("protocol/ssh", "HTTPS"),
    "host-mismatch": ("protocol/host-mismatch", "names in the connection must agree"),
    "framing": ("protocol/framing", "no entry of a policy lifts this"),
    "volume": ("limits/per_client", "policy.yaml:3"),
    "other-host": ("defaults/other_hosts", "policy.yaml:2"),
}


@pytest.mark.parametrize("code", VERDICTS)
def test_what_a_limit_or_the_protocol_decided_is_no_matter_of_approvals(code: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, "defaults: {other_hosts: block}\nlimits: {per_client: 1MiB/1h}")
    rule, words = VERDICTS[code]
    event = desk.refuse()
    desk.write(
        samples.decision(
            id="01KB7777777777777777777777",
            time=NOW,
            verdict=event.verdict.__replace__(code=code, rule=rule, reason="it was so"),
            target=event.target if code in {"volume", "framing"} else None,
        )
    )
    found = desk.remedy("01KB7777777777777777777777")
    assert found.wishes == ()
    assert found.obstacles[0].startswith("it was so")
    assert words in found.obstacles[0]


def test_what_contents_cut_is_no_matter_of_approvals(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [github.com/acme]\ncontent:\n  secrets: block")
    event = desk.refuse(API)
    rule = "content/secrets"
    said = Objection(rule=rule, reference="policy.yaml:4", action=Action.BLOCK, reason="the upload holds a secret")
    desk.write(
        samples.upload(
            Result.CUT,
            decision=event,
            time=NOW,
            verdict=event.verdict.__replace__(
                action=Action.BLOCK, code="content", rule=rule, reference=said.reference, reason=said.reason
            ),
            objections=(said,),
            signals=("secret:aws-access-token",),
            id="01KB7777777777777777777777",
        )
    )
    found = desk.remedy("01KB7777777777777777777777")
    assert found.wishes == ()
    assert "policy.yaml:4" in found.obstacles[0]


def test_an_upload_that_was_cut_gets_more_room_and_a_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [{repo: github.com/acme/api, max_upload: 10MiB}]")
    event = desk.refuse(API)
    cut = event.verdict.__replace__(action=Action.BLOCK, code="too-large", reason="more than 10 MiB")
    desk.write(
        samples.upload(
            Result.CUT, decision=event, time=NOW, verdict=cut, wire_bytes=10 * MIB, id="01KB7777777777777777777777"
        )
    )
    found = desk.remedy("01KB7777777777777777777777")
    assert [wish.max_upload for wish in found.wishes] == [20 * MIB]
    assert any("nobody knows how large" in warning for warning in found.warnings)
    assert desk.propose(found).settles


def test_what_was_cut_and_has_room_by_now_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [{repo: github.com/acme/api, max_upload: 10MiB}]")
    event = desk.refuse(API)
    cut = event.verdict.__replace__(action=Action.BLOCK, code="too-large", reason="more than 5 MiB")
    desk.write(
        samples.upload(
            Result.CUT, decision=event, time=NOW, verdict=cut, wire_bytes=5 * MIB, id="01KB7777777777777777777777"
        )
    )
    assert desk.remedy("01KB7777777777777777777777").settled


@pytest.mark.parametrize(("name", "helped"), [("refs/heads/release/1", True), ("refs/heads/main", False)])
def test_a_ref_that_only_the_body_told(name: str, helped: bool, tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved:\n  - {repo: github.com/acme/api, refs: [main], force: block}")
    event = desk.refuse(API, operation=Operation.LFS_UPLOAD)
    cut = event.verdict.__replace__(action=Action.BLOCK, code="ref", reason="that ref isn't listed")
    desk.write(
        samples.upload(
            Result.CUT,
            decision=event,
            time=NOW,
            verdict=cut,
            evidence=Evidence(refs=(ref(name),), ref_count=1),
            id="01KB7777777777777777777777",
        )
    )
    found = desk.remedy("01KB7777777777777777777777")
    assert [wish.refs for wish in found.wishes] == ([("release/1",)] if helped else [])
    assert helped or "policy.yaml:3" in found.obstacles[0]
    if helped:
        assert desk.propose(found).settles


def test_what_a_move_means_is_explained(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [github.com/acme/api]")
    event = desk.refuse(API, **aimed(API, moved=OLD))
    assert any("has moved to github.com/acme/new" in said for said in desk.remedy(event.id).warnings)
    assert any("confirming says" in said for said in desk.remedy(event.id, Choice(confirm=True)).warnings)


def test_a_large_file_of_git_lfs_gets_room(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [{repo: github.com/acme/api, max_upload: 1MiB}]")
    asked = recordings.recorded(API, operation=Operation.LFS_UPLOAD)
    event = recordings.decision(desk.policy, asked)
    desk.write(
        event.__replace__(
            verdict=event.verdict.__replace__(action=Action.BLOCK, code="too-large", reason="9 MB is too large"),
            lfs=samples.BATCH,
        )
    )
    found = desk.remedy(event.id)
    assert [wish.max_upload for wish in found.wishes] == [10 * MIB]


def test_nobody_known_means_the_client_and_a_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse(user=None)
    found = desk.remedy(event.id)
    assert found.wishes[0].who == ("10.1.2.3",)
    assert "no user is known, so it is approved for 10.1.2.3 alone; --who everyone makes it for all" in found.warnings
    assert desk.propose(found).settles
    desk.approve(event.id)
    assert desk.judge(event, client="10.1.2.4").action is Action.BLOCK


def test_neither_user_nor_client_means_everybody_and_a_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    found = desk.remedy(desk.refuse(user=None, client="").id)
    assert found.wishes[0].who == ()
    assert [warning for warning in found.warnings if "approved for everybody" in warning]


def test_a_stand_in_is_never_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path, pseudonymise=True)
    found = desk.remedy(desk.refuse(user="ana@acme.example").id)
    assert found.wishes[0].who == ("10.1.2.3",)
    assert any("doesn't hold the user's name" in warning for warning in found.warnings)


@pytest.mark.parametrize("user", ["10.0.0.0/8", "oss", "*", "a b"])
def test_a_name_that_would_mean_something_else_means_the_client(user: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, "groups: {oss: [ben]}")
    event = desk.refuse(user=user)
    found = desk.remedy(event.id)
    assert found.wishes[0].who == ("10.1.2.3",)
    assert [warning for warning in found.warnings if "something else" in warning and "10.1.2.3 alone" in warning]
    with pytest.raises(UsageError, match="something else"):
        desk.remedy(event.id, Choice(who=("user",)))


@pytest.mark.parametrize("address", ["github.com", "gist.github.com", "git.acme.example"])
def test_an_event_never_leads_to_an_entry_for_a_whole_forge(address: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, "forges: [{host: git.acme.example, kind: gitlab}]")
    kind = Kind.GITLAB if address.startswith("git.acme") else Kind.GITHUB
    event = desk.refuse(None, **aimed(address, Operation.SNIPPET, kind=kind, repository=None))
    found = desk.remedy(event.id, Choice(who=("everyone",)))
    assert found.wishes == ()
    assert f"nothing narrower than the forge {address} is known" in found.obstacles[0]


def test_a_stand_in_is_judged_as_whom_the_policy_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [{repo: github.com/mallory/loot, who: [ben]}]", pseudonymise=True)
    assert desk.remedy(desk.refuse(user="ben").id).settled
    assert not desk.remedy(desk.refuse(user="ana").id).settled


WARNINGS: dict[str, tuple[str, dict[str, Any], str]] = {
    "public": (LOOT, aimed(LOOT, visibility=Visibility.PUBLIC), "everybody can see github.com/mallory/loot"),
    "made public": (
        LOOT,
        aimed(LOOT, Operation.CREATE_REPO, visibility=Visibility.PUBLIC),
        "everybody will be able to see",
    ),
    "not known": (LOOT, {}, "nobody has said yet who can see"),
    "own account": ("github.com/ana-lima/notes", {"user": "ana.lima@acme.example"}, "looks like a personal account"),
    "own account, made there": (
        "github.com/alima/notes",
        {"user": "ana.lima@acme.example", **aimed("github.com/alima/notes", Operation.CREATE_REPO)},
        "makes a repository there",
    ),
    "gist": ("gist.github.com/mallory", aimed("gist.github.com/mallory", Operation.SNIPPET), "single files"),
    "owner": ("github.com/mallory", aimed("github.com/mallory", Operation.PACKAGE), "is an owner"),
    "subgroup": (
        "gitlab.com/acme/platform",
        aimed("gitlab.com/acme/platform", Operation.WEBHOOK, kind=Kind.GITLAB, repository=None),
        "everything below gitlab.com/acme/platform would be approved for these operations",
    ),
    "snippets of anybody": (
        "gitlab.com/-/snippets",
        aimed("gitlab.com/-/snippets", Operation.SNIPPET, kind=Kind.GITLAB, repository=None),
        "are everybody's snippets",
    ),
    "access": (LOOT, aimed(LOOT, Operation.DEPLOY_KEY), "hands data or rights to others"),
    "new": (LOOT, {}, "first time today"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_person_is_warned(name: str, tmp_path: Path) -> None:
    address, request, words = WARNINGS[name]
    desk = Desk(tmp_path)
    found = desk.remedy(desk.refuse(address, **request).id)
    assert [warning for warning in found.warnings if words in warning]


def test_of_a_self_hosted_forge_nobody_warns_that_it_may_be_public(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "forges: [{host: git.acme.example, kind: gitlab}]")
    found = desk.remedy(desk.refuse(None, **aimed("git.acme.example/a/b", kind=Kind.GITLAB)).id)
    assert found.wishes
    assert not [warning for warning in found.warnings if "who can see" in warning]


def test_secrets_that_went_there_before_are_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse(time=NOW - timedelta(days=2))
    desk.write(
        samples.upload(
            Result.CUT,
            decision=event,
            time=NOW - timedelta(days=2),
            signals=("secret:aws-access-token", "encrypted"),
            verdict=event.verdict,
        )
    )
    found = desk.remedy(event.id)
    assert [warning for warning in found.warnings if "held a secret" in warning]
    assert [warning for warning in found.warnings if "without a key" in warning]
    assert not [warning for warning in found.warnings if "today" in warning]


def test_other_operations_are_hinted_at(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    desk.refuse(operation=Operation.ISSUE)
    desk.refuse(operation=Operation.WIKI, user="ben")
    (hint,) = desk.remedy(event.id).hints
    assert "issue" in hint
    assert "wiki" not in hint


def test_the_newest_event_of_a_case_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.refuse(time=NOW - timedelta(days=1))
    event = desk.refuse()
    case = desk.store.case(event.id)
    assert case is not None
    found = desk.remedy(case.id.lower())
    assert found.recorded is not None
    assert (found.recorded.event_id, found.case_id) == (event.id, case.id)


def test_whose_copies_end_later_than_the_new_entry_is_told(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path,
        "approved:\n  - github.com/acme\n  - {repo: github.com/acme/api, who: [ben], expires: 2026-12-01}",
    )
    found = desk.remedy(desk.refuse(API).id)
    assert [warning for warning in found.warnings if "decides alone" in warning]


def test_a_list_on_one_line_can_be_copied_from(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [{address: github.com/acme, who: [ben]}, {address: github.com/acme, who: [eve]}]")
    event = desk.refuse(API)
    desk.approve(event.id)
    assert {desk.judge(event, user=user).rule for user in ("ana", "ben", "eve")} == {"approved/github.com/acme/api"}


@pytest.mark.parametrize(
    ("size", "round_size"),
    [(1, 1024), (1024, 1024), (1025, 2048), (51 * MIB, 100 * MIB), (501 * MIB, 1024 * MIB), (2**52, 2**52 * 1)],
)
def test_round_sizes(size: int, round_size: int) -> None:
    assert round_above(size) in {round_size, 5000 * 2**40}
    assert round_above(size) >= size


@given(st.integers(0, 2**63 - 1))
def test_a_round_size_holds_what_it_is_for(size: int) -> None:
    assert size <= round_above(size) <= max(1024, size * 2.6)


@pytest.mark.parametrize(
    ("owner", "user", "alike"),
    [
        ("ana", "ana@acme.example", True),
        ("ana-lima", "ana.lima@acme.example", True),
        ("alima", "ana.lima@acme.example", True),
        ("limaa", "ana.lima@acme.example", True),
        ("AnaLima42", "ana.lima@acme.example", True),
        ("lima", "ACME\\ana.lima", True),
        ("acme-corp", "ana.lima@acme.example", False),
        ("numpy", "ana.lima@acme.example", False),
        ("a", "ab", False),
        ("☃", "ana", False),
    ],
)
def test_whose_account_it_seems_to_be(owner: str, user: str, alike: bool) -> None:
    assert resembles(owner, user) == alike


HOSTILE = (
    *("ana\nbroken: true", "ana]", "ana, ben", "'x'", '"x"', "{a: b}", "- a", "&a", "!!str x", "a: b", "a #b"),
    *("\x1b[31mx", "\u202ex", "~", "null", "on", "1e3", "%TAG", "`x`", "x" * 1000, "🗄"),
)


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_names_never_become_other_words(word: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse(user=word)
    try:
        found = desk.remedy(event.id)
        preview = desk.propose(found) if found.wishes else None
    except AmendError:
        preview = None
    if preview is None:
        return
    desk.apply(preview)
    ((entry,),) = desk.policy.approved.values()
    assert entry.terms.who is not None
    assert entry.terms.who.terms in {(word,), ("10.1.2.3",)}
    assert entry.terms.who.terms == (word,) or any("10.1.2.3 alone" in warning for warning in preview.warnings)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_reasons_stay_reasons(text: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    try:
        desk.approve(event.id, Choice(reason=text, owner=text))
    except AmendError:
        assert desk.policy.approved == {}
        return
    ((entry,),) = desk.policy.approved.values()
    assert (entry.terms.reason, entry.terms.owner) == (text, text)


def test_refs_and_places_that_the_log_lacks(tmp_path: Path) -> None:
    law = recordings.policy("approved: [{repo: github.com/acme/api, refs: [main]}]")
    some = recordings.recorded(API, refs=(ref("refs/heads/x"),), code="ref", more_places=True)
    assert "one by one" in remedy(some, law, NOW).obstacles[0]
    gone = recordings.recorded(None, target=recordings.target("git.gone.example/a/b", kind=Kind.GITLAB))
    assert "`forges`" in remedy(gone, law, NOW).obstacles[0]


def test_years_from_now(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    event = desk.refuse()
    preview = desk.approve(event.id, Choice(expires=datetime(2036, 1, 1, tzinfo=UTC)))
    assert "expires: 2035-12-31" in preview.entry
