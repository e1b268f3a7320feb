"""Requests, targets and refusals that several tests of this room use."""

from __future__ import annotations

from typing import Any

from forgewall.enforce.reply import Refusal
from forgewall.model import Effect, Kind, Operation, Request, Target

EVENT = "01JDXKQ4T7Z8W1N5V2B9C6M3YR"
CONTACT = "security@acme.example"


def refusal(**changes: Any) -> Refusal:
    fields: dict[str, Any] = {
        "code": "unapproved",
        "reason": "github.com/mallory/loot is not an approved repository",
        "contact": CONTACT,
        "event_id": EVENT,
        "rule": "defaults/writes",
        "address": "github.com/mallory/loot",
        "operation": Operation.PUSH,
        "kind": Kind.GITHUB,
    }
    return Refusal(**(fields | changes))


def request(path: str = "/", method: str = "GET", host: str = "github.com", port: int = 443, **headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method=method, scheme="https", host=host, port=port, path=path, headers=pairs)


def target(kind: Kind = Kind.GITHUB, host: str = "github.com") -> Target:
    return Target(
        kind=kind,
        host=host,
        address=f"{host}/mallory/loot",
        key=f"{host}/mallory/loot",
        owner="mallory",
        repository="loot",
        operation=Operation.PUSH,
        effect=Effect.WRITE,
        evidence="test",
    )
