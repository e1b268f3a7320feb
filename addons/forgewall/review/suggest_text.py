"""A suggestion as YAML for a person to review: each entry below its evidence, and as comments what is in doubt.

All of it is ASCII on single lines: names in the log are anybody's text, and a policy with an invisible character in a
comment would be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from forgewall.decide import wording
from forgewall.model import Operation
from forgewall.review.amend_entry import wished
from forgewall.review.amend_words import block
from forgewall.review.suggest import Suggested, Suggestion
from forgewall.review.suggest_choice import Doubt
from forgewall.review.suggest_seen import Use
from forgewall.sizes import rounded

MAX_DOUBTS = 100
"""Addresses in doubt that are listed; the others are counted."""
_MAX_PLACES = 5
_MAX_COMMENT = 300


def as_yaml(suggestion: Suggestion, *, file: str, since: datetime | None, until: datetime) -> str:
    """The text, which is a policy of its own if what the policy in `file` says of forges isn't needed.

    `since` and `until` (aware) bound the time it is made from. `file` is '' where there was no policy.
    """
    lines = [*_head(suggestion, file, since, until), "version: 1"]
    if suggestion.entries:
        lines.append("approved:")
        for entry in suggestion.entries:
            lines += _entry(entry)
    else:
        lines += ["approved: []", *_comments(["nothing that was seen looks like company work for certain"])]
    lines += _doubts(suggestion.doubts)
    lines += _unclear(suggestion)
    return "\n".join(lines) + "\n"


def shown(text: str, most: int = _MAX_COMMENT) -> str:
    """`text` in ASCII on one line, at most `most` characters; what isn't printable ASCII is escaped."""
    plain = "".join(
        char if " " <= char <= "~" else "..." if char == "…" else f"\\u{{{ord(char):04x}}}" for char in text[: most + 1]
    )
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def _head(suggestion: Suggestion, file: str, since: datetime | None, until: datetime) -> list[str]:
    period = f"{_day(since)} to {_day(until)}" if since is not None else f"all until {_day(until)}"
    beside = f"; join them with `approved:` of {file}" if file else ""
    told = [
        f"Suggested from the event log, {period}. Review each entry{beside}.",
        f"Of {suggestion.objected:,} decisions that aren't approved these entries let {suggestion.let_through:,} pass.",
    ]
    if suggestion.seen.approved:
        told.append(f"{suggestion.seen.approved:,} others pass already.")
    if suggestion.seen.unjudged:
        told.append(f"{suggestion.seen.unjudged:,} can't be judged from the log: limits, contents, broken messages.")
    return _comments(told)


def _entry(entry: Suggested) -> list[str]:
    done = ", ".join(f"{operation} {count:,}" for operation, count in entry.operations)
    told = [f"{_use(entry.use)}, {rounded(entry.bytes)}: {done}"]
    if len(entry.places) > 1:
        more = len(entry.places) - _MAX_PLACES
        tail = f" and {more:,} more" if more > 0 else ""
        told.append(f"{len(entry.places):,} addresses: {', '.join(entry.places[:_MAX_PLACES])}{tail}")
    told.append(f"events {' '.join(entry.use.examples)}")
    return [*_indented(_comments(told)), *_indented(block(wished(entry.wish, ""), 2))]


def _doubts(doubts: Sequence[Doubt]) -> list[str]:
    if not doubts:
        return []
    lines = ["", *_comments(["Not suggested. Whoever knows what it is may move it up:"])]
    for doubt in doubts[:MAX_DOUBTS]:
        operations = wording.operations(doubt.operations) if set(doubt.operations) != {Operation.FETCH} else "fetch"
        lines += _comments([f"- {doubt.address}", f"    {doubt.reason}"])
        lines += _comments([f"    {operations}; {_use(doubt.use)}; events {' '.join(doubt.use.examples)}"])
    if len(doubts) > MAX_DOUBTS:
        lines += _comments([f"and {len(doubts) - MAX_DOUBTS:,} more; --json lists all"])
    return lines


def _unclear(suggestion: Suggestion) -> list[str]:
    """What no entry could let pass."""
    found = [(f"{host}: {reason}", use) for (host, reason), use in suggestion.seen.unclear.items()]
    settled = [(f"`{rule}` decides, not an address", use) for rule, use in suggestion.seen.settings.items()]
    rows = sorted([*found, *settled], key=lambda row: (row[1].count, row[0]), reverse=True)
    if not rows:
        return []
    lines = ["", *_comments(["No entry can let these pass:"])]
    for told, use in rows[:MAX_DOUBTS]:
        lines += _comments([f"- {told}", f"    {_use(use)}; events {' '.join(use.examples)}"])
    if len(rows) > MAX_DOUBTS:
        lines += _comments([f"and {len(rows) - MAX_DOUBTS:,} more; --json lists all"])
    return lines


def _use(use: Use) -> str:
    people, days = len(use.people), len(use.days)
    told = f"{use.count:,} {'decision' if use.count == 1 else 'decisions'}"
    told += f" by {people:,} {'person' if people == 1 else 'people'} on {days:,} {'day' if days == 1 else 'days'}"
    if use.first is None or use.last is None:
        return told
    first, last = _day(use.first), _day(use.last)
    return f"{told}, {first}" if first == last else f"{told}, {first} to {last}"


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat()


def _comments(told: Iterable[str]) -> list[str]:
    return [f"# {shown(line)}" for line in told]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
