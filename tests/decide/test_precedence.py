"""The engine against a reference that tries every entry in turn, on small random policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.identify.address import covers
from forgewall.model import Action, Kind, Operation, Subject, Target

NOW = datetime(2026, 7, 1, tzinfo=UTC)
OPERATIONS = [Operation.PUSH, Operation.ISSUE, Operation.FORK]


@dataclass(frozen=True)
class Entry:
    """An entry of `approved:`, as the test sees it."""

    address: str
    allow: tuple[Operation, ...]
    who: str | None
    expired: bool

    def yaml(self) -> str:
        fields = [f"repo: {self.address}", f"allow: [{', '.join(self.allow)}]"]
        fields += [f"who: [{self.who}]"] if self.who else []
        fields += ["expires: 2020-01-01"] if self.expired else []
        return f"  - {{{', '.join(fields)}}}\n"


names = st.lists(st.sampled_from(["a", "b", "a-b"]), min_size=1, max_size=4)
addresses = names.map(lambda parts: "/".join(["gitlab.com", *parts]))
entries = st.builds(
    Entry,
    address=addresses,
    allow=st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=3, unique=True).map(tuple),
    who=st.sampled_from([None, "ana", "bob"]),
    expired=st.booleans(),
)


def naive(approved: list[Entry], forbidden: list[str], key: str, operation: Operation, user: str | None) -> str:
    """What README.md says, word by word."""
    if any(covers(address, key) for address in forbidden):
        return "forbidden"
    valid = [entry for entry in approved if covers(entry.address, key) and not entry.expired]
    longest = max((len(entry.address) for entry in valid), default=0)
    deciding = [entry for entry in valid if len(entry.address) == longest]
    admitted = any(operation in entry.allow and entry.who in {None, user} for entry in deciding)
    return "approved" if admitted else "unapproved"


@given(
    st.lists(entries, max_size=6),
    st.lists(addresses, max_size=2),
    addresses,
    st.sampled_from(OPERATIONS),
    st.sampled_from([None, "ana"]),
)
def test_the_engine_agrees_with_the_manual(
    approved: list[Entry], forbidden: list[str], key: str, operation: Operation, user: str | None
) -> None:
    text = "version: 1\n"
    text += "approved:\n" + "".join(entry.yaml() for entry in approved) if approved else ""
    text += "forbidden:\n" + "".join(f"  - {address}\n" for address in forbidden) if forbidden else ""
    target = Target(
        kind=Kind.GITLAB,
        host="gitlab.com",
        address=key,
        key=key,
        owner="a",
        repository="b",
        operation=operation,
        effect=operation.effect,
        evidence="",
    )
    verdict = decide(parse(text, "p.yaml"), target, Subject(client="192.0.2.1", user=user), None, NOW)
    assert verdict.code == naive(approved, forbidden, key, operation, user)
    assert verdict.action is (Action.ALLOW if verdict.code == "approved" else Action.BLOCK)


@given(addresses, names, st.text(alphabet="ab-", min_size=1, max_size=3))
def test_an_approval_covers_what_is_below_and_nothing_beside(address: str, below: list[str], more: str) -> None:
    policy = parse(f"version: 1\napproved:\n  - {address}\n", "p.yaml")
    assert list(policy.covering(address))
    assert list(policy.covering("/".join([address, *below])))
    assert not list(policy.covering(address + more))
    assert not list(policy.covering(address.rpartition("/")[0]))


@given(st.text(alphabet="ab/", max_size=50))
def test_covering_is_prefix_by_segments(key: str) -> None:
    policy = parse("version: 1\napproved: [gitlab.com/a, gitlab.com/a/b/a]\n", "p.yaml")
    found = [found[0].key for found in policy.covering(f"gitlab.com/{key}")]
    expected = [key_ for key_ in ("gitlab.com/a/b/a", "gitlab.com/a") if covers(key_, f"gitlab.com/{key}")]
    assert found == expected
