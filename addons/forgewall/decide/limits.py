"""`limits:`: rolling windows of bytes and of uploads, read from the policy, and the verdict on who is beyond one.

Counting what was really sent is not done here (`enforce.volume`). Reasons speak of what was sent before.
"""

from __future__ import annotations

import re
from datetime import timedelta

from forgewall.decide.complaints import quote
from forgewall.decide.document import Node, Scalar
from forgewall.decide.fields import Fields, duration_of, size_of
from forgewall.model import Action, Limit, Verdict
from forgewall.sizes import rounded

PER = ("client", "user", "owner", "repository", "unapproved")
LIMIT_KEYS = ("per_client", "per_user", "per_owner", "per_repository", "unapproved", "over")
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
MAX_WINDOWS = 10
"""Windows under one key: each is counted for every upload."""
_UPLOADS = re.compile(r"([0-9]{1,9}) ?uploads?\Z", re.ASCII)
_AS_IN = "as in 500MiB/1h or 1000 uploads/1d"
_UNITS = ("TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "KB", "B")
_SPANS = ((7 * 86400, "w", "week"), (86400, "d", "day"), (3600, "h", "hour"), (60, "m", "minute"), (1, "s", "second"))


def limits(node: Node | None, fields: Fields) -> tuple[Limit, ...]:
    """The section `limits:`, in the order of `LIMIT_KEYS`."""
    if node is None:
        return ()
    pairs = fields.mapping(node, "`limits`", LIMIT_KEYS)
    over = fields.word(pairs["over"][1], "`over`", (Action.BLOCK, Action.LOG)) if "over" in pairs else None
    return tuple(
        limit
        for key, per in zip(LIMIT_KEYS[:-1], PER, strict=True)
        if key in pairs
        for limit in _windows(pairs[key][1], key, per, over or Action.BLOCK, fields)
    )


def _windows(node: Node, key: str, per: str, over: Action, fields: Fields) -> list[Limit]:
    found = []
    if isinstance(node, Scalar) and node.empty:
        fields.complaints.add(node, f"`{key}` is empty", _AS_IN)
        return []
    for scalar in fields.words(node, f"`{key}`"):
        try:
            count, seconds = window_of(scalar.text)
        except ValueError as error:
            fields.complaints.add(scalar, f"`{key}`: {error}")
            continue
        bytes_, uploads = count
        reference = f"{fields.complaints.file}:{scalar.line}"
        found.append(Limit(per=per, seconds=seconds, size=bytes_, uploads=uploads, over=over, reference=reference))
    if len(found) > MAX_WINDOWS:
        fields.complaints.add(node, f"`{key}` holds more than {MAX_WINDOWS} windows")
    return found


def window_of(text: str) -> tuple[tuple[int | None, int | None], int]:
    """((bytes, uploads), seconds) of `500MiB/1h` or `1000 uploads/1h`; one of the pair is None. Raises ValueError.

    A number without a unit is refused: it could be meant as either.
    """
    amount, slash, span = (part.strip() for part in text.partition("/"))
    if not slash:
        raise ValueError(f"{quote(text)} names no window: write it {_AS_IN}")
    if amount.isdigit():
        hint = f"write {amount} uploads/{span} or {amount}B/{span}"
        raise ValueError(f"{quote(text)} doesn't tell whether bytes or uploads are meant: {hint}")
    uploads = _UPLOADS.match(amount)
    if not uploads and not re.fullmatch(r"[0-9]+ ?[A-Za-z]{1,3}", amount, re.ASCII):
        raise ValueError(f"{quote(amount)} is neither a size such as 500MiB nor a number of uploads")
    count = (None, int(uploads[1])) if uploads else (size_of(amount), None)
    window = duration_of(span)
    if not SHORTEST <= window <= LONGEST:
        raise ValueError(f"{quote(text)} has a window outside of 1m to 31d")
    if 0 in count:
        raise ValueError(f"{quote(text)} lets nothing through: block it by `defaults: writes` or leave it unapproved")
    return count, int(window.total_seconds())


def limit_rule(limit: Limit) -> str:
    """The rule's id: `limits/per_client`."""
    return f"limits/{limit_key(limit)}"


def limit_key(limit: Limit) -> str:
    """The word the limit stands under in the policy."""
    return limit.per if limit.per == "unapproved" else f"per_{limit.per}"


def written(limit: Limit) -> str:
    """The limit as it is written in a policy: `500MiB/1h`."""
    if limit.size is None:
        amount = f"{limit.uploads} uploads"
    else:
        unit = next(unit for unit in _UNITS if limit.size % size_of(f"1{unit}") == 0)
        amount = f"{limit.size // size_of(f'1{unit}')}{unit}"
    factor, letter, _ = next(span for span in _SPANS if limit.seconds % span[0] == 0)
    return f"{amount}/{limit.seconds // factor}{letter}"


def over_limit(limit: Limit, who: str, used_bytes: int, used_uploads: int, *, observing: bool = False) -> Verdict:
    """The verdict on an upload that would bring `who` beyond `limit`.

    `who` is the client, user, owner or repository that is counted, `used_*` what the window holds of it, without the
    bytes that don't fit. In observe mode (`observing`) a block is a log.
    """
    named = f"`limits: {limit_key(limit)}: {written(limit)}`"
    used, most = (used_bytes, limit.size) if limit.size is not None else (used_uploads, limit.uploads or 0)
    if used >= most:
        end = f"and {named} allows no more"
    else:
        end = f"and {'with this upload it' if used else 'this upload alone'} would be more than {named} allows"
    would = observing and limit.over is Action.BLOCK
    return Verdict(
        action=Action.LOG if would else limit.over,
        code="volume",
        rule=limit_rule(limit),
        reference=limit.reference,
        reason=f"{_deed(limit, who, used)} in {_window(limit)}, {end}",
        would_action=Action.BLOCK if would else None,
    )


def _deed(limit: Limit, who: str, used: int) -> str:
    """What was sent, and by or to whom."""
    if not used:
        sent = "nothing"
    elif limit.size is not None:
        sent = rounded(used)
    else:
        sent = "1 upload" if used == 1 else f"{used:,} uploads"
    if limit.per in {"owner", "repository"}:
        return f"{who} was sent {sent}"
    return f"{who} has sent {sent}" + (" to addresses that aren't approved" if limit.per == "unapproved" else "")


def _window(limit: Limit) -> str:
    factor, _, unit = next(span for span in _SPANS if limit.seconds % span[0] == 0)
    number = limit.seconds // factor
    return f"the last {unit}" if number == 1 else f"the last {number} {unit}s"
