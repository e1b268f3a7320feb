"""Edits a policy as text: entries of `approved` come and go, the glass is broken and mended, nothing is dumped anew.

Each edit is proven before anybody sees it: the new text is parsed, and its words must be those of the old one and
exactly the change. Comments, quotes and layout of all other lines stay byte for byte. Not here: whether the policy is a
good one (`decide.load`), what else the change would do (`approval`), and the file on disk (`saving`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import dedent

from forgewall.decide.complaints import quote
from forgewall.decide.document import Node
from forgewall.identify.address import address_key, covers
from forgewall.review import amend_place as placing
from forgewall.review.amend_entry import (
    Existing,
    address_node,
    as_wished,
    checked_text,
    copied,
    existing,
    understood,
    until,
    wished,
)
from forgewall.review.amend_error import AmendError
from forgewall.review.amend_outline import Outline, Token, line_of, lines, outline
from forgewall.review.amend_place import Edit, OddLayout
from forgewall.review.amend_proof import Change, proved
from forgewall.review.amend_words import Item, Table, Word, block, flow, item_of, tokens
from forgewall.review.wish import Wish

__all__ = ["AmendError", "Amended", "Copy", "approve", "break_glass", "end_break_glass", "revoke"]

_BY_HAND = "edit the file by hand"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """The new `text`. `entry` are the lines that were written or removed, without their indentation.

    `first_line` and `last_line` bound them, from 1: in the new text what was written, in the old one what was removed.
    """

    text: str
    entry: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the entry of `approved` whose address stands in `line`, for another `address`.

    The longest matching address decides alone: an entry for github.com/acme/api must not take away what the one for
    github.com/acme grants there, so that is written again. Ids aren't copied, they name the old address. It ends at
    `expires` (aware), unless its original ends before; `reason` is written where that has none.
    """

    line: int
    address: str
    expires: datetime | None = None
    reason: str = ""


def approve(text: str, file: str, wishes: Sequence[Wish], copies: Sequence[Copy] = ()) -> Amended:
    """`text` with entries for `wishes` and then `copies` at the end of `approved`; `file` is its name in errors.

    Raises PolicyError where `text` can't be read, AmendError for a wish that can't be written and for a layout that
    only a person should edit.
    """
    bom, plain = _split(text)
    policy = existing(plain, file)
    view = _outlined(plain, file)
    items: list[Item] = []
    for wish in wishes:
        like = None
        if wish.like is not None:
            (place,) = _source(policy, Copy(line=wish.like, address=wish.address), 1)
            like = item_of(view.tokens_of(place))
        item = wished(wish, file, like)
        if not as_wished(understood(item, policy), wish):
            raise AmendError(file, None, f"the entry for {quote(wish.address)} would not mean what is wanted", _BY_HAND)
        items.append(item)
    counted = Counter(copies)
    taken: Counter[Copy] = Counter()
    for copy in copies:
        place = _source(policy, copy, counted[copy])[taken[copy]]
        taken[copy] += 1
        original = item_of(view.tokens_of(place))
        item = copied(original, copy.address, file, copy.line)
        items.append(until(item, copy.expires, copy.reason, file))
        understood(items[-1], policy)
    if not items:
        raise AmendError(file, None, "there is nothing to approve", "name an address")
    edits = _placed(file, lambda: placing.added(view, items))
    wanted = [token for item in items for token in tokens(item)]
    if (pair := view.pair("approved")) is None:
        section = [Token("plain", "approved"), Token("["), *wanted, Token("]")]
        change = Change(_section_after(view, edits[-1].start), 0, section)
    elif pair[1].listing:
        change = Change(pair[1].last - 1, 0, wanted)
    else:
        change = Change(pair[1].first, 1, [Token("["), *wanted, Token("]")])
    proven = proved(view, file, edits, [change])
    in_lines = edits[-1].new.lstrip().startswith(("- ", "approved:\n", "approved:\r"))
    shown = [line for item in items for line in (block(item, 0) if in_lines else [flow(item, json=view.json)])]
    return _written(bom, proven, edits, shown)


def revoke(text: str, file: str, address: str, line: int | None = None, *, others: Sequence[str] = ()) -> Amended:
    """`text` without the entries of `approved` for exactly `address`, or without that whose address is in `line`; and
    without those for the `others`.

    The comment beside an entry goes with it, those above and below stay. Raises like `approve`, and AmendError where
    there is no such entry.
    """
    bom, plain = _split(text)
    policy = existing(plain, file)
    view = _outlined(plain, file)
    places = sorted({place for one in (address, *others) for place in _named(policy, one, line)})
    pair = view.pair("approved")
    assert pair is not None
    value = pair[1]
    edits = _placed(file, lambda: placing.removed(view, places))
    entries = [value.children[place] for place in places]
    changes = [Change(entry.first, entry.last - entry.first, []) for entry in entries]
    if len(entries) == len(value.children) and not value.flow:
        changes = [Change(value.first, value.last - value.first, [Token("plain", "")])]
    spans = [(entry.start, entry.end) for entry in entries] if value.flow else [(one.start, one.end) for one in edits]
    return _taken(bom, view, proved(view, file, edits, changes), spans)


def break_glass(text: str, file: str, *, until: datetime, by: str, reason: str) -> Amended:
    """`text` with the line `break_glass:`, new or in place of the one there is. `until` is aware.

    Raises like `approve`.
    """
    bom, plain = _split(text)
    existing(plain, file)
    view = _outlined(plain, file)
    ends = f"{until.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
    said = Table(
        (
            (Word("until"), Word(ends, plain=True)),
            (Word("by"), Word(checked_text("by", by, file))),
            (Word("reason"), Word(checked_text("reason", reason, file))),
        )
    )
    line = flow(Table(((Word("break_glass"), said),)), json=view.json)[1:-1]
    if (pair := view.pair("break_glass")) is not None:
        edits = _placed(file, lambda: placing.replaced_section(view, "break_glass", flow(said, json=view.json), line))
        change = Change(pair[1].first, pair[1].last - pair[1].first, list(tokens(said)))
    else:
        edits = _placed(file, lambda: placing.new_section(view, line, ("version", "mode")))
        words = [Token("plain", "break_glass"), *tokens(said)]
        change = Change(_section_after(view, edits[-1].start), 0, words)
    return _written(bom, proved(view, file, edits, [change]), edits, [line])


def end_break_glass(text: str, file: str) -> Amended:
    """`text` without `break_glass:`. Raises like `approve`, and AmendError where there is none."""
    bom, plain = _split(text)
    existing(plain, file)
    view = _outlined(plain, file)
    pair = view.pair("break_glass")
    if pair is None:
        raise AmendError(file, None, "`break_glass` isn't set", "there is nothing to end")
    key, value = pair
    edits = _placed(file, lambda: placing.removed_section(view, "break_glass"))
    proven = proved(view, file, edits, [Change(key.first, value.last - key.first, [])])
    return _taken(bom, view, proven, [(key.start, value.end)])


def _split(text: str) -> tuple[str, str]:
    """The byte order mark, if there is one, and the text behind it."""
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def _outlined(text: str, file: str) -> Outline:
    try:
        return outline(text)
    except ValueError as error:
        raise AmendError(file, None, f"the policy can't be edited: {error}", _BY_HAND) from None


def _placed(file: str, place: Callable[[], list[Edit]]) -> list[Edit]:
    try:
        return place()
    except OddLayout as error:
        raise AmendError(
            file, error.line, "what stands here is laid out too unusually to be edited", _BY_HAND
        ) from None


def _section_after(view: Outline, index: int) -> int:
    """The token with which the first section behind character `index` begins."""
    keys = view.root.children[::2]
    return next((key.first for key in keys if key.start >= index), view.root.last - 1)


def _source(policy: Existing, copy: Copy, count: int) -> list[int]:
    """The places in `approved` of the entries to copy, of which `count` are wanted."""
    at = [place for place, item in enumerate(policy.items) if _line(item) == copy.line]
    if len(at) > 1:
        to = _key(policy, copy.address)
        keys = {place: key for place in at if covers(key := _key_of(policy, place), to)}
        longest = max(keys.values(), key=len, default="")
        at = [place for place, key in keys.items() if key == longest]
    if not at:
        raise AmendError(policy.file, copy.line, "no entry of `approved` names its address here", "read the file again")
    if len(at) != count:
        advice = "give each entry a line of its own"
        raise AmendError(policy.file, copy.line, "it isn't clear which entry in this line is to be copied", advice)
    return at


def _named(policy: Existing, address: str, line: int | None) -> list[int]:
    """The places in `approved` of the entries for exactly `address`, or of that in `line`."""
    key = _key(policy, address)
    keys = [_key_of(policy, place) for place in range(len(policy.items))]
    lines = [_line(item) for item in policy.items]
    found = [place for place in range(len(keys)) if keys[place] == key and line in (None, lines[place])]
    if not found:
        above = [place for place in range(len(keys)) if covers(keys[place], key) and keys[place] != key]
        same = [f"line {lines[place]}" for place in range(len(keys)) if keys[place] == key]
        seen = [f"line {lines[place]} approves {policy.address(place)}, which covers it" for place in above]
        said = f"no entry of `approved` is for exactly {quote(address)}"
        raise AmendError(policy.file, line, said, "; ".join(f"see {one}" for one in same[:5] or seen[:5]))
    if line is not None and len(found) > 1:
        raise AmendError(policy.file, line, "several entries for this address share the line", _BY_HAND)
    return found


def _key(policy: Existing, address: str) -> str:
    try:
        return address_key(address, policy.registry)
    except ValueError as error:
        raise AmendError(policy.file, None, str(error)) from None


def _key_of(policy: Existing, place: int) -> str:
    """The folded address of an entry; one that isn't right is only itself."""
    written = policy.address(place)
    try:
        return address_key(written, policy.registry)
    except ValueError:
        return written


def _line(item: Node) -> int | None:
    node = address_node(item)
    return None if node is None else node.line


def _written(bom: str, text: str, edits: Sequence[Edit], entry: Sequence[str]) -> Amended:
    """What was written by the last of `edits`, whose place moved by what the others did before it."""
    *others, main = edits
    start = main.start + sum(len(edit.new) - (edit.end - edit.start) for edit in others)
    lead = len(main.new) - len(main.new.lstrip(", \r\n"))
    first, last = line_of(text, start + lead), line_of(text, start + len(main.new.rstrip()))
    return Amended(text=bom + text, entry="\n".join(entry), first_line=first, last_line=last)


def _taken(bom: str, view: Outline, text: str, spans: Sequence[tuple[int, int]]) -> Amended:
    """What was removed, whose lines are those of the old text."""
    old = view.text
    (start, until), (_, end) = spans[0], spans[-1]
    first = line_of(old, until - len(old[start:until].lstrip()))
    last = line_of(old, end - 2 if old[:end].endswith("\r\n") else end - 1)
    shown = (dedent("\n".join(lines(old[start:end]))).strip("\n") for start, end in spans)
    return Amended(text=bom + text, entry="\n".join(shown), first_line=first, last_line=last)
