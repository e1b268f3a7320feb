"""What many events have in common, and so stands once: each distinct value has a number.

A value is known by a hash that nobody can make collide, since repository names are strangers' text. Numbers hold until
rows are dropped (`epoch`); then `forget` what was remembered.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable

import msgspec

from forgewall.review.filters import folded_address
from forgewall.review.network import packed
from forgewall.review.store.entry import asker_words, doc_words

_REMEMBERED = 100_000
_encode = msgspec.msgpack.Encoder().encode


class Shared[V]:
    """The numbers of values of one `table`; `columns` makes of a value what its row holds."""

    def __init__(self, table: str, names: str, columns: Callable[[V], tuple[object, ...]]) -> None:
        marks = ", ".join("?" * (len(names.split(",")) + 1))
        self._find = f"SELECT id FROM {table} WHERE hash = ?"  # noqa: S608 - our own names
        self._add = f"INSERT OR IGNORE INTO {table} (hash, {names}) VALUES ({marks})"  # noqa: S608 - our own names
        self._columns = columns
        self._known: dict[V, int] = {}

    def number(self, connection: sqlite3.Connection, value: V) -> int:
        """The number of `value`, which it gets now if it has none."""
        number = self._known.get(value)
        if number is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            number = self._known[value] = self._stored(connection, value)
        return number

    def forget(self) -> None:
        """Ask the index again."""
        self._known.clear()

    def _stored(self, connection: sqlite3.Connection, value: V) -> int:
        key = hashlib.blake2b(_encode(value), digest_size=16).digest()
        added = connection.execute(self._add, (key, *self._columns(value)))
        if not added.rowcount:
            (found,) = connection.execute(self._find, (key,)).fetchone()
            return int(found)
        number = added.lastrowid
        assert number is not None
        self._added(connection, number, value)
        return number

    def _added(self, connection: sqlite3.Connection, number: int, value: V) -> None:
        """What else a new value needs."""


class Names:
    """The numbers of names that are counted."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def number(self, connection: sqlite3.Connection, name: str) -> int:
        """The number of `name`, which it gets now if it has none."""
        number = self._known.get(name)
        if number is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            connection.execute("INSERT OR IGNORE INTO name (text) VALUES (?)", (name,))
            (found,) = connection.execute("SELECT id FROM name WHERE text = ?", (name,)).fetchone()
            number = self._known[name] = int(found)
        return number

    def forget(self) -> None:
        """Ask the index again."""
        self._known.clear()


class Docs(Shared[tuple[str, str]]):
    """Texts to search."""

    def __init__(self) -> None:
        super().__init__("doc", "message, words", lambda doc: (doc[0], doc_words(doc)))

        self._last = 0

    def begin(self, connection: sqlite3.Connection) -> None:
        """What is added from now on is to be made searchable by `end`."""
        (self._last,) = connection.execute("SELECT coalesce(max(id), 0) FROM doc").fetchone()

    def end(self, connection: sqlite3.Connection) -> None:
        """Make searchable what was added, all at once."""
        connection.execute("INSERT INTO search (rowid, words) SELECT id, words FROM doc WHERE id > ?", (self._last,))


class Marks(Shared[tuple[str, ...]]):
    """Signals of an event."""

    def __init__(self) -> None:
        super().__init__("mark", "signals", lambda signals: (msgspec.json.encode(signals).decode(),))

    def _added(self, connection: sqlite3.Connection, number: int, value: tuple[str, ...]) -> None:
        connection.executemany("INSERT OR IGNORE INTO mark_word VALUES (?, ?)", [(word, number) for word in value])


type Place = tuple[str, str, str, str, str, str, str, str, str]
type Ruling = tuple[str, str, bool, str, str, str, str, str, str, bool]


class Commons:
    """All tables of what events share."""

    def __init__(self) -> None:
        self.askers: Shared[tuple[str, str, str]] = Shared(
            "asker",
            "user, client, source, user_folded, packed, words",
            lambda one: (*one, one[0].casefold(), packed(one[1]), asker_words(one)),
        )
        self.targets: Shared[tuple[Place, bytes | None]] = Shared(
            "target",
            "forge, host, address, key, owner, repository, operation, effect, visibility, judged, folded",
            lambda one: (*one[0], one[1], folded_address(one[0][3] or one[0][2] or one[0][1])),
        )
        self.rulings: Shared[Ruling] = Shared(
            "ruling",
            "dataset, outcome, alert, action, would, code, rule, reference, digest, broken, rule_folded",
            lambda one: (*one, one[6].casefold()),
        )
        self.reasons: Shared[str] = Shared("reason", "text", lambda one: (one,))
        self.docs = Docs()
        self.marks = Marks()
        self.names = Names()

    def forget(self) -> None:
        """Ask the index again for all numbers."""
        for one in (self.askers, self.targets, self.rulings, self.reasons, self.docs, self.marks, self.names):
            one.forget()
