"""GitLab and Bitbucket as their tests ask them: with a directory that knows some numbers and UUIDs."""

from __future__ import annotations

import json

from tests.identify.knowing import NOTHING, Known, Seen, ask_knowing, at

from forgewall.identify.directory import IdKind
from forgewall.model import BodyState, Target

JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=b")
LAB = "https://gitlab.com/api/v4"


def gitlab(forge: str = "gitlab.com", seen: Seen = NOTHING) -> Known:
    """Projects 1 (acme/team/api) and 2 (mallory/loot), groups 7 (acme/team) and 8 (mallory), user 9, job 11."""
    return at(
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
        seen,
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
    return ask_knowing(known, method, url, body, *headers, state=state)


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
