"""What a person is told when a request doesn't go through: what was refused, why, and what to do now.

Not here: how it looks on the wire. The same `Message` becomes a git pkt-line, JSON, a page or plain text elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from forgewall.model import Kind, Operation, Request

ADDRESS_CHARS = 300
SENTENCE_CHARS = 600


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
    kind: Kind | None
    blocked: bool
    size: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as plain lines for a terminal."""
        return (self.what, f"Why: {self.why}", f"What to do: {self.todo}")

    @property
    def sentence(self) -> str:
        """The message as one line for clients that show one."""
        return f"{self.what} {self.why} {_capital(self.todo)}"


_STATUS: Mapping[str, int] = MappingProxyType(
    {
        "too-large": 413,
        "encoding": 415,
        "header-size": 431,
        "framing": 400,
        "method-body": 400,
        "not-tls": 400,
        "not-http": 400,
        "internal-error": 503,
        "log-unwritable": 503,
        "self-test": 503,
    }
)
_FAILURE_STATUS: Mapping[Failure, int] = MappingProxyType(
    {
        Failure.DNS: 502,
        Failure.CONNECT: 502,
        Failure.TIMEOUT: 504,
        Failure.CERTIFICATE: 502,
        Failure.PROTOCOL: 502,
    }
)
_OWN_FAULT = frozenset({"internal-error", "log-unwritable", "self-test"})

_DEEDS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.FETCH: "this read from",
        Operation.PUSH: "this push to",
        Operation.LFS_UPLOAD: "this LFS upload to",
        Operation.CONTENTS: "this file change in",
        Operation.RELEASE: "this release upload to",
        Operation.PACKAGE: "this package upload to",
        Operation.ATTACHMENT: "this attachment to",
        Operation.SNIPPET: "this snippet on",
        Operation.WIKI: "this wiki change in",
        Operation.PULL_REQUEST: "this pull request to",
        Operation.ISSUE: "this issue in",
        Operation.COMMENT: "this comment in",
        Operation.DISCUSSION: "this discussion in",
        Operation.CREATE_REPO: "this new repository in",
        Operation.FORK: "this fork into",
        Operation.IMPORT: "this import into",
        Operation.TRANSFER: "this transfer of",
        Operation.AUTH: "this sign-in to",
        Operation.TELEMETRY: "this telemetry for",
    }
)


def clean(text: str, limit: int) -> str:
    """`text` on one line without control, format or surrogate characters, at most `limit` characters.

    Client-chosen text ends on other people's terminals: escape sequences and bidirectional overrides must not.
    """
    kept = "".join(
        " " if char.isspace() else "" if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} else char
        for char in text[: limit * 4]
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def say(refusal: Refusal, request: Request) -> Message:
    """The words for a refusal by the policy, by a protocol rule, or because Forgewall itself can't decide safely."""
    subject = clean(refusal.address or request.host, ADDRESS_CHARS)
    own_fault = refusal.code in _OWN_FAULT
    contact = clean(refusal.contact, ADDRESS_CHARS)
    deed = _deed(refusal.operation)
    what = f"Forgewall can't judge requests now, so it stopped {deed} {subject}." if own_fault else ""
    return Message(
        status=refusal.status or _STATUS.get(refusal.code, 403),
        code=refusal.code,
        subject=subject,
        what=what or f"Forgewall refused {deed} {subject}.",
        why=_sentence(refusal.reason),
        todo=_todo(refusal, request, contact),
        short=_short(refusal.code, refusal.event_id),
        contact=contact,
        event_id=refusal.event_id,
        kind=refusal.kind,
        blocked=not own_fault,
        size=refusal.code == "too-large",
    )


def say_unavailable(
    failure: Failure, detail: str, request: Request, *, contact: str, event_id: str | None, kind: Kind | None
) -> Message:
    """The words for a network failure between the proxy and the forge; they say that it isn't the policy."""
    host = clean(request.host, ADDRESS_CHARS)
    cause = {
        Failure.DNS: f"the name {host} could not be resolved",
        Failure.CONNECT: f"no connection to {host} could be made",
        Failure.TIMEOUT: f"{host} did not answer in time",
        Failure.CERTIFICATE: f"{host} presented a certificate that can't be trusted, so nothing was sent to it",
        Failure.PROTOCOL: f"{host} answered in a way that can't be read",
    }[failure]
    more = clean(detail, 200).rstrip(".")
    retry = "don't retry; " if failure is Failure.CERTIFICATE else "try again in a few minutes; if it stays, "
    whom = clean(contact, ADDRESS_CHARS) or "the administrator of this proxy"
    return Message(
        status=_FAILURE_STATUS[failure],
        code=f"upstream-{failure}",
        subject=host,
        what=f"Forgewall could not reach {host}. This is the network, not the policy.",
        why=_sentence(f"{cause} ({more})" if more else cause),
        todo=f"{retry}tell {whom}{_quoting(event_id)}.",
        short=clean(f"Forgewall could not reach {host}{_event(event_id)}", 120),
        contact=clean(contact, ADDRESS_CHARS),
        event_id=event_id,
        kind=kind,
        blocked=False,
        size=False,
    )


def _deed(operation: Operation | None) -> str:
    return "this request to" if operation is None else _DEEDS.get(operation, f"this request ({operation}) to")


def _todo(refusal: Refusal, request: Request, contact: str) -> str:
    whom = contact or "the administrator of this proxy"
    quoting = _quoting(refusal.event_id)
    match refusal.code:
        case "ssh" | "port":
            host = forge_name(request.host)
            return f"use HTTPS: git config --global url.https://{host}/.insteadOf git@{host}: (questions: {whom})."
        case "too-large" if refusal.limit is not None:
            return f"send at most {size(refusal.limit)} per request, or ask {whom} for a higher limit{quoting}."
        case "encoding":
            return f"send the body without Content-Encoding, or with gzip alone; else ask {whom}{quoting}."
        case "header-size":
            return f"send fewer or smaller headers (cookies are the usual cause); else ask {whom}{quoting}."
        case "internal-error" | "log-unwritable" | "self-test":
            return f"try again in a few minutes; if it stays, tell {whom}{quoting}."
        case "unapproved":
            return f"ask {whom} to approve it{quoting}."
        case _:
            return f"ask {whom}{quoting}."


def _short(code: str, event_id: str | None) -> str:
    words = {
        "unapproved": "not approved by Forgewall",
        "forbidden": "forbidden by Forgewall",
        "too-large": "too large for Forgewall",
        "internal-error": "Forgewall can't judge now",
        "log-unwritable": "Forgewall can't log now",
    }.get(code, f"refused by Forgewall: {clean(code, 30)}")
    return clean(words + _event(event_id), 120)


def forge_name(host: str) -> str:
    """The host that serves HTTPS for a forge's SSH-over-443 host: `ssh.github.com` -> `github.com`."""
    name = clean(host, 253).lower().rstrip(".")
    for prefix in ("altssh.", "ssh."):
        if name.startswith(prefix) and "." in name.removeprefix(prefix):
            return name.removeprefix(prefix)
    return name


def size(count: int) -> str:
    """`count` bytes in the largest binary unit that is exact to one decimal, else in bytes: `50 MiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor and count * 10 % factor == 0:
            return f"{count / factor:g} {unit}"
    return f"{count} bytes"


def _sentence(text: str) -> str:
    line = clean(text, SENTENCE_CHARS).rstrip(".")
    return f"{_capital(line)}." if line else "No reason was given."


def _capital(text: str) -> str:
    # An address keeps its case: `github.com/…` must stay pasteable.
    first = text.split(" ", 1)[0]
    return text if "." in first or "/" in first else text[:1].upper() + text[1:]


def _quoting(event_id: str | None) -> str:
    return f", quoting event {event_id}" if event_id else ""


def _event(event_id: str | None) -> str:
    return f" (event {event_id})" if event_id else ""
