"""The exceptions people may meet, by whose fault they are: the admin's policy, the command line, or the machine.

Each carries sentences a person can act on; none is raised for an unknown request, which is a value (``unidentified``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ForgewallError(Exception):
    """Base of all errors that are reported to a person instead of a traceback."""

    exit_code = 3


class UsageError(ForgewallError):
    """The command line doesn't make sense."""

    exit_code = 2


class StartError(ForgewallError):
    """The proxy can't serve: port taken, CA unusable, log not writable, self-test failed."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a policy file: where it stands, what was found, and the nearest right word if there is one.

    `line` and `column` count from 1. `message` is one sentence, user text in backticks, no line break. `code` is a
    stable word for a warning's kind (`decide.remark.Code`), '' for an error.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    code: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class PolicyError(ForgewallError):
    """A policy file that can't be used; `problems` lists all that is wrong, in file order."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
