"""What a handler may ask of whoever calls it. The gate already refuses who isn't signed in, and a viewer's POST."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from forgewall.errors import ForgewallError
from forgewall.review.person import Role

type Handler = Callable[[Request], Response]


class Forbidden(ForgewallError):
    """The person may not do that; the sentence says who may."""


class Impossible(ForgewallError):
    """What is asked for can't be done, whoever asks; the sentence says why."""


def requires(role: Role) -> Callable[[Handler], Handler]:
    """Decorates a synchronous handler that only people with `role` may call; reviewers may all that viewers may."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(request: Request) -> Response:
            if role is Role.REVIEWER and request.state.person.role is not Role.REVIEWER:
                raise Forbidden("Only a reviewer may do this.")
            return handler(request)

        return checked

    return decorate
