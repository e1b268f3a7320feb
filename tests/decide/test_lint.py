"""Warnings on policies that can be used."""

from __future__ import annotations

from datetime import UTC, datetime

from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def found(text: str) -> list[str]:
    return [str(problem) for problem in warnings(load(text, "p.yaml", NOW), NOW) if problem.code != "untested"]


def test_expired_repeated_and_futile_entries_are_told() -> None:
    text = """version: 1
approved:
  - github.com/a
  - github.com/A
  - {repo: github.com/b, expires: 2026-06-30}
  - {repo: github.com/b, allow: [push]}
  - {repo: github.com/b, allow: [issue]}
  - github.com/c/d
  - {repo: github.com/e, who: [os, osss@x, ana]}
forbidden:
  - github.com/c
  - github.com/C
groups: {oss: [ana]}
tests: [{do: git push https://github.com/x/y, expect: block}]
"""
    assert found(text) == [
        "p.yaml:4:1: `github.com/A` stands here a second time, first in line 3 (remove one)",
        "p.yaml:5:1: the approval of github.com/b expired at the end of 2026-06-30 (renew or remove the entry)",
        "p.yaml:8:1: `github.com/c/d` is approved in vain: line 11 forbids github.com/c (remove one of the two)",
        "p.yaml:9:1: `os` is no group and counts as a user's name (did you mean `oss`?)",
        "p.yaml:12:1: `github.com/C` is forbidden here a second time, first in line 11 (remove one)",
        "p.yaml:13:1: no entry is for the group `oss` (name it in `who`, or remove it)",
    ]


def test_a_test_that_expiry_broke_is_told() -> None:
    text = """version: 1
approved: [{repo: github.com/b, expires: 2026-06-30}]
tests: [{do: git push https://github.com/b/x, expect: allow}]
"""
    assert found(text)[1] == (
        "p.yaml:3:1: the test `git push https://github.com/b/x` fails because an approval has expired "
        "(renew the approval, or change the test)"
    )


def test_a_visibility_that_is_never_told_and_a_date_to_come_are_told() -> None:
    text = """version: 1
approved:
  - {repo: git.sr.ht/~ana/x, visibility: private}
  - {address: gist.github.com/acme, visibility: private}
  - {address: gitlab.com/-/snippets, visibility: private}
  - {repo: github.com/acme, visibility: private, confirmed: 2026-07-01}
  - {repo: github.com/later, confirmed: 2026-07-03}
  - {repo: github.com/read, allow: [fetch], visibility: private}
  - {repo: github.com/read/more}
"""
    never = "is never met: nobody tells who can see gists and snippets (remove `visibility`, or the entry)"
    assert found(text) == [
        f"p.yaml:4:1: `visibility` of `gist.github.com/acme` {never}",
        "p.yaml:5:1: `gitlab.com/-/snippets` approves what anybody can make there (remove it)",
        f"p.yaml:5:1: `visibility` of `gitlab.com/-/snippets` {never}",
        "p.yaml:7:1: `confirmed` of `github.com/later` is still to come: moves that nobody has seen yet won't count "
        "(write the day on which you looked)",
        "p.yaml:8:1: `github.com/read` admits nothing: it names no write, and `reads: allow` holds for every read "
        "(see `allow`, or remove the entry)",
        "p.yaml:8:1: `visibility` of `github.com/read` never counts: the entry admits no write (see `allow`)",
    ]
