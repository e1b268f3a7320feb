"""Whom a value in a mutation's input names: by the forge's own word for ids, strictly by the spelling for paths.

What is *not* here: which values name anything (`mutations`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.graphql.mutations import Naming
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import personal_snippets
from forgewall.model import Kind

_GID = re.compile(r"gid://gitlab/([A-Z][A-Za-z]*(?:::[A-Z][A-Za-z]*)*)/([1-9][0-9]{0,18})", re.ASCII)
_NUMBERS: Mapping[str, IdKind] = MappingProxyType(
    {
        "Project": IdKind.REPOSITORY,
        "Group": IdKind.OWNER,
        "Namespace": IdKind.OWNER,
        "Namespaces::UserNamespace": IdKind.OWNER,
    }
)
# An issue is a work item, with the same number.
_SAME: Mapping[str, str] = MappingProxyType({"Issue": "WorkItem", "WorkItem": "Issue"})
_SHOWN = re.compile(r"[A-Za-z0-9:/_=+.-]{1,60}", re.ASCII)
_PAGE = re.compile(r"https://([a-z0-9.-]+)/([^/?#]+)/([^/?#]+)/(?:issues|pull|discussions)/[0-9]+", re.ASCII)


def place_of(naming: Naming, value: object, field: str, forge_host: ForgeHost, directory: Directory) -> Named | None:
    """What `value` of the field `field` names; None if it names nothing of its own. Raises Unclear with a sentence."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise Unclear(f"{field} is no text")
    match naming:
        case Naming.NODE:
            return _node(value, field, forge_host, directory)
        case Naming.NUMBER:
            found = directory.find(Id(forge=forge_host.forge, kind=IdKind.REPOSITORY, text=value))
            if found is None:
                raise Unclear(f"the number in {field} doesn't tell whose it is")
            return found
        case Naming.NAME:
            return _pair(value.split("/"), field, forge_host)
        case Naming.PATH | Naming.GROUP | Naming.SPACE:
            return _path(naming, value, field, forge_host)
        case Naming.LOGIN:
            return _owner(value, field, forge_host)
        case Naming.URL:
            page = _PAGE.fullmatch(value)
            if page is None or page[1] != forge_host.forge:
                raise Unclear(f"{field} is not the address of an issue on {forge_host.forge}")
            return _pair([page[2], page[3]], field, forge_host)
        case Naming.HEAD:
            owner, colon, _ = value.partition(":")
            return _owner(owner, field, forge_host) if colon else None


def new_repository(owner: Named, name: object, field: str) -> Named:
    """The repository `name` of an owner. Raises Unclear if the name may be read in another way."""
    # The forge replaces what can't stand in a name, so another repository than the one that is written would be made.
    if not isinstance(name, str) or not _plain(name) or owner.repository is not None or owner.owner is None:
        raise Unclear(f"{field} doesn't certainly name a new repository")
    return Named(address=f"{owner.address}/{name}", owner=owner.owner, repository=name)


def _node(text: str, field: str, forge_host: ForgeHost, directory: Directory) -> Named:
    if forge_host.kind is not Kind.GITLAB:
        found = directory.find(Id(forge=forge_host.forge, kind=IdKind.NODE, text=text))
    else:
        found = _gid(text, forge_host, directory)
    if found is None:
        shown = f" {text}" if _SHOWN.fullmatch(text) else ""
        raise Unclear(f"the id{shown} in {field} doesn't tell whose it is; {_asking(text, field, forge_host)} tells it")
    return found


def _gid(text: str, forge_host: ForgeHost, directory: Directory) -> Named | None:
    read = _GID.fullmatch(text)
    if read is None:
        return None
    model, number = read.groups()
    if model == "PersonalSnippet":
        return Named(address=personal_snippets(forge_host), owner=None)
    wanted = [(IdKind.NODE, text)]
    if model in _NUMBERS:
        wanted.append((_NUMBERS[model], number))
    if model in _SAME:
        wanted.append((IdKind.NODE, f"gid://gitlab/{_SAME[model]}/{number}"))
    for kind, spelt in wanted:
        found = directory.find(Id(forge=forge_host.forge, kind=kind, text=spelt))
        if found is not None:
            return found
    return None


def _asking(text: str, field: str, forge_host: ForgeHost) -> str:
    """What makes the forge say whose an id is."""
    if forge_host.kind is Kind.GITLAB:
        if text.startswith("gid://gitlab/Project/"):
            return f"GET {forge_host.base}/api/v4/projects/group%2Fproject"
        return 'a query of project(fullPath: "group/project") that shows this id'
    low = field.lower()
    for word, command in _COMMANDS.items():
        if word in low:
            return f"`{command}`"
    return "a query that shows this id below its repository"


_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "pullrequest": "gh pr view NUMBER -R OWNER/REPO",
        "issue": "gh issue view NUMBER -R OWNER/REPO",
        "subject": "gh issue view NUMBER -R OWNER/REPO --comments",
        "lockable": "gh issue view NUMBER -R OWNER/REPO",
        "labelable": "gh issue view NUMBER -R OWNER/REPO",
        "assignable": "gh issue view NUMBER -R OWNER/REPO",
        "project": "gh project view NUMBER --owner OWNER",
        "repository": "gh repo view OWNER/REPO",
        "owner": "gh api users/OWNER",
        "organization": "gh api users/OWNER",
    }
)


def _pair(names: list[str], field: str, forge_host: ForgeHost) -> Named:
    if len(names) != 2 or not is_name(names[0]) or not _plain(names[1]):
        raise Unclear(f"{field} is no `owner/name`")
    return Named(address=f"{forge_host.forge}/{names[0]}/{names[1]}", owner=names[0], repository=names[1])


def _owner(text: str, field: str, forge_host: ForgeHost) -> Named:
    if not is_name(text):
        raise Unclear(f"{field} is no owner's name")
    return Named(address=f"{forge_host.forge}/{text}", owner=text)


def _path(naming: Naming, text: str, field: str, forge_host: ForgeHost) -> Named:
    names = text.split("/")
    if not all(_plain(name) and name != "-" for name in names) or (naming is Naming.PATH and len(names) < 2):
        raise Unclear(f"{field} is no full path")
    address = f"{forge_host.forge}/{text}"
    if naming is Naming.PATH:
        return Named(address=address, owner="/".join(names[:-1]), repository=names[-1])
    return Named(address=address, owner=text)


def _plain(name: str) -> bool:
    return is_name(name) and not name.lower().endswith(".git")
