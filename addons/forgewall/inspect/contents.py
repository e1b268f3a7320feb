"""What a pack's objects tell, once they are whole and undeltaed: commits, files, names, and who descends from whom.

A file's path comes from the trees. What a small file tells that comes before its tree is told when the tree comes, at
the latest at the end; what is secret in a large one is told at once, by what is known of it then.
Not here: the pack's format, and how deltas become objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from forgewall.evidence import Fact, File, ForcedUpdate, Missing, RefAction, RefUpdate, Secret, Unread
from forgewall.inspect.ancestry import Ancestry
from forgewall.inspect.commits import commit_of, tagged
from forgewall.inspect.content import FileReader
from forgewall.inspect.hashes import Hash, NewHash, here
from forgewall.inspect.objects import BLOB, COMMIT, TAG, TREE
from forgewall.inspect.secrets import Scanner
from forgewall.inspect.trees import Trees
from forgewall.turns import Turns, at_once

TEXT = 4 * 1024 * 1024
"""Most bytes of a commit, tag or tree that is read: a tree of that size names 100,000 files."""
HELD = 10_000
"""So many facts of files may wait for a name; the others are told without."""

_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_WORDS = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}


class Contents:
    """Reads objects, and gathers in `facts` what they tell until `told` is asked."""

    __slots__ = (
        "_ancestry",
        "_blind",
        "_format",
        "_hash",
        "_held",
        "_held_count",
        "_new_hash",
        "_reasons",
        "_scanner",
        "_trees",
        "_updates",
        "due",
        "facts",
        "width",
    )

    def __init__(
        self, *, object_format: str, scanner: Scanner | None, updates: Iterable[RefUpdate], new_hash: NewHash = here
    ) -> None:
        """`scanner` None: no search for secrets. `updates` are the refs that the push changes.

        `new_hash` is for the objects that come in pieces.
        """
        self._format = object_format
        self._new_hash = new_hash
        self._hash = _HASHES[object_format]
        self.width = self._hash(usedforsecurity=False).digest_size
        self._scanner = scanner
        self._updates = tuple(update for update in updates if update.action is RefAction.UPDATE)
        self._ancestry = Ancestry(self.width) if self._updates else None
        self._trees = Trees(self.width)
        self._held: dict[bytes, list[Fact]] = {}  # by the file's id
        self._held_count = 0
        self._reasons: set[str] = set()
        self._blind = False  # whether there may be commits that weren't read
        self.due: list[Turns[None]] = []  # for `settle`, before the next object
        self.facts: list[Fact] = []

    def allow(self, size: int) -> None:
        """`size` more bytes of pack have come: how much may be told of them."""
        self._trees.allow(size)

    def whole(self, kind: int, data: bytes) -> bytes:
        """An object's content in one piece; its id. Raises NotPack if it isn't of that type."""
        oid = self._hash(b"%b %d\0" % (_WORDS[kind], len(data)) + data, usedforsecurity=False).digest()
        if kind == BLOB:
            path = self._trees.path(oid)
            reader = FileReader(path=path, scanner=self._scanner, oid=oid.hex())
            self._file(oid, path, [*reader.feed(data), *reader.finish()])
        else:
            self._text(kind, oid, data)
        return oid

    def large(self, kind: int, size: int) -> LargeObject:
        """An object of `size` bytes that comes in pieces."""
        digest = self._new_hash(self._format)
        digest.update(b"%b %d\0" % (_WORDS[kind], size))
        reader = None
        if kind == BLOB:
            reader = FileReader(path=None, scanner=self._scanner, digest=self._new_hash("sha256"))
        return LargeObject(self, kind, size, digest=digest, reader=reader)

    def told(self) -> list[Fact]:
        """The facts since this was last asked."""
        facts, self.facts = self.facts, []
        return facts

    def unread(self, reason: str, *, blind: bool = True, missing: Missing = Missing.CONTENTS) -> None:
        """Something wasn't examined; each reason is told once. `blind`: it may be a commit."""
        self._blind = self._blind or blind
        if reason not in self._reasons:
            self._reasons.add(reason)
            self.facts.append(Unread(reason=reason, missing=missing))

    def finish(self) -> None:
        """No more objects. Raises NotPack if a tree that waited turns out to be none."""
        at_once(self.settle())
        self._trees.finish()
        self._name()
        for oid, facts in self._held.items():
            path = self._trees.path(oid)
            self.facts += facts if path is None else [_at(fact, path) for fact in facts]
        self._held.clear()
        if not self._trees.whole:
            reason = "the pack names more files than can be kept, so some are told without their path"
            self.unread(reason, blind=False, missing=Missing.PATHS)
        self._force()

    def ended(self, kind: int, oid: bytes, reader: FileReader | None, text: bytes | None) -> None:
        """A large object has ended; `reader` has read it if it is a file, `text` is its content if that was kept."""
        if reader is not None:
            reader.path, reader.oid = self._trees.path(oid), oid.hex()
            self._file(oid, reader.path, reader.finish())
        elif text is not None:
            self._text(kind, oid, text)
        else:
            reason = f"a {_WORDS[kind].decode()} of the pack is larger than 4 MiB"
            tree = kind == TREE
            self.unread(reason, blind=not tree, missing=Missing.PATHS if tree else Missing.CONTENTS)

    def _file(self, oid: bytes, path: str | None, facts: list[Fact]) -> None:
        if path is None and oid not in self._held and self._held_count + len(facts) <= HELD:
            self._held[oid] = facts
            self._held_count += len(facts)
        else:
            self.facts += facts

    def _text(self, kind: int, oid: bytes, data: bytes) -> None:
        if kind == TREE:
            self.due.append(self._trees.adding(oid, data))
            return
        if self._scanner is not None:
            self._search(self._scanner, oid, data)
        if kind == COMMIT:
            parsed = commit_of(data, oid)
            self.facts.append(parsed.commit)
            self.due.append(self._trees.rooting(parsed.tree))
            if self._ancestry is not None:
                self._ancestry.add(oid, parsed.parents)
        else:
            target = tagged(data)
            if target is not None and target[1] == "tree":
                self.due.append(self._trees.rooting(target[0]))
            elif target is not None and target[1] in ("commit", "tag") and self._ancestry is not None:
                self._ancestry.add(oid, (target[0],))

    def _search(self, scanner: Scanner, oid: bytes, message: bytes) -> None:
        """Look for secrets in a commit's or tag's own text."""
        stream = scanner.stream(None)
        found: list[Secret] = [*stream.feed(message), *stream.finish()]
        self.facts += [replace(secret, oid=oid.hex()) for secret in found]
        if stream.gave_up is not None:
            self.unread(stream.gave_up, blind=False)

    def settle(self) -> Turns[None]:
        """Read what trees are due, in turns: one may hold 100,000 names. Raises NotPack."""
        due, self.due = self.due, []
        for work in due:
            yield from work
        self._name()

    def _name(self) -> None:
        """Tell the names that have become known, and the files that waited for them."""
        named = self._trees.told()
        if not self._held:
            self.facts += [name for _, name in named]
            return
        for oid, name in named:
            self.facts.append(name)
            facts = self._held.pop(oid, None)
            if facts is not None:
                self._held_count -= len(facts)
                self.facts += [_at(fact, name.path) for fact in facts]

    def _force(self) -> None:
        if self._ancestry is None:
            return
        for update in self._updates:
            if update.old is None or update.new is None:
                continue
            keeps = self._ancestry.keeps(bytes.fromhex(update.old), bytes.fromhex(update.new))
            if keeps is False or (keeps is None and (self._blind or not self._ancestry.whole)):
                self.facts.append(ForcedUpdate(name=update.name))
        if not self._ancestry.whole:
            reason = "the pack holds too many commits to tell whether history is rewritten"
            self.unread(reason, missing=Missing.HISTORY)


class LargeObject:
    """One object that comes in pieces: hashed, read as a file if it is one, collected if it is a text to be read."""

    __slots__ = ("_contents", "_digest", "_kind", "_reader", "_text")

    def __init__(self, contents: Contents, kind: int, size: int, *, digest: Hash, reader: FileReader | None) -> None:
        self._contents = contents
        self._kind = kind
        self._digest = digest
        self._reader = reader
        self._text = bytearray() if kind != BLOB and size <= TEXT else None

    def add(self, data: bytes) -> None:
        """The next bytes."""
        self._digest.update(data)
        if self._reader is not None:
            self._contents.facts += self._reader.feed(data)
        elif self._text is not None:
            self._text += data

    def end(self) -> bytes:
        """All bytes are there; the object's id. Raises NotPack if it isn't of its type."""
        oid = self._digest.digest()
        text = None if self._text is None else bytes(self._text)
        self._contents.ended(self._kind, oid, self._reader, text)
        return oid


def _at(fact: Fact, path: str) -> Fact:
    """What was told of a file whose path wasn't known."""
    return replace(fact, path=path) if isinstance(fact, File | Secret) else fact
