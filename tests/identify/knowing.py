"""A directory that knows what a test tells it, and a request put in one line that is understood with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tests.identify.asking import REGISTRY

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Move, Target, Visibility

type Ids = Mapping[tuple[IdKind, str], str]
type Seen = Mapping[str, Visibility | None]
NOTHING: Seen = MappingProxyType({})


class Known:
    """A directory; `ids` maps kind and text to an address of any forge, `seen` a key to who can see what it names.

    An owner whose name holds a slash is written with one behind it: `gitlab.com/acme/team/`.
    """

    def __init__(self, ids: Ids, seen: Seen = NOTHING) -> None:
        self._ids = ids
        self._seen = seen

    def find(self, wanted: Id) -> Named | None:
        """See `Directory`."""
        address = self._ids.get((wanted.kind, wanted.text), "")
        if not address.startswith(f"{wanted.forge}/"):
            return None
        path = address.removeprefix(f"{wanted.forge}/")
        owner, _, repository = path.rpartition("/") if "/" in path else (path, "", "")
        return Named(address=address.removesuffix("/"), owner=owner, repository=repository or None)

    def visibility(self, key: str) -> Visibility | None:
        """See `Directory`."""
        return self._seen.get(key)

    def moved(self, key: str) -> Move | None:
        """See `Directory`."""
        return None


def at(forge: str, paths: Ids, seen: Seen = NOTHING) -> Known:
    """What is known of one forge: `paths` are addresses without its host."""
    return Known({wanted: f"{forge}/{path}" for wanted, path in paths.items()}, seen)


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
