"""The sign-in tokens: who has one, with which role, and only a hash of each, in a file that its owner alone can read.

A token is 256 random bits, so a plain SHA-256 of it can't be turned back; nothing slower is needed. The file is read
again when it changes, so that a token that is revoked by the command line ends at once, and its sessions with it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forgewall.errors import ForgewallError, UsageError
from forgewall.record import owner
from forgewall.record.wire import stamp
from forgewall.review.person import Role

PREFIX = "fgw_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_MAX_BYTES = 1 << 20


class TokenFileError(ForgewallError):
    """The file of tokens can't be read or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token; `hash` is the SHA-256 of its text, in hex."""

    name: str
    role: Role
    hash: str
    created: datetime


class Tokens:
    """The tokens in `file`; safe to use from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._signature: tuple[int, ...] | None = None
        self._tokens: tuple[Token, ...] = ()
        self._lock = threading.Lock()

    def all(self) -> tuple[Token, ...]:
        """All tokens, the oldest first. Raises TokenFileError."""
        with self._lock:
            signature = self._stat()
            if signature is None or signature != self._signature:
                self._tokens = self._read()
                self._signature = signature
            return self._tokens

    def exists(self) -> bool:
        """Whether there is such a file: there is none before the first start."""
        return self._stat() is not None

    def find(self, text: str) -> Token | None:
        """The token that `text` is. Takes the same time whichever it is. Raises TokenFileError."""
        given, found = token_hash(text), None
        for token in self.all():
            if hmac.compare_digest(given, token.hash):
                found = token
        return found

    def still(self, hashed: str) -> Token | None:
        """The token with that hash, None once it is revoked. Raises TokenFileError."""
        return next((token for token in self.all() if token.hash == hashed), None)

    def add(self, name: str, role: Role, now: datetime) -> str:
        """Make a token and return its text, which is nowhere else. Raises UsageError, TokenFileError."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} can't be a token's name: letters, digits and . _ @ + - are possible, at most 64, "
                "a letter or digit first"
            )
        text = PREFIX + secrets.token_urlsafe(32)
        with self._changing() as tokens:
            if any(token.name == name for token in tokens):
                raise UsageError(f"there is a token named {name} already: revoke it first, or choose another name")
            tokens.append(Token(name=name, role=role, hash=token_hash(text), created=now))
        return text

    def revoke(self, name: str) -> Token:
        """Take a token away. Raises UsageError if there is none of that name, TokenFileError."""
        with self._changing() as tokens:
            gone = next((token for token in tokens if token.name == name), None)
            if gone is None:
                known = ", ".join(token.name for token in tokens) or "none"
                raise UsageError(f"there is no token named {name!r}; there are: {known}")
            tokens.remove(gone)
        return gone

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """The tokens, to be changed by one process at a time and written when that is done."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory = os.open(self.file.parent, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._error("written", error) from error
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            tokens = list(self._read())
            yield tokens
            self._write(tokens)
            os.fsync(directory)
        except OSError as error:
            raise self._error("written", error) from error
        finally:
            os.close(directory)

    def _write(self, tokens: list[Token]) -> None:
        entries = [
            {"name": each.name, "role": each.role.value, "hash": each.hash, "created": stamp(each.created)}
            for each in tokens
        ]
        beside = self.file.with_name(f".{self.file.name}.{secrets.token_hex(8)}")
        descriptor = owner.made(beside, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump({"tokens": entries}, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.file)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def _stat(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self.file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._error("read", error) from error
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> tuple[Token, ...]:
        try:
            with open(self.file, "rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise TokenFileError(f"{self.file} can be read by others than its owner: chmod 600 it")
                data = file.read(_MAX_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._error("read", error) from error
        try:
            return tuple(_token(entry) for entry in json.loads(data)["tokens"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise TokenFileError(
                f"{self.file} isn't as the console wrote it: restore it, or remove it and make new tokens"
            ) from None

    def _error(self, what: str, error: OSError) -> TokenFileError:
        return TokenFileError(f"the tokens in {self.file} can't be {what}: {error.strerror}")


def token_hash(text: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _token(entry: dict[str, str]) -> Token:
    created = datetime.fromisoformat(entry["created"])
    if created.tzinfo is None or not re.fullmatch(r"[0-9a-f]{64}", entry["hash"]) or not _NAME.fullmatch(entry["name"]):
        raise ValueError
    return Token(name=entry["name"], role=Role(entry["role"]), hash=entry["hash"], created=created)
