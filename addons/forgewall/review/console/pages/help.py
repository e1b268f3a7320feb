"""The page that tells how to use the others: from a block to an approval, the words, and the keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.review.console.access import requires
from forgewall.review.console.rendering import render
from forgewall.review.person import Role


@requires(Role.VIEWER)
def help_page(request: Request) -> Response:
    """`/help`."""
    return render(request, "help.html")


routes = [Route("/help", help_page)]
