"""Answers a shell that asks, by argcomplete's protocol, how a command line may go on.

It must be quick: only the named command's parser is made, and the index is asked as it stands.
"""

from __future__ import annotations

import argparse
import os
import shlex
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from forgewall.errors import ForgewallError

_MOST = 40
"""Cases that are offered, those seen last."""
_TAKE_CASES = frozenset({"show", "approve", "mute", "triage"})


def answer() -> None:
    """Writes what the shell asked for and ends the process, or does nothing where no shell asked."""
    import argcomplete  # noqa: PLC0415 - only a shell's question needs it

    from forgewall.cli import commands  # noqa: PLC0415

    line = os.environ.get("COMP_LINE", "")
    try:
        words = shlex.split(line)
    except ValueError:  # within quotes
        words = line.split()
    named = words[1:2] if len(words) > 2 or line.endswith((" ", "\t")) else []
    parser = commands.parser(named, completing=True)
    if named and named[0] in _TAKE_CASES:
        _offer_cases(parser)
    argcomplete.autocomplete(parser, always_complete_options=False)


def _offer_cases(parser: argparse.ArgumentParser) -> None:
    """Has the words that stand alone in `parser`'s commands completed by cases, unless they are words of a list."""
    for commands in (action for action in parser._actions if isinstance(action, argparse._SubParsersAction)):
        for command in commands.choices.values():
            for action in command._actions:
                if not action.option_strings and action.choices is None:
                    action.completer = open_cases


def open_cases(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """The ids of open cases that begin with `prefix`, the one seen last first; the index is not brought up to date."""
    from forgewall.review.case import State  # noqa: PLC0415
    from forgewall.review.filters import Filters  # noqa: PLC0415
    from forgewall.review.store import INDEX, Store  # noqa: PLC0415

    events = getattr(parsed_args, "events", None) or Path("events")
    file = getattr(parsed_args, "index", None) or events / INDEX
    if not file.is_file():
        return []
    with suppress(ForgewallError), Store(events, file=file, clock=lambda: datetime.now(UTC)) as store:
        found = store.cases(Filters(state=(State.OPEN,)), limit=_MOST)
        return [case.id for case in found if case.id.startswith(prefix)]
    return []
