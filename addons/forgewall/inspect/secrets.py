"""Credentials in a stream of bytes. First version: the interface, which finds nothing yet."""

from __future__ import annotations

from functools import cache

from forgewall.evidence import Secret


class SecretStream:
    """The search through one file."""

    __slots__ = ("path",)

    def __init__(self, path: str | None) -> None:
        self.path = path

    def feed(self, data: bytes | memoryview) -> list[Secret]:
        """Secrets that are certain by now."""
        return []

    def finish(self) -> list[Secret]:
        """The file has ended: the rest."""
        return []


class Scanner:
    """Compiled rules; shared by the process."""

    @classmethod
    def load(cls, text: str) -> Scanner:
        """The rules of a file in gitleaks' format. Raises ValueError with a sentence."""
        return cls()

    @staticmethod
    @cache
    def built_in() -> Scanner:
        """The rules that Forgewall ships with."""
        return Scanner()

    def stream(self, path: str | None = None) -> SecretStream:
        """A search through one file, which stands at `path` as far as is known."""
        return SecretStream(path)
