"""Refs, deletions and forced updates: what `decide` says of a push's commands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.content import judge_fact
from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.decide.objection import objected
from forgewall.evidence import ForcedUpdate, RefAction, RefUpdate
from forgewall.identify.targets import fold
from forgewall.model import Action, Depth, Kind, Operation, Scrutiny, Subject, Target, Verdict

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOBODY = Subject(client="192.0.2.1")
POLICY = """\
version: 1
approved:
  - github.com/acme
  - {repo: github.com/acme/api, refs: [main, "release/*"], max_upload: 1MiB}
  - {repo: github.com/acme/kept, deletes: block}
  - {repo: github.com/acme/watched, deletes: log, force: block, inspect: headers}
  - {repo: github.com/acme/two, refs: [main], max_upload: 9MiB}
  - {repo: github.com/acme/two, refs: ["dev/**"], max_upload: 1MiB}
  - {repo: github.com/acme/two, refs: [main], deletes: block, who: [10.0.0.0/8], max_upload: 100MiB}
  - {repo: github.com/acme/pilot, refs: [main], mode: observe}
defaults: {writes: block, inspect: full}
"""


def push(
    repository: str,
    *names: str,
    policy: str = POLICY,
    size: int | None = None,
    client: str = "",
    operation: Operation = Operation.PUSH,
) -> Verdict:
    """The verdict on a push to `github.com/acme/<repository>`; a name with a `-` before it is deleted."""
    address = f"github.com/acme/{repository}"
    target = Target(
        kind=Kind.GITHUB,
        host="github.com",
        address=address,
        key=fold(Kind.GITHUB, address),
        owner="acme",
        repository=repository,
        operation=operation,
        effect=operation.effect,
        evidence="a test",
    )
    refs = tuple(update(name) for name in names)
    subject = Subject(client=client) if client else NOBODY
    return decide(parse(policy, "p.yaml"), target, subject, size, NOW, refs)


def update(name: str) -> RefUpdate:
    action = RefAction.DELETE if name.startswith("-") else RefAction.UPDATE
    return RefUpdate(name=f"refs/{name.removeprefix('-')}", action=action)


def test_listed_refs_pass_and_others_are_named() -> None:
    assert push("api", "heads/main", "heads/release/2").action is Action.ALLOW
    verdict = push("api", "heads/main", "heads/dev", "tags/v1", "heads/release/1/2")
    assert (verdict.action, verdict.code, verdict.rule, verdict.reference) == (
        Action.BLOCK,
        "ref",
        "approved/github.com/acme/api",
        "p.yaml:4",
    )
    assert verdict.reason == (
        "refs/heads/dev and 2 more can't be pushed to github.com/acme/api: `refs:` allows main, release/*"
    )
    [step] = verdict.trace
    assert (step.rule, step.note) == (verdict.rule, verdict.reason)


def test_nothing_is_refused_for_refs_that_are_not_known() -> None:
    verdict = push("api")
    assert (verdict.action, verdict.code) == (Action.ALLOW, "approved")
    assert verdict.scrutiny.refs == ("main", "release/*")


def test_case_counts_in_refs_and_odd_names_stand_on_one_line() -> None:
    assert push("api", "heads/Main").code == "ref"
    assert "refs/heads/a\\u{000a}b can't" in push("api", "heads/a\nb").reason


def test_deletions_follow_deletes() -> None:
    assert push("kept", "heads/main").code == "approved"
    verdict = push("kept", "heads/main", "-heads/old", "-heads/older")
    assert (verdict.action, verdict.code, verdict.rule) == (Action.BLOCK, "ref", "approved/github.com/acme/kept")
    assert verdict.reason == "refs/heads/old and 1 more of github.com/acme/kept can't be deleted: `deletes: block`"
    logged = push("watched", "-heads/old")
    assert (logged.action, logged.code, logged.would_action) == (Action.LOG, "ref", None)
    assert logged.reason == "refs/heads/old of github.com/acme/watched would be deleted"
    assert logged.max_upload == 50 * 2**20
    assert push("any", "-heads/old").code == "approved"


def test_a_deletion_must_be_of_a_listed_ref_too() -> None:
    assert push("api", "-heads/dev").code == "ref"
    assert push("api", "-heads/main").code == "approved"


def test_a_default_deletes_names_the_default() -> None:
    policy = POLICY.replace("inspect: full", "deletes: block, force: log")
    verdict = push("any", "-heads/old", policy=policy)
    assert (verdict.action, verdict.rule, verdict.reference) == (Action.BLOCK, "defaults/deletes", "p.yaml:11")
    assert push("watched", "-heads/old", policy=policy).rule == "approved/github.com/acme/watched"


@pytest.mark.parametrize(
    ("names", "client", "code", "limit"),
    [
        ((), "", "approved", 9),
        (("heads/main",), "", "approved", 9),
        (("heads/dev/a/b",), "", "approved", 1),
        (("heads/main", "heads/dev/a"), "", "ref", None),
        (("heads/main",), "10.1.1.1", "approved", 100),
        (("-heads/main",), "10.1.1.1", "approved", 9),
        ((), "10.1.1.1", "approved", 100),
    ],
)
def test_of_alternatives_any_that_admits_all_refs_admits(
    names: tuple[str, ...], client: str, code: str, limit: int | None
) -> None:
    verdict = push("two", *names, client=client)
    assert verdict.code == code
    assert verdict.max_upload == (limit * 2**20 if limit is not None else None)


def test_all_alternatives_that_refuse_are_in_the_trace() -> None:
    notes = [step.note for step in push("two", "heads/x").trace]
    assert len(notes) == 2
    assert notes[0].endswith("allows dev/**")
    assert notes[1].endswith("allows main")


def test_observe_turns_a_refused_ref_into_a_log() -> None:
    for verdict in (
        push("pilot", "heads/dev"),
        push("api", "heads/dev", policy=POLICY.replace("version: 1", "version: 1\nmode: observe")),
    ):
        assert (verdict.action, verdict.code, verdict.would_action) == (Action.LOG, "ref", Action.BLOCK)
        assert verdict.scrutiny.observing


def test_a_refused_ref_is_not_passed_by_lenient_defaults() -> None:
    verdict = push("api", "heads/dev", policy=POLICY.replace("writes: block", "writes: allow"))
    assert (verdict.action, verdict.code) == (Action.BLOCK, "ref")


def test_size_and_refs_are_both_looked_at() -> None:
    assert push("api", "heads/main", size=2**20 + 1).code == "too-large"
    assert push("watched", "-heads/x", size=2**30).code == "too-large"
    assert push("api", "heads/dev", size=2**30).code == "ref"


def test_a_verdict_says_how_the_upload_is_examined() -> None:
    scrutiny = push("watched").scrutiny
    assert (scrutiny.depth, scrutiny.deletes, scrutiny.force) == (Depth.HEADERS, Action.LOG, Action.BLOCK)
    assert (scrutiny.rule, scrutiny.reference) == ("approved/github.com/acme/watched", "p.yaml:6")
    assert not scrutiny.observing
    assert push("any").scrutiny.rule == "approved/github.com/acme"


def test_where_refs_are_limited_api_commits_are_read() -> None:
    policy = "version: 1\napproved: [{repo: github.com/acme, refs: [main], inspect: off}]\n"
    assert push("x", policy=policy).scrutiny.depth is Depth.OFF
    assert push("x", policy=policy, operation=Operation.CONTENTS).scrutiny.depth is Depth.FULL
    unlimited = policy.replace("refs: [main], ", "")
    assert push("x", policy=unlimited, operation=Operation.CONTENTS).scrutiny.depth is Depth.OFF


def test_what_passes_without_an_approval_is_examined_by_the_defaults() -> None:
    policy = "version: 1\ndefaults: {writes: log, inspect: headers, deletes: block}\n"
    verdict = push("x", policy=policy)
    assert (verdict.action, verdict.code) == (Action.LOG, "unapproved")
    scrutiny = verdict.scrutiny
    assert (scrutiny.depth, scrutiny.deletes, scrutiny.refs) == (Depth.HEADERS, Action.BLOCK, None)
    assert (scrutiny.rule, scrutiny.reference, scrutiny.observing) == ("defaults/writes", "p.yaml:2", False)
    observed = push("x", policy="version: 1\nmode: observe\ncontent: {secrets: block}\n")
    assert observed.would_action is Action.BLOCK
    assert observed.scrutiny.observing
    assert observed.scrutiny.content.secrets is Action.BLOCK


def test_what_is_no_write_is_not_examined() -> None:
    target = Target(
        kind=Kind.GITHUB,
        host="github.com",
        address="github.com/acme/api",
        key="github.com/acme/api",
        owner="acme",
        repository="api",
        operation=Operation.FETCH,
        effect=Operation.FETCH.effect,
        evidence="a test",
    )
    assert decide(parse(POLICY, "p.yaml"), target, NOBODY, None, NOW).scrutiny.depth is Depth.OFF


def test_refs_found_later_are_judged_alike() -> None:
    scrutiny = push("api").scrutiny
    assert judge_fact(scrutiny, update("heads/main")) is None
    objection = judge_fact(scrutiny, update("heads/dev"))
    assert objection is not None
    assert (objection.action, objection.code, objection.signal) == (Action.BLOCK, "ref", "ref")
    verdict = push("api", "heads/dev")
    assert (objection.reason, objection.rule, objection.reference) == (verdict.reason, verdict.rule, verdict.reference)
    short = judge_fact(scrutiny, RefUpdate(name="dev", action=RefAction.UPDATE))
    assert short is not None
    assert short.reason == objection.reason
    deletion = judge_fact(push("watched").scrutiny, update("-heads/x"))
    assert deletion is not None
    assert (deletion.action, deletion.signal) == (Action.LOG, "delete")


def test_forced_updates_follow_force() -> None:
    forced = ForcedUpdate(name="refs/heads/main")
    assert judge_fact(push("any").scrutiny, forced) is None
    objection = judge_fact(push("watched").scrutiny, forced)
    assert objection is not None
    assert (objection.action, objection.code, objection.signal) == (Action.BLOCK, "ref", "force")
    assert objection.reason == (
        "refs/heads/main of github.com/acme/watched would be rewritten (forced), and `force: block` refuses that"
    )
    policy = POLICY.replace("inspect: full", "force: log")
    by_default = judge_fact(push("any", policy=policy).scrutiny, forced)
    assert by_default is not None
    assert (by_default.action, by_default.rule, by_default.reference) == (Action.LOG, "defaults/force", "p.yaml:11")


def test_an_objection_becomes_a_verdict() -> None:
    verdict = push("watched")
    objection = judge_fact(verdict.scrutiny, ForcedUpdate(name="main"))
    assert objection is not None
    found = objected(verdict, objection)
    assert (found.action, found.code, found.reason, found.rule) == (
        Action.BLOCK,
        "ref",
        objection.reason,
        objection.rule,
    )
    assert found.trace[-1].note == objection.reason
    assert objected(found, objection) is found
    observing = judge_fact(Scrutiny(force=Action.BLOCK, observing=True), ForcedUpdate(name="main"))
    assert observing is not None
    assert objected(verdict, observing).would_action is Action.BLOCK


@pytest.mark.parametrize(
    ("globs", "passes"), [(("main",), False), (("release/*",), False), (("**",), True), (("refs/**",), True)]
)
def test_a_commit_that_names_no_branch_may_change_any(globs: tuple[str, ...], passes: bool) -> None:
    scrutiny = Scrutiny(refs=globs, rule="approved/github.com/acme")
    objection = judge_fact(scrutiny, RefUpdate(name="HEAD", action=RefAction.UPDATE))
    assert (objection is None) is passes
    if objection is not None:
        assert objection.reason.startswith("the default branch, as the request names none for certain, can't be pushed")
