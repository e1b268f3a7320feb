"""What is wrong with a policy, for people and for programs: errors in file order, warnings by their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from forgewall.cli.terminal import safe
from forgewall.decide.remark import TITLES, Code
from forgewall.errors import Problem

MOST_SHOWN = 20
"""Warnings of one kind that people are shown; programs get all."""


def as_json(problems: Iterable[Problem], severity: str) -> list[dict[str, Any]]:
    """`problems` as objects; `severity` is `error` or `warning`."""
    return [
        {
            "severity": severity,
            "code": problem.code,
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def as_groups(warnings: Sequence[Problem]) -> Iterator[str]:
    """The lines of a list for people: each kind with its title, the gravest first, and an empty line between two.

    Warnings begin with `FILE:LINE: warning: `, where editors look for them, and end with their code.
    """
    first = True
    for code in Code:
        found = [warning for warning in warnings if warning.code == code]
        if not found:
            continue
        if not first:
            yield ""
        first = False
        yield f"{TITLES[code]} ({len(found):,}):"
        yield from map(_line, found[:MOST_SHOWN])
        if len(found) > MOST_SHOWN:
            yield f"… and {len(found) - MOST_SHOWN:,} more, which --json lists"


def _line(warning: Problem) -> str:
    hint = f" ({warning.hint})" if warning.hint else ""
    return f"{safe(warning.file)}:{warning.line}: warning: {safe(warning.message + hint)} [{warning.code}]"
