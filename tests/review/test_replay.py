"""Judging the log anew: the same policy says the same, another one says what the proxy would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.review.recordings import START, decision, policies, policy, read, recorded, requests, target, targets, would

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Action, Also, Kind, Move, Operation, Target, Verdict, Visibility
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.replay_changes import Turn, turn
from forgewall.review.replay_judge import CONTENT, LIMITS, NO_TARGET, PROTOCOL, Judge

NOTHING = policy("")
ACME = policy("approved: [github.com/acme]")
MAIN = RefUpdate(name="refs/heads/main", action=RefAction.UPDATE)


def said(verdict: Verdict | Recorded) -> tuple[object, ...]:
    return verdict.action, verdict.would_action, verdict.code, verdict.rule


@given(policies(), st.lists(requests, min_size=1, max_size=8))
def test_the_same_policy_says_the_same_of_what_the_log_has(law: Policy, asked: list[Recorded]) -> None:
    logged = [read(decision(law, one)) for one in asked]
    judge = Judge([law])
    for one in logged:
        verdicts = judge.judge(one)
        if isinstance(verdicts, str):
            assert (one.code, one.target and one.target.operation) == ("too-large", Operation.LFS_UPLOAD)
        else:
            assert said(verdicts[0]) == said(one)
            assert judge.exactly(one)[0].reason == one.reason
    result = replay(logged, law)
    assert (result.changed, result.changes) == (0, ())
    assert result.judged + result.unjudged == len(logged)


@settings(max_examples=50)
@given(
    policies(),
    policies(),
    st.lists(targets, min_size=1, max_size=2),
    st.lists(requests, min_size=6, max_size=20),
    st.none() | st.just(START),
)
def test_what_is_remembered_is_what_the_engine_says(
    old: Policy, new: Policy, places: list[Target], questions: list[Recorded], at: object
) -> None:
    asked = [replace(one, target=places[number % len(places)]) for number, one in enumerate(questions)]
    judge = Judge([old, new], at=START if at else None)
    for one in [replace(one, code="unapproved", action=Action.BLOCK) for one in asked * 2]:
        verdicts = judge.judge(one)
        assert not isinstance(verdicts, str)
        assert one.target is not None
        for law, verdict in zip([old, new], verdicts, strict=True):
            plain = decide(law, one.target, one.subject, one.size, START if at else one.time, one.refs)
            assert said(verdict) == said(plain)
            assert (verdict.max_upload, verdict.over, verdict.scrutiny) == (
                plain.max_upload,
                plain.over,
                plain.scrutiny,
            )


def test_alike_addresses_are_told_apart_by_all_that_a_policy_sees() -> None:
    law = policy(
        "forges: [{host: git.acme.example, kind: gitlab}]\napproved:\n  - github.com/acme\n"
        "  - {repo: github.com/b, visibility: private}\n  - {repo: gitlab.com/acme, allow: [issue]}\n"
        "forbidden: [github.com/acme/site, github.com/no]\ndefaults: {personal: block}"
    )
    plain = policy("defaults: {writes: allow, other_hosts: block}")
    addresses = (
        "github.com/acme/api",
        "github.com/acme/site",
        "github.com/b/x",
        "github.com/no/x",
        "gitlab.com/acme/x",
    )
    operations = (Operation.PUSH, Operation.ISSUE, Operation.WEBHOOK, Operation.STAR, Operation.FETCH)
    gone = Move(address="github.com/no/x", key="github.com/no/x", seen=START)
    judge = Judge([law, plain])
    for address, operation, seen_by, moved in product(
        (*addresses, "github.com/zzz/x", None), operations, (None, *Visibility), (None, gone)
    ):
        place = target(address, operation, visibility=seen_by, moved=moved)
        verdicts = judge.judge(recorded("github.com/x", target=place))
        for one, verdict in zip([law, plain], verdicts, strict=True):
            assert not isinstance(verdict, str)
            assert said(verdict) == said(decide(one, place, recorded().subject, None, START))
    found = judge.judge(recorded("github.com/x", target=target("git.acme.example/x/y", kind=Kind.GITLAB)))
    assert not isinstance(found, str)
    assert [verdict.code for verdict in found] == ["unapproved", "other-host"]


def test_a_new_approval_lets_through_what_was_blocked() -> None:
    log = [recorded("github.com/acme/api", user=user, time=START + timedelta(hours=n)) for n, user in enumerate("aba")]
    other = recorded("github.com/mallory/loot")
    result = replay([*log, other], ACME)
    assert (result.judged, result.unjudged, result.changed) == (4, 0, 3)
    (change,) = result.changes
    assert (change.address, change.operation, change.count) == ("github.com/acme/api", "push", 3)
    assert (change.people, change.people_count) == (("a", "b"), 2)
    assert (change.first_seen, change.last_seen) == (log[0].time, log[2].time)
    assert change.event_id == log[2].event_id
    assert (change.before.action, change.after.action) == (Action.BLOCK, Action.ALLOW)
    assert change.after.rule == "approved/github.com/acme"
    assert turn(change) is Turn.LETS_THROUGH


def test_what_an_old_policy_let_pass_and_a_new_one_blocks() -> None:
    log = [recorded("github.com/acme/api", action=Action.ALLOW, code="approved", rule="approved/github.com/acme")]
    result = replay(log, NOTHING)
    assert turn(result.changes[0]) is Turn.BLOCKS
    assert result.changes[0].before.rule == "approved/github.com/acme"


def test_two_policies_are_compared_whatever_was_said_then() -> None:
    log = [recorded("github.com/acme/api", action=Action.ALLOW, code="approved", rule="approved/github.com/acme")]
    assert replay(log, NOTHING, old=NOTHING).changed == 0
    assert replay(log, ACME, old=NOTHING).changed == 1


def test_observe_turned_off_shows_what_would_be_blocked() -> None:
    log = [would("github.com/mallory/loot")]
    (change,) = replay(log, NOTHING).changes
    assert change.before.would_block
    assert (change.after.action, turn(change)) == (Action.BLOCK, Turn.BLOCKS)
    assert replay(log, policy("mode: observe")).changed == 0


def test_another_rule_that_says_the_same_is_no_change() -> None:
    log = [recorded("github.com/acme/api", action=Action.ALLOW, code="approved", rule="approved/github.com/acme/api")]
    assert replay(log, ACME).changed == 0


def test_each_is_judged_at_its_own_time_or_all_at_one() -> None:
    law = policy("approved: [{repo: github.com/acme, expires: 2026-11-25T09:00:00Z}]")
    log = [recorded("github.com/acme/api", time=START + timedelta(days=days)) for days in (0, 1, 2)]
    assert replay(log, law).changed == 1
    assert replay(log, law, at=START).changed == 3
    assert replay(log, law, at=START + timedelta(days=1)).changed == 0


def test_the_most_frequent_change_comes_first_and_the_newest_tells_the_reason() -> None:
    sizes = (600, 700, 800)
    law = policy("defaults: {max_upload: 500B}\napproved: [github.com/acme]")
    allowed = {"action": Action.ALLOW, "code": "approved", "rule": "approved/github.com/acme"}
    log = [
        recorded("github.com/acme/rare", size=900, **allowed),
        *(recorded("github.com/Acme/API", size=size, time=START + timedelta(hours=size), **allowed) for size in sizes),
    ]
    first, second = replay(log, law).changes
    assert (first.address, first.count, second.count) == ("github.com/Acme/API", 3, 1)
    assert first.after.reason.startswith("800 bytes is over")
    assert first.after.rule == "defaults/max_upload"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"target": None}, NO_TARGET),
        ({"code": "volume", "rule": "limits/per_client"}, LIMITS),
        ({"code": "content", "rule": "content/secrets"}, CONTENT),
        ({"code": "content", "rule": "approved/github.com/acme"}, CONTENT),
        ({"code": "malformed", "rule": "protocol/malformed"}, PROTOCOL),
        ({"code": "too-large", "rule": "defaults/max_upload", "size": None}, "size"),
        ({"code": "too-large", "rule": "defaults/unidentified", "size": 9}, "size"),
        ({"code": "ref", "rule": "approved/github.com/acme"}, "refs"),
        ({"more_places": True}, "repositories"),
        ({"target": target("github.com/acme/x", key="github.com/acme/REDACTED")}, "redacted"),
        (
            {
                "target": target(
                    "github.com/acme/x",
                    also=(Also(address="github.com/a…", owner=None, repository=None, role="source"),),
                )
            },
            "redacted",
        ),
        ({"target": target("github.com/acme/x", kind=Kind.GITLAB)}, "another kind"),
    ],
)
def test_what_cannot_be_judged_is_counted_with_its_cause(changes: dict[str, object], cause: str) -> None:
    result = replay([recorded("github.com/acme/api", **changes)], ACME)
    assert (result.judged, result.unjudged, result.changed) == (0, 1, 0)
    ((why, count),) = result.why_unjudged
    assert cause in why
    assert count == 1


def test_an_lfs_batch_whose_object_was_too_large_is_not_judged_by_the_size_of_its_request() -> None:
    one = recorded("github.com/acme/api", operation=Operation.LFS_UPLOAD, code="too-large", size=200)
    assert replay([one], ACME).unjudged == 1


def test_refs_that_the_log_lacks_matter_only_where_refs_are_limited() -> None:
    one = recorded("github.com/acme/api", refs=(MAIN,), more_refs=True)
    assert replay([one], ACME).judged == 1
    assert replay([one], policy("approved: [{repo: github.com/acme, refs: [main]}]")).unjudged == 1
    cut = replace(one, refs=(RefUpdate(name="refs/heads/" + "a" * 9 + "…", action=RefAction.UPDATE),), more_refs=False)
    assert replay([cut], policy("approved: [{repo: github.com/acme, refs: [main]}]")).unjudged == 1
    assert replay([cut], policy("approved: [{repo: github.com/acme, deletes: log}]")).unjudged == 1
    assert replay([cut], ACME).judged == 1


def test_a_forge_that_the_policy_does_not_list_is_another_host_to_it() -> None:
    place = target("git.acme.example/a/b", kind=Kind.GITLAB)
    one = recorded("github.com/x", target=place)
    (change,) = replay([one], NOTHING).changes
    assert (change.after.action, change.after.code) == (Action.ALLOW, "other-host")
    assert replay([one], policy("defaults: {other_hosts: block}")).changed == 0
    assert replay([one], policy("forges: [{host: git.acme.example, kind: gitlab}]")).changed == 0


def test_an_id_that_the_new_policy_may_know_is_not_judged_as_unknown() -> None:
    one = recorded("github.com/x", target=target(None, evidence="nobody has said yet whose repository 12 is"))
    assert replay([one], ACME).judged == 1
    assert replay([one], policy("approved: [{repo: github.com/acme/api, id: 12}]")).unjudged == 1


def test_progress_is_told_and_ends_with_all() -> None:
    told: list[int] = []
    replay((recorded() for _ in range(12_345)), NOTHING, progress=told.append)
    assert told == [5_000, 10_000, 12_345]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgewall.review.replay_judge._MOST", 10)
    log = [recorded(f"github.com/acme{n % 30}/api") for n in range(100)]
    result = replay([*log, recorded("github.com/acme/api")], ACME)
    assert (result.judged, result.changed) == (101, 1)
