"""Approving an event, a case or an address: the form with its choices, and the preview that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.errors import ForgewallError, UsageError
from forgewall.review import approval
from forgewall.review.console.access import Impossible, requires
from forgewall.review.console.actions.preview import proof_of, show_preview
from forgewall.review.console.actions.wanted import Options, options, wanted
from forgewall.review.console.forms import Form
from forgewall.review.console.rendering import render
from forgewall.review.person import Role
from forgewall.review.remedy import Remedy
from forgewall.review.remedy_address import address_of, remedy_for
from forgewall.review.remedy_choice import Choice
from forgewall.review.remedy_facts import Matter, matter_of
from forgewall.review.stand_ins import read_key
from forgewall.review.store import StoreError

KINDS = ("case", "event", "address")
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What shall be approved: a `kind` of KINDS and its `value`, with what the log knows of it."""

    kind: str
    value: str
    matter: Matter | None

    @property
    def address(self) -> str:
        """The address as people write it; '' where none is certain."""
        if self.matter is None:
            return self.value
        return self.matter.row.address or self.matter.row.host

    @property
    def back(self) -> str:
        """The page that one came from."""
        if self.matter is None:
            return "/policy"
        return f"/cases/{self.matter.case.id}" if self.matter.case is not None else f"/events/{self.matter.row.id}"


@requires(Role.VIEWER)
def form(request: Request) -> Response:
    """`GET /approve?case=…`, `?event=…` or `?address=…`: the choices, or why no entry would help."""
    now = request.state.settings.clock()
    current = approval.read(request.state.settings.policy, now)
    about = _about(request, Form(tuple(request.query_params.multi_items())), current)
    if about is None:
        return render(request, "approve_what.html")
    return _form(request, about, _found(request, current, about, Choice(), now), Form())


@requires(Role.REVIEWER)
def propose(request: Request) -> Response:
    """`POST /approve`: makes the preview, and shows it; nothing is written yet."""
    state = request.state
    now = state.settings.clock()
    current = approval.read(state.settings.policy, now)
    about = _about(request, state.form, current)
    if about is None:
        raise UsageError("The form doesn't tell what shall be approved.")
    try:
        choice = wanted(state.form, about.matter, current.policy, now)
        found = _found(request, current, about, choice, now)
        preview = approval.propose(current, found, now, proof_of(request))
    except ForgewallError as error:
        offered = _found(request, current, about, Choice(), now)
        return _form(request, about, offered, state.form, error=str(error))
    return show_preview(request, preview, choice.reason, about.back)


def _about(request: Request, fields: Form, current: approval.Current) -> About | None:
    """What the fields name; None if nothing. Raises UsageError, Impossible.

    What is pasted as an address may hold a password; only the address is kept and shown.
    """
    for kind in KINDS:
        value = fields.get(kind)[:_LONGEST]
        if value and kind == "address":
            return About(kind=kind, value=address_of(value, current.policy), matter=None)
        if value:
            return About(kind=kind, value=value, matter=_matter(request, value))
    return None


def _matter(request: Request, value: str) -> Matter:
    try:
        return matter_of(request.state.store, value)
    except (UsageError, StoreError):
        raise
    except ForgewallError as error:
        raise Impossible(str(error)) from None


def _found(request: Request, current: approval.Current, about: About, choice: Choice, now: datetime) -> Remedy:
    if about.matter is None:
        return remedy_for([about.value], current.policy, now, choice)
    names = read_key(request.state.settings.events)
    return approval.remedy_of(current, about.matter, now, choice=choice, names=names)


def _form(request: Request, about: About, found: Remedy, given: Form, *, error: str = "") -> Response:
    offered: Options = options(about.matter)
    return render(
        request,
        "approve.html",
        status=409 if error else 200,
        about=about,
        found=found,
        options=offered,
        error=error,
        span=given.get("for") or "7d",
        who=given.get("who") or offered.people[0].value,
        names=given.get("names"),
        operations=given.all("operation") or (offered.operations[0].value,),
        reason=given.get("reason"),
        owner=given.get("owner"),
        confirm=given.get("confirm"),
    )


routes = [
    Route("/approve", form, methods=["GET"]),
    Route("/approve", propose, methods=["POST"]),
]
