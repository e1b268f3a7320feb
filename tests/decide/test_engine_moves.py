"""Writes to an address that the forge calls by another name now: a decision table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Depth, Kind, Move, Operation, Subject, Target, Verdict, Visibility

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SEEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
ANA = Subject(client="192.0.2.1", user="ana")
BOB = Subject(client="192.0.2.1", user="bob")
POLICY = """\
version: 1
approved:
  - {repo: github.com/acme, allow: [push, issue]}
  - {repo: github.com/acme/limited, allow: [push], max_upload: 1MiB, refs: [main], inspect: headers}
  - {repo: github.com/next, allow: [push], who: [ana], max_upload: 2MiB, content: {keys: block}}
  - {repo: github.com/hidden, allow: [push], visibility: private}
  - {repo: github.com/sure, confirmed: 2026-11-24}
  - {repo: github.com/unsure, confirmed: 2026-11-23}
  - {repo: github.com/exact, confirmed: 2026-11-24T14:30:00Z}
  - {repo: github.com/several, confirmed: 2026-11-24, who: [bob]}
  - {repo: github.com/several, who: [ana]}
  - {repo: github.com/pilot, mode: observe}
  - {repo: github.com/gone, expires: 2026-11-30}
forbidden: [github.com/acme/site, github.com/closed]
defaults: {writes: block}
"""
PUSH = Operation.PUSH


def move(address: str) -> Move:
    return Move(address=address, key=fold(Kind.GITHUB, address), seen=SEEN)


def target(address: str, to: str | None, operation: Operation = PUSH, visibility: Visibility | None = None) -> Target:
    return Target(
        kind=Kind.GITHUB,
        host="github.com",
        address=address,
        key=fold(Kind.GITHUB, address),
        owner=address.split("/")[1],
        repository=address.rpartition("/")[2],
        operation=operation,
        effect=operation.effect,
        evidence="a test",
        visibility=visibility,
        moved=move(to) if to else None,
    )


def ask(wanted: Target, subject: Subject = ANA, policy: str = POLICY, refs: tuple[RefUpdate, ...] = ()) -> Verdict:
    return decide(parse(policy, "p.yaml"), wanted, subject, None, NOW, refs)


@pytest.mark.parametrize(
    ("old", "new", "operation", "subject", "action", "code"),
    [
        ("github.com/acme/a", None, PUSH, ANA, "allow", "approved"),
        ("github.com/acme/a", "github.com/acme/b", PUSH, ANA, "allow", "approved"),
        ("github.com/acme/a", "github.com/Acme/B", PUSH, ANA, "allow", "approved"),
        ("github.com/acme/a", "github.com/acme-evil/a", PUSH, ANA, "block", "moved"),
        ("github.com/acme/a", "github.com/m/loot", PUSH, ANA, "block", "moved"),
        ("github.com/acme/a", "evil.example/acme/a", PUSH, ANA, "block", "moved"),
        ("github.com/acme/a", "github.com/gone/a", PUSH, ANA, "block", "moved"),
        # the new address must be approved for the same subject and operation
        ("github.com/acme/a", "github.com/next/a", PUSH, ANA, "allow", "approved"),
        ("github.com/acme/a", "github.com/next/a", PUSH, BOB, "block", "moved"),
        ("github.com/acme/a", "github.com/next/a", Operation.ISSUE, ANA, "block", "moved"),
        ("github.com/acme/a", "github.com/hidden/a", PUSH, ANA, "block", "moved"),
        # a forbidden one refuses, whatever was confirmed; personal requests too
        ("github.com/acme/a", "github.com/acme/site", PUSH, ANA, "block", "forbidden"),
        ("github.com/acme/a", "github.com/closed/x", PUSH, ANA, "block", "forbidden"),
        ("github.com/sure/a", "github.com/closed/x", PUSH, ANA, "block", "forbidden"),
        ("github.com/m/loot", "github.com/closed/x", Operation.STAR, ANA, "block", "forbidden"),
        # the address was named again
        ("github.com/sure/a", "github.com/m/loot", PUSH, ANA, "allow", "approved"),
        ("github.com/unsure/a", "github.com/m/loot", PUSH, ANA, "block", "moved"),
        ("github.com/exact/a", "github.com/m/loot", PUSH, ANA, "block", "moved"),  # seen in the very moment
        ("github.com/several/a", "github.com/m/loot", PUSH, BOB, "allow", "approved"),
        ("github.com/several/a", "github.com/m/loot", PUSH, ANA, "block", "moved"),
        # reads aren't hurt, and a move approves nothing
        ("github.com/acme/a", "github.com/m/loot", Operation.FETCH, ANA, "allow", "read"),
        ("github.com/acme/a", "github.com/closed/x", Operation.FETCH, ANA, "allow", "read"),
        ("github.com/acme/a", "github.com/m/loot", Operation.STAR, ANA, "allow", "personal"),
        ("github.com/m/loot", "github.com/acme/a", PUSH, ANA, "block", "unapproved"),
        ("github.com/pilot/a", "github.com/m/loot", PUSH, ANA, "log", "moved"),
    ],
)
def test_the_table(old: str, new: str | None, operation: Operation, subject: Subject, action: str, code: str) -> None:
    verdict = ask(target(old, new, operation), subject)
    assert (verdict.action, verdict.code) == (action, code), verdict.reason


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (
            target("github.com/acme/a", "github.com/m/loot"),
            "github.com/acme/a has moved to github.com/m/loot, the forge said, and github.com/m/loot is not an "
            "approved repository; this needs an approval of the new address, or `confirmed: 2026-11-24` at the old one",
        ),
        (
            target("github.com/acme/a", "github.com/next/a", Operation.ISSUE),
            "github.com/acme/a has moved to github.com/next/a, the forge said, and `issue` is not among the operations "
            "approved for github.com/next (allowed: push); this needs an approval of the new address, or `confirmed: "
            "2026-11-24` at the old one",
        ),
        (
            target("github.com/acme/a", "github.com/acme/site"),
            "github.com/acme/a has moved, the forge said, and github.com/acme/site is forbidden",
        ),
        (
            target("github.com/acme/a", "github.com/closed/x"),
            "github.com/acme/a has moved, the forge said, and github.com/closed/x is below github.com/closed, which is "
            "forbidden",
        ),
    ],
)
def test_the_reason_says_what_to_do(wanted: Target, reason: str) -> None:
    assert ask(wanted).reason == reason


def test_the_date_that_the_reason_names_is_enough() -> None:
    policy = POLICY.replace("{repo: github.com/acme, ", "{repo: github.com/acme, confirmed: 2026-11-24, ")
    verdict = ask(target("github.com/acme/a", "github.com/m/loot"), policy=policy)
    assert verdict.action is Action.ALLOW
    assert [step.note for step in verdict.trace][-1] == "names the address again since it moved to github.com/m/loot"


def test_what_the_new_address_asks_for_holds_too() -> None:
    verdict = ask(target("github.com/acme/limited", "github.com/next/a"))
    assert (verdict.max_upload, verdict.scrutiny.depth, verdict.scrutiny.refs) == (2**20, Depth.FULL, ("main",))
    assert dict(verdict.scrutiny.content.kinds).popitem()[1] is Action.BLOCK
    back = ask(target("github.com/next/a", "github.com/acme/limited"))
    assert (back.max_upload, back.scrutiny.refs) == (2**20, ("main",))
    dev = (RefUpdate(name="refs/heads/dev", action=RefAction.UPDATE),)
    assert ask(target("github.com/next/a", "github.com/acme/limited"), refs=dev).code == "ref"
    assert ask(target("github.com/next/a", None), refs=dev).code == "approved"


def test_a_second_repository_that_moved_is_refused_too() -> None:
    def asked(role: str, operation: Operation | None = None) -> Verdict:
        also = Also(
            address="github.com/acme/b",
            owner="acme",
            repository="b",
            role=role,
            operation=operation,
            moved=move("github.com/m/loot"),
        )
        return ask(replace(target("github.com/acme/a", None), also=(also,)))

    assert asked("destination").code == "moved"
    assert asked("second", Operation.ISSUE).code == "moved"
    assert asked("source").action is Action.ALLOW
    assert asked("second", Operation.STAR).action is Action.ALLOW


def test_what_the_default_lets_pass_passes() -> None:
    logged = ask(
        target("github.com/acme/a", "github.com/m/loot"), policy=POLICY.replace("writes: block", "writes: log")
    )
    assert (logged.action, logged.code) == (Action.LOG, "moved")
    assert logged.reason.endswith("at the old one, but `writes: log` lets it pass")
    assert logged.reason.count("but `writes: log`") == 1


names = st.sampled_from(["acme/a", "acme/site", "next/a", "sure/a", "unsure/a", "m/loot", "closed/x", "hidden/a"])


@given(names, names, st.sampled_from([ANA, BOB]))
def test_a_move_never_lets_anything_pass(old: str, new: str, subject: Subject) -> None:
    still = ask(target(f"github.com/{old}", None), subject)
    moved = ask(target(f"github.com/{old}", f"github.com/{new}"), subject)
    if still.action is Action.BLOCK:
        assert moved.action is Action.BLOCK
    elif moved.action is not Action.BLOCK:
        assert old == "sure/a" or ask(target(f"github.com/{new}", None), subject).action is Action.ALLOW
        assert new not in {"acme/site", "closed/x"}
