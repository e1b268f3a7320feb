"""A request to a forge that has said whom some ids name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.identify.asking import REGISTRY

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Move, Target, Visibility


@dataclass(frozen=True)
class Said:
    """A directory of ids of one forge, each given as kind and text."""

    forge: str
    ids: Mapping[tuple[IdKind, str], str]

    def find(self, wanted: Id) -> Named | None:
        path = self.ids.get((wanted.kind, wanted.text)) if wanted.forge == self.forge else None
        if path is None:
            return None
        owner, _, name = path.partition("/")
        return Named(address=f"{self.forge}/{path}", owner=owner, repository=name or None)

    def visibility(self, key: str) -> Visibility | None:
        return None

    def moved(self, key: str) -> Move | None:
        return None


def ask_knowing(
    said: Said,
    method: str,
    url: str,
    body: bytes = b"",
    *headers: tuple[str, str],
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    """The target of a request to a host that is a forge, whose ids are known."""
    request = request_for(method, url, headers=headers, body=body, body_state=state)
    target = identify(request, REGISTRY, directory=said)
    assert target is not None
    return target
