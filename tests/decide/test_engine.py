"""The decision table, case by case, with the sentences people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forgewall.decide.engine import CAPS, decide
from forgewall.decide.load import parse
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Effect, Kind, Operation, Subject, Target, Verdict

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ANA = Subject(client="192.0.2.1", user="ana@acme.example")
NOBODY = Subject(client="192.0.2.1")
MIB = 2**20

POLICY = """\
version: 1
approved:
  - github.com/acme
  - repo: github.com/acme/narrow
    allow: [issue]
  - {repo: github.com/acme/team, who: [oss, bob, 10.4.0.0/16]}
  - {repo: github.com/acme/alt, allow: [issue], who: [oss]}
  - {repo: github.com/acme/alt, allow: [push], who: [ops]}
  - {repo: github.com/acme/alt, allow: [fork], max_upload: 1MiB}
  - {repo: github.com/acme/old, allow: [issue], expires: 2026-06-30}
  - {repo: github.com/gone/gone, expires: 2026-06-30T09:30:00Z}
  - {repo: github.com/acme/small, max_upload: 1MiB}
  - {repo: github.com/acme/logged, max_upload: 1MiB, over: log}
  - {repo: gitlab.com/pilot, mode: observe, allow: [push], max_upload: 1MiB}
  - {repo: github.com/acme/mine, mode: observe, who: [oss]}
  - gitlab.com/acme/platform
  - {repo: github.com/new, allow: [fork, create-repo]}
forbidden:
  - github.com/acme/site
  - gitlab.com/pilot/secret
groups:
  oss: [ana@acme.example, 2001:db8::/32]
  ops: [carl]
defaults:
  writes: block
"""


def target(
    address: str | None, operation: Operation = Operation.PUSH, *also: Also, effect: Effect | None = None
) -> Target:
    """A target on github.com, or on the host that `address` names."""
    segments = (address or "github.com").split("/")
    return Target(
        kind=Kind.GITHUB,
        host=segments[0],
        address=address,
        key=fold(Kind.GITHUB, address) if address else None,
        owner="/".join(segments[1:-1]) or None,
        repository=segments[-1] if len(segments) > 2 else None,
        operation=operation,
        effect=effect or operation.effect,
        evidence="a test",
        also=also,
    )


def also(address: str | None, role: str) -> Also:
    return Also(address=address, owner=None, repository="x" if address and address.count("/") > 1 else None, role=role)


def ask(
    wanted: Target, subject: Subject = NOBODY, size: int | None = None, now: datetime = NOW, policy: str = POLICY
) -> Verdict:
    return decide(parse(policy, "p.yaml"), wanted, subject, size, now)


def changed(old: str, new: str) -> str:
    assert old in POLICY
    return POLICY.replace(old, new)


def observing() -> str:
    return changed("version: 1\n", "version: 1\nmode: observe\n")


UNAPPROVED = ("block", "unapproved", "defaults/writes")
CASES: dict[str, tuple[str | None, Operation, Subject, tuple[str, str, str], str]] = {
    "approved below an owner": (
        "github.com/acme/api",
        Operation.PUSH,
        NOBODY,
        ("allow", "approved", "approved/github.com/acme"),
        "github.com/acme is approved",
    ),
    "case folds": (
        "github.com/ACME/Api",
        Operation.PUSH,
        NOBODY,
        ("allow", "approved", "approved/github.com/acme"),
        "github.com/acme is approved",
    ),
    "whole segments only": (
        "github.com/acme-evil/api",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "github.com/acme-evil/api is not an approved repository",
    ),
    "an owner nobody approved": (
        "github.com/mallory",
        Operation.PACKAGE,
        NOBODY,
        UNAPPROVED,
        "github.com/mallory is not an approved address",
    ),
    "the owner itself": (
        "github.com/acme",
        Operation.PACKAGE,
        NOBODY,
        ("allow", "approved", "approved/github.com/acme"),
        "github.com/acme is approved",
    ),
    "an approval doesn't reach upwards": (
        "gitlab.com/acme",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "gitlab.com/acme is not an approved address",
    ),
    "subgroups at any depth": (
        "gitlab.com/acme/platform/a/b/c/d/e/f",
        Operation.PUSH,
        NOBODY,
        ("allow", "approved", "approved/gitlab.com/acme/platform"),
        "gitlab.com/acme/platform is approved",
    ),
    "rights must be named": (
        "github.com/acme/api",
        Operation.FORK,
        NOBODY,
        UNAPPROVED,
        "`fork` is not among the operations approved for github.com/acme (allowed: code, text, other-write)",
    ),
    "the longest address decides alone": (
        "github.com/acme/narrow",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "`push` is not among the operations approved for github.com/acme/narrow (allowed: issue)",
    ),
    "what it names": (
        "github.com/acme/narrow",
        Operation.ISSUE,
        NOBODY,
        ("allow", "approved", "approved/github.com/acme/narrow"),
        "github.com/acme/narrow is approved",
    ),
    "not for an unknown user": (
        "github.com/acme/team",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "the approval of github.com/acme/team is not for 192.0.2.1 (no user is known)",
    ),
    "not for another user": (
        "github.com/acme/team",
        Operation.PUSH,
        Subject(client="192.0.2.1", user="mallory"),
        UNAPPROVED,
        "the approval of github.com/acme/team is not for mallory",
    ),
    "for a group's user": (
        "github.com/acme/team",
        Operation.PUSH,
        ANA,
        ("allow", "approved", "approved/github.com/acme/team"),
        "github.com/acme/team is approved",
    ),
    "for a network": (
        "github.com/acme/team",
        Operation.PUSH,
        Subject(client="10.4.7.7"),
        ("allow", "approved", "approved/github.com/acme/team"),
        "github.com/acme/team is approved",
    ),
    "alternatives: the first": (
        "github.com/acme/alt",
        Operation.ISSUE,
        ANA,
        ("allow", "approved", "approved/github.com/acme/alt"),
        "github.com/acme/alt is approved",
    ),
    "alternatives: the last, for everybody": (
        "github.com/acme/alt",
        Operation.FORK,
        ANA,
        ("allow", "approved", "approved/github.com/acme/alt"),
        "github.com/acme/alt is approved",
    ),
    "alternatives don't add up": (
        "github.com/acme/alt",
        Operation.PUSH,
        ANA,
        UNAPPROVED,
        "`push` is not among the operations approved for github.com/acme/alt (allowed: issue)",
    ),
    "expired: a broader entry decides": (
        "github.com/acme/old",
        Operation.PUSH,
        NOBODY,
        ("allow", "approved", "approved/github.com/acme"),
        "github.com/acme is approved",
    ),
    "expired: nothing broader": (
        "github.com/gone/gone",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "the approval of github.com/gone/gone expired at 2026-06-30T09:30:00Z",
    ),
    "forbidden": (
        "github.com/acme/site",
        Operation.PUSH,
        ANA,
        ("block", "forbidden", "forbidden/github.com/acme/site"),
        "github.com/acme/site is forbidden",
    ),
    "below forbidden": (
        "github.com/acme/site/x",
        Operation.ISSUE,
        ANA,
        ("block", "forbidden", "forbidden/github.com/acme/site"),
        "github.com/acme/site/x is below github.com/acme/site, which is forbidden",
    ),
    "forbidden also for what is not understood": (
        "github.com/acme/site",
        Operation.UNIDENTIFIED,
        ANA,
        ("block", "forbidden", "forbidden/github.com/acme/site"),
        "github.com/acme/site is forbidden",
    ),
    "forbidden also for personal operations": (
        "github.com/acme/site",
        Operation.STAR,
        ANA,
        ("block", "forbidden", "forbidden/github.com/acme/site"),
        "github.com/acme/site is forbidden",
    ),
    "forbidden leaves reads alone": (
        "github.com/acme/site",
        Operation.FETCH,
        ANA,
        ("allow", "read", "defaults/reads"),
        "`reads: allow` allows every read",
    ),
    "unidentified below an approval": (
        "github.com/acme/api",
        Operation.UNIDENTIFIED,
        ANA,
        ("block", "unidentified", "defaults/unidentified"),
        "the request is not understood: a test",
    ),
    "whose repository is not certain": (
        None,
        Operation.PUSH,
        ANA,
        ("block", "unidentified", "defaults/unidentified"),
        "it is not certain whose repository this `push` concerns: a test",
    ),
    "a read of anything": (
        None,
        Operation.FETCH,
        NOBODY,
        ("allow", "read", "defaults/reads"),
        "`reads: allow` allows every read",
    ),
    "personal": (
        "github.com/mallory/loot",
        Operation.STAR,
        NOBODY,
        ("allow", "personal", "defaults/personal"),
        "`personal: allow` allows `star`",
    ),
    "auth": (None, Operation.AUTH, NOBODY, ("allow", "auth", "defaults/auth"), "`auth: allow` allows `auth`"),
    "telemetry": (
        None,
        Operation.TELEMETRY,
        NOBODY,
        ("allow", "telemetry", "defaults/telemetry"),
        "`telemetry: allow` allows `telemetry`",
    ),
    "observed entry: unnamed operation": (
        "gitlab.com/pilot",
        Operation.FORK,
        NOBODY,
        ("log", "unapproved", "defaults/writes"),
        "`fork` is not among the operations approved for gitlab.com/pilot (allowed: push)",
    ),
    "observed entry: not understood": (
        "gitlab.com/pilot",
        Operation.UNIDENTIFIED,
        NOBODY,
        ("log", "unidentified", "defaults/unidentified"),
        "the request is not understood: a test",
    ),
    "observed entry: forbidden below it stays forbidden": (
        "gitlab.com/pilot/secret",
        Operation.PUSH,
        NOBODY,
        ("block", "forbidden", "forbidden/gitlab.com/pilot/secret"),
        "gitlab.com/pilot/secret is forbidden",
    ),
    "observed entry: what it admits is allowed": (
        "gitlab.com/pilot",
        Operation.PUSH,
        NOBODY,
        ("allow", "approved", "approved/gitlab.com/pilot"),
        "gitlab.com/pilot is approved",
    ),
    "an entry observes only those it is for": (
        "github.com/acme/mine",
        Operation.PUSH,
        NOBODY,
        UNAPPROVED,
        "the approval of github.com/acme/mine is not for 192.0.2.1 (no user is known)",
    ),
    "and for them": (
        "github.com/acme/mine",
        Operation.FORK,
        ANA,
        ("log", "unapproved", "defaults/writes"),
        "`fork` is not among the operations approved for github.com/acme/mine (allowed: code, text, other-write)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_table(name: str) -> None:
    address, operation, subject, (action, code, rule), reason = CASES[name]
    verdict = ask(target(address, operation), subject)
    assert (verdict.action, verdict.code, verdict.rule) == (action, code, rule)
    assert verdict.reason == reason
    assert verdict.would_action is (Action.BLOCK if action == "log" else None)
    assert any(step.rule == rule and step.matched for step in verdict.trace)


@pytest.mark.parametrize("name", CASES)
def test_observe_at_the_top_blocks_nothing(name: str) -> None:
    address, operation, subject, (action, code, _), reason = CASES[name]
    verdict = ask(target(address, operation), subject, policy=observing())
    assert verdict.action is not Action.BLOCK
    assert (verdict.code, verdict.reason) == (code, reason)
    assert verdict.would_action is (None if action == "allow" else Action.BLOCK)
    assert verdict.over is Action.LOG


def test_references_name_the_line() -> None:
    assert ask(target("github.com/acme/api")).reference == "p.yaml:3"
    assert ask(target("github.com/acme/narrow", Operation.ISSUE)).reference == "p.yaml:4"
    assert ask(target("github.com/acme/site")).reference == "p.yaml:19"
    assert ask(target("github.com/mallory/loot")).reference == "p.yaml:25"
    assert ask(target("github.com/mallory/loot", Operation.UNIDENTIFIED)).reference == "built-in"


def test_the_trace_tells_what_was_tried() -> None:
    steps = ask(target("github.com/gone/gone")).trace
    assert [(step.rule, step.matched, step.note) for step in steps] == [
        (
            "approved/github.com/gone/gone",
            False,
            "the approval of github.com/gone/gone expired at 2026-06-30T09:30:00Z",
        ),
        ("defaults/writes", True, "`writes: block` applies"),
    ]
    assert steps[0].reference == "p.yaml:11"


@pytest.mark.parametrize(
    "address, subject, size, action, code, rule, reason",
    [
        ("github.com/acme/small", NOBODY, MIB, "allow", "approved", "approved/github.com/acme/small", ""),
        (
            "github.com/acme/small",
            NOBODY,
            MIB + 1,
            "block",
            "too-large",
            "approved/github.com/acme/small",
            "1,048,577 bytes is over the limit of 1,048,576 bytes for github.com/acme/small",
        ),
        (
            "github.com/acme/small",
            NOBODY,
            3 * MIB,
            "block",
            "too-large",
            "approved/github.com/acme/small",
            "3 MiB is over the limit of 1 MiB for github.com/acme/small",
        ),
        ("github.com/acme/api", NOBODY, 50 * MIB, "allow", "approved", "approved/github.com/acme", ""),
        (
            "github.com/acme/api",
            NOBODY,
            50 * MIB + 1,
            "block",
            "too-large",
            "defaults/max_upload",
            "52,428,801 bytes is over the limit of 52,428,800 bytes for github.com/acme",
        ),
        (
            "github.com/acme/logged",
            NOBODY,
            3 * MIB,
            "log",
            "too-large",
            "approved/github.com/acme/logged",
            "3 MiB is over the limit of 1 MiB for github.com/acme/logged",
        ),
        (
            "gitlab.com/pilot",
            NOBODY,
            3 * MIB,
            "log",
            "too-large",
            "approved/gitlab.com/pilot",
            "3 MiB is over the limit of 1 MiB for gitlab.com/pilot",
        ),
        (
            "github.com/mallory/loot",
            NOBODY,
            900 * MIB,
            "block",
            "unapproved",
            "defaults/writes",
            "github.com/mallory/loot is not an approved repository",
        ),
    ],
)
def test_sizes(address: str, subject: Subject, size: int, action: str, code: str, rule: str, reason: str) -> None:
    verdict = ask(target(address), subject, size)
    assert (verdict.action, verdict.code, verdict.rule) == (action, code, rule)
    assert verdict.reason == (reason or verdict.reason)
    observed = address.endswith("pilot")
    assert verdict.would_action is (Action.BLOCK if observed and code == "too-large" else None)


def test_limits_of_allowed_requests_go_to_the_gate() -> None:
    assert (ask(target("github.com/acme/small")).max_upload, ask(target("github.com/acme/small")).over) == (
        MIB,
        Action.BLOCK,
    )
    assert ask(target("github.com/acme/logged")).over is Action.LOG
    assert ask(target("github.com/acme/api")).max_upload == 50 * MIB
    for operation in (Operation.FETCH, Operation.STAR, Operation.AUTH, Operation.TELEMETRY):
        assert ask(target(None, operation)).max_upload == CAPS[operation.effect]
    assert ask(target(None, Operation.STAR), size=16385).reason == (
        "16,385 bytes is over the limit of 16,384 bytes for `star`"
    )
    assert ask(target(None, Operation.STAR), size=16384).action is Action.ALLOW
    assert ask(target("gitlab.com/pilot", Operation.FORK)).max_upload is None


@pytest.mark.parametrize(
    "setting, address, action, code, reason",
    [
        ("approved-only", "github.com/acme/api", "allow", "approved", "github.com/acme is approved"),
        ("approved-only", "github.com/acme/narrow", "allow", "approved", "github.com/acme/narrow is approved"),
        ("approved-only", "github.com/acme/site", "allow", "approved", "github.com/acme is approved"),
        ("approved-only", "github.com/acme/team", "allow", "approved", "github.com/acme is approved"),
        (
            "approved-only",
            "github.com/m/l",
            "block",
            "unapproved",
            "github.com/m/l is not an approved repository, and `reads: approved-only` lets nothing else be read",
        ),
        (
            "approved-only",
            None,
            "block",
            "unapproved",
            "no repository is named, and `reads: approved-only` lets nothing else be read",
        ),
        ("approved-only", "github.com/gone/gone", "block", "unapproved", None),
        ("log", "github.com/acme/api", "log", "read", "`reads: log` logs every read"),
        ("block", "github.com/acme/api", "block", "read", "`reads: block` refuses every read"),
        ("block", "gitlab.com/pilot", "log", "read", "`reads: block` refuses every read"),
    ],
)
def test_reads(setting: str, address: str | None, action: str, code: str, reason: str | None) -> None:
    policy = changed("defaults:\n", f"defaults:\n  reads: {setting}\n")
    verdict = ask(target(address, Operation.FETCH), policy=policy)
    assert (verdict.action, verdict.code) == (action, code)
    assert verdict.reason == (reason or verdict.reason)


def test_writes_and_unidentified_may_be_logged_or_allowed() -> None:
    for setting, action, code in (("log", "log", "unapproved"), ("allow", "allow", "default")):
        verdict = ask(target("github.com/m/l"), policy=changed("writes: block", f"writes: {setting}"))
        assert (verdict.action, verdict.code, verdict.would_action) == (action, code, None)
        assert verdict.reason == f"github.com/m/l is not an approved repository, but `writes: {setting}` lets it pass"
        assert verdict.max_upload == 50 * MIB
    policy = changed("writes: block", "unidentified: log")
    verdict = ask(target(None, Operation.UNIDENTIFIED), policy=policy)
    assert (verdict.action, verdict.code) == ("log", "unidentified")
    assert ask(target("github.com/m/l"), policy=policy).action is Action.BLOCK


def test_a_logged_write_over_the_limit_is_cut() -> None:
    policy = changed("writes: block", "writes: log\n  max_upload: 1MiB")
    verdict = ask(target("github.com/m/l"), size=2 * MIB, policy=policy)
    assert (verdict.action, verdict.code) == ("block", "too-large")
    assert verdict.reason == "2 MiB is over the limit of 1 MiB for github.com/m/l"


@pytest.mark.parametrize(
    ("setting", "action", "verb"), [("", "block", "refuses"), ("log", "log", "logs"), ("allow", "allow", "allows")]
)
def test_what_an_editor_tells_an_ai_service_is_blocked_unless_allowed(setting: str, action: str, verb: str) -> None:
    policy = changed("writes: block", f"assistants: {setting}") if setting else POLICY
    verdict = ask(target("github.com", Operation.ASSISTANT), size=16 * MIB, policy=policy)
    assert (verdict.action, verdict.code, verdict.rule) == (action, "assistants", "defaults/assistants")
    assert verdict.reason == f"`assistants: {setting or 'block'}` {verb} `assistant`"
    assert ask(target("github.com", Operation.ASSISTANT), size=16 * MIB + 1, policy=policy).action is Action.BLOCK
    assert ask(target("github.com/acme/site", Operation.ASSISTANT), policy=policy).code == "forbidden"


def test_personal_auth_and_telemetry_may_be_blocked() -> None:
    for operation, name in ((Operation.TODO, "personal"), (Operation.AUTH, "auth"), (Operation.TELEMETRY, "telemetry")):
        policy = changed("writes: block", f"{name}: block")
        verdict = ask(target("github.com/acme/api", operation), policy=policy)
        assert (verdict.action, verdict.code) == ("block", name)
        assert verdict.reason == f"`{name}: block` refuses `{operation}`"


@pytest.mark.parametrize(
    "wanted, second, action, code, reason",
    [
        ("github.com/new/x", also("github.com/m/l", "source"), "allow", "approved", "github.com/new is approved"),
        ("github.com/new/x", also("github.com/acme/site", "parent"), "allow", "approved", "github.com/new is approved"),
        (
            "github.com/new/x",
            also("github.com/m/l", "destination"),
            "block",
            "unapproved",
            "github.com/m/l is not an approved repository",
        ),
        (
            "github.com/new/x",
            also("github.com/new/y", "destination"),
            "allow",
            "approved",
            "github.com/new is approved",
        ),
        (
            "github.com/new/x",
            also("github.com/acme/site", "destination"),
            "block",
            "forbidden",
            "github.com/acme/site is forbidden",
        ),
        (
            "github.com/new/x",
            also(None, "source"),
            "block",
            "unidentified",
            "it is not certain whose repository this `fork` concerns: the source is not known",
        ),
        (
            "github.com/new/x",
            also("evil.example/x", "source"),
            "block",
            "unidentified",
            "it is not certain whose repository this `fork` concerns: the source is not known",
        ),
        (
            "github.com/m/l",
            also("github.com/new/x", "destination"),
            "block",
            "unapproved",
            "github.com/m/l is not an approved repository",
        ),
    ],
)
def test_a_second_repository_must_pass_too(wanted: str, second: Also, action: str, code: str, reason: str) -> None:
    verdict = ask(target(wanted, Operation.FORK, second))
    assert (verdict.action, verdict.code, verdict.reason) == (action, code, reason)


def test_an_observed_entry_does_not_excuse_a_second_repository() -> None:
    verdict = ask(target("gitlab.com/pilot", Operation.FORK, also("github.com/m/l", "destination")))
    assert verdict.action is Action.BLOCK


def test_sources_follow_the_rule_for_reads() -> None:
    policy = changed("defaults:\n", "defaults:\n  reads: approved-only\n")
    wanted = target("github.com/new/x", Operation.FORK, also("github.com/m/l", "source"))
    assert ask(wanted, policy=policy).action is Action.BLOCK
    wanted = target("github.com/new/x", Operation.FORK, also("github.com/Acme/api", "source"))
    assert ask(wanted, policy=policy).action is Action.ALLOW


def test_an_effect_that_belies_the_operation_counts_as_a_write() -> None:
    assert ask(target("github.com/m/l", Operation.PUSH, effect=Effect.READ)).action is Action.BLOCK
    assert ask(target("github.com/m/l", Operation.UNIDENTIFIED, effect=Effect.AUTH)).code == "unidentified"


def test_an_entry_holds_until_the_end_of_its_day() -> None:
    wanted = target("github.com/acme/old", Operation.PUSH)  # the narrow entry forbids pushing while it holds
    last, over = datetime(2026, 6, 30, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert ask(wanted, now=last).action is Action.BLOCK
    assert ask(wanted, now=over).action is Action.ALLOW


def test_the_order_of_alternatives_means_nothing() -> None:
    small, large = "  - {repo: github.com/a, max_upload: 1MiB}\n", "  - {repo: github.com/a, max_upload: 2MiB}\n"
    for entries in (small + large, large + small):
        policy = f"version: 1\napproved:\n{entries}"
        assert ask(target("github.com/a/b"), policy=policy).max_upload == 2 * MIB


def test_many_alternatives_make_no_endless_trace() -> None:
    entries = "".join(f"  - {{repo: github.com/a, who: [u{number}]}}\n" for number in range(500))
    verdict = ask(target("github.com/a/b"), policy=f"version: 1\napproved:\n{entries}")
    assert verdict.action is Action.BLOCK
    assert len(verdict.trace) <= 51


def gist(operation: Operation, evidence: str) -> Target:
    return replace(target(None, operation), host="gist.github.com", evidence=evidence)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            gist(Operation.PUSH, "git push: info/refs asks for git-receive-pack"),
            "a gist goes by its number, and nobody has said yet whose it is; GET /gists/NUMBER of the API tells it",
        ),
        (
            gist(Operation.SNIPPET, "POST /gists"),
            "the request doesn't say whose gist this is or will be, so no approval can cover it",
        ),
        (
            replace(target(None, Operation.CREATE_REPO), evidence="POST /user/repos"),
            "the request doesn't name the owner of the new repository; name an approved one, as in OWNER/NAME",
        ),
        (
            replace(target(None, Operation.ISSUE), evidence="POST /projects/{project}/issues"),
            "the request names neither an owner nor a repository, so no approval can cover this `issue`",
        ),
        (
            replace(target(None, Operation.UNIDENTIFIED), evidence="the query has more than the 8192 characters"),
            "the query has more than the 8192 characters",
        ),
        (
            replace(target(None, Operation.ISSUE), evidence="nobody has said yet whose project 1 is; GET x tells it"),
            "nobody has said yet whose project 1 is; GET x tells it",
        ),
        (
            replace(
                target(None, Operation.UNIDENTIFIED), evidence="nobody has said yet whose node A is; GET x tells it"
            ),
            "nobody has said yet whose node A is; GET x tells it",
        ),
        (
            replace(target(None, Operation.UNIDENTIFIED), evidence="this kind of PUT request is not understood"),
            "this kind of PUT request is not understood",
        ),
    ],
)
def test_a_reason_is_in_plain_words_and_shows_no_route(asked: Target, reason: str) -> None:
    assert ask(asked).reason == reason


def test_a_size_near_its_limit_is_told_to_the_byte() -> None:
    reason = ask(target("github.com/acme/small"), size=MIB + 1).reason
    assert reason == "1,048,577 bytes is over the limit of 1,048,576 bytes for github.com/acme/small"
