"""Entries that never decide: what is told is true, which taking the entry out proves, and what is near is not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgewall.decide.engine import decide
from forgewall.decide.lint import warnings
from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Effect, Kind, Operation, Subject, Target, Visibility

NOW = datetime(2026, 7, 1, tzinfo=UTC)
CODES = {"unreachable", "shadowed", "duplicate"}


def found(approved: str, more: str = "") -> list[str]:
    """What is said of the entries, each on a line of its own from 3 on."""
    text = f"version: 1\napproved:\n{approved}{more}"
    told = [problem for problem in warnings(load(text, "p.yaml", NOW), NOW) if problem.code in CODES]
    return [f"{problem.line} {problem.code}: {problem.message}" for problem in told]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("", "allow: [push]", "4 unreachable: `github.com/a` never counts: line 3 admits all that this entry does"),
        ("", "who: [ana]", "4 unreachable"),
        ("", "visibility: private", "4 unreachable"),
        ("", "expires: 2026-08-01", "4 unreachable"),
        ("", "content: {pdf: block}", "4 unreachable"),
        ("who: [ana], allow: [push]", "who: [ana]", "3 unreachable"),
        ("who: [10.1.0.0/16]", "who: [10.0.0.0/8]", "3 unreachable"),
        ("who: [10.1.2.3]", "who: [10.1.0.0/16, bob]", "3 unreachable"),
        ("who: [ana]", "who: [team]", "3 unreachable"),
        ("expires: 2026-08-01", "expires: 2026-09-01", "3 unreachable"),
        ("max_upload: 1MiB", "max_upload: 2MiB", "3 unreachable"),
        ("refs: [main]", "", "3 unreachable"),
        ("refs: [main, dev]", "refs: [dev]", "4 unreachable"),
        ("owner: x", "owner: y", "4 unreachable"),
        ("who: [nobody]", "", "3 unreachable"),
        ("", "", "4 duplicate: `github.com/A` stands here a second time, first in line 3"),
        ("content: {pdf: log}", "content: {pdf: log}", "4 duplicate"),
    ],
)
def test_an_alternative_that_is_outdone_is_told(first: str, second: str, said: str) -> None:
    entries = "".join(f"  - {{repo: github.com/{name}, {words}}}\n" for name, words in (("a", first), ("A", second)))
    entries = entries.replace(", }", "}").replace(
        "github.com/A", "github.com/A" if said.startswith("4 duplicate:") else "github.com/a"
    )
    told = found(entries, "groups: {team: [ana, bob], nobody: []}\n")
    assert any(line.startswith(said) for line in told)
    assert {line[0] for line in told} == {said[0]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("allow: [push]", "allow: [issue]"),
        ("who: [ana]", "who: [bob]"),
        ("who: [ana]", "who: [10.0.0.1]"),
        ("who: [10.0.0.0/8, ana]", "who: [10.0.0.0/16, bob]"),
        ("who: [10.0.0.0/8]", "who: ['2001:db8::/32']"),
        ("visibility: private", "visibility: internal"),
        ("allow: [push], expires: 2026-09-01", "expires: 2026-08-01"),
        ("allow: [push], max_upload: 2MiB", "max_upload: 1MiB"),
        ("allow: [push], max_upload: 1KiB", ""),
        ("allow: [push], over: log", ""),
        ("allow: [push], mode: observe", ""),
        ("allow: [push], confirmed: 2026-06-01", ""),
        ("allow: [push]", "refs: [main]"),
        ("refs: [main]", "refs: [dev]"),
        ("allow: [push]", "deletes: block"),
        ("deletes: block", "allow: [push]"),
        ("allow: [push], content: {pdf: block}", ""),
        ("who: [ana], content: {pdf: allow}", "content: {pdf: block}"),
    ],
)
def test_an_alternative_that_counts_is_not_told(first: str, second: str) -> None:
    entries = "".join(f"  - {{repo: github.com/a, {words}}}\n" for words in (first, second)).replace(", }", "}")
    assert found(entries) == []


@pytest.mark.parametrize(
    ("above", "below", "told"),
    [
        ("", "", True),
        ("", "expires: 2026-08-01", True),
        ("", "owner: ana", True),
        ("who: [ana], allow: [push]", "who: [ana], allow: [push]", True),
        ("force: block", "force: block", True),
        ("", "allow: [push]", False),
        ("", "who: [ana]", False),
        ("", "max_upload: 1MiB", False),
        ("", "confirmed: 2026-06-01", False),
        ("", "mode: observe", False),
        ("", "id: 7", False),
        ("", "content: {pdf: block}", False),
        ("expires: 2026-08-01", "", False),
        ("expires: 2026-08-01", "expires: 2026-09-01", False),
        ("expires: 2026-06-01", "", False),
    ],
)
def test_what_a_broader_address_says_too_is_told(above: str, below: str, told: bool) -> None:
    entries = f"  - {{repo: github.com/a, {above}}}\n  - {{repo: github.com/a/b, {below}}}\n".replace(", }", "}")
    said = ["4 shadowed: `github.com/a/b` changes nothing: line 3 says the same of github.com/a"]
    assert found(entries) == (said if told else [])


def test_the_next_broader_address_is_compared_and_no_other() -> None:
    entries = "  - gitlab.com/a\n  - {repo: gitlab.com/a/b, allow: [push]}\n  - gitlab.com/a/b/c\n"
    assert found(entries) == []
    both = "  - {repo: github.com/a, allow: [push]}\n  - {repo: github.com/a, allow: [issue]}\n"
    again = both.replace("github.com/a", "github.com/a/b")
    assert [line[:10] for line in found(both + again)] == ["5 shadowed"]
    assert found(both + again.replace("issue", "comment")) == []


def test_an_entry_that_only_reads_is_told_where_it_takes_nothing_away() -> None:
    entry = "  - {repo: github.com/a/b, allow: [fetch]}\n"
    assert found(entry)[0].startswith("3 unreachable: `github.com/a/b` admits nothing")
    assert found(entry + "  - github.com/a\n") == []
    assert found(entry, "defaults: {reads: approved-only}\n") == []


def test_below_a_forbidden_address_only_reads_are_left() -> None:
    entry, forbidden = "  - github.com/a/b\n", "forbidden: [github.com/a]\n"
    assert found(entry, forbidden) == [
        "3 unreachable: `github.com/a/b` is approved in vain: line 4 forbids github.com/a"
    ]
    assert found(entry, forbidden + "defaults: {reads: approved-only}\n") == []


def test_prohibitions_that_another_makes_needless_are_told() -> None:
    forbidden = """forbidden:
  - github.com/a
  - github.com/a/b
  - {repo: github.com/a/c, reason: it is public}
  - github.com/A/B
"""
    assert found("", forbidden) == [
        "5 shadowed: `github.com/a/b` is forbidden already: line 4 forbids github.com/a",
        "7 duplicate: `github.com/A/B` is forbidden here a second time, first in line 5",
    ]


def test_an_id_is_not_lost_by_following_a_hint() -> None:
    text = "version: 1\napproved:\n  - github.com/a/b\n  - {repo: github.com/a/b, id: 7}\n"
    assert [problem.hint for problem in warnings(load(text, "p.yaml", NOW), NOW)][1:] == ["join the two"]


# -- what is told is true ---------------------------------------------------------------------------------------------

WORDS = st.fixed_dictionaries(
    {},
    optional={
        "allow": st.sampled_from(["[push]", "[code]", "[issue, push]", "[fetch]", "[visibility, push]"]),
        "who": st.sampled_from(
            ["[ana]", "[ana, bob]", "[10.0.0.0/8]", "[10.1.0.0/16]", "[10.1.0.0/16, ana]", "[none]"]
        ),
        "visibility": st.sampled_from(["private", "[private, internal]"]),
        "max_upload": st.sampled_from(["10", "20"]),
        "over": st.sampled_from(["log", "block"]),
        "refs": st.sampled_from(["[main]", "[main, dev]"]),
        "deletes": st.sampled_from(["block", "log"]),
        "mode": st.just("observe"),
        "expires": st.sampled_from(["2026-06-01", "2026-08-01", "2026-09-01"]),
        "content": st.sampled_from(["{pdf: block}", "{pdf: log}"]),
        "owner": st.just("x"),
    },
)
SUBJECTS = (
    Subject(client="10.1.2.3"),
    Subject(client="10.9.9.9", user="ana"),
    Subject(client="192.0.2.1", user="bob"),
    Subject(client="192.0.2.1"),
)
REFS = (
    (),
    (RefUpdate(name="refs/heads/main", action=RefAction.UPDATE),),
    (RefUpdate(name="refs/heads/dev", action=RefAction.DELETE),),
)
TIMES = tuple(NOW + timedelta(days=days) for days in (0, 45, 100))


def everything(policy: Policy) -> list[object]:
    """What a policy says of many requests, but for which rule said so."""
    said: list[object] = []
    for subject, refs, seen_by, operation, size, now in product(
        SUBJECTS, REFS, (None, *Visibility), (Operation.PUSH, Operation.ISSUE), (5, 15, 99), TIMES
    ):
        target = Target(
            kind=Kind.GITHUB,
            host="github.com",
            address="github.com/a/b",
            key="github.com/a/b",
            owner="a",
            repository="b",
            operation=operation,
            effect=Effect.WRITE,
            visibility=seen_by,
            evidence="",
        )
        verdict = decide(policy, target, subject, size, now, refs if operation is Operation.PUSH else ())
        scrutiny = verdict.scrutiny
        said.append(
            (
                verdict.action,
                verdict.would_action,
                verdict.max_upload,
                verdict.over,
                scrutiny.observing,
                scrutiny.content.kinds if verdict.rule.startswith("approved") else None,
                scrutiny.refs if verdict.rule.startswith("approved") else None,
            )
        )
    return said


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["github.com/a", "github.com/a/b"]), WORDS), min_size=2, max_size=4))
def test_an_entry_that_is_told_can_go_and_nothing_changes(entries: list[tuple[str, dict[str, str]]]) -> None:
    lines = [
        f"  - {{{', '.join(f'{name}: {word}' for name, word in {'repo': address, **words}.items())}}}"
        for address, words in entries
    ]
    head, tail = ["version: 1", "approved:"], ["groups: {none: []}"]
    whole = load("\n".join([*head, *lines, *tail]), "p.yaml", NOW)
    told = [problem for problem in warnings(whole, NOW) if problem.code in CODES]
    if not told:
        return
    problem = told[0]  # each is true of the policy as it is: of two that say the same only one can go
    rest = [line for number, line in enumerate(lines, 3) if number != problem.line]
    if problem.code == "shadowed":
        address = entries[problem.line - 3][0]
        rest = [line for line, (where, _) in zip(lines, entries, strict=True) if where != address]
    without = load("\n".join([*head, *rest, *tail]), "p.yaml", NOW).policy
    assert everything(without) == everything(whole.policy), (problem, lines)
