"""Entries without a test: counted by what decided, told one by one or, where there are many, as one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.coverage import MOST_TOLD
from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def found(text: str) -> list[str]:
    told = [
        problem for problem in warnings(load(f"version: 1\n{text}", "p.yaml", NOW), NOW) if problem.code == "untested"
    ]
    return [f"{problem.line} {problem.message}" for problem in told]


ENTRIES = """approved:
  - github.com/a
  - {repo: github.com/a/b, allow: [push], max_upload: 1KiB, refs: [main], who: [ana]}
  - {repo: github.com/a/b, allow: [issue]}
forbidden:
  - github.com/a/c
defaults: {reads: approved-only}
tests:
"""
A, PUSH, ISSUE, C = (
    f"{line} no test is decided by `{rule}`"
    for line, rule in (
        (3, "approved/github.com/a"),
        (4, "approved/github.com/a/b"),
        (5, "approved/github.com/a/b"),
        (6, "forbidden/github.com/a/c"),
    )
)
C = C.replace("6 ", "7 ")


@pytest.mark.parametrize(
    ("test", "left"),
    [
        ("git push https://github.com/a/x, expect: allow", [PUSH, ISSUE, C]),
        ("git push https://github.com/a/x 1GiB, expect: block", [PUSH, ISSUE, C]),
        ("git clone https://github.com/a/x, expect: allow", [PUSH, ISSUE, C]),
        ("git push https://github.com/a/c, expect: block", [A, PUSH, ISSUE]),
        ("git clone https://github.com/a/c, expect: allow", [PUSH, ISSUE, C]),
        ("git push https://github.com/a/b, user: ana, expect: allow", [A, ISSUE, C]),
        ("git push https://github.com/a/b 2KiB, user: ana, expect: block", [A, ISSUE, C]),
        ("git push https://github.com/a/b dev, user: ana, expect: block", [A, ISSUE, C]),
        ("git push https://github.com/a/b, expect: block", [A, PUSH, ISSUE, C]),
        ("POST https://api.github.com/repos/a/b/issues, expect: allow", [A, PUSH, C]),
        ("git push https://github.com/x/y, expect: block", [A, PUSH, ISSUE, C]),
        ("git push https://github.com:8443/a/x, expect: block", [A, PUSH, ISSUE, C]),
        ("GET https://www.example.org/, expect: allow", [A, PUSH, ISSUE, C]),
    ],
)
def test_an_entry_is_covered_by_the_tests_that_it_decides(test: str, left: list[str]) -> None:
    assert found(f"{ENTRIES}  - {{do: {test}}}\n") == left


def test_a_policy_without_tests_is_told_once() -> None:
    assert found("approved: [github.com/a, github.com/b]\n") == [
        "1 the policy has no `tests`: nothing shows that it does what it is meant to"
    ]
    assert found("mode: observe\n") == []


def test_what_has_to_go_needs_no_test() -> None:
    text = """approved:
  - github.com/a
  - github.com/A
  - github.com/a/b
  - {repo: github.com/c, expires: 2026-06-30}
  - {repo: github.com/d/e}
forbidden: [github.com/d]
tests: [{do: git push https://github.com/a/x, expect: allow}, {do: git push https://github.com/d/x, expect: block}]
"""
    assert found(text) == []


def test_many_are_one_line() -> None:
    def policy(count: int) -> str:
        entries = "".join(f"  - github.com/org-{number}\n" for number in range(count))
        return (
            f"approved:\n  - github.com/a\n{entries}tests: [{{do: git push https://github.com/a/x, expect: allow}}]\n"
        )

    assert len(found(policy(MOST_TOLD))) == MOST_TOLD
    assert found(policy(MOST_TOLD + 1)) == [f"4 {MOST_TOLD + 1} entries have no test, the first is `github.com/org-0`"]


def test_a_broken_glass_covers_nothing_else() -> None:
    glass = "break_glass: {until: '2026-07-01T13:00:00Z', by: ana, reason: INC-7}\n"
    assert found(
        f"{glass}{ENTRIES.replace('line', '')}  - {{do: git push https://github.com/a/x, expect: allow}}\n"
    ) == [line.replace(line[0], str(int(line[0]) + 1), 1) for line in (PUSH, ISSUE, C)]
