"""How the commands write to people: one way to tell what the other end can show, one rich Console for all of them, and
one way to make others' text harmless.

Everything in an event may be an attacker's: `safe` comes between it and any output, and rich never reads markup, emoji
codes or links in what it prints. rich is imported when a table is drawn, not
before: it takes longer than reading a log.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from forgewall.record import redact

if TYPE_CHECKING:
    from rich.console import Console

LIMIT = 1024
"""Characters of one text that are shown; the log holds no longer ones unless somebody else wrote to it."""
_MOST_MARKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a stream's other end can show. `tables`: it is a terminal that can be laid out on; `width` is its columns.

    `symbols`: its encoding has block characters and arrows.
    """

    tables: bool
    colour: bool
    symbols: bool
    width: int


def look(stream: TextIO | None = None) -> Look:
    """What `stream` (standard output if None) can show.

    Colour is for terminals. NO_COLOR (https://no-color.org) takes it away, FORCE_COLOR (https://force-color.org) gives
    it to pipes, and a terminal that is dumb gets neither it nor a layout.
    """
    stream = sys.stdout if stream is None else stream
    terminal = stream.isatty() and os.environ.get("TERM", "") != "dumb"
    forced = bool(os.environ.get("FORCE_COLOR"))
    return Look(
        tables=terminal,
        colour=(terminal or forced) and not os.environ.get("NO_COLOR"),
        symbols=_can_encode(stream, "█…→"),
        width=max(40, shutil.get_terminal_size((100, 24)).columns),
    )


def console(stream: TextIO | None = None) -> Console:
    """The rich Console for `stream` (standard output if None): as wide as the terminal, endless in pipes."""
    from rich.console import Console  # noqa: PLC0415 - takes longer to import than most commands run

    stream = sys.stdout if stream is None else stream
    shown = look(stream)
    never_fail_on(stream)
    return Console(
        file=stream,
        width=shown.width if shown.tables else 1_000_000,
        color_system="standard" if shown.colour else None,
        no_color=not shown.colour,
        force_terminal=shown.tables or shown.colour,
        force_interactive=shown.tables,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        soft_wrap=not shown.tables,
    )


def safe(text: str, limit: int = LIMIT) -> str:
    """`text` on one line, at most `limit` characters, with nothing that could steer a terminal or hide from a reader.

    Besides what `record.redact.printable` replaces, invisible letters are made visible, and of combining marks only two
    stay on a letter.
    """
    text = redact.printable(text[: limit * 4 + 1], limit)
    if not text.isascii():
        text = _without_heaps(redact.INVISIBLE.sub("\ufffd", text))
    return text


def never_fail_on(stream: TextIO) -> None:
    """Has `stream` write `?` for what its encoding lacks, instead of ending the output."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _without_heaps(text: str) -> str:
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _can_encode(stream: TextIO, symbols: str) -> bool:
    try:
        symbols.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
