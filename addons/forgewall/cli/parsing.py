"""The command line's parser: help whose examples keep their lines, and mistakes that name the nearest right word."""

from __future__ import annotations

import argparse
import difflib
import itertools
import re
import textwrap
from collections.abc import Iterable
from typing import Any, NoReturn

from forgewall.cli.terminal import safe

_CHOICE = re.compile(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", re.DOTALL)


class Formatter(argparse.HelpFormatter):
    """Wraps paragraphs, and leaves lines alone that begin with a space: they are examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for is_paragraph, group in itertools.groupby(text.strip("\n").split("\n"), lambda line: line[:1].strip() != ""):
            if is_paragraph:
                lines += textwrap.wrap(" ".join(group), width, initial_indent=indent, subsequent_indent=indent)
            else:
                lines += [f"{indent}{line}".rstrip() for line in group]
        return "\n".join(lines)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence and the way to help. Parsers of commands inherit it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", Formatter)
        super().__init__(*args, **options)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, but an unknown option is told by the command it was given to. Exits with 2."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            command = self._command(getattr(parsed, "command", None))
            command.error(command._unknown(rest[0]))
        return parsed

    def error(self, message: str) -> NoReturn:
        """Ends with exit code 2 and a sentence."""
        if choice := _CHOICE.fullmatch(message):
            known = re.findall(r"[^\s,']+", choice[3])
            message = f"`{choice[2]}` is no {choice[1].strip('-').lower()}{hint(choice[2], known)}"
        self.exit(2, f"{self.prog}: {safe(message)}\n`{self.prog} --help` tells what there is\n")

    def _command(self, name: str | None) -> Parser:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and name in action.choices:
                found = action.choices[name]
                assert isinstance(found, Parser)
                return found
        return self

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"`{word}` is one word too many"
        option = word.partition("=")[0]
        return f"`{option}` is no option{hint(option, self._option_string_actions)}"


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the word of `known` that is nearest to `word`, else nothing."""
    near = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def examples(*pairs: tuple[str, str]) -> str:
    """The end of a command's help: each example with what it does."""
    longest = max(len(command) for command, _ in pairs)
    if longest > 46:
        lines = [f"  {command}\n      {what}" for command, what in pairs]
    else:
        lines = [f"  {command:<{longest}}  {what}" for command, what in pairs]
    return "\n".join(["examples:", *lines])
