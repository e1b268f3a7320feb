"""What the enforcer's tests share: a policy, an event log that remembers or refuses, and a request put in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.model import Request, Subject
from forgewall.proxy.answer_hold import AnswerReader
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.journal import Journal
from forgewall.proxy.lessons import TaughtAnswer
from forgewall.proxy.ruling import Admitted
from forgewall.record.event import Decision, Event, Fault, Upload
from forgewall.record.log import EventLogError

POLICY = """\
version: 1
contact: security@acme.example
forges:
  - {host: git.acme.example, port: 8443, kind: gitlab}
approved:
  - github.com/acme
  - gitlab.com/acme/platform
  - git.acme.example/acme
  - {repo: github.com/acme/small, max_upload: 10}
  - {repo: github.com/acme/logged, max_upload: 10, over: log}
"""
ANA = Subject(client="192.0.2.1", port=51544)


def policy(more: str = "") -> Policy:
    """The tests' policy with further sections."""
    return parse(POLICY + more, "p.yaml")


@dataclass
class Ledger:
    """An event log in memory. `broken`: it can't be written; `error`: it fails in a way nobody thought of."""

    events: list[Event] = field(default_factory=list)
    broken: bool = False
    error: Exception | None = None

    def write(self, event: Event) -> None:
        if self.error is not None:
            raise self.error
        if self.broken:
            raise EventLogError("the event log can't be written")
        self.events.append(event)

    @property
    def journal(self) -> Journal:
        return Journal(cast(Any, self))

    @property
    def decisions(self) -> list[Decision]:
        return [event for event in self.events if isinstance(event, Decision)]

    @property
    def uploads(self) -> list[Upload]:
        return [event for event in self.events if isinstance(event, Upload)]

    @property
    def faults(self) -> list[Fault]:
        return [event for event in self.events if isinstance(event, Fault)]

    @property
    def codes(self) -> list[str]:
        """The codes of all decisions, oldest first."""
        return [decision.verdict.code for decision in self.decisions]


def arrival(
    method: str,
    url: str,
    *headers: tuple[str, str],
    length: int | None = None,
    body: bool | None = None,
    authorities: tuple[str, ...] | None = None,
    **changes: Any,
) -> Arrival:
    """A request's head. `length`: its Content-Length; `body`: it has one (said by `length`, if not given).

    The first of `authorities`, else the URL's, is its Host; further ones came as `:authority`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = [*headers]
    if length is not None:
        fields.append(("content-length", str(length)))
    elif body:
        fields.append(("transfer-encoding", "chunked"))
    names = (parts.netloc,) if authorities is None else authorities
    return Arrival(
        **{
            "request": Request(
                method=method,
                scheme=parts.scheme,
                host=host,
                port=parts.port or (443 if parts.scheme == "https" else 80),
                path=path,
                headers=(*(("host", name) for name in names[:1]), *fields),
            ),
            "subject": ANA,
            "authorities": names,
            "http_version": "1.1",
            "head_bytes": 200,
            "has_body": bool(length) if body is None else body,
            "content_length": length if length is not None or body else 0,
            **changes,
        }
    )


def reader_of(ruling: Admitted) -> AnswerReader | None:
    """What reads the answer, besides what learns from it."""
    return ruling.answer.other if isinstance(ruling.answer, TaughtAnswer) else ruling.answer
