"""What the tests of Azure DevOps share: a directory that knows some GUIDs, and a request put in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from forgewall.identify.directory import EMPTY, Directory, Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.registry import Instance, Registry
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Kind, Move, Target, Visibility

REGISTRY = Registry.build(
    [
        Instance(kind=Kind.AZURE_DEVOPS, host="tfs.example", path="/tfs"),
        Instance(kind=Kind.AZURE_DEVOPS, host="ado.example"),
    ]
)
API = "0f8fad5b-d9cb-469f-a165-70867728950e"
LOOT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OSS = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
PAYMENTS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
PUBLIC = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
STRANGER = "123e4567-e89b-12d3-a456-426614174000"


@dataclass(frozen=True, slots=True)
class Known:
    """A directory with these GUIDs and visibilities."""

    guids: dict[tuple[str, str], Named]
    visibilities: dict[str, Visibility] = field(default_factory=dict)

    def find(self, wanted: Id) -> Named | None:
        return self.guids.get((wanted.forge, wanted.text)) if wanted.kind is IdKind.GUID else None

    def visibility(self, key: str) -> Visibility | None:
        return self.visibilities.get(key)

    def moved(self, key: str) -> Move | None:
        return None


def named(forge: str, owner: str, repository: str | None = None) -> Named:
    address = f"{forge}/{owner}" if repository is None else f"{forge}/{owner}/{repository}"
    return Named(address=address, owner=owner, repository=repository)


def known(forge: str = "dev.azure.com", organisation: str = "acme") -> Known:
    """Projects payments and public of acme, repositories of both, and one of another organisation."""
    guids = {
        (forge, PAYMENTS): named(forge, f"{organisation}/payments"),
        (forge, PUBLIC): named(forge, f"{organisation}/public"),
        (forge, API): named(forge, f"{organisation}/payments", "api"),
        (forge, OSS): named(forge, f"{organisation}/public", "oss"),
        (forge, LOOT): named(forge, "mallory/loot", "loot"),
    }
    seen = {f"{forge}/{organisation}/payments": Visibility.PRIVATE, f"{forge}/{organisation}/public": Visibility.PUBLIC}
    return Known(guids, seen)


def ask(
    method: str,
    url: str,
    body: object = None,
    *,
    directory: Directory = EMPTY,
    kind: str = "application/json",
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    """The target of a request, its body sent as JSON unless it is bytes already."""
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    headers = (("content-type", kind),) if sent else ()
    target = identify(request_for(method, url, headers=headers, body=sent, body_state=state), REGISTRY, None, directory)
    assert target is not None
    return target


def told(target: Target) -> tuple[str, str | None]:
    """Operation and address, which most rows are about."""
    return target.operation.value, target.address
