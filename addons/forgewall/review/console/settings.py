"""What the console is told at its start: where log, index and policy are, where it listens, and whom it believes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forgewall.record.event import utc_now
from forgewall.review.console.proxies import TrustedProxies
from forgewall.review.store import INDEX

TOKENS = "console-tokens.json"
"""The file of sign-in tokens, beside the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One console. `listen` is host and port, `hosts` the further names that browsers may know it by.

    `proxies` are the reverse proxies in front of it, None if there are none. `with_tokens`: people sign in by token.
    `insecure_http`: serve people on other machines without encryption. `clock` tells the time, aware.
    """

    events: Path
    policy: Path
    index: Path | None = None
    title: str = "Forgewall"
    listen: tuple[str, int] = ("127.0.0.1", 8088)
    hosts: frozenset[str] = frozenset()
    proxies: TrustedProxies | None = None
    with_tokens: bool = True
    insecure_http: bool = False
    clock: Callable[[], datetime] = utc_now

    @property
    def index_file(self) -> Path:
        """Where the index is."""
        return self.index if self.index is not None else self.events / INDEX

    @property
    def token_file(self) -> Path:
        """Where the hashes of sign-in tokens are."""
        return self.index_file.with_name(TOKENS)
