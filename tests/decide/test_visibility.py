"""`visibility:` on an entry: a decision table, and the sentences people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Kind, Operation, Subject, Target, Verdict, Visibility

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NOBODY = Subject(client="192.0.2.1")
POLICY = """\
version: 1
forges:
  - {host: git.acme.example, kind: gitlab, port: 8443, path: /gitlab}
  - {host: bit.acme.example, kind: bitbucket}
approved:
  - {repo: github.com/acme, visibility: private, allow: [code, repository]}
  - {repo: github.com/acme, allow: [issue]}
  - {repo: github.com/both, visibility: [private, internal]}
  - {repo: github.com/open, visibility: public}
  - {repo: github.com/any}
  - {repo: github.com/both/pilot, visibility: private, mode: observe}
  - {repo: git.acme.example/team, visibility: private}
  - {repo: dev.azure.com/acme/pay, visibility: private}
  - {repo: gist.github.com/acme, visibility: private}
  - {repo: bit.acme.example, visibility: private}
  - {repo: git.sr.ht/~ana, visibility: private}
defaults: {writes: block}
"""
PRIVATE, INTERNAL, PUBLIC = Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC
PUSH, ISSUE, CREATE = Operation.PUSH, Operation.ISSUE, Operation.CREATE_REPO


def target(
    address: str, operation: Operation, visibility: Visibility | None, *also: Also, kind: Kind = Kind.GITHUB
) -> Target:
    names = address.split("/")
    return Target(
        kind=kind,
        host=names[0],
        address=address,
        key=fold(kind, address),
        owner="/".join(names[1:-1]) or names[1],
        repository=names[-1] if len(names) > 2 else None,
        operation=operation,
        effect=operation.effect,
        evidence="a test",
        also=also,
        visibility=visibility,
    )


def ask(wanted: Target, policy: str = POLICY) -> Verdict:
    return decide(parse(policy, "p.yaml"), wanted, NOBODY, None, NOW)


@pytest.mark.parametrize(
    ("address", "operation", "visibility", "action", "code"),
    [
        ("github.com/acme/api", PUSH, PRIVATE, "allow", "approved"),
        ("github.com/acme/api", PUSH, INTERNAL, "block", "visibility"),
        ("github.com/acme/api", PUSH, PUBLIC, "block", "visibility"),
        ("github.com/acme/api", PUSH, None, "block", "visibility"),
        ("github.com/acme/api", ISSUE, PUBLIC, "allow", "approved"),  # by the alternative
        ("github.com/acme/api", ISSUE, None, "allow", "approved"),
        ("github.com/acme/api", Operation.WEBHOOK, PRIVATE, "block", "unapproved"),
        ("github.com/acme/new", CREATE, PRIVATE, "allow", "approved"),
        ("github.com/acme/new", CREATE, PUBLIC, "block", "visibility"),
        ("github.com/acme/new", CREATE, None, "block", "visibility"),
        ("github.com/acme/api", Operation.VISIBILITY, PRIVATE, "allow", "approved"),
        ("github.com/acme/api", Operation.VISIBILITY, PUBLIC, "block", "visibility"),
        ("github.com/acme", Operation.PACKAGE, None, "block", "visibility"),
        ("github.com/both/api", PUSH, PRIVATE, "allow", "approved"),
        ("github.com/both/api", PUSH, INTERNAL, "allow", "approved"),
        ("github.com/both/api", PUSH, PUBLIC, "block", "visibility"),
        ("github.com/both/api", PUSH, None, "block", "visibility"),
        ("github.com/both/pilot", PUSH, PUBLIC, "log", "visibility"),
        ("github.com/open/sdk", PUSH, PUBLIC, "allow", "approved"),
        ("github.com/open/sdk", PUSH, PRIVATE, "block", "visibility"),
        ("github.com/any/x", PUSH, PUBLIC, "allow", "approved"),
        ("github.com/any/x", PUSH, None, "allow", "approved"),
        # reads, personal requests and signing in don't depend on it
        ("github.com/acme/api", Operation.FETCH, PUBLIC, "allow", "read"),
        ("github.com/acme/api", Operation.FETCH, None, "allow", "read"),
        ("github.com/acme/api", Operation.STAR, PUBLIC, "allow", "personal"),
        ("github.com/m/loot", PUSH, PRIVATE, "block", "unapproved"),
    ],
)
def test_the_table(address: str, operation: Operation, visibility: Visibility | None, action: str, code: str) -> None:
    verdict = ask(target(address, operation, visibility))
    assert (verdict.action, verdict.code) == (action, code), verdict.reason
    if code == "visibility":
        assert verdict.rule == "defaults/writes"
        assert [step.rule for step in verdict.trace if not step.matched]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (
            target("github.com/acme/api", PUSH, PUBLIC),
            "github.com/acme/api is public, and github.com/acme is approved for private repositories only",
        ),
        (
            target("github.com/both/api", PUSH, PUBLIC),
            "github.com/both/api is public, and github.com/both is approved for internal or private repositories only",
        ),
        (
            target("github.com/acme/new", CREATE, PUBLIC),
            "github.com/acme/new would be public, and github.com/acme is approved for private repositories only",
        ),
        (
            target("github.com/acme/new", CREATE, None),
            "the request doesn't say that github.com/acme/new will be private, and github.com/acme is approved for "
            "private repositories only",
        ),
        (
            target("github.com/acme", Operation.PACKAGE, None),
            "`package` at github.com/acme concerns no repository that could be private, and github.com/acme is "
            "approved for private repositories only",
        ),
        (
            target("github.com/acme/api", PUSH, None),
            "whether github.com/acme/api is private isn't known yet, and github.com/acme is approved for private "
            "repositories only; `git ls-remote https://github.com/acme/api` or a look at it through the API tells it",
        ),
        (
            target("git.acme.example/team/api", PUSH, None, kind=Kind.GITLAB),
            "whether git.acme.example/team/api is private isn't known yet, and git.acme.example/team is approved for "
            "private repositories only; `git ls-remote https://git.acme.example:8443/gitlab/team/api` or a look at it "
            "through the API tells it",
        ),
        (
            target("dev.azure.com/acme/pay/x", PUSH, None, kind=Kind.AZURE_DEVOPS),
            "whether dev.azure.com/acme/pay/x is private isn't known yet, and dev.azure.com/acme/pay is approved for "
            "private repositories only; `git ls-remote https://dev.azure.com/acme/pay/_git/x` or a look at it through "
            "the API tells it",
        ),
        (
            target("bit.acme.example/ACME/api", PUSH, None, kind=Kind.BITBUCKET),
            "whether bit.acme.example/ACME/api is private isn't known yet, and bit.acme.example is approved for "
            "private repositories only; `git ls-remote https://bit.acme.example/scm/ACME/api` or a look at it through "
            "the API tells it",
        ),
        (
            target("git.sr.ht/~ana/x", PUSH, None, kind=Kind.GIT_ONLY),
            "whether git.sr.ht/~ana/x is private isn't known yet, and git.sr.ht/~ana is approved for private "
            "repositories only; `git ls-remote https://git.sr.ht/~ana/x` tells it",
        ),
    ],
)
def test_the_reason_is_a_sentence(wanted: Target, reason: str) -> None:
    assert ask(wanted).reason == reason


def test_each_repository_that_is_written_to_must_be_seen_by_as_few() -> None:
    def asked(role: str, visibility: Visibility | None, operation: Operation | None = None) -> Verdict:
        also = Also(
            address="github.com/both/y",
            owner="both",
            repository="y",
            role=role,
            operation=operation,
            visibility=visibility,
        )
        return ask(target("github.com/acme/api", PUSH, PRIVATE, also))

    assert asked("destination", INTERNAL).action is Action.ALLOW
    assert asked("destination", PUBLIC).code == "visibility"
    assert asked("destination", None).code == "visibility"
    assert asked("second", PUBLIC, ISSUE).code == "visibility"
    assert asked("second", PUBLIC, Operation.STAR).action is Action.ALLOW
    assert asked("source", PUBLIC).action is Action.ALLOW


def test_what_the_default_lets_pass_passes() -> None:
    logged = ask(target("github.com/acme/api", PUSH, PUBLIC), POLICY.replace("writes: block", "writes: log"))
    assert (logged.action, logged.code) == (Action.LOG, "visibility")
    assert logged.reason.endswith("only, but `writes: log` lets it pass")


def test_a_push_option_can_t_undo_what_the_entry_asks_for() -> None:
    allow = POLICY.replace("{repo: github.com/any}", "{repo: github.com/any, allow: [push, visibility]}")
    assert ask(target("github.com/any/x", PUSH, None), allow).scrutiny.visibility
    assert not ask(target("github.com/acme/api", PUSH, PRIVATE), allow).scrutiny.visibility


def test_an_expired_entry_asks_for_nothing() -> None:
    expired = POLICY.replace("{repo: github.com/both/pilot, ", "{repo: github.com/any/x, expires: 2020-01-01, ")
    assert ask(target("github.com/any/x", PUSH, PUBLIC), expired).action is Action.ALLOW


def test_only_whom_the_entry_is_for_is_told_of_it() -> None:
    policy = POLICY.replace("{repo: github.com/open, visibility: public}", "{repo: github.com/open, who: [ana]}")
    wanted = replace(target("github.com/open/sdk", PUSH, PRIVATE))
    assert ask(wanted, policy).code == "unapproved"
