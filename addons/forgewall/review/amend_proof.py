"""The proof of an edit: the new text is parsed, and its words are the old ones but for exactly the change wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from forgewall.review.amend_error import AmendError
from forgewall.review.amend_outline import Outline, Token, ends_with_break, outline
from forgewall.review.amend_place import Edit, apply
from forgewall.review.amend_words import matters


class Change(NamedTuple):
    """At token `at` of the old text, `gone` tokens give way to `new`."""

    at: int
    gone: int
    new: list[Token]


def proved(view: Outline, file: str, edits: Sequence[Edit], changes: Sequence[Change]) -> str:
    """The text of `view` with `edits` made. Raises AmendError unless it says what `changes` make of the old one."""
    text = apply(view.text, edits)
    try:
        found = outline(_ended(text, view.newline)).tokens
        old = outline(_ended(view.text, view.newline)).tokens if not ends_with_break(view.text) else view.tokens
    except ValueError as error:
        raise AmendError(file, None, f"the edited policy can't be read: {error}", "edit the file by hand") from None
    expected: list[Token] = []
    done = 0
    for at, gone, new in sorted(changes):
        expected += old[done:at]
        here = found[len(expected) : len(expected) + len(new)]
        expected += here if all(map(_alike, here, new)) and len(here) == len(new) else new
        done = at + gone
    expected += old[done:]
    if found != expected:
        sentence = "the edit would change more than it should, so it isn't made"
        raise AmendError(file, None, sentence, "edit the file by hand")
    return text


def _alike(found: Token, wanted: Token) -> bool:
    """Whether a written word is the one meant; quotes count only where they make a difference."""
    if found.kind in "[]{}" or wanted.kind in "[]{}" or matters(wanted.text):
        return found == wanted
    return found.text == wanted.text


def _ended(text: str, newline: str) -> str:
    """`text` with its last line ended, which alone changes the value of a block scalar that stands there."""
    return text if ends_with_break(text) else text + newline
