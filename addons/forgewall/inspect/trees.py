"""Names: which path a pack's trees give to each of its files.

Theory. A tree names its entries, but where it stands itself only the trees above it know, up to the root that a commit
names. git writes commits first, then trees from the root down, then files, so mostly each tree's path is known when it
comes; one that comes too early waits. Each object gets one path, the first that is found, as `git rev-list --objects`
does: each tree is walked once, so that trees which share subtrees (a "git bomb") cost no more than their bytes, and
each pair of a file and its path is told once.
Not here: reading the objects, and what the names mean.
"""

from __future__ import annotations

import re
from array import array

from forgewall.evidence import NamedFile
from forgewall.inspect.objects import NotPack
from forgewall.inspect.oids import OidIndex
from forgewall.inspect.versions import Versions
from forgewall.turns import Turns, at_once

ENTRIES = 200_000
"""So many different files and folders are given a path."""
NAMES = 4 * 1024 * 1024
"""Bytes of their names, and as many characters of the paths of folders."""
WAITING = 4 * 1024 * 1024
"""Bytes of trees that may wait for the tree above them."""
MORE_PATHS = 50_000
"""So many further paths of files that have one already are told apart; after that they may be told again."""
TURN = 1024
"""Entries after which others may have their turn."""
WORK = 1_000_000
"""So many entries are read of any pack, and more with its size."""
LONGEST_PATH = 4096
"""Characters of a path; of a longer one the end is told."""

_ENTRY = re.compile(rb"([0-7]{1,7}) ([^\0/]+)\0(.{20})|.+", re.DOTALL)  # the second branch: what is no entry
_ENTRY_SHA256 = re.compile(rb"([0-7]{1,7}) ([^\0/]+)\0(.{32})|.+", re.DOTALL)
_FOLDER = 0o040000
_LINK = 0o160000  # a commit of another repository (a submodule)
_TYPE = 0o170000
_TYPES = {b"40000": _FOLDER, b"100644": 0, b"100755": 0, b"120000": 0, b"160000": _LINK}
_ROOT = 0
_SHORTEST = 24  # bytes of an entry
_COST = 128  # what a folder's path takes beside its text


class Trees:
    """The names so far. `whole` is False where there was no room for all of them, or some path isn't all of it."""

    __slots__ = (
        "_at",
        "_entry",
        "_files",
        "_folder_numbers",
        "_folder_room",
        "_folders",
        "_ids",
        "_lengths",
        "_more",
        "_more_bytes",
        "_name_limit",
        "_named",
        "_names",
        "_parents",
        "_tell",
        "_tell_text",
        "_versions",
        "_waiting",
        "_waiting_bytes",
        "_waiting_limit",
        "_work",
        "whole",
    )

    def __init__(self, width: int, *, entries: int = ENTRIES, names: int = NAMES, waiting: int = WAITING) -> None:
        """`width` is an id's length in bytes; the others as `ENTRIES`, `NAMES`, `WAITING`."""
        self._more_bytes = width + 2  # of an entry, beside its mode and name
        self._entry = _ENTRY if width == 20 else _ENTRY_SHA256
        self._ids = OidIndex(width, entries)
        # By number of the id: the number of the folder it is in, and where its name stands; a root has none.
        self._parents = array("I")
        self._at = array("I")
        self._lengths = array("H")
        self._files = bytearray()  # whether it was named as a file
        self._names = bytearray()
        self._name_limit = names
        self._folders = [""]  # paths, with their closing slash
        self._folder_numbers = {"": _ROOT}
        self._folder_room = names
        self._more: set[int] = set()  # salted hashes of further paths
        self._waiting: dict[bytes, bytes] = {}
        self._waiting_bytes = 0
        self._waiting_limit = waiting
        self._named: list[tuple[bytes, NamedFile]] = []
        self._versions = Versions()
        self._work = WORK
        self.whole = True
        self.allow(0)

    def allow(self, size: int) -> None:
        """`size` more bytes of pack have come: how much may be told until the next, and read of all.

        An entry takes 20 bytes of an id, which can't be compressed, unless many trees name the same files again.
        """
        self._work += size // 8
        self._tell = 100_000 + size // 16
        self._tell_text = 8 * 1024 * 1024 + 16 * size

    def path(self, oid: bytes) -> str | None:
        """The path of a file, None if no tree has named it so far."""
        number = self._ids.find(oid)
        if number < 0 or not self._lengths[number]:
            return None
        return _joined(self._folders[self._parents[number]], self._name(number))

    def told(self) -> list[tuple[bytes, NamedFile]]:
        """The files that have become known since this was last asked, each with its id."""
        named, self._named = self._named, []
        return named

    def root(self, oid: bytes) -> None:
        """A commit names this tree as its root. Raises NotPack if what waited for that is no tree."""
        at_once(self.rooting(oid))

    def rooting(self, oid: bytes) -> Turns[None]:
        """As `root`, in turns."""
        if self._ids.number(oid) == len(self._at):
            self._put(b"", _ROOT, file=False)
        if oid in self._waiting:
            yield from self._walk(self._take(oid), _ROOT)

    def add(self, oid: bytes, data: bytes) -> None:
        """A tree object. Raises NotPack if it isn't one."""
        at_once(self.adding(oid, data))

    def adding(self, oid: bytes, data: bytes) -> Turns[None]:
        """As `add`, in turns."""
        number = self._ids.find(oid)
        if number >= 0:
            name = self._name(number)
            yield from self._walk(data, self._folder(self._folders[self._parents[number]], name) if name else _ROOT)
        elif self._waiting_bytes + len(data) + _COST <= self._waiting_limit:
            if oid not in self._waiting:
                self._waiting[oid] = data
                self._waiting_bytes += len(data) + _COST
        else:
            self.whole = False
            yield from self._walk(data, _ROOT)

    def finish(self) -> None:
        """No more objects: trees that still wait are told with as much of their path as is known. Raises NotPack."""
        below = {
            oid
            for data in self._waiting.values()
            for mode, _, oid in map(re.Match.groups, self._entry.finditer(data))
            if mode is not None and _type(mode) == _FOLDER
        }
        for oid in [oid for oid in self._waiting if oid not in below]:
            at_once(self._walk(self._take(oid), _ROOT))
        while self._waiting:  # trees can't contain each other, but nothing is left out
            at_once(self._walk(self._take(next(iter(self._waiting))), _ROOT))

    def _walk(self, data: bytes, folder: int) -> Turns[None]:
        """Read a tree, and those of its subtrees that wait for it."""
        stack = [(data, folder)]
        while stack:
            data, folder = stack.pop()
            start, stop = self._versions.changed(folder, data)
            self._work -= (stop - start) // _SHORTEST
            if self._work < 0:
                self.whole = False
                continue
            ends = array("I")
            reached = yield from self._read(data[:stop], start, folder, ends, stack)
            if reached < stop < len(data):  # an entry reaches further, so what follows isn't what followed before
                stop = len(data)
                reached = yield from self._read(data, reached, folder, ends, stack)
            if reached < stop:
                raise NotPack("holds a tree that can't be read")
            self._versions.keep(folder, data, start, ends, stop)
            yield

    def _read(
        self,
        data: bytes,
        position: int,
        folder: int,
        ends: array[int],
        stack: list[tuple[bytes, int]],
    ) -> Turns[int]:
        """Read the entries from `position`; where the last one ended, as all do that are added to `ends`."""
        ids, waiting, types, prefix, more = self._ids, self._waiting, _TYPES, self._folders[folder], self._more_bytes
        for mode, name, oid in map(re.Match.groups, self._entry.finditer(data, position)):
            if mode is None:
                break
            position += len(mode) + len(name) + more
            ends.append(position)
            if not len(ends) % TURN:
                yield
            kind = types.get(mode)
            if kind is None:
                kind = _type(mode)
            if kind == _LINK:
                continue
            number = ids.number(oid)
            new = number == len(self._at)
            if new:
                self._put(name, folder, file=kind != _FOLDER)
            elif number < 0:
                self.whole = False
            if kind == _FOLDER:
                if waiting and oid in waiting:
                    stack.append((self._take(oid), self._folder(prefix, name)))
            elif new or self._is_new_path(number, name, folder):
                self._told(oid, prefix, name)
        return position

    def _is_new_path(self, number: int, name: bytes, folder: int) -> bool:
        if number < 0:
            return True
        # Only a file's name was told: an id may stand in one tree for a folder and in the next for a file.
        if self._files[number] and self._parents[number] == folder and self._name(number) == name:
            return False
        key = hash((folder, name))
        if key in self._more:
            return False
        if len(self._more) < MORE_PATHS:
            self._more.add(key)
        return True

    def _told(self, oid: bytes, prefix: str, name: bytes) -> None:
        self._tell -= 1
        self._tell_text -= len(prefix) + len(name)
        if self._tell < 0 or self._tell_text < 0:
            self.whole = False
            return
        self._named.append((oid, NamedFile(path=_joined(prefix, name))))

    def _put(self, name: bytes, folder: int, *, file: bool) -> None:
        """Note the name of the id that has just got its number."""
        self._files.append(file)
        length = min(len(name), LONGEST_PATH)
        if len(self._names) + length > self._name_limit:
            self.whole = False
            length = 0
        self._parents.append(folder)
        self._at.append(len(self._names))
        self._lengths.append(length)
        self._names += name[:length]

    def _name(self, number: int) -> bytes:
        at = self._at[number]
        return bytes(self._names[at : at + self._lengths[number]])

    def _take(self, oid: bytes) -> bytes:
        data = self._waiting.pop(oid)
        self._waiting_bytes -= len(data) + _COST
        return data

    def _folder(self, prefix: str, name: bytes) -> int:
        """The number of a folder; the root's where there is no room for its path."""
        path = _joined(prefix, name) + "/"
        if len(path) > LONGEST_PATH:
            self.whole = False
        number = self._folder_numbers.get(path)
        if number is None:
            if self._folder_room < len(path) + _COST:
                self.whole = False
                return _ROOT
            self._folder_room -= len(path) + _COST
            number = len(self._folders)
            self._folders.append(path)
            self._folder_numbers[path] = number
        return number


def _type(mode: bytes) -> int:
    return int(mode, 8) & _TYPE


def _joined(prefix: str, name: bytes) -> str:
    return (prefix + name.decode("utf-8", "backslashreplace"))[-LONGEST_PATH:]
