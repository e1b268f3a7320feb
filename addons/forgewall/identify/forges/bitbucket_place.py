"""Whom Bitbucket's ids name: a UUID in braces for Cloud's workspaces and repositories, numbers for Data Center's.

Cloud takes `{uuid}` wherever a path or a body may name a workspace or a repository; since a repository's is unique, its
workspace may then be anything. What is *not* here: which parameter holds one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.fields import below, given, plain_name, text
from forgewall.identify.paths import is_name, namespace
from forgewall.identify.registry import ForgeHost

_UUID = re.compile(r"\{([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\}")
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
NOWHERE = "no certain repository is named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository, or a workspace (on Data Center a project) if `repository` is None."""

    owner: str
    repository: str | None = None

    def same(self, other: Place) -> bool:
        """Whether both are one place to Bitbucket, which ignores case."""
        mine, its = (self.owner, self.repository or ""), (other.owner, other.repository or "")
        return [name.lower() for name in mine] == [name.lower() for name in its]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds places on one forge. Each method returns the place, or a sentence that says why it isn't certain."""

    forge_host: ForgeHost
    directory: Directory

    def workspace(self, segment: str) -> Place | str:
        """The workspace that a segment of a path names, by its slug or its UUID."""
        if not segment.startswith("{"):
            return Place(owner=segment) if is_name(segment) else "no certain workspace is named"
        named = self._by_uuid(segment)
        if named is None or named.owner is None or named.repository is not None:
            return _unheard("which workspace", segment, f"https://api.{self.forge_host.forge}/2.0/workspaces/", segment)
        return Place(owner=named.owner)

    def repository(self, workspace: str, segment: str) -> Place | str:
        """The repository that two segments of a path name, each by its slug or its UUID."""
        owner = None if workspace == "{}" else self.workspace(workspace)
        if not segment.startswith("{"):
            name = segment.removesuffix(".git")
            if not is_name(name) or name.lower().endswith(".git") or owner is None:
                return NOWHERE
            return owner if isinstance(owner, str) else Place(owner=owner.owner, repository=name)
        named = self._by_uuid(segment)
        if named is None or named.owner is None or named.repository is None:
            base = f"https://api.{self.forge_host.forge}/2.0/repositories/{workspace}/"
            return _unheard("whose repository", segment, base, segment)
        if isinstance(owner, Place) and owner.owner.lower() != named.owner.lower():
            return f"the repository {segment[:40]} isn't of the workspace that the path names"
        return Place(owner=named.owner, repository=named.repository)

    def described(self, fields: Mapping[str, object]) -> Place | str:
        """The repository that an object in a body describes, by `full_name`, `uuid` or both."""
        if given(fields, "full_name"):
            names = namespace(text(fields, "full_name") or "")
            if names is None or len(names) != 2:
                return NOWHERE
            place = Place(owner=names[0], repository=names[1])
            by_uuid = self.repository("{}", text(fields, "uuid") or "") if given(fields, "uuid") else place
            # An unknown UUID beside the name adds nothing; a known one has to say the same.
            return NOWHERE if isinstance(by_uuid, Place) and not by_uuid.same(place) else place
        return self.repository("{}", text(fields, "uuid") or "") if given(fields, "uuid") else NOWHERE

    def center(self, fields: Mapping[str, object]) -> Place | str:
        """The repository that an object in a body of Data Center describes, by project and slug, or by its number."""
        owner, slug = plain_name(below(fields, "project"), "key"), plain_name(fields, "slug")
        if owner is not None and slug is not None:
            return Place(owner=owner, repository=slug)
        named = self._numbered(IdKind.REPOSITORY, fields.get("id"))
        if named is None or named.owner is None or named.repository is None:
            return _unheard("whose repository", str(fields.get("id"))[:20], self._center, "projects/KEY/repos/SLUG")
        return Place(owner=named.owner, repository=named.repository)

    def project(self, fields: Mapping[str, object]) -> Place | str:
        """The project that an object in a body of Data Center describes, by its key, its number, or both."""
        owner = plain_name(fields, "key")
        if owner is not None and not given(fields, "id"):
            return Place(owner=owner)
        named = self._numbered(IdKind.OWNER, fields.get("id"))
        if named is not None and named.owner is not None and owner is not None and owner.lower() != named.owner.lower():
            return "key and number are those of two projects"
        if named is None or named.owner is None or named.repository is not None:
            return _unheard("which project", str(fields.get("id"))[:20], self._center, "projects/KEY")
        return Place(owner=named.owner)

    def _by_uuid(self, segment: str) -> Named | None:
        match = _UUID.fullmatch(segment)
        return None if match is None else self._find(IdKind.GUID, match[1].lower())

    def _numbered(self, kind: IdKind, value: object) -> Named | None:
        spelled = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        known = isinstance(spelled, str) and _NUMBER.fullmatch(spelled) is not None
        return self._find(kind, str(spelled)) if known else None

    def _find(self, kind: IdKind, wanted: str) -> Named | None:
        return self.directory.find(Id(forge=self.forge_host.forge, kind=kind, text=wanted))

    @property
    def _center(self) -> str:
        return f"{self.forge_host.base}/rest/api/latest/"


def _unheard(what: str, which: str, base: str, tail: str) -> str:
    url = f"{base}{tail[:40]}".replace("{", "%7B").replace("}", "%7D")
    return f"nobody has said yet {what} {which[:40]} is; GET {url} tells it"
