"""One LFS object on its way to its store: is it what the batch said it is?

What is *not* here: what the file holds (`content`), and which request carries which object (`identify.announced`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from forgewall.evidence import Fact, File, FileKind, Malformed
from forgewall.identify import paths
from forgewall.identify.announced import Announcement
from forgewall.inspect.content import FileReader
from forgewall.inspect.hashes import NewHash, here
from forgewall.inspect.secrets import Scanner
from forgewall.inspect.upload import CODED_FILE

_OID = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a body has to be: at most `most` bytes (None: unknown), and if `whole`, exactly those of object `oid`."""

    oid: str | None
    most: int | None
    whole: bool = True


def expected_by(announcement: Announcement) -> Expected | None:
    """What the body of an announced request has to be; None if it carries no object of LFS (verify, commit, abort)."""
    if not announcement.carries_content or not announcement.oid or announcement.most is None:
        return None
    return Expected(oid=announcement.oid, most=announcement.most, whole=announcement.whole)


def expected_in(path: str) -> Expected | None:
    """What a raw request target says of a PUT to a forge's own LFS endpoint; None if it names no object.

    `…/info/lfs/objects/OID[/SIZE]` (Gitea, Azure DevOps) and `…/gitlab-lfs/objects/OID/SIZE` (GitLab).
    """
    segments = paths.parse(path).segments
    for index in range(len(segments) - 1, 0, -1):
        if segments[index] != "objects" or segments[index - 1] not in ("lfs", "gitlab-lfs"):
            continue
        rest = segments[index + 1 :]
        if not 1 <= len(rest) <= 2 or not _OID.fullmatch(rest[0]):
            return None
        known = len(rest) == 2 and _SIZE.fullmatch(rest[1]) is not None
        return Expected(oid=rest[0], most=int(rest[1]) if known else None)
    return None


class LfsObjectInspector:
    """Reads the body of one upload; the object is a file of the repository, by a name that the batch doesn't tell."""

    __slots__ = ("_coded", "_examined", "_expected", "_reader")

    def __init__(
        self, expected: Expected, scanner: Scanner | None, new_hash: NewHash = here, *, coded: bool = False
    ) -> None:
        """`scanner` None: the object is only compared with what was said of it, and nothing is told of its content.

        `coded`: it travels in a Content-Encoding, which a store keeps as it is.
        """
        self._coded = coded and scanner is not None
        self._expected = expected
        self._examined = scanner is not None
        self._reader = FileReader(path=None, scanner=scanner, oid=expected.oid, digest=new_hash("sha256"))

    def feed(self, data: bytes) -> Iterable[Fact]:
        """See `Inspector.feed`."""
        most = self._expected.most
        if most is None or len(data) <= most - self._reader.size:
            return self._reader.feed(data)
        what = "object" if self._expected.whole else "part"
        within = self._reader.feed(data[: most - self._reader.size])
        return (*within, Malformed(reason=f"the {what} is larger than the {most} bytes that were announced"))

    def finish(self) -> Iterator[Fact]:
        """See `Inspector.finish`."""
        if self._coded:
            yield CODED_FILE
        for fact in self._reader.finish():
            if not isinstance(fact, File):
                yield fact
                continue
            told = fact if self._examined else replace(fact, kind=FileKind.OTHER, encrypted=False)
            if not self._expected.whole:
                yield replace(told, sha256=None)  # a part's hash names no file
            else:
                yield told
                wrong = self._mismatch(fact.sha256)
                if wrong:
                    yield Malformed(reason=wrong)

    def _mismatch(self, sha256: str | None) -> str:
        most, oid = self._expected.most, self._expected.oid
        if most is not None and self._reader.size < most:
            return f"the object ends after {self._reader.size} of the {most} bytes that were announced"
        if oid is not None and sha256 != oid:
            return "the object's bytes are not those that its id stands for"
        return ""
