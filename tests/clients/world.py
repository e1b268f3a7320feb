"""What the stand-ins for forges have in common: ids that never change, and a log of what was asked of them.

Ids are made from names, so that a proxy which has learned them in one test isn't told otherwise in the next.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from demo.answer import Answer, document
from demo.wire import Head

TIME = "2026-11-02T09:30:00Z"
READS = ("GET", "HEAD", "OPTIONS")


def number(kind: str, name: str) -> int:
    """The number of the thing of this kind and name."""
    return 1_000_000 + zlib.crc32(f"{kind} {name.lower()}".encode()) % 900_000_000


def node(prefix: str, name: str) -> str:
    """The node id of the thing with this name; `prefix` says what it is (`R`, `PR`, …)."""
    return f"{prefix}_{base64.urlsafe_b64encode(name.lower().encode()).decode().rstrip('=')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, with the names that its path holds."""

    head: Head
    body: bytes
    names: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of its JSON body."""
        found = json.loads(self.body or b"{}")
        assert isinstance(found, dict)
        return found

    def query(self, name: str, default: str = "") -> str:
        """The first value of a field of its query."""
        return parse_qs(self.head.query).get(name, [default])[0]


type Handler = Callable[[Asked], Answer | object]
"""Answers a request: with an Answer, or with a value that becomes JSON."""


@dataclass(slots=True)
class Routes:
    """Handlers by method and path. `{}` in a path is a name, `{+}` a name that may hold slashes."""

    _rows: list[tuple[str, re.Pattern[str], Handler]] = field(default_factory=list)

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Let `handler` answer such requests; `method` may be several words."""
        pattern = re.escape(path).replace(r"\{\+\}", "(.+)").replace(r"\{\}", "([^/]+)")
        self._rows += [(one, re.compile(pattern), handler) for one in method.split()]

    def answer(self, head: Head, body: bytes) -> Answer | None:
        """The answer of the first handler that fits; None if there is none."""
        method = "GET" if head.method == "HEAD" else head.method
        for wanted, pattern, handler in self._rows:
            match = pattern.fullmatch(head.path) if wanted == method else None
            if match:
                found = handler(Asked(head=head, body=body, names=match.groups()))
                if isinstance(found, Answer):
                    return found
                return document(201 if method == "POST" else 200, found)
        return None
