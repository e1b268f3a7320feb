"""What the enforcer tells the HTTP layer to do with a request. A stream without a ruling of these is refused.

Not here: how it is done (`proxy.stream`), and why (the verdict, in the event).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forgewall.enforce.reply import Reply
from forgewall.proxy.answer_hold import AnswerReader
from forgewall.proxy.spool import DiskSpool
from forgewall.proxy.transit import Transit
from forgewall.turns import Turns


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing goes upstream; the client gets `reply`, and what it still sends is drained within bounds."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request goes upstream. `transit` watches its body; None for a host that is no forge: streamed unread.

    `answer` reads what comes back, where that has to be read before the client gets it.
    """

    transit: Transit | None
    websocket: bool = False
    answer: AnswerReader | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The beginning of the body is needed first.

    `enough` is told each chunk and says whether the bytes so far settle it; `settle` is then called with all of them
    and whether that is the whole body. Beyond `limit` bytes it is settled in any case. With a `spool` a body that
    becomes larger than memory may hold is kept there, and `settle` gets no bytes: `enough` has seen them. `turns` does
    what `enough` does in turns, where it may take long.
    """

    limit: int
    enough: Callable[[bytes], bool]
    settle: Callable[[bytes, bool], Refused | Admitted]
    spool: DiskSpool | None = None
    turns: Callable[[bytes], Turns[bool]] | None = None


type Ruling = Refused | Admitted | Held
