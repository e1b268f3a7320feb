"""Logs for tests of the index: real files, written by the recorder, of events that differ in what filters ask about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tests.record import samples

from forgewall.model import Action, Kind, Operation, Subject
from forgewall.record.ecs import document
from forgewall.record.event import Change, Deed, Edit, Event, PolicyEdit, Result, Review, Upload
from forgewall.record.log import EventLog
from forgewall.record.ulid import new_id
from forgewall.review.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""The present of these tests."""

_USERS = (None, "ana@acme.example", "Bob", "ACME\\eve, jr")
_CLIENTS = ("10.1.2.3", "10.1.9.9", "192.0.2.7", "2001:db8::5", "fe80::1%eth0")
_OWNERS = ("mallory", "Acme", "acme-evil", "acmeinc", "Bob")
_REPOSITORIES = ("loot", "api", "Größe", "a.b_c")
_HOSTS = ((Kind.GITHUB, "github.com"), (Kind.GITLAB, "gitlab.com"), (Kind.GITEA, "git.acme.example"))
_VERDICTS = (
    samples.BLOCK,
    samples.ALLOW,
    samples.WOULD,
    samples.LOG,
    replace(samples.BLOCK, code="forbidden", rule="forbidden/github.com/loot", reason="no upload may go there"),
)
_SIGNALS = ((), ("secret:aws-access-token", "encrypted"), ("secretive",), ("force",))


def write(directory: Path, *events: Event, clock: datetime = NOW) -> None:
    """Append `events` to the log, in the file of `clock`'s day."""
    log = EventLog(directory, clock=lambda: clock)
    for event in events:
        log.write(event)
    log.close()


def line(event: Event) -> bytes:
    """`event` as the log has it."""
    return json.dumps(document(event), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def opened(directory: Path, now: datetime = NOW, **options: Any) -> Store:
    """The index of the log, brought up to date."""
    store = Store(directory, clock=lambda: now, **options)
    store.refresh()
    return store


def at(event: Event, time: datetime) -> Any:
    """`event` at another time, under an id of its own."""
    return replace(event, time=time, id=new_id())


def opening(**changes: Any) -> Event:
    """git asks what refs there are, to push."""
    path = "/mallory/loot.git/info/refs?service=git-receive-pack"
    return samples.decision(exchange=replace(samples.EXCHANGE, method="GET", path=path, content_length=None), **changes)


def minutes(*events: Event, start: datetime = NOW - timedelta(hours=1)) -> list[Any]:
    """`events` one minute apart, each under an id of its own."""
    return [at(event, start + timedelta(minutes=number)) for number, event in enumerate(events)]


@st.composite
def recorded_events(draw: Any, count: int = 25) -> list[Event]:
    """Events of every kind whose facts come from few values, so that filters find some."""
    moments = (st.integers(0, 4 * 86400 * 1000) | st.integers(0, 4000 * 1000)).map(
        lambda ago: NOW - timedelta(milliseconds=ago)
    )
    decisions = st.builds(_decision, *map(st.sampled_from, (_USERS, _CLIENTS, _HOSTS, _OWNERS, _REPOSITORIES)),
                          st.sampled_from(list(Operation)), st.sampled_from(_VERDICTS), st.booleans())  # fmt: skip
    others = st.sampled_from(
        [
            samples.policy_change(),
            samples.policy_change(Change.REJECTED, problems=2),
            samples.fault(),
            PolicyEdit(edit=Edit.APPROVED, actor="bob", actor_source="login", file="p.yaml", old_digest="a",
                       new_digest="b", address="github.com/Acme/api"),
            Review(deed=Deed.MUTED, actor="Bob", actor_source="token", client="10.1.9.9", case="C-7QK2M9FD3A"),
            samples.ssh_refusal(),
        ]
    )  # fmt: skip
    uploads = st.builds(
        lambda decision, result, size, signals, cut: Upload(
            decision=decision,
            result=result,
            wire_bytes=size,
            seconds=1.0,
            signals=signals,
            would_cut=cut,
            verdict=samples.TOO_LARGE if result is Result.CUT else None,
            evidence=samples.EVIDENCE if signals else None,
            objections=(samples.OBJECTION,) if cut else (),
        ),
        *(decisions, st.sampled_from(Result), st.integers(0, 10**7), st.sampled_from(_SIGNALS), st.booleans()),
    )
    drawn = draw(st.lists(st.tuples(st.one_of(decisions, others, uploads), moments), max_size=count))
    return [at(event, time) for event, time in drawn]


def _decision(
    user: str | None, client: str, forge: tuple[Kind, str], owner: str, repository: str, operation: Operation,
    verdict: Any, git: bool,
) -> Any:  # fmt: skip
    kind, host = forge
    address = f"{host}/{owner}/{repository}" if repository != "a.b_c" else None
    target = replace(
        samples.TARGET,
        kind=kind,
        host=host,
        address=address,
        key=address.lower() if address else None,
        owner=owner if address else None,
        repository=repository if address else None,
        operation=operation,
        effect=operation.effect,
    )
    make = opening if git and verdict.action is not Action.ALLOW else samples.decision
    return make(subject=Subject(client=client, port=1, user=user, source="proxy-auth"), target=target, verdict=verdict)
