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
    status that follows from `code`; languages whose clients only read 200 keep 200. `request_url` is the policy's.
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
    request_url: str = ""


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
    that hold no more; `subject` is the address, or the host where there is none. `link` is where to ask, '' if nowhere.
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
    link: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as plain lines for a terminal."""
        lines = (self.what, f"Why: {self.why}", f"What to do: {self.todo}")
        return (*lines, f"Ask here: {self.link}") if self.link else lines

    @property
    def sentence(self) -> str:
        """The message as one line for clients that show one."""
        return f"{self.what} {self.explanation}"

    @property
    def explanation(self) -> str:
        """Why, what to do, and where to ask: sentences on one line. The link comes last, so that it can be clicked."""
        link = f" Ask here: {self.link}" if self.link else ""
        return f"{self.why} {self.todo[:1].upper()}{self.todo[1:]}{link}"
