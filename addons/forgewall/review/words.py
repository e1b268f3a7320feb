"""Text as searches see it: words in lower case, without punctuation. The index and `filters.matches` share it, so that
both find the same.

A word of a search may hold punctuation (`acme/api`): its parts must then stand side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_PARTS = re.compile(r"[^\W_]+")
MAX_ASKED = 16
"""Words of a search that count; a longer question finds no less."""
_MAX_LENGTH = 64


def folded(text: str) -> str:
    """The words of `text`, folded, with one space between them."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join([part[:_MAX_LENGTH] for part in _PARTS.findall(text.casefold())])


def asked(text: str) -> tuple[str, ...]:
    """What a search for `text` wants to find, each as `folded`. The last one may be the beginning of a word."""
    return tuple(word for part in text.split()[:MAX_ASKED] if (word := folded(part)))


def found(wanted: tuple[str, ...], text: str) -> bool:
    """Whether all of `wanted` (as `asked` gives them) stand in `text`, which is `folded`."""
    if not wanted:
        return True
    within = f" {text} "
    return all(padded(word, begins=word is wanted[-1]) in within for word in wanted)


def padded(word: str, begins: bool) -> str:
    """What stands in a folded text between two spaces where `word` is in it; `begins`: as the beginning of a word."""
    return f" {word}" if begins else f" {word} "


def question(wanted: Sequence[tuple[str, bool]]) -> str:
    """All of `wanted` in the language of FTS5 (https://sqlite.org/fts5.html section 3); nothing in it has a meaning
    there. With each goes whether it is but the beginning of a word.

    It is meant for the tokenizer `ascii`, which splits at spaces and leaves all else as it is.
    """
    return " AND ".join([f'"{word}"*' if begins else f'"{word}"' for word, begins in wanted])
