"""What the identify tests share: one registry with self-hosted instances, and a request put in one line."""

from __future__ import annotations

from forgewall.identify.engine import identify
from forgewall.identify.registry import Instance, Registry
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Kind, Target

REGISTRY = Registry.build(
    [
        Instance(kind=Kind.GITHUB, host="ghe.example"),
        Instance(kind=Kind.GITLAB, host="gl.example", port=8443, path="/gitlab", hosts=("registry.gl.example",)),
        Instance(kind=Kind.BITBUCKET, host="bb.example", path="/bitbucket"),
        Instance(kind=Kind.GITEA, host="tea.example"),
    ]
)


def ask(
    method: str,
    url: str,
    body: bytes = b"",
    *headers: tuple[str, str],
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    """The target of a request to a host that is a forge."""
    target = identify(request_for(method, url, headers=headers, body=body, body_state=state), REGISTRY)
    assert target is not None
    return target


def told(target: Target) -> tuple[str, str | None]:
    """Operation and address, which most rows are about."""
    return target.operation.value, target.address
