"""A packfile becomes facts while it streams (gitformat-pack(5)).

Theory. `objects` cuts the stream into objects; `chains` makes objects of deltas, with `bases` to keep what they are
made of; `contents` reads what is whole; `trees` finds the paths. Each object is handled when it ends, and only as much
is kept as its cap allows: about 16 MiB of bases, 25 MiB for their table, 25 MiB of names, 4 MiB of deltas that wait,
and one object of at most 4 MiB. What is no pack ends in `Malformed`; what can't be examined within the caps is
`Unread`, each reason told once.
Not here: the commands before the pack.
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.evidence import Fact, Malformed, RefUpdate
from forgewall.inspect.bases import MEMORY
from forgewall.inspect.chains import Chains
from forgewall.inspect.contents import Contents
from forgewall.inspect.hashes import NewHash, here
from forgewall.inspect.inspector import Spool
from forgewall.inspect.objects import NotPack, PackStream
from forgewall.inspect.secrets import Scanner
from forgewall.turns import Turns, at_once


class PackReader:
    """The `Inspector` of one pack."""

    __slots__ = ("_chains", "_contents", "_failed", "_stream")

    def __init__(
        self,
        *,
        object_format: str = "sha1",
        scanner: Scanner | None = None,
        spool: Spool | None = None,
        updates: Iterable[RefUpdate] = (),
        memory: int = MEMORY,
        new_hash: NewHash = here,
    ) -> None:
        """`object_format` is `sha1` or `sha256`. `updates` are judged by the history that the pack holds.

        `memory` is how many bytes of objects are kept in memory; the others go to `spool`, if there is one. `scanner`
        None: no search for secrets. `new_hash` makes the hashes of what may be long.
        """
        self._contents = Contents(object_format=object_format, scanner=scanner, updates=updates, new_hash=new_hash)
        self._chains = Chains(self._contents, spool, memory=memory)
        self._stream = PackStream(self._chains, object_format=object_format, new_hash=new_hash)
        self._failed = False

    def feed(self, data: bytes) -> list[Fact]:
        """The pack's next bytes: what they tell."""
        return at_once(self.turns(data))

    def turns(self, data: bytes) -> Turns[list[Fact]]:
        """As `feed`, in turns."""
        if self._failed:
            return []
        self._contents.allow(len(data))
        self._chains.allow(len(data))
        try:
            yield from self._stream.turns(data)
        except NotPack as error:
            return self._fail(error)
        return self._contents.told()

    def finish(self) -> list[Fact]:
        """The pack has ended: files that waited for their names, updates that drop history, what wasn't read."""
        if self._failed:
            return []
        self._contents.allow(0)
        try:
            self._stream.finish()
            self._chains.finish()
            self._contents.finish()
        except NotPack as error:
            return self._fail(error)
        return self._contents.told()

    def _fail(self, error: NotPack) -> list[Fact]:
        self._failed = True
        return [*self._contents.told(), Malformed(reason=f"the pack {error}")]
