"""How the console writes times, sizes, numbers and other people's texts. `FILTERS` are these for templates.

Every text that comes from an event is somebody else's: `said` makes it safe to stand in a page, on one line, isolated
from what is beside it (Unicode Standard Annex 9), its control characters shown, cut where it is long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from forgewall.record.redact import INVISIBLE, printable
from forgewall.sizes import rounded

TEXT_LIMIT = 300
"""Characters of a text that stand in a page where nothing else is said."""
RAW_LIMIT = 256 * 1024
"""Characters of an event's raw form that stand in its page."""
_DIGEST = 12
_PIECE = re.compile(r"[^/@]*[/@]+|[^/@]+")
_GRAVE = ("secret", "encrypted", "keys", "force", "moved", "public-repository", "delete")
_STEPS = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def shown(value: object, limit: int = TEXT_LIMIT) -> str:
    """`value` as one line of at most `limit` characters, without any that can't be seen."""
    text = printable(value if isinstance(value, str) else str(value), limit)
    return text if text.isascii() else INVISIBLE.sub("\ufffd", text)


def said(value: object, limit: int = TEXT_LIMIT) -> Markup:
    """`shown`, as markup that keeps its direction of writing to itself."""
    return Markup("<bdi>{}</bdi>").format(shown(value, limit))


def spelled(value: object, limit: int = TEXT_LIMIT) -> Markup:
    """`said`, for addresses and names: where a line is too short for one, it is broken behind a slash or an at sign."""
    pieces = [escape(piece) for piece in _PIECE.findall(shown(value, limit))]
    return Markup("<bdi>{}</bdi>").format(Markup("<wbr>").join(pieces))


def moment(value: datetime | None) -> Markup:
    """A time in UTC to the second, which programs can read too; nothing for None."""
    if value is None:
        return Markup("")
    utc = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S}")


def day(value: datetime | None) -> Markup:
    """A time in UTC to the minute, a midnight as the day before, its last: for the end of something."""
    if value is None:
        return Markup("")
    utc = value.astimezone(UTC)
    midnight = (utc.hour, utc.minute, utc.second) == (0, 0, 0) and utc > datetime.min.replace(tzinfo=UTC)
    text = f"{utc - timedelta(days=1):%Y-%m-%d}" if midnight else f"{utc:%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", text)


def span(value: timedelta | float) -> str:
    """A length of time in its largest unit, or two where the second tells something: `3 min`, `1 h 20 min`, `12 d`."""
    left = int(value.total_seconds() if isinstance(value, timedelta) else value)
    for index, (unit, seconds) in enumerate(_STEPS):
        if left >= seconds:
            count, rest = divmod(left, seconds)
            below = _STEPS[index + 1] if index + 1 < len(_STEPS) else None
            second = f" {rest // below[1]} {below[0]}" if below and count < 10 and rest >= below[1] else ""
            return f"{count} {unit}{second}"
    return "0 s"


def ago(value: datetime | None, now: datetime) -> str:
    """How long before `now` something was, or after it."""
    if value is None:
        return ""
    passed = now - value
    if abs(passed) < timedelta(seconds=5):
        return "just now"
    return f"{_short(passed)} ago" if passed > timedelta() else f"in {_short(-passed)}"


def _short(length: timedelta) -> str:
    left = int(length.total_seconds())
    return next(f"{left // seconds} {unit}" for unit, seconds in _STEPS if left >= seconds)


def size(count: int | None) -> str:
    """A number of bytes, rounded; nothing where it isn't known."""
    return "" if count is None else rounded(count)


def number(count: int) -> str:
    """A number with its thousands apart."""
    return f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 event`, `3,120 events`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def digest(value: str) -> str:
    """The first digits of a policy's digest, enough to tell it from others."""
    return shown(value, 80)[:_DIGEST]


def lines(value: str, limit: int = 8192) -> Markup:
    """A text of several lines, such as an entry of a policy, each of which is made safe alone."""
    rows = value[:limit].replace("\r\n", "\n").split("\n")
    text = Markup("\n").join(Markup("<bdi>{}</bdi>").format(shown(row, 500)) for row in rows)
    return text + Markup("\n…") if len(value) > limit else text


def raw(document: Mapping[str, Any], limit: int = RAW_LIMIT) -> Markup:
    """A whole event as JSON, at most `limit` characters; what can't be seen is written as JSON escapes."""
    text = escaped(json.dumps(document, indent=2, ensure_ascii=False, default=str)[: limit + 1])
    return escape(text if len(text) <= limit else text[:limit] + "\n…")


def escaped(text: str) -> str:
    """JSON text that is printable all through and means the same (RFC 8259 section 7)."""
    return "".join([c if c.isprintable() or c == "\n" else _unicode_escape(c) for c in text])


def _unicode_escape(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def sentence(value: object, limit: int = TEXT_LIMIT) -> Markup:
    """`said`, with what stands between backticks as code."""
    parts = shown(value, limit).split("`")
    if len(parts) % 2 == 0:  # one is left alone
        return said(value, limit)
    code = Markup("<code>{}</code>")
    marked = [code.format(part) if index % 2 else escape(part) for index, part in enumerate(parts)]
    return Markup("<bdi>{}</bdi>").format(Markup("").join(marked))


def place(reference: str) -> Markup:
    """`file:line` with the directories of the file left out, as they are long and always the same."""
    return Markup('<bdi title="{}">{}</bdi>').format(shown(reference), shown(reference.rpartition("/")[2], 80))


def gravest(signals: Sequence[str]) -> list[str]:
    """Signals, those first that somebody should look at first."""
    return sorted(signals, key=lambda one: next((n for n, word in enumerate(_GRAVE) if one.startswith(word)), 99))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "shown": shown,
    "said": said,
    "spelled": spelled,
    "moment": moment,
    "day": day,
    "span": span,
    "ago": ago,
    "size": size,
    "number": number,
    "counted": counted,
    "digest": digest,
    "lines": lines,
    "raw": raw,
    "sentence": sentence,
    "place": place,
    "gravest": gravest,
}
"""By the names under which templates use them."""
