"""Writes a new policy over the old one: whole or not at all, and only over the text that people looked at.

The new file is written beside the old one and renamed over it (rename(2)), so a reader sees one or the other. Where
that can't be, as for a single file that is mounted into a container, the file is overwritten in place. Writers wait for
each other by flock(2) on the file itself. Not here: whether the text is a good policy (`amend`, `approval`).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from forgewall.decide.document import MAX_BYTES, decode
from forgewall.errors import ForgewallError, PolicyError

PATIENCE = 10.0
"""Seconds to wait for another writer, who needs some milliseconds."""
_POLL = 0.02
_BOM = b"\xef\xbb\xbf"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_PLACE_BESIDE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG})
_NO_RENAME = frozenset({errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.ETXTBSY})
_ACL = "system.posix_acl_access"


class SaveError(ForgewallError):
    """The policy wasn't written; the old file is as it was unless the sentence says otherwise."""


class Saved(StrEnum):
    """How the new text got there."""

    RENAMED = "renamed"  # at once: no reader has seen half of it
    IN_PLACE = "in-place"  # over the old text; whoever read at that moment may have seen a mixture, and reads again


class _CantReplaceError(Exception):
    """The file can't be replaced by another here, or not by one that the same people may read."""


def save(path: Path, *, expected_digest: str, text: str, patience: float = PATIENCE) -> Saved:
    """Write `text` (without a byte order mark) over the policy at `path`, if that still has `expected_digest`.

    The digest is `Policy.digest`. A byte order mark, mode, owner and access list of the file stay; a symbolic link goes
    on pointing to it. `patience` is how many seconds to wait for another writer. Raises SaveError with a sentence.
    """
    real = _real(path)
    with _locked(path, real, patience) as file:
        before = os.fstat(file)
        old = _read(path, file)
        if _digest(old, path) != expected_digest:
            raise _changed(path)
        new = _encoded(path, old, text)
        try:
            _replace(path, real, file, before, new)
        except _CantReplaceError:
            if _moved_on(before, real, file):
                raise _changed(path) from None
            _overwrite(path, file, old, new)
            return Saved.IN_PLACE
        return Saved.RENAMED


def _real(path: Path) -> Path:
    """The file behind symbolic links, so that they stay."""
    try:
        real = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        raise _failed(path, error) from None
    if any(part.startswith("..") for part in real.parts):  # `..data` and its like: how Kubernetes swaps whole volumes
        raise SaveError(
            f"{path} belongs to a Kubernetes volume, which would undo the change: edit the ConfigMap or Secret instead"
        )
    return real


@contextmanager
def _locked(path: Path, real: Path, patience: float) -> Iterator[int]:
    """The open file at `real`, which no other writer has; it is the one that has the name now."""
    until = time.monotonic() + patience
    while True:
        try:
            file = os.open(real, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise _failed(path, error) from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise SaveError(f"{path} is not a regular file, so no policy is written there")
            if _try_lock(path, file) and _is_at(real, file):
                yield file
                return
        finally:
            os.close(file)
        if time.monotonic() > until:
            raise SaveError(f"somebody else is writing {path} and doesn't finish; run the command again")
        time.sleep(_POLL)


def _try_lock(path: Path, file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EINTR):
            return False
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            return True  # a file system without locks: the digest has to be enough
        raise _failed(path, error) from None
    return True


def _is_at(real: Path, file: int) -> bool:
    """Whether the open file still has this name: an earlier writer may have replaced it while we waited."""
    with suppress(OSError):
        there, here = os.stat(real, follow_symlinks=False), os.fstat(file)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
    return False


def _read(path: Path, file: int) -> bytes:
    try:
        return os.pread(file, MAX_BYTES + 1, 0)
    except OSError as error:
        raise _failed(path, error) from None


def _digest(data: bytes, path: Path) -> str:
    """As `decide.load` has it: of the text, without its byte order mark. '' where the bytes are no text."""
    try:
        return hashlib.sha256(decode(data, str(path)).encode()).hexdigest()
    except PolicyError:
        return ""


def _encoded(path: Path, old: bytes, text: str) -> bytes:
    try:
        new = (_BOM if old.startswith(_BOM) else b"") + text.removeprefix("\ufeff").encode()
    except UnicodeEncodeError:
        raise SaveError(f"{path} isn't written: the new text holds characters that UTF-8 can't express") from None
    if len(new) > MAX_BYTES:
        raise SaveError(f"{path} isn't written: it would be larger than {MAX_BYTES // 2**20} MiB")
    return new


def _replace(path: Path, real: Path, file: int, before: os.stat_result, new: bytes) -> None:
    """Write a new file beside the old one, which looked like `before` when it was read, and rename it over that."""
    beside = real.with_name(f".{real.name[:200]}.{secrets.token_hex(6)}.new")
    try:
        other = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in _NO_PLACE_BESIDE:
            raise _CantReplaceError from None
        raise _failed(path, error) from None
    try:
        try:
            _write(other, new)
            _dress(other, file)
            os.fsync(other)
        finally:
            os.close(other)
        if _moved_on(before, real, file):
            raise _changed(path)
        _rename(beside, real)
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        with suppress(OSError):
            os.unlink(beside)
    _settle(real.parent)


def _dress(other: int, file: int) -> None:
    """Give the new file the owner, access list and mode of the old one."""
    old = os.fstat(file)
    own = os.fstat(other)
    if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(other, old.st_uid, old.st_gid)
        except OSError:  # another owner could lock out the proxy, which reads the file under an account of its own
            raise _CantReplaceError from None
    os.fchmod(other, stat.S_IMODE(old.st_mode))
    names: list[str] = []
    with suppress(OSError):
        names = os.listxattr(file)
    if _ACL not in names:
        with suppress(OSError):
            os.removexattr(other, _ACL)  # the folder's default, which the old file hasn't
    for name in names:
        try:
            os.setxattr(other, name, os.getxattr(file, name))
        except OSError:
            if name == _ACL:
                raise _CantReplaceError from None


def _rename(beside: Path, real: Path) -> None:
    try:
        os.rename(beside, real)
    except OSError as error:
        if error.errno in _NO_RENAME:
            raise _CantReplaceError from None
        raise


def _overwrite(path: Path, file: int, old: bytes, new: bytes) -> None:
    """Write over the old text; if that fails, write the old text back."""
    try:
        if len(new) > len(old):
            _reserve(file, len(new))
        _write(file, new, at=0)
        os.ftruncate(file, len(new))
        os.fsync(file)
    except BaseException as error:
        try:
            _write(file, old, at=0)
            os.ftruncate(file, len(old))
            os.fsync(file)
        except OSError:
            raise SaveError(f"{path} is damaged: writing failed half-way; restore it from a backup") from error
        if isinstance(error, OSError):
            raise _failed(path, error) from None
        raise


def _reserve(file: int, size: int) -> None:
    """Make room, so that a full disk is told before anything is overwritten."""
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno in _FULL:
            raise


def _write(file: int, data: bytes, at: int | None = None) -> None:
    done = 0
    while done < len(data):
        rest = memoryview(data)[done:]
        done += os.write(file, rest) if at is None else os.pwrite(file, rest, at + done)


def _settle(folder: Path) -> None:
    """Make the renaming last through a power cut, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _moved_on(before: os.stat_result, real: Path, file: int) -> bool:
    """Whether somebody who doesn't know our lock wrote into the file, or put another in its place, meanwhile."""
    after = os.fstat(file)
    return not _is_at(real, file) or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def _changed(path: Path) -> SaveError:
    return SaveError(f"{path} isn't written: somebody changed it meanwhile; run the command again")


def _failed(path: Path, error: OSError) -> SaveError:
    kept = "; the old file is intact"
    if error.errno in _FULL:
        return SaveError(f"{path} isn't written: no space is left on the disk{kept}")
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return SaveError(f"{path} isn't written: there is no such policy file")
        case errno.EROFS:
            return SaveError(f"{path} isn't written: it is on a read-only file system; change it where it comes from")
        case errno.EACCES | errno.EPERM:
            return SaveError(f"{path} isn't written: this account may not write to it; use one that may")
        case errno.EISDIR | errno.ENXIO:
            return SaveError(f"{path} is not a regular file, so no policy is written there")
        case errno.ELOOP:
            return SaveError(f"{path} isn't written: its symbolic links lead in a circle")
        case _:
            return SaveError(f"{path} isn't written: {error.strerror or type(error).__name__}{kept}")
