"""One file's bytes become facts: what is secret in it, and what it is.

Whoever finds a file in a body (a pack's blob, a part of a form, base64 in JSON, an LFS object) feeds its decoded bytes
here. Memory is bounded whatever the file's size, and the facts don't depend on how it is cut into chunks.
Not here: opening archives.
"""

from __future__ import annotations

import hashlib

from forgewall.evidence import Fact, File, Unread
from forgewall.inspect.hashes import Hash
from forgewall.inspect.magic import Sniffer
from forgewall.inspect.secrets import Scanner, SecretStream


class FileReader:
    """Reads one file. `path` and `oid` may be set later, before `finish`, where they become known only then.

    A secret that is told before has the path that was known when it was found.
    """

    __slots__ = ("_hash", "_secrets", "_sniffer", "oid", "path", "size")

    def __init__(
        self, *, path: str | None, scanner: Scanner | None, oid: str | None = None, digest: Hash | None = None
    ) -> None:
        """`scanner` None: no search for secrets. `oid` is the git or LFS object id. `digest` makes the SHA-256."""
        self.path = path
        self.oid = oid
        self.size = 0
        self._hash: Hash = hashlib.sha256() if digest is None else digest
        self._sniffer = Sniffer()
        self._secrets: SecretStream | None = None if scanner is None else scanner.stream(path)

    def feed(self, data: bytes | memoryview) -> list[Fact]:
        """The file's next bytes: the secrets that are certain by now."""
        chunk = data if isinstance(data, bytes) else bytes(data)
        self.size += len(chunk)
        self._hash.update(chunk)
        self._sniffer.feed(chunk)
        if self._secrets is None:
            return []
        self._secrets.path, self._secrets.oid = self.path, self.oid
        return [*self._secrets.feed(chunk)]

    def finish(self) -> list[Fact]:
        """The file has ended: the rest of its secrets, what was left unread of it, then exactly one File."""
        facts: list[Fact] = []
        if self._secrets is not None:
            self._secrets.path, self._secrets.oid = self.path, self.oid
            facts.extend(self._secrets.finish())
            if self._secrets.gave_up is not None:
                facts.append(Unread(reason=self._secrets.gave_up))
        nature = self._sniffer.finish()
        facts.append(
            File(
                path=self.path,
                size=self.size,
                sha256=self._hash.hexdigest(),
                kind=nature.kind,
                encrypted=nature.encrypted,
                oid=self.oid,
            )
        )
        return facts
