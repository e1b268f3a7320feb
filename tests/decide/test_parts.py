"""Several repositories in one request: what is done to each, and the strictest of them is the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.engine import CAPS, decide
from forgewall.decide.load import parse
from forgewall.decide.parts import main_part, second_part
from forgewall.identify.registry import Registry
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Depth, Effect, Kind, Operation, Subject, Target, Verdict

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NOBODY = Subject(client="192.0.2.1")
MIB = 2**20
POLICY = parse(
    """\
version: 1
approved:
  - github.com/acme
  - {repo: github.com/acme/issues, allow: [issue]}
  - {repo: github.com/acme/small, max_upload: 1MiB, content: {keys: block}, refs: [main, dev]}
  - {repo: github.com/acme/quick, inspect: headers, refs: [main, "v/*"], content: {secrets: block}}
  - {repo: github.com/watched, mode: observe, allow: [push]}
forbidden: [github.com/acme/site]
defaults: {auth: block}
""",
    "p.yaml",
)
P, I, F = Operation.PUSH, Operation.ISSUE, Operation.FETCH  # noqa: E741 - as short as the table needs


def target(address: str | None, operation: Operation, *also: Also) -> Target:
    names = (address or "").split("/")
    return Target(
        kind=Kind.GITHUB,
        host="github.com",
        address=address,
        key=fold(Kind.GITHUB, address) if address else None,
        owner=names[1] if address else None,
        repository=names[2] if len(names) > 2 else None,
        operation=operation,
        effect=operation.effect,
        evidence="a test",
        also=also,
    )


def second(address: str | None, role: str, operation: Operation | None = None) -> Also:
    return Also(address=address, owner=None, repository="x", role=role, operation=operation)


def ask(wanted: Target, size: int | None = None) -> Verdict:
    return decide(POLICY, wanted, NOBODY, size, NOW)


A, ISSUES, SITE, LOOT, PILOT = (
    "github.com/acme/api",
    "github.com/acme/issues",
    "github.com/acme/site",
    "github.com/m/loot",
    "github.com/watched/x",
)
STAR, AUTH, TODO = Operation.STAR, Operation.AUTH, Operation.TODO

# what is done, where; the second repository, its role, its own operation; the action, the code
TABLE = [
    # read, whatever the target's operation
    (P, A, LOOT, "source", None, "allow", "approved"),
    (P, A, SITE, "parent", None, "allow", "approved"),
    (P, A, LOOT, "source", F, "allow", "approved"),
    (P, A, LOOT, "source", P, "block", "unapproved"),  # says more than its role: the stricter holds
    (P, A, None, "source", None, "block", "unidentified"),
    (P, A, "evil.example/x/y", "source", None, "block", "unidentified"),
    # written to by the same operation, or by its own
    (P, A, ISSUES, "destination", None, "block", "unapproved"),
    (I, A, ISSUES, "destination", None, "allow", "approved"),
    (P, A, ISSUES, "destination", I, "allow", "approved"),
    (I, A, ISSUES, "destination", P, "block", "unapproved"),
    (P, A, LOOT, "destination", None, "block", "unapproved"),
    (P, A, SITE, "destination", I, "block", "forbidden"),
    (P, A, None, "destination", None, "block", "unidentified"),
    (F, A, LOOT, "destination", None, "block", "unapproved"),  # a read has no destination: it is written to
    # something else is done there
    (P, A, ISSUES, "second", I, "allow", "approved"),
    (P, A, ISSUES, "second", P, "block", "unapproved"),
    (I, ISSUES, A, "second", P, "allow", "approved"),
    (P, A, LOOT, "second", I, "block", "unapproved"),
    (P, A, SITE, "second", I, "block", "forbidden"),
    (P, A, None, "second", I, "block", "unidentified"),
    (P, A, A, "second", None, "block", "unidentified"),
    (P, A, A, "second", Operation.UNIDENTIFIED, "block", "unidentified"),
    (P, A, LOOT, "second", F, "allow", "approved"),
    (P, A, None, "second", F, "block", "unidentified"),
    (P, A, A, "second", Operation.TRANSFER, "block", "unapproved"),
    # an unknown role is a destination
    (P, A, LOOT, "helper", None, "block", "unapproved"),
    (P, A, ISSUES, "helper", I, "allow", "approved"),
    # what is personal, signs in or reports has a default of its own, and needs no address
    (STAR, LOOT, LOOT, "second", STAR, "allow", "personal"),
    (STAR, LOOT, None, "second", TODO, "allow", "personal"),
    (STAR, LOOT, LOOT, "destination", None, "allow", "personal"),
    (STAR, LOOT, SITE, "second", STAR, "block", "forbidden"),
    (STAR, LOOT, LOOT, "second", P, "block", "unapproved"),
    (STAR, None, A, "second", P, "allow", "personal"),
    (P, A, LOOT, "second", STAR, "allow", "approved"),
    (P, A, None, "second", STAR, "allow", "approved"),
    (P, A, None, "second", AUTH, "block", "auth"),
    (P, A, A, "second", Operation.ASSISTANT, "block", "assistants"),
    # neither excuses the other
    (P, LOOT, A, "second", P, "block", "unapproved"),
    (P, PILOT, LOOT, "second", I, "block", "unapproved"),
    (P, A, PILOT, "second", I, "log", "unapproved"),
]


@pytest.mark.parametrize(("operation", "address", "other", "role", "own", "action", "code"), TABLE)
def test_the_table(
    operation: Operation,
    address: str | None,
    other: str | None,
    role: str,
    own: Operation | None,
    action: str,
    code: str,
) -> None:
    verdict = ask(target(address, operation, second(other, role, own)))
    assert (verdict.action, verdict.code) == (action, code), verdict.reason


@given(st.lists(st.sampled_from([row for row in TABLE if row[0] is P and row[1] == A]), min_size=1, max_size=5))
def test_the_strictest_part_is_the_verdict_in_any_number(rows: list[tuple[object, ...]]) -> None:
    also = [Also(address=row[2], owner=None, repository="x", role=row[3], operation=row[4]) for row in rows]  # type: ignore[arg-type]
    verdict = ask(target(A, P, *also))
    worst = max((Action(str(row[5])) for row in rows), key=[Action.ALLOW, Action.LOG, Action.BLOCK].index)
    assert verdict.action is worst


def test_the_order_of_parts_means_nothing_but_for_the_reason() -> None:
    parts = [second(LOOT, "second", I), second(A, "second", P), second(LOOT, "source"), second(ISSUES, "second", I)]
    for order in permutations(parts):
        assert ask(target(A, P, *order)).action is Action.BLOCK
    for order in permutations(parts[1:]):
        assert ask(target(A, P, *order)).action is Action.ALLOW


SMALL, QUICK = "github.com/acme/small", "github.com/acme/quick"


@pytest.mark.parametrize(
    ("wanted", "limit"),
    [
        (target(A, P, second(SMALL, "second", P)), MIB),
        (target(SMALL, P, second(A, "second", P)), MIB),
        (target(A, P, second(SMALL, "source")), 50 * MIB),
        (target(A, P, second(LOOT, "second", STAR)), CAPS[Effect.PERSONAL]),
        (target(None, STAR, second(A, "second", I)), CAPS[Effect.PERSONAL]),
        (target(A, F, second(SMALL, "second", P)), MIB),
        (target(A, F, second(LOOT, "source")), CAPS[Effect.READ]),
    ],
)
def test_the_smallest_limit_of_those_written_to_counts(wanted: Target, limit: int) -> None:
    assert ask(wanted).max_upload == limit
    assert ask(wanted, limit).action is Action.ALLOW
    beyond = ask(wanted, limit + 1)
    assert (beyond.action, beyond.code) == (Action.BLOCK, "too-large")


def test_the_body_is_examined_as_the_stricter_of_both_asks() -> None:
    verdict = ask(target(QUICK, P, second(SMALL, "second", P)))
    scrutiny = verdict.scrutiny
    assert verdict.action is Action.ALLOW
    assert (scrutiny.depth, scrutiny.refs, scrutiny.content.secrets) == (Depth.FULL, ("main",), Action.BLOCK)
    assert [(kind.value, action) for kind, action in scrutiny.content.kinds] == [("keys", Action.BLOCK)]
    assert {word: reference for word, _, reference in scrutiny.content.places} == {
        "secrets": "p.yaml:6",
        "keys": "p.yaml:5",
    }


def test_what_is_written_is_examined_although_the_target_is_none() -> None:
    assert ask(target(None, STAR)).scrutiny.depth is Depth.OFF
    assert ask(target(None, STAR, second(SMALL, "second", P))).scrutiny.refs == ("main", "dev")
    assert ask(target(A, F, second(LOOT, "source"))).scrutiny.depth is Depth.OFF


def test_an_unknown_second_repository_says_what_would_tell_it() -> None:
    wanted = target(A, Operation.FORK, second(None, "source"))
    taught = replace(wanted, evidence="nobody has said yet whose project 12 is; GET https://gitlab.com/x tells it")
    assert ask(replace(taught, operation=P)).reason == taught.evidence
    branch = replace(wanted, evidence="it writes to a repository that the request doesn't name; merge instead")
    assert ask(replace(branch, operation=P)).reason.endswith(f"this `push` concerns: {branch.evidence}")
    assert ask(replace(wanted, operation=P)).reason == (
        "it is not certain whose repository this `push` concerns: the source is not known"
    )
    assert ask(target(A, P, second(None, "second", I))).reason == (
        "it is not certain whose repository this `issue` concerns: the second repository is not known"
    )
    assert ask(target(A, P, second(A, "second"))).reason == (
        "the request is not understood: it doesn't say what is done to github.com/acme/api"
    )


REGISTRY = Registry.build()
anything = st.builds(
    Also,
    address=st.none() | st.sampled_from([A, LOOT, "evil.example/x", "", "/", "gist.github.com/a"]) | st.text(),
    owner=st.none() | st.text(),
    repository=st.none() | st.text(),
    role=st.sampled_from(["source", "parent", "destination", "second"]) | st.text(),
    operation=st.none() | st.sampled_from(Operation),
)


@given(st.sampled_from(Operation), anything)
def test_whatever_stands_there_what_is_written_has_a_place_or_is_unidentified(operation: Operation, also: Also) -> None:
    main = main_part(target(A, operation), ())
    part = second_part(also, main, REGISTRY)
    if part.key is None:
        assert part.effect is not Effect.READ
        assert part.address is None
    if part.effect is Effect.READ:
        assert part.operation is Operation.FETCH
        assert also.role in {"source", "parent"} or also.operation is Operation.FETCH
    verdict = ask(target(A, operation, also))
    alone = ask(target(A, operation))
    assert [Action.ALLOW, Action.LOG, Action.BLOCK].index(verdict.action) >= [
        Action.ALLOW,
        Action.LOG,
        Action.BLOCK,
    ].index(alone.action)
