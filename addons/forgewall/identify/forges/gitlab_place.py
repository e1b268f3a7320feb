"""Whom GitLab's paths and numbers name: projects, groups, namespaces and users. Numbers are asked of the directory.

GitLab takes whatever looks like a number for an id (`find_project`, `find_group` in its API helpers), and a path only
if it isn't one. What is *not* here: which parameter holds one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.paths import is_name, namespace
from forgewall.identify.registry import ForgeHost

_NUMBER = re.compile(r"-?[0-9]+")
_CANONICAL = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project, or a group if `repository` is None. `owner` is the full group path."""

    owner: str
    repository: str | None

    @property
    def path(self) -> str:
        """The whole path, as GitLab writes it."""
        return self.owner if self.repository is None else f"{self.owner}/{self.repository}"

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]

    def below(self, path: str, name: str | None = None) -> Place:
        """The same project or group below the group `path`, the top if that is empty, under another name if given."""
        last = name or self.name
        if self.repository is None:
            return Place(owner=f"{path}/{last}" if path else last, repository=None)
        return Place(owner=path, repository=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Space:
    """A space of ids: what people call what it numbers, the collection that tells one, and its names in GraphQL."""

    noun: str
    collection: str
    kind: IdKind
    models: tuple[str, ...]


_PROJECTS = _Space(noun="project", collection="projects", kind=IdKind.REPOSITORY, models=("Project",))
_GROUPS = _Space(noun="group", collection="groups", kind=IdKind.OWNER, models=("Group",))
_NAMESPACES = _Space(
    noun="namespace", collection="namespaces", kind=IdKind.OWNER, models=("Group", "Namespaces::UserNamespace")
)
_USERS = _Space(noun="user", collection="users", kind=IdKind.USER, models=("User",))
_SPACES: Mapping[str, _Space] = MappingProxyType(
    {"groups": _GROUPS, "namespaces": _NAMESPACES, "users": _USERS, "user": _USERS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds places on one forge. Each method returns the place, or a sentence that says why it isn't certain."""

    forge_host: ForgeHost
    directory: Directory

    def below(self, collection: str, text: str) -> Place | str:
        """What `text` names in a path behind `collection` (`projects`, `groups`, `namespaces`, `users`)."""
        if collection in ("users", "user"):
            return self.user(text)
        if collection in ("groups", "namespaces"):
            return self._owner(_SPACES[collection], text)
        return self.project(text)

    def project(self, value: object) -> Place | str:
        """The project that a parameter names, by its path or its number."""
        text = _spelled(value)
        if text is not None and _NUMBER.fullmatch(text):
            return self._numbered(_PROJECTS, text)
        names = None if text is None else namespace(text)
        place = project_of(names) if names is not None and "-" not in names else None
        return place or "no certain project is named"

    def group(self, value: object) -> Place | str:
        """The group that a parameter names, by its path or its number."""
        return self._owner(_GROUPS, value)

    def namespace(self, value: object) -> Place | str:
        """The group or the person that a parameter names, by path or by number."""
        return self._owner(_NAMESPACES, value)

    def user(self, value: object) -> Place | str:
        """The person whom a parameter names by number; GitLab takes no names there."""
        return self._numbered(_USERS, _spelled(value) or "")

    def job(self, number: str) -> Place | str:
        """The project whose CI job has this number, as its runner was told."""
        named = self._find(IdKind.RUN, f"job/{number}") if _CANONICAL.fullmatch(number) else None
        if named is not None and named.owner is not None and named.repository is not None:
            return Place(owner=named.owner, repository=named.repository)
        return f"nobody has said yet whose job {number[:20]} is; a runner is told it by POST {self._api}/jobs/request"

    def _owner(self, space: _Space, value: object) -> Place | str:
        text = _spelled(value)
        if text is not None and _NUMBER.fullmatch(text):
            return self._numbered(space, text)
        names = None if text is None else namespace(text)
        if text is None or names is None or "-" in names:
            return f"no certain {space.noun} is named"
        return Place(owner=text, repository=None)

    def _numbered(self, space: _Space, text: str) -> Place | str:
        named = None
        if _CANONICAL.fullmatch(text):
            named = self._find(space.kind, text)
            for model in space.models:
                named = named or self._find(IdKind.NODE, f"gid://gitlab/{model}/{text}")
        if named is None or named.owner is None or (named.repository is None) is (space is _PROJECTS):
            whose = f"whose {space.noun} {text[:20]} is" if space is _PROJECTS else f"which {space.noun} {text[:20]} is"
            return f"nobody has said yet {whose}; GET {self._api}/{space.collection}/{text[:20]} tells it"
        return Place(owner=named.owner, repository=named.repository)

    def _find(self, kind: IdKind, text: str) -> Named | None:
        return self.directory.find(Id(forge=self.forge_host.forge, kind=kind, text=text))

    @property
    def _api(self) -> str:
        return f"{self.forge_host.base}/api/v4"


def project_of(names: tuple[str, ...]) -> Place | None:
    """The project that the names of groups and, last, its own make; one `.git` is dropped."""
    last = names[-1].removesuffix(".git") if names else ""
    if len(names) < 2 or not all(is_name(name) for name in (*names, last)):
        return None
    if any(name.lower().endswith(".git") for name in (*names[:-1], last)):  # no group's name ends so
        return None
    return Place(owner="/".join(names[:-1]), repository=last)


def _spelled(value: object) -> str | None:
    """A parameter as it would stand in a form; None for what isn't a text or a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
