"""A policy file, its log and the index: what somebody who approves has before him, with real files."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.review import recordings

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.model import Verdict
from forgewall.record.event import Decision, Event
from forgewall.record.log import EventLog
from forgewall.review import approval, remedy_facts
from forgewall.review.approval import Proof
from forgewall.review.person import Person, Role
from forgewall.review.preview import Preview
from forgewall.review.recorded import Recorded
from forgewall.review.remedy import Choice, Remedy
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store

NOW = recordings.START
BOB = Person(name="bob", source="login", role=Role.REVIEWER)


class Desk:
    """`policy` is the text below `version: 1`."""

    def __init__(self, directory: Path, policy: str = "", *, pseudonymise: bool = False) -> None:
        self.file = directory / "policy.yaml"
        self.events = directory / "events"
        self.file.write_text(f"version: 1\n{policy.strip()}\n" if policy else "version: 1\n")
        self.log = EventLog(self.events, pseudonymise_users=pseudonymise, clock=lambda: NOW)
        self.log.check()
        self.store = Store(self.events, clock=lambda: NOW)

    @property
    def text(self) -> str:
        return self.file.read_text()

    @property
    def policy(self) -> Policy:
        return approval.read(self.file, NOW).policy

    def write(self, *events: Event) -> None:
        for event in events:
            self.log.write(event)
        self.store.refresh()

    def refuse(self, address: str | None = "github.com/mallory/loot", **changes: Any) -> Decision:
        """The event of a request that the policy judges now."""
        asked = recordings.recorded(address, **changes)
        event = recordings.decision(self.policy, asked)
        self.write(event)
        return event

    def remedy(self, identifier: str, choice: Choice | None = None, now: datetime = NOW) -> Remedy:
        matter = remedy_facts.matter_of(self.store, identifier)
        current = approval.read(self.file, now)
        return approval.remedy_of(current, matter, now, choice=choice, names=read_key(self.events))

    def propose(self, found: Remedy, now: datetime = NOW) -> Preview:
        proof = Proof(store=self.store, names=read_key(self.events))
        return approval.propose(approval.read(self.file, now), found, now, proof)

    def apply(self, preview: Preview, person: Person = BOB, reason: str = "") -> None:
        approval.apply(preview, person, self.events, reason, lambda: NOW, store=self.store)
        self.store.refresh()

    def approve(self, identifier: str, choice: Choice | None = None) -> Preview:
        preview = self.propose(self.remedy(identifier, choice))
        self.apply(preview)
        return preview

    def judge(self, event: Decision | Recorded, at: datetime = NOW, **changes: Any) -> Verdict:
        """What the file says now of what was asked for in `event`, changed by `changes` (`user`, `client`, …)."""
        target, subject = event.target, event.subject
        assert target is not None
        size = event.exchange.content_length if isinstance(event, Decision) else event.size
        refs = changes.pop("refs", event.refs)
        size = changes.pop("size", size)
        people = {key: changes.pop(key) for key in ("user", "client") if key in changes}
        return decide(self.policy, replace(target, **changes), replace(subject, **people), size, at, refs)
