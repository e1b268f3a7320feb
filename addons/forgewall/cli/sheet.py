"""A page of facts for a terminal: sections of labelled lines. On a terminal long lines fold beside their label; in a
pipe each stays one line. All texts are made safe here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from forgewall.cli import terminal

_LABEL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A text with what it is; without a label it goes on below the one before. `style` is a rich style."""

    label: str = ""
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Facts below a title; without a title they go on from the section before."""

    title: str
    facts: tuple[Fact, ...]


def draw(sections: Sequence[Section], stream: TextIO | None = None) -> None:
    """Prints the sections that have facts to `stream` (standard output if None)."""
    stream = sys.stdout if stream is None else stream
    shown = terminal.look(stream)
    terminal.never_fail_on(stream)
    for number, section in enumerate(one for one in sections if one.facts):
        if number:
            print(file=stream)
        if section.title:
            _line([(section.title, "bold")], 0, stream, shown)
        for fact in section.facts:
            label = f"  {terminal.safe(fact.label, 40):<{_LABEL}}" if section.title else ""
            _line([(label, "dim"), (terminal.safe(fact.text), fact.style)], len(label), stream, shown)


def _line(parts: Sequence[tuple[str, str]], indent: int, stream: TextIO, shown: terminal.Look) -> None:
    """Prints `parts` with their styles; what doesn't fit goes on at `indent`."""
    if not shown.tables and not shown.colour:
        print("".join(text for text, _ in parts).rstrip(), file=stream)
        return
    from rich.text import Text  # noqa: PLC0415 - rich is for what needs it

    console = terminal.console(stream)
    label, text = Text.assemble(*parts[:-1]), Text(*parts[-1])
    lines = [text] if not shown.tables else list(text.wrap(console, max(20, console.width - indent), overflow="fold"))
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(label + line if number == 0 else Text(" " * indent) + line, soft_wrap=True)
