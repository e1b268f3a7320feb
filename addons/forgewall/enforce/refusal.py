"""Why a request doesn't go through, as values: the refusal, the network failure, and the words made from either.

Not here: the words themselves (`wording`), and how they look on the wire. The same `Message` becomes a git pkt-line,
JSON, a page or plain text elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forgewall.model import Kind, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A verdict that blocks, as far as the client may know it.

    `code`, `rule` and `reason` are the verdict's; `code` may also be one of a `Cut`. `reason` is a sentence without a
    full stop. `event_id` is None when the log couldn't be written. `limit` is in bytes. `status` overrides the HTTP
    status that follows from `code`; languages whose clients only read 200 keep 200.
    """

    code: str
    reason: str
    contact: str
    event_id: str | None
    rule: str = ""
    address: str | None = None
    operation: Operation | None = None
    kind: Kind | None = None
    limit: int | None = None
    status: int | None = None


class Failure(StrEnum):
    """Why the forge couldn't be asked, though the policy would have let the request pass."""

    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The words for one client, already free of control characters and bounded.

    `what`, `why` and `todo` are sentences with a full stop; `short` is one line of at most 120 characters for places
    that hold no more; `subject` is the address, or the host where there is none.
    """

    status: int
    code: str
    subject: str
    what: str
    why: str
    todo: str
    short: str
    contact: str
    event_id: str | None
    rule: str
    kind: Kind | None
    blocked: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as plain lines for a terminal."""
        return (self.what, f"Why: {self.why}", f"What to do: {self.todo}")

    @property
    def sentence(self) -> str:
        """The message as one line for clients that show one."""
        return f"{self.what} {self.explanation}"

    @property
    def explanation(self) -> str:
        """Why, and what to do: two sentences on one line."""
        return f"{self.why} {self.todo[:1].upper()}{self.todo[1:]}"
