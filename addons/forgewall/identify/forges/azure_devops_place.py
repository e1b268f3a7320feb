"""Where an Azure DevOps path leads: organisation (on Server: collection), project and repository, by name or GUID.

A GUID names somebody only if the directory knows it, and only inside the organisation that the request goes to. A name
that an address can't hold names nobody. What is *not* here: what a request does there (`azure_devops_api`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.identify.directory import Directory, Id, IdKind
from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost, Role

# What .NET's Guid.TryParse takes of the texts that can stand in a path: with or without hyphens.
_GUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}")
# Names of organisations; collections of a server may have others.
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_OLD_HOSTS = ".visualstudio.com"
# Names of Microsoft's machines, which stand where an organisation stands in `ORG.vssps.visualstudio.com`.
_MACHINE = re.compile(r"(?:sps|tfs|pkgs|feeds|vsblob|vsrm|vstmr|vsaex|extmgmt)prod[a-z0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An organisation, one of its projects, or a repository of that; names as they were spelled."""

    forge: str
    organisation: str
    project: str | None = None
    repository: str | None = None

    @property
    def owner(self) -> str:
        """`ORG`, or `ORG/PROJECT`."""
        return self.organisation if self.project is None else f"{self.organisation}/{self.project}"

    @property
    def address(self) -> str:
        """The address as policies write it."""
        owner = f"{self.forge}/{self.owner}"
        return owner if self.repository is None else f"{owner}/{self.repository}"

    @property
    def whole(self) -> Place:
        """The organisation alone."""
        return Place(forge=self.forge, organisation=self.organisation)


def fold(text: str) -> str:
    """`text` with ASCII letters in lower case, as far as the forge ignores case for certain."""
    return text.lower() if text.isascii() else text


def guid(text: str) -> str | None:
    """The GUID that a server takes `text` for, in lower case with hyphens; None if it is none."""
    if not _GUID.fullmatch(text):
        return None
    digits = text.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_own_name(text: str) -> bool:
    """Whether a project or a repository can have this name, and an address can hold it.

    Spaces are legal inside of a name. A name that ends with `.git` is legal too, but a policy can't write it. `A` and a
    GUID is a directory of the forge's own, which stands for an organisation.
    """
    if not is_name(text.replace(" ", "_")) or text[0] in " ._" or text[-1] in " .":
        return False
    return guid(text) is None and guid(text[1:]) is None and not text.lower().endswith(".git")


def split(segments: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before the first segment that begins with `_`, and the rest: no name begins so."""
    at = next((index for index, segment in enumerate(segments) if segment.startswith("_")), len(segments))
    return segments[:at], segments[at:]


def scope(forge_host: ForgeHost, before: tuple[str, ...]) -> tuple[str, ...]:
    """Organisation, project and team, as far as host and path name them; empty if they name no organisation."""
    if not forge_host.host.endswith(_OLD_HOSTS):
        return before
    label = forge_host.label
    if forge_host.role is Role.OTHER or not label or "." in label or _MACHINE.fullmatch(label):
        return ()
    return (label, *before[1:]) if before and fold(before[0]) == "defaultcollection" else (label, *before)


def place_of(forge_host: ForgeHost, before: tuple[str, ...], directory: Directory) -> Place | str:
    """The organisation or project that the segments `before` name; else a sentence why not."""
    names = scope(forge_host, before)
    if not names:
        return "neither host nor path names an organisation"
    if len(names) > 3 or any("/" in name for name in names):
        return "the path names more than organisation, project and team"
    known = forge_host.instance is not None or _ORGANISATION.fullmatch(names[0])
    if not known or not is_own_name(names[0]):
        return "the path names no certain organisation"
    whole = Place(forge=forge_host.forge, organisation=names[0])
    return whole if len(names) == 1 else project_in(whole, names[1], directory)


def project_in(whole: Place, text: str, directory: Directory) -> Place | str:
    """The project of the organisation `whole` that a name or GUID names; else a sentence why not."""
    if is_own_name(text):
        return Place(forge=whole.forge, organisation=whole.organisation, project=text)
    known = _known(whole, text, directory)
    if known is not None and known.repository is None:
        return known
    if guid(text):
        return f"nobody has said yet which project {guid(text)} is; GET {_home(whole)}/_apis/projects tells it"
    return "the project's name can't stand in an address"


def repository_in(place: Place, text: str, directory: Directory) -> Place | str:
    """The repository that a name or GUID names in `place`, a project or an organisation; else a sentence why not."""
    if is_own_name(text):
        if place.project is None:
            return "the path names a repository, but not its project"
        return Place(forge=place.forge, organisation=place.organisation, project=place.project, repository=text)
    known = _known(place, text, directory)
    if known is not None and known.repository is not None:
        if place.project is None or fold(place.project) == fold(known.project or ""):
            return known
        return f"the repository {guid(text)} is in another project: {known.address}"
    if guid(text):
        home = f"{_home(place)}/_apis/git/repositories"
        return f"nobody has said yet which repository {guid(text)} is; GET {home} tells it"
    return "the repository's name can't stand in an address"


def repository_of_git(place: Place, after: tuple[str, ...], directory: Directory) -> Place | str:
    """The repository that the segments behind `_git` begin with; without a project its name is the project's too."""
    words = tuple(fold(segment) for segment in after[:1])
    names = after[1:] if words in (("_full",), ("_optimized",)) else after
    if not names:
        return "the path names no repository"
    if place.project is None and guid(names[0]) is None:
        within = project_in(place, names[0], directory)
        return within if isinstance(within, str) else repository_in(within, names[0], directory)
    return repository_in(place, names[0], directory)


def _known(place: Place, text: str, directory: Directory) -> Place | None:
    """What the directory says of a GUID, if that is in the organisation of `place`."""
    text = guid(text) or ""
    named = directory.find(Id(forge=place.forge, kind=IdKind.GUID, text=text)) if text else None
    if named is None or named.owner is None:
        return None
    organisation, slash, project = named.owner.partition("/")
    if not slash or "/" in project or fold(organisation) != fold(place.organisation):
        return None
    found = Place(forge=place.forge, organisation=organisation, project=project, repository=named.repository)
    return found if fold(found.address) == fold(named.address) else None


def _home(place: Place) -> str:
    return f"https://{place.forge}/{place.owner.replace(' ', '%20')}"
