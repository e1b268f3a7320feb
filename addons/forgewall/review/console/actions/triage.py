"""Saying what a case is: rightly blocked, a false positive, muted for a while, or open again."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.errors import UsageError
from forgewall.record.event import Deed, Review
from forgewall.review.case import State, Triage
from forgewall.review.console.access import requires
from forgewall.review.console.rendering import environment
from forgewall.review.person import Role

MUTES = MappingProxyType(
    {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
)
"""For how long a case can be muted."""
LONGEST_NOTE = 500

_SAID = MappingProxyType(
    {
        State.CONFIRMED: (Deed.CONFIRMED, "rightly blocked"),
        State.FALSE_POSITIVE: (Deed.FALSE_POSITIVE, "a false positive"),
        State.MUTED: (Deed.MUTED, "muted"),
        State.OPEN: (Deed.OPEN, "open again"),
    }
)


@requires(Role.REVIEWER)
def triage(request: Request) -> Response:
    """`POST /triage`: `case`, `said` (a state), `note`, and for a mute `span`. It is written down before it holds."""
    state, form = request.state, request.state.form
    case = state.store.case(form.get("case"))
    if case is None:
        raise UsageError("The case is gone: the log has none of its events any more.")
    now = state.settings.clock()
    said = _state(form.get("said"))
    until = now + _span(form.get("span")) if said is State.MUTED else None
    note = note_of(form.get("note"))
    deed, words = _SAID[said]
    state.parts.audit.write(
        Review(
            deed=deed,
            actor=state.person.name,
            actor_source=state.person.source,
            role=state.person.role.value,
            client=state.client,
            case=case.id,
            address=case.address,
            operation=case.operation,
            note=note,
            until=until,
            time=now,
        )
    )
    state.store.triage(Triage(case_id=case.id, state=said, by=state.person.name, at=now, until=until, note=note))
    ending = f" until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    state.session.notices.append(f"The case is {words}{ending}.")
    return RedirectResponse(f"/cases/{case.id}", 303)


def note_of(text: str) -> str:
    """A note on one line. Raises UsageError if it is too long."""
    if len(text) > LONGEST_NOTE:
        raise UsageError(f"The note is longer than {LONGEST_NOTE} characters. Go back and shorten it.")
    return " ".join(text.split())


def _state(word: str) -> State:
    if word not in _SAID:
        raise UsageError("The form doesn't tell what the case is. Go back and choose it.")
    return State(word)


def _span(word: str) -> timedelta:
    if word not in MUTES:
        raise UsageError("The form doesn't tell for how long to mute. Go back and choose it.")
    return MUTES[word]


environment.globals["mutes"] = (("1 hour", "1h"), ("1 day", "1d"), ("7 days", "7d"), ("30 days", "30d"))

routes = [Route("/triage", triage, methods=["POST"])]
