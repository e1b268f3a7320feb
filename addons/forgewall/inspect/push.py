"""The body of `POST git-receive-pack`: the commands, then the pack if there has to be one (gitprotocol-pack(5)).

Not here: whether the push may pass, and the answer to it.
"""

from __future__ import annotations

from forgewall.evidence import Fact, Malformed, PushOption
from forgewall.inspect import commands
from forgewall.inspect.commands import CommandReader, Commands
from forgewall.inspect.hashes import NewHash, here
from forgewall.inspect.inspector import Spool
from forgewall.inspect.pack import PackReader
from forgewall.inspect.secrets import Scanner
from forgewall.model import Depth
from forgewall.turns import Turns, at_once

_SIGNATURE = b"PACK"


class PushInspector:
    """The `Inspector` of one push. `commands` is the command list once it has been read.

    With `Depth.FULL` the pack is read; else the bytes behind the commands pass unread, if there should be any.
    """

    __slots__ = (
        "_depth",
        "_failed",
        "_fed",
        "_head",
        "_new_hash",
        "_pack",
        "_scanner",
        "_skimmed",
        "_spool",
        "commands",
    )

    def __init__(
        self,
        *,
        depth: Depth,
        scanner: Scanner | None = None,
        spool: Spool | None = None,
        new_hash: NewHash = here,
    ) -> None:
        """`scanner` None: no search for secrets. `spool` None: only memory is used for the bases of deltas.

        `new_hash` makes the hashes of what may be long.
        """
        self._new_hash = new_hash
        self._depth = depth
        self._scanner = scanner
        self._spool = spool
        self._head: CommandReader | None = CommandReader()
        self._fed = 0
        self._pack: PackReader | None = None
        self._skimmed = b""  # the first bytes of a pack that isn't read
        self._failed = False
        self.commands: Commands | None = None

    def feed(self, data: bytes) -> list[Fact]:
        """The body's next bytes: what they tell."""
        return at_once(self.turns(data))

    def turns(self, data: bytes) -> Turns[list[Fact]]:
        """As `feed`, in turns."""
        if self._failed or not data:
            return []
        if self._pack is not None:
            return (yield from self._pack.turns(data))
        if self._head is not None:
            return (yield from self._begin(self._head, data))
        return self._behind(data)

    def finish(self) -> list[Fact]:
        """The body has ended: the rest, and Malformed if it should have gone on."""
        if self._failed:
            return []
        if self.commands is None:
            return self._fail("the push's command list is cut short")
        if self._pack is not None:
            return self._pack.finish()
        if self.commands.wants_pack and self._skimmed != _SIGNATURE:
            return self._fail("the push has no pack")
        return []

    def _begin(self, head: CommandReader, data: bytes) -> Turns[list[Fact]]:
        answer = head.feed(data)
        before, self._fed = self._fed, self._fed + len(data)
        if answer is None:
            return []
        if isinstance(answer, commands.Malformed):
            return self._fail(answer.reason)
        if not answer.complete:
            return self._fail("the push's command list is longer than any real one")
        self._head = None
        self.commands = answer
        if answer.wants_pack and self._depth is Depth.FULL:
            self._pack = PackReader(
                object_format=answer.object_format,
                scanner=self._scanner,
                spool=self._spool,
                updates=answer.updates,
                new_hash=self._new_hash,
            )
        facts: list[Fact] = [*answer.updates, *(PushOption(text=text) for text in answer.options)]
        return facts + (yield from self.turns(data[answer.consumed - before :]))

    def _behind(self, data: bytes) -> list[Fact]:
        """Bytes behind the commands that aren't read as a pack."""
        if self.commands is None or not self.commands.updates:
            return self._fail("the push holds data but no command")
        if not self.commands.wants_pack:
            return self._fail("the push holds data behind commands that need none")
        if len(self._skimmed) < len(_SIGNATURE):
            self._skimmed += data[: len(_SIGNATURE) - len(self._skimmed)]
            if not _SIGNATURE.startswith(self._skimmed):
                return self._fail("the push holds something else than a pack")
        return []

    def _fail(self, reason: str) -> list[Fact]:
        self._failed = True
        return [Malformed(reason=reason)]
