"""GitLab and Bitbucket as their tests ask them: with a directory that knows some numbers and UUIDs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.identify.asking import REGISTRY

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Move, Target, Visibility

JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=b")
LAB = "https://gitlab.com/api/v4"


@dataclass
class Known:
    """A directory of one forge. A project is written `group/sub/name`, an owner `group/sub/`."""

    forge: str
    ids: dict[tuple[IdKind, str], str]
    asked: list[Id] = field(default_factory=list)

    def find(self, wanted: Id) -> Named | None:
        self.asked.append(wanted)
        path = self.ids.get((wanted.kind, wanted.text)) if wanted.forge == self.forge else None
        if path is None:
            return None
        owner, _, name = path.rpartition("/")
        return Named(address=f"{self.forge}/{path.rstrip('/')}", owner=owner, repository=name or None)

    def visibility(self, key: str) -> Visibility | None:
        return None

    def moved(self, key: str) -> Move | None:
        return None


def gitlab(forge: str = "gitlab.com") -> Known:
    """Projects 1 (acme/team/api) and 2 (mallory/loot), groups 7 (acme/team) and 8 (mallory), user 9, job 11."""
    return Known(
        forge,
        {
            (IdKind.REPOSITORY, "1"): "acme/team/api",
            (IdKind.REPOSITORY, "2"): "mallory/loot",
            (IdKind.NODE, "gid://gitlab/Project/3"): "acme/team/web",
            (IdKind.OWNER, "7"): "acme/team/",
            (IdKind.OWNER, "8"): "mallory/",
            (IdKind.NODE, "gid://gitlab/Group/6"): "acme/",
            (IdKind.USER, "9"): "ana/",
            (IdKind.RUN, "job/11"): "acme/team/api",
        },
    )


def asked(
    known: Known,
    method: str,
    url: str,
    body: object = b"",
    *headers: tuple[str, str],
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    """The target of a request; a body that isn't bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), (*headers, JSON)
    request = request_for(method, url, headers=headers, body=body, body_state=state)
    target = identify(request, REGISTRY, directory=known)
    assert target is not None
    return target


def lab(
    method: str, path: str, body: object = b"", *headers: tuple[str, str], state: BodyState = BodyState.COMPLETE
) -> Target:
    """The target of a request to GitLab's API, or to a page if `path` begins with `https:`."""
    return asked(gitlab(), method, path if path.startswith("https:") else LAB + path, body, *headers, state=state)


def said(target: Target) -> tuple[str, str | None, list[tuple[str, str | None, str | None]]]:
    """Operation, address, and the role, the address and the own operation of each second place."""
    also = [(one.role, one.address, one.operation.value if one.operation else None) for one in target.also]
    return target.operation.value, target.address, also


def multipart(*fields: tuple[str, str], file: str = "") -> bytes:
    """A multipart form with these fields, and a file of this name."""
    parts = [f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields]
    if file:
        parts.append(f'--b\r\ncontent-disposition: form-data; name="{file}"; filename="f"\r\n\r\nPK\x03\x04\r\n')
    return ("".join(parts) + "--b--\r\n").encode()
