"""A directory that knows what a test tells it, and a request put in one line that is understood with it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.identify.asking import REGISTRY

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Move, Target, Visibility


class Known:
    """Knows ids; `names` maps kind and text to an address of `host`, for each kind's own host where it has one."""

    def __init__(self, names: Mapping[tuple[IdKind, str], str]) -> None:
        self._names = names

    def find(self, wanted: Id) -> Named | None:
        """See `Directory`."""
        address = self._names.get((wanted.kind, wanted.text))
        if address is None or not address.startswith(f"{wanted.forge}/"):
            return None
        owner, _, repository = address.removeprefix(f"{wanted.forge}/").partition("/")
        return Named(address=address, owner=owner, repository=repository or None)

    def visibility(self, key: str) -> Visibility | None:
        """See `Directory`."""
        return None

    def moved(self, key: str) -> Move | None:
        """See `Directory`."""
        return None


def ask_knowing(
    known: Known,
    method: str,
    url: str,
    body: bytes = b"",
    *headers: tuple[str, str],
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    """The target of a request to a host that is a forge, where `known` is known."""
    request = request_for(method, url, headers=headers, body=body, body_state=state)
    target = identify(request, REGISTRY, directory=known)
    assert target is not None
    return target
