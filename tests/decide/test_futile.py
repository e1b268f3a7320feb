"""Warnings on words about uploads that never count."""

from __future__ import annotations

from datetime import UTC, datetime

from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def found(text: str) -> list[str]:
    told = [
        problem
        for problem in warnings(load(text, "p.yaml", NOW), NOW)
        if problem.code not in {"untested", "shadowed", "unreachable"}
    ]
    return [str(problem).removeprefix("p.yaml:") for problem in told]


def test_entries_that_promise_more_than_they_do_are_told() -> None:
    text = """version: 1
approved:
  - {repo: github.com/a, allow: [issue], refs: [main], force: block}
  - {repo: github.com/b, allow: [fetch], content: {pdf: log}}
  - {repo: github.com/c, inspect: off, content: {pdf: block}, force: log, refs: [main]}
  - {repo: github.com/d, inspect: off, allow: [push], refs: [main]}
  - {repo: github.com/e, inspect: headers, content: {pdf: block, office: allow, paths: {"*.pem": block}}}
  - {repo: github.com/f, content: {paths: {"*.k*": log, "a/*.key": block, "x?z": log, "x*z": log, "**/b": log}}}
  - {repo: github.com/g, allow: [contents], refs: [main], deletes: block}
content: {secrets: block, paths: {"*.kdbx": block}}
"""
    assert found(text) == [
        "3:1: `refs` of `github.com/a` limits nothing: no operation that it allows changes a ref (remove `refs`)",
        "3:1: `force` of `github.com/a` limits nothing: the entry allows no push (remove `force`)",
        "4:1: how uploads to `github.com/b` are examined never counts: the entry admits no write (see `allow`)",
        "5:1: `content` of `github.com/c` never counts: `inspect: off` looks at nothing (write inspect: full)",
        "5:1: `force: log` of `github.com/c` never counts: `inspect: off` reads no commits (write inspect: full)",
        "7:1: `content` of `github.com/e` never counts but for `paths`: `inspect: headers` reads no contents "
        "(write inspect: full)",
        "8:1: `a/*.key` in `paths` never decides: `*.k*` stands before it (change their order)",
    ]


def test_general_sections_that_never_count_are_told() -> None:
    text = """version: 1
approved: [github.com/a]
defaults: {inspect: off, force: log}
content:
  paths:
    "*": log
    "*.kdbx": block
limits: {unapproved: 1MiB/1h, per_client: 1MiB/1h}
"""
    assert found(text) == [
        "4:1: `content` never counts: `inspect: off` looks at nothing (write inspect: full)",
        "7:1: `*.kdbx` in `paths` never decides: `*` stands before it (change their order)",
        "8:1: `unapproved` limits nothing: `defaults` block such writes (remove it)",
    ]


def test_what_counts_somewhere_is_not_told() -> None:
    assert found("version: 1\ndefaults: {writes: log}\nlimits: {unapproved: 1MiB/1h}\n") == []
    assert found("version: 1\nmode: observe\nlimits: {unapproved: 1MiB/1h}\n") == []
    assert (
        found(
            "version: 1\ndefaults: {inspect: off, force: log}\ncontent: {pdf: block}\n"
            "approved: [{repo: github.com/a, inspect: full}]\n"
        )
        == []
    )
    own = 'approved: [{repo: github.com/a, content: {paths: {"*": allow}}}]\ncontent: {paths: {"*.kdbx": block}}\n'
    assert found(f"version: 1\n{own}") == []


def test_repeated_entries_are_told_wherever_they_stand() -> None:
    text = """version: 1
approved:
  - {repo: github.com/a, content: {pdf: log}}
  - {repo: github.com/a, content: {pdf: log}}
  - {repo: github.com/a, content: {pdf: block}}
"""
    assert found(text) == ["4:1: `github.com/a` stands here a second time, first in line 3 (remove one)"]
