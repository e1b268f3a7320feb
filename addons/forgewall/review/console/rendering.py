"""Pages from templates: every value is escaped, whatever it is, and a value that is missing is an error.

Values that every template gets: `title` (the console's), `path` (the request's), `person` (None before sign-in), `csrf`
(the token that each form must hold), `policy` (`policy_view.PolicyView`, None before sign-in), `notices` (sentences to
be shown once), `now` (aware), `can_review`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from forgewall.review.person import Role

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"

environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
"""Filters of the pages are put in here by the modules that define them."""


def render(
    request: Request, name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """The answer with the template `name`, filled with what every template gets and `values`."""
    text = environment.get_template(name).render(**_given(request), **values)
    return HTMLResponse(text, status_code=status, headers=headers)


def _taken(notices: list[str]) -> Iterator[str]:
    """Takes each away as it is shown, so that an answer that shows none, such as a live tail's, leaves them there."""
    with suppress(IndexError):
        while True:
            yield notices.pop(0)


def _given(request: Request) -> dict[str, Any]:
    state = request.scope.get("state", {})
    person, session, settings = state.get("person"), state.get("session"), state["settings"]
    return {
        "title": settings.title,
        "path": request.url.path,
        "person": person,
        "can_review": person is not None and person.role is Role.REVIEWER,
        "csrf": state.get("csrf", ""),
        "policy": state.get("policy"),
        "notices": _taken(session.notices) if session is not None and request.method != "HEAD" else (),
        "now": settings.clock(),
    }
