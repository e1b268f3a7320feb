"""Where in a policy's text something is added or taken away: a few edits, all else stays as it is, byte for byte.

New entries come behind the last one of the list, its own comment, and the comments below that are indented deeper than
its dash; so before examples that are commented out. What comes out is proven in `amend`, so nothing here has to be
right for texts that nobody writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from forgewall.review.amend_outline import Outline, Place
from forgewall.review.amend_words import WIDTH, Item, block, flow

_BLANK = " \t"
_GAP = re.compile(r"[ \t\r\n\x85\u2028\u2029]+|#[^\r\n\x85\u2028\u2029]*")
_COMMENT = re.compile(r"([ \t]*)#")
_HEAD = ("version", "mode", "contact", "request_url", "break_glass", "forges")
"""The sections before `approved`, as the shipped policies order them."""


class OddLayout(ValueError):
    """The text is laid out in a way that only a person should edit; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` give way to `new`."""

    start: int
    end: int
    new: str


def apply(text: str, edits: Sequence[Edit]) -> str:
    """`text` with all edits made; they don't overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def added(view: Outline, items: Sequence[Item]) -> list[Edit]:
    """What writes `items` at the end of the list `approved`; the last edit holds them."""
    pair = view.pair("approved")
    if pair is None:
        return _new_list(view, items)
    key, value = pair
    if not value.children and not view.root.flow and _same_line(view, key, value):
        return _filled(view, value, items)
    words = [flow(item, json=view.json) for item in items]
    if value.flow:
        return _in_brackets(view, value, words)
    if not value.listing:
        lead = " " if view.text[value.start - 1] == ":" else ""
        return [Edit(value.start, value.end, f"{lead}[{', '.join(words)}]")]
    dash = value.column
    _check_first(view, value)
    lines = [line for item in items for line in block(item, dash)]
    return [_below(view, value.end, dash, lines)]


def new_section(view: Outline, line: str, after: Sequence[str]) -> list[Edit]:
    """What writes `line`, a whole section, below the last of the sections `after` that there are, else at the end."""
    end = _end_of_last(view, after)
    if view.root.flow:
        return _in_brackets(view, view.root, [line], [value for value in view.root.children if value.end <= end])
    return [_below(view, end, view.root.column, [line])]


def removed(view: Outline, places: Sequence[int]) -> list[Edit]:
    """What takes away the entries with these places in the list `approved`."""
    pair = view.pair("approved")
    assert pair is not None
    value = pair[1]
    if value.flow:
        return _out_of_brackets(view, value.children, value.end - 1, places)
    _check_first(view, value)
    spans = []
    for place in places:
        entry = value.children[place]
        start = view.line_start(_dash(view, value, entry))
        spans.append(Edit(start, view.line_end(entry.end), ""))
    return _joined(view, spans, lines=True)


def replaced_section(view: Outline, name: str, value: str, line: str) -> list[Edit]:
    """What gives the section `name` another `value`, or the whole `line` where several lines hold it."""
    pair = view.pair(name)
    assert pair is not None
    key, old = pair
    if old.flow or old.end == old.start or view.tokens[old.first].kind not in ("[", "{"):
        lead = " " if view.text[old.start - 1] == ":" else ""
        return [Edit(old.start, old.end, lead + value)]
    _check_first(view, key)
    return [Edit(key.start, old.end, line)]


def removed_section(view: Outline, name: str) -> list[Edit]:
    """What takes away the section `name` with the comment on its last line."""
    pair = view.pair(name)
    assert pair is not None
    key, value = pair
    if view.root.flow:
        children = view.root.children
        merged = [Place(a.start, a.column, a.first, end=b.end) for a, b in zip(children[::2], children[1::2])]  # noqa: B905
        return _out_of_brackets(view, merged, view.root.end - 1, [children.index(key) // 2])
    _check_first(view, key)
    start = view.line_start(key.start)
    return _joined(view, [Edit(start, view.line_end(value.end), "")], lines=True)


def _new_list(view: Outline, items: Sequence[Item]) -> list[Edit]:
    if view.root.flow:
        key = '"approved"' if view.json else "approved"
        inside = ", ".join(flow(item, json=view.json) for item in items)
        return new_section(view, f"{key}: [{inside}]", ())
    indent = _usual_indent(view)
    lines = [" " * indent + line for item in items for line in block(item, view.root.column + indent)]
    return [_below(view, _end_of_last(view, _HEAD), view.root.column, ["approved:", *lines])]


def _end_of_last(view: Outline, names: Sequence[str]) -> int:
    ends = [pair[1].end for name in names if (pair := view.pair(name)) is not None]
    return max(ends) if ends else max((place.end for place in view.root.children), default=view.root.start + 1)


def _usual_indent(view: Outline) -> int:
    """How far lists of this file are indented below their key."""
    for value in view.root.children[1::2]:
        if value.listing and not value.flow:
            return value.column - view.root.column
    return 2


def _filled(view: Outline, value: Place, items: Sequence[Item]) -> list[Edit]:
    """An empty list behind its key becomes a list below it: `approved: []`, `approved: ~`, `approved:`."""
    start = value.start
    while view.text[start - 1] in _BLANK:
        start -= 1
    column = view.root.column + _usual_indent(view)
    below = _below(view, value.end, column, [line for item in items for line in block(item, column)], comments=False)
    return [*([Edit(start, value.end, "")] if value.end > start else []), below]


def _below(view: Outline, end: int, column: int, lines: Sequence[str], *, comments: bool = True) -> Edit:
    """Lines below the one that `end` is in, and below its comments that are indented deeper than `column`."""
    at = view.line_end(end)
    while comments and at < len(view.text):
        comment = _COMMENT.match(view.text, at)
        if comment is None or len(comment[1]) <= column:
            break
        at = view.line_end(comment.end())
    newline = view.newline
    new = newline.join(" " * column + line for line in lines)
    if at and view.line_start(at) == at:
        return Edit(at, at, new + newline)
    return Edit(at, at, newline + new)  # the file ends without a line break, and goes on doing so


def _in_brackets(view: Outline, value: Place, words: Sequence[str], children: Sequence[Place] = ()) -> list[Edit]:
    """`words` behind the last child of a list or mapping in brackets, or behind the last of `children`."""
    if not value.children:
        return [Edit(value.start + 1, value.start + 1, ", ".join(words))]
    last = (children or value.children)[-1]
    begins = last if value is not view.root else value.children[value.children.index(last) - 1]
    comma = _comma(view, last.end)
    behind = last.end if comma is None else comma + 1
    start, below = view.line_start(begins.start), view.line_end(behind)
    first = not view.text[start : begins.start].strip(_BLANK)
    column = begins.column
    alone = first and view.line_start(value.start) != start
    new = ", ".join(words)
    fits = behind - view.line_start(behind) + len(new) + 3 <= WIDTH or last is not value.children[-1]
    if below < value.end and (alone or not fits or "#" in view.text[behind:below]):
        lines = f",{view.newline}".join(" " * column + word for word in words) + ("" if comma is None else ",")
        return [*([Edit(behind, behind, ",")] if comma is None else []), Edit(below, below, lines + view.newline)]
    lead, trail = (",", "") if comma is None else ("", ",")
    if fits:
        return [Edit(behind, behind, f"{lead} {new}{trail}")]
    width = column if first else view.root.column + 4
    lines = f",{view.newline}".join(" " * width + word for word in words)
    return [Edit(behind, behind, f"{lead}{view.newline}{lines}{trail}")]


def _comma(view: Outline, end: int) -> int | None:
    """Where the comma behind a child stands that ends at `end`, None if a bracket comes first."""
    while gap := _GAP.match(view.text, end):
        end = gap.end()
    return end if view.text[end : end + 1] == "," else None


def _out_of_brackets(view: Outline, children: Sequence[Place], close: int, places: Sequence[int]) -> list[Edit]:
    """Takes children out of brackets with their commas. Those alone on their lines go with the lines' comments."""
    text = view.text
    gone = set(places)
    kept = [place for place in range(len(children)) if place not in gone]
    ends = [child.end if (comma := _comma(view, child.end)) is None else comma + 1 for child in children]
    alone = {place: _alone(view, children[place].start, ends[place], close) for place in gone}
    edits: list[Edit] = []
    if kept and len(children) - 1 in gone:
        tail = range(kept[-1] + 1, len(children))
        behind, one_too_many = ends[kept[-1]], ends[-1] == children[-1].end
        remarked = any("#" in text[children[place - 1].end : children[place].start] for place in tail)
        if not remarked and not any(alone[place] for place in tail):
            edits.append(Edit(behind - one_too_many, ends[-1], ""))
            gone.difference_update(tail)
        elif one_too_many:
            edits.append(Edit(behind - 1, behind, ""))
    for place in sorted(gone):
        start, end = children[place].start, ends[place]
        if alone[place]:
            edits.append(Edit(view.line_start(start), view.line_end(end), ""))
            continue
        while end > children[place].end and text[end] in _BLANK:
            end += 1
        edits.append(Edit(start, end, ""))
    return _joined(view, edits)


def _alone(view: Outline, start: int, end: int, close: int) -> bool:
    """Whether nothing but a comment shares the lines of what goes from `start` to `end`."""
    until = view.line_end(end)
    rest = view.text[end:until].strip()
    return until <= close and not view.text[view.line_start(start) : start].strip() and rest[:1] in ("", "#")


def _joined(view: Outline, edits: Sequence[Edit], *, lines: bool = False) -> list[Edit]:
    """Deletions without overlaps. `lines`: if the last line goes and had no line break, that before it goes too."""
    spans: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.start):
        if spans and edit.start <= spans[-1].end:
            spans[-1] = Edit(spans[-1].start, max(spans[-1].end, edit.end), "")
        else:
            spans.append(edit)
    whole = len(view.text)
    if lines and spans and spans[-1].end == whole and view.line_start(whole) != whole:
        start = spans[-1].start
        start -= 2 if view.text[:start].endswith("\r\n") else min(start, 1)
        spans[-1] = Edit(start, whole, "")
    return spans


def _same_line(view: Outline, key: Place, value: Place) -> bool:
    return view.line_start(key.start) == view.line_start(value.end)


def _check_first(view: Outline, place: Place) -> None:
    """Whether only indentation stands before `place`, where edits by lines make sense."""
    if view.text[view.line_start(place.start) : place.start].strip(" "):
        raise OddLayout(view.line(place.start))


def _dash(view: Outline, value: Place, entry: Place) -> int:
    """Where the dash of `entry` stands: in the column of the list's dashes, in its line or one above."""
    start = view.line_start(entry.start)
    while True:
        dash = start + value.column
        if view.text[dash : dash + 1] == "-" and not view.text[start:dash].strip(" "):
            return dash
        if not start:
            raise OddLayout(view.line(entry.start))
        start = view.line_start(start - 1)
