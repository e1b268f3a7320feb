"""Which repository the path before `info/refs`, `git-receive-pack` or `info/lfs` names, for each kind of forge.

What is *not* here: paths of REST APIs and web pages; the kind modules read those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.targets import address_of, named, personal_snippets, unidentified
from forgewall.model import Kind, Operation, Target

_HEX = re.compile(r"[0-9a-fA-F]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HF_PAGES = frozenset(
    {"api", "models", "datasets", "spaces", "buckets", "kernels", "docs", "papers", "collections", "organizations"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What a git path names. `owner`, `name` and `address` are None where the path doesn't say (a gist's owner)."""

    forge_host: ForgeHost
    owner: str | None
    name: str | None
    address: str | None

    def target(self, operation: Operation, evidence: str, *, wants_body: bool = False) -> Target:
        """The target of an operation on this repository."""
        return named(
            self.forge_host,
            self.owner,
            self.name,
            operation,
            evidence,
            address=self.address,
            wants_body=wants_body,
        )

    def unidentified(self, evidence: str) -> Target:
        """The target of something not understood in this repository."""
        return unidentified(self.forge_host, evidence, owner=self.owner, repository=self.name, address=self.address)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    """The repository that the decoded segments `names` are the git path of; None if they certainly or maybe aren't.

    One `.git` at the end is dropped; a wiki, a design repository and a project's snippet are their repository.
    """
    if forge_host.role not in (Role.WEB, Role.GIST) or not names:
        return None
    if forge_host.kind is Kind.AZURE_DEVOPS:
        return _azure(forge_host, names)
    if forge_host.kind is Kind.GIT_ONLY:
        return _git_only(forge_host, names)
    if not all(is_name(name) for name in names):
        return None
    match forge_host.kind:
        case Kind.GITHUB if forge_host.role is Role.GIST:
            return _gist(forge_host, names)
        case Kind.GITHUB if forge_host.instance is not None and names[0] == "gist":
            return _gist(forge_host.gists, names[1:])
        case Kind.GITHUB | Kind.GITEA:
            return _pair(forge_host, names, (".wiki",))
        case Kind.GITLAB:
            return _gitlab(forge_host, names)
        case Kind.BITBUCKET:
            return _bitbucket(forge_host, names)
        case Kind.HUGGINGFACE:
            return _huggingface(forge_host, names)
        case Kind.CODECOMMIT:
            return _codecommit(forge_host, names)


def unnamed(forge_host: ForgeHost, names: tuple[str, ...]) -> bool:
    """Whether `names` are a git path of Azure DevOps whose names are too odd for an address: enough to read.

    Projects and repositories there may be called `My Project (old)` or `Übung`.
    """
    if forge_host.kind is not Kind.AZURE_DEVOPS or forge_host.role is not Role.WEB or names.count("_git") != 1:
        return False
    before = len(names) - 2 + bool(forge_host.label)
    return names[-2] == "_git" and before in (1, 2) and not any(map(_GUID.fullmatch, names))


def _bare(name: str, suffixes: tuple[str, ...] = ()) -> str | None:
    """`name` without one `.git` and then one of `suffixes`; None if what is left could still be read otherwise."""
    name = name.removesuffix(".git")
    for suffix in suffixes:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    doubtful = name.lower().endswith((".git", *suffixes))
    return None if doubtful or not is_name(name) else name


def _pair(forge_host: ForgeHost, names: tuple[str, ...], suffixes: tuple[str, ...] = ()) -> Repository | None:
    if len(names) != 2:
        return None
    name = _bare(names[1], suffixes)
    if name is None or names[0].lower().endswith(".git"):
        return None
    return _found(forge_host, names[0], name)


def _found(forge_host: ForgeHost, owner: str, name: str | None, address: str | None = None) -> Repository:
    address = address or address_of(forge_host, owner, name)
    return Repository(forge_host=forge_host, owner=owner, name=name, address=address)


def _gist(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if len(names) not in (1, 2) or not _HEX.fullmatch(names[-1].removesuffix(".git")):
        return None
    if len(names) == 2:
        return _found(forge_host, names[0], None)
    return Repository(forge_host=forge_host, owner=None, name=None, address=None)


def _gitlab(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if "-" in names or any(name.lower().endswith(".git") for name in names[:-1]):
        return None
    if len(names) >= 2 and names[-2] == "snippets" and _DIGITS.fullmatch(names[-1].removesuffix(".git")):
        if len(names) == 2:
            address = personal_snippets(forge_host)
            return Repository(forge_host=forge_host, owner=None, name=None, address=address)
        return _gitlab_project(forge_host, names[:-2])
    last = _bare(names[-1], (".wiki", ".design"))
    if last is None:
        return None
    if len(names) == 1:
        is_wiki = names[0].removesuffix(".git").endswith(".wiki")
        return _found(forge_host, last, None) if is_wiki else None
    return _gitlab_project(forge_host, (*names[:-1], last))


def _gitlab_project(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    return _found(forge_host, "/".join(names[:-1]), names[-1]) if len(names) >= 2 else None


def _bitbucket(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if forge_host.instance is not None:
        return _pair(forge_host, names[1:]) if names[0] in ("scm", "git") else None
    if names[0] == "snippets":
        if len(names) not in (3, 4):
            return None
        return _found(forge_host, names[1], None, f"{personal_snippets(forge_host)}/{names[1]}")
    if len(names) == 3 and names[2] in ("wiki", "wiki.git"):
        names = names[:2]
    return _pair(forge_host, names)


def _huggingface(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if names[0] in ("datasets", "spaces") and len(names) == 3:
        found = _pair(forge_host, names[1:])
        if found is None or found.owner is None:
            return None
        return _found(forge_host, found.owner, found.name, f"{forge_host.forge}/{names[0]}/{found.owner}/{found.name}")
    return None if names[0].lower() in _HF_PAGES else _pair(forge_host, names)


def _codecommit(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if len(names) != 3 or names[:2] != ("v1", "repos") or names[2].lower().endswith(".git"):
        return None
    address = f"{forge_host.forge}/v1/repos/{names[2]}"
    return Repository(forge_host=forge_host, owner=None, name=names[2], address=address)


def _azure(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if names.count("_git") != 1:
        return None
    at = names.index("_git")
    before, after = names[:at], names[at + 1 :]
    if after[:1] in (("_full",), ("_optimized",)):
        after = after[1:]
    if forge_host.label:
        if before[:1] == ("DefaultCollection",):
            before = before[1:]
        before = (forge_host.label, *before)
    if len(before) not in (1, 2) or len(after) != 1:
        return None
    organisation, project = before[0], before[1] if len(before) == 2 else after[0]
    # A GUID stands for a name that the path doesn't tell; a space is legal in names here.
    parts = (organisation, project, after[0])
    if any(_GUID.fullmatch(part) or not is_name(part.replace(" ", "_")) for part in parts):
        return None
    return _found(forge_host, f"{organisation}/{project}", after[0])


def _git_only(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    if len(names) < 2 or not all(is_name(name.replace("+", "_")) for name in names):
        return None
    last = names[-1].removesuffix(".git")
    if not is_name(last) or any(name.lower().endswith(".git") for name in (*names[:-1], last)):
        return None
    return _found(forge_host, "/".join(names[:-1]), last)
