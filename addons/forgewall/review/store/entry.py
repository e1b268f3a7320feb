"""One line of the log as the index takes it in: its row, and what else is kept of it. What a line says is `line`'s."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from forgewall.review.row import Row
from forgewall.review.words import folded

BYTES, ASKER = "\2", "\1"
"""Stand in a message in place of the event's number of bytes, and of who asked, so that more messages are alike."""

_WORDS = 4096
_START = datetime(1970, 1, 1, tzinfo=UTC)


class Attempt:
    """How an event counts as an attempt: `NONE` not at all, `SINGLE` by itself, and git's two requests as one."""

    NONE, SINGLE, OPENED, PACKED = range(4)


class More:
    """What there was more of than an event lists, as bits: refs, or further repositories."""

    REFS, PLACES = 1, 2


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event of the log. `at` is in milliseconds since 1970.

    `asker` is user, client and how we know him; `place` is forge, host, address, key, owner, repository, operation,
    effect and visibility; `target` are the parts of the `model.Target` as JSON, None where there was none. `ruling` is
    dataset, outcome, alert, action, would_action, code, rule, reference, digest and whether the glass was broken. `doc`
    is the message and what else is searched. `refs` are JSON as the log has them.
    """

    id: str
    at: int
    asker: tuple[str, str, str]
    port: int
    place: tuple[str, str, str, str, str, str, str, str, str]
    target: bytes | None
    ruling: tuple[str, str, bool, str, str, str, str, str, str, bool]
    reason: str
    doc: tuple[str, str]
    signals: tuple[str, ...]
    size: int | None
    request_id: str
    decision_id: str | None
    refs: bytes | None
    more: int
    case_id: str
    attempt: int

    @property
    def words(self) -> str:
        """What is searched for `Filters.text`, folded; a bar, which no word holds, stands before who asked."""
        return f"{doc_words(self.doc)} | {asker_words(self.asker)}"

    @property
    def row(self) -> Row:
        """What lists show of it."""
        user, client, _ = self.asker
        forge, host, address, key, owner, repository, operation, effect, visibility = self.place
        dataset, outcome, alert, _, _, code, rule, reference, digest, broken = self.ruling
        return Row(
            id=self.id,
            time=moment(self.at),
            dataset=dataset,
            outcome=outcome,
            alert=alert,
            user=user,
            client=client,
            forge=forge,
            host=host,
            address=address,
            key=key,
            owner=owner,
            repository=repository,
            visibility=visibility,
            operation=operation,
            effect=effect,
            code=code,
            rule=rule,
            reference=reference,
            reason=self.reason,
            message=spelled(self.doc[0], self.size, user, client),
            bytes=self.size,
            signals=self.signals,
            digest=digest,
            request_id=self.request_id,
            case_id=self.case_id,
            break_glass=broken,
        )


def doc_words(doc: tuple[str, str]) -> str:
    """The words of a message and what else is searched, folded and bounded."""
    text = folded(f"{doc[0]} {doc[1]}")
    return text if len(text) <= _WORDS else text[:_WORDS].rpartition(" ")[0]


def asker_words(asker: tuple[str, str, str]) -> str:
    """The words of who asked, folded."""
    return folded(f"{asker[0]} {asker[1]}")


def named(user: str, client: str) -> str:
    """Who asked, as messages name him (`record.sentence`)."""
    return f"{user} ({client})" if user else client


def spelled(message: str, size: int | None, user: str, client: str) -> str:
    """`message` with who asked and the number of bytes in their places."""
    return message.replace(ASKER, named(user, client)).replace(BYTES, str(size))


def moment(milliseconds: int) -> datetime:
    """The time so many milliseconds after 1970, aware, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(time: datetime) -> int:
    """`time` (aware) in whole milliseconds since 1970, what is left over counting as a whole one."""
    return -((_START - time) // timedelta(milliseconds=1))
