"""Words of `who` and `groups` that don't mean what they seem to."""

from __future__ import annotations

from datetime import UTC, datetime

from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def found(text: str) -> list[str]:
    return [
        f"{problem.line} {problem.message} ({problem.hint})"
        for problem in warnings(load(f"version: 1\n{text}", "p.yaml", NOW), NOW)
        if problem.code == "group"
    ]


def test_a_group_misspelled_a_group_unused_and_a_group_of_nobody_are_told() -> None:
    text = """approved:
  - {repo: github.com/a, who: [releaze, ana, ana@release]}
  - {repo: github.com/b, who: [staff]}
  - {repo: github.com/c, who: [release, empty]}
  - {repo: github.com/d, who: empty}
groups:
  release: [bob]
  staff: []
  empty: []
  old: [10.0.0.0/8]
"""
    assert found(text) == [
        "3 `releaze` is no group and counts as a user's name (did you mean `release`?)",
        "4 `github.com/b` is approved for nobody: nobody is in `staff` (fill the group)",
        "6 `github.com/d` is approved for nobody: nobody is in `empty` (fill the group)",
        "11 no entry is for the group `old` (name it in `who`, or remove it)",
    ]


def test_users_alone_are_fine() -> None:
    assert found("approved: [{repo: github.com/a, who: [ana, 10.0.0.1]}]\n") == []
