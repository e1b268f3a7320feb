"""Hundreds of random policies: what is written or removed is exactly that, and every other line stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from tests.review.policies import Laid, policy

from forgewall.decide.load import load
from forgewall.decide.policy import Approval, Policy
from forgewall.model import Operation
from forgewall.review.amend import Copy, approve, break_glass, end_break_glass, revoke
from forgewall.review.wish import Wish

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
FILE = "p.yaml"
SEEDS = range(220)
PLAIN = Wish(address="github.com/fresh/one")
RICH = Wish(
    address="gitlab.com/fresh/two",
    allow=frozenset({Operation.PUSH, Operation.ISSUE}),
    who=("oss", "ana@acme.example"),
    expires=datetime(2026, 12, 1, 18, 30, tzinfo=UTC),
    max_upload=10 * 2**20,
    reason="it's: [urgent], #1",
)
KEEPS_LAYOUT = {"block", "row", "tall", "crowded", "comma-first"}
"""Styles of a list that isn't empty, in which what came goes without a trace."""


_ELSEWHERE = ("line", "lines", "digest", "registry")


def loaded(text: str) -> Policy:
    return load(text.removeprefix("\ufeff"), FILE, NOW).policy


def bare(value: Any) -> Any:
    """`value` without the lines it stands in."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in _ELSEWHERE]
        return type(value).__name__, {name: bare(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {bare(key): bare(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    return re.sub(r"(p\.yaml):\d+", r"\1", value) if isinstance(value, str) else value


def rest(one: Policy) -> Any:
    """All that a policy says but its approvals."""
    return sorted(one.registry.forges), bare(replace(one, approved={}, approvals=0, depth=0, largest_upload=0))


def entries(one: Policy) -> list[Approval]:
    """All approvals, by address and then in file order."""
    return [entry for key in sorted(one.approved) for entry in one.approved[key]]


def without(one: Policy, *addresses: str) -> list[Any]:
    return [bare(entry) for entry in entries(one) if entry.address not in addresses]


def pieces(text: str) -> list[str]:
    return text.split("\n")


def touched(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines of both that are between the equal ones at the beginning and those at the end."""
    before, after = pieces(old), pieces(new)
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return before, after


def is_within(short: str, long: str) -> bool:
    """Whether `long` is `short` with something put in."""
    rest_of_long = iter(long)
    return all(char in rest_of_long for char in short)


def check_untouched(laid: Laid, new: str, lines: int) -> None:
    """At most one line was touched, and it only got longer; the others were put in."""
    before, after = touched(laid.text, new)
    if laid.style == "block" or laid.style == "missing":
        # At the end of a file without a line break, that of CR LF is put in at the line before.
        assert [line.rstrip("\r") for line in before] in ([], [after[0].rstrip("\r")])
        assert len(pieces(new)) == len(pieces(laid.text)) + lines
    elif laid.style == "empty":
        assert len(before) <= 1
        assert all(re.sub(r"\[ *\]|~|null", "", line).split() <= "\n".join(after).split() for line in before)
    else:
        assert len(before) <= 1
        assert is_within("".join(before), "\n".join(after))


@pytest.mark.parametrize("wish", [PLAIN, RICH], ids=["plain", "rich"])
def test_an_approval_is_the_only_change_and_its_revocation_takes_it_back(wish: Wish) -> None:
    for seed in SEEDS:
        laid = policy(Random(seed))
        before = loaded(laid.text)
        amended = approve(laid.text, FILE, [wish])
        after = loaded(amended.text)
        assert rest(after) == rest(before), seed
        assert without(after, wish.address) == without(before), seed
        (new,) = after.approved[wish.address]
        assert (new.address, new.terms.expires, new.terms.reason) == (wish.address, wish.expires, wish.reason), seed
        assert amended.first_line <= new.line <= amended.last_line
        if "\r\n" in laid.text:
            assert amended.text.count("\n") == amended.text.count("\r\n"), seed
        check_untouched(laid, amended.text, amended.last_line - amended.first_line + 1)

        back = revoke(amended.text, FILE, wish.address.upper() if seed % 2 else wish.address)
        assert bare(loaded(back.text)) == bare(before), seed
        if laid.style in KEEPS_LAYOUT or (laid.style in ("flow", "json") and laid.addresses):
            assert back.text == laid.text, seed
        elif laid.style not in ("missing", "flow", "json"):
            assert all(is_within(line, was) for was, line in zip(pieces(laid.text), pieces(back.text), strict=False))


def test_each_entry_can_go_and_nothing_else_does() -> None:
    count = 0
    for seed in SEEDS:
        laid = policy(Random(seed))
        before = loaded(laid.text)
        for gone in entries(before):
            several = [one for one in entries(before) if one.line == gone.line and one.key == gone.key]
            if len(several) > 1:
                continue
            count += 1
            amended = revoke(laid.text, FILE, gone.address, gone.line)
            after = loaded(amended.text)
            assert rest(after) == rest(before), seed
            kept = [bare(one) for one in entries(before) if one is not gone]
            assert [bare(one) for one in entries(after)] == kept, seed
            assert amended.first_line <= gone.line <= amended.last_line
            assert gone.address in amended.entry
            if laid.style == "block":
                lines = laid.text.split("\n")
                del lines[amended.first_line - 1 : amended.last_line]
                assert amended.text.rstrip("\r\n") == "\n".join(lines).rstrip("\r\n"), seed
            else:
                assert is_within(amended.text, laid.text)
    assert count > 200


def test_all_alternatives_go_together() -> None:
    for seed in SEEDS:
        laid = policy(Random(seed))
        before = loaded(laid.text)
        for address in sorted(set(laid.addresses)):
            amended = revoke(laid.text, FILE, address)
            kept = [bare(one) for one in entries(before) if one.address != address]
            assert [bare(one) for one in entries(loaded(amended.text))] == kept, (seed, address)
            assert is_within(amended.text, laid.text)


def test_a_copy_says_the_same_of_another_address() -> None:
    count = 0
    for seed in SEEDS:
        laid = policy(Random(seed))
        before = entries(loaded(laid.text))
        for source in before:
            if [one.line for one in before].count(source.line) > 1:
                continue
            count += 1
            host = source.address.split("/")[0]
            address = f"{host}/another/one"
            amended = approve(laid.text, FILE, [PLAIN], [Copy(line=source.line, address=address)])
            after = loaded(amended.text)
            assert without(after, PLAIN.address, address) == [bare(one) for one in before], seed
            assert len(after.approved[PLAIN.address]) == 1
            (copy,) = after.approved[address.lower()]
            assert renamed(bare(copy), address, source.address) == bare(source), seed
    assert count > 200


def renamed(value: Any, address: str, to: str) -> Any:
    """`value` as it would be for the address `to`."""
    if isinstance(value, dict):
        return {key: renamed(one, address, to) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(renamed(one, address, to) for one in value)
    return value.replace(address, to) if isinstance(value, str) else value


def test_broken_glass_is_one_line_that_comes_and_goes() -> None:
    for seed in SEEDS:
        laid = policy(Random(seed))
        first = break_glass(laid.text, FILE, until=NOW, by="ana", reason="prod: down")
        again = break_glass(first.text, FILE, until=NOW.replace(hour=20), by="bo", reason="still down, #1")
        assert first.text.count("2026-11-24T18:00:00Z") == again.text.count("2026-11-24T20:00:00Z") == 1
        assert "18:00" not in again.text
        assert first.first_line == first.last_line == again.first_line == again.last_line
        assert end_break_glass(again.text, FILE).text == laid.text, seed


def test_the_policies_are_as_various_as_they_should_be() -> None:
    laid = [policy(Random(seed)) for seed in SEEDS]
    assert {one.style for one in laid} == {
        "block",
        "row",
        "tall",
        "crowded",
        "comma-first",
        "empty",
        "missing",
        "flow",
        "json",
    }
    for needle in (
        "\ufeff",
        "\r\n",
        "---",
        "...",
        "|+",
        "\n- ",
        "\n    - ",
        "# - github.com",
        "approved: []",
        "approved:\n",
    ):
        assert any(needle in one.text for one in laid), needle
    assert any(not one.text.endswith("\n") for one in laid)
