"""The ids that a policy names itself, by `id:` on an entry: understood before any answer of the forge taught them.

| forge | on the address of | `id:` | stands for |
|---|---|---|---|
| GitHub | a repository, an owner | a number | REPOSITORY, OWNER |
| GitHub | any | another text | NODE |
| GitHub's gists | an owner | a gist's hex name | GIST |
| GitLab | a first-level group or a user | a number | OWNER, and NODE `gid://gitlab/Group/N` |
| GitLab | a project (`repo:`) | a number | REPOSITORY, and NODE `gid://gitlab/Project/N` |
| GitLab | any | `gid://gitlab/…` | NODE, and the number where it is a project's, a group's or a user's |
| Gitea | a repository; an owner | a number | REPOSITORY; OWNER and USER, which are numbered together |
| Azure DevOps, Bitbucket | any | a GUID, with or without braces | GUID |
| Bitbucket Data Center | a repository | a number | REPOSITORY |

What is *not* here: ids that were learned (`forgewall.learn`), and looking for ids in requests (`identify`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forgewall.identify.address import Address
from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.model import Kind, Move, Visibility

_NUMBER = re.compile(r"[1-9][0-9]{0,18}\Z", re.ASCII)
_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?\Z", re.ASCII | re.IGNORECASE)
_GIST = re.compile(r"[0-9a-f]{1,64}\Z", re.ASCII)
_GID = re.compile(r"gid://gitlab/([A-Z][A-Za-z:]{0,63})/([1-9][0-9]{0,18})\Z", re.ASCII)
_NODE = re.compile(r"[A-Za-z0-9_=+/-]{2,200}\Z", re.ASCII)
_GID_KINDS = {
    "Project": IdKind.REPOSITORY,
    "Group": IdKind.OWNER,
    "Namespace": IdKind.OWNER,
    "Namespaces::UserNamespace": IdKind.OWNER,
    "User": IdKind.USER,
}
_HF_PREFIXES = ("datasets", "spaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFirst:
    """A directory that answers from the policy's own ids before it asks what was `learned`."""

    own: Mapping[Id, Named]
    learned: Directory

    def find(self, wanted: Id) -> Named | None:
        """What `wanted` names."""
        return self.own.get(wanted) or self.learned.find(wanted)

    def visibility(self, key: str) -> Visibility | None:
        """Who can see the repository with the folded address `key`; a policy doesn't say."""
        return self.learned.visibility(key)

    def moved(self, key: str) -> Move | None:
        """Where the repository with the folded address `key` went; a policy doesn't say."""
        return self.learned.moved(key)


def ids_of(text: str, address: Address, *, repository: bool, own_server: bool = False) -> tuple[Id, ...]:
    """The ids that `text` means on an entry for `address`.

    `repository` tells that the entry calls it one (`repo:`); `own_server` that it is self-hosted. Raises ValueError
    with what is wrong and, behind a colon, what to write.
    """
    kinds = _kinds(text, address, repository=repository, own_server=own_server)
    guid = _GUID.match(text)
    plain = guid[1].lower() if guid else text
    return tuple(Id(forge=address.host, kind=kind, text=other or plain) for kind, other in kinds)


def named(address: Address, *, group: bool = False) -> Named:
    """What an id on `address` names. `group`: the whole path is one owner's, whatever its depth."""
    names = address.segments
    written = "/".join((address.host, *names))
    if address.kind is Kind.HUGGINGFACE and names[0] in _HF_PREFIXES:
        names = names[1:]
    if not names:
        return Named(address=written, owner=None)
    if address.kind is Kind.CODECOMMIT:
        return Named(address=written, owner=None, repository=names[-1])
    if group or len(names) == 1 or (address.kind is Kind.AZURE_DEVOPS and len(names) < 3):
        return Named(address=written, owner="/".join(names))
    return Named(address=written, owner="/".join(names[:-1]), repository=names[-1])


def _kinds(text: str, address: Address, *, repository: bool, own_server: bool) -> tuple[tuple[IdKind, str], ...]:
    """Each kind of id that `text` is, and its spelling if that is another."""
    depth = len(address.segments)
    if not depth:
        raise ValueError("stands on a whole forge: ids name an owner or a repository")
    number = bool(_NUMBER.match(text))
    match address.kind:
        case Kind.GITHUB if address.host.startswith("gist."):
            return _one(IdKind.GIST, _GIST.match(text), "is not a gist's: write the hex name that its URL ends with")
        case Kind.GITHUB if number:
            return ((IdKind.OWNER if depth == 1 else IdKind.REPOSITORY, ""),)
        case Kind.GITLAB:
            return _gitlab(text, depth, number=number, repository=repository)
        case Kind.GITEA if number:
            return ((IdKind.OWNER, ""), (IdKind.USER, "")) if depth == 1 else ((IdKind.REPOSITORY, ""),)
        case Kind.BITBUCKET if own_server:
            return _one(IdKind.REPOSITORY, number and depth == 2, "is no number of a repository: write one, as 1234")
        case Kind.AZURE_DEVOPS | Kind.BITBUCKET:
            return _one(
                IdKind.GUID, _GUID.match(text), "is no GUID: write one, as 0f8fad5b-d9cb-469f-a165-70867728950e"
            )
        case Kind.GITHUB:
            return _one(IdKind.NODE, _NODE.match(text), "is no id: write a number, or the text that the API gives")
        case Kind.GITEA:
            raise ValueError("is no id of this forge: write a number, as 1234")
        case _:
            raise ValueError("never counts: requests to this forge hold no ids")


def _gitlab(text: str, depth: int, *, number: bool, repository: bool) -> tuple[tuple[IdKind, str], ...]:
    if number and depth == 1:
        return (IdKind.OWNER, ""), (IdKind.NODE, f"gid://gitlab/Group/{text}")
    if number and repository:
        return (IdKind.REPOSITORY, ""), (IdKind.NODE, f"gid://gitlab/Project/{text}")
    if number:
        # A project and a group may have the same number, and only one of them is meant.
        raise ValueError(
            f"may be a project's or a group's: write gid://gitlab/Group/{text} or gid://gitlab/Project/{text}"
        )
    gid = _GID.match(text)
    if gid is None:
        raise ValueError("is no id of this forge: write a number, or as gid://gitlab/Project/1234")
    kind = _GID_KINDS.get(gid[1])
    if (kind is IdKind.REPOSITORY and depth == 1) or (kind is IdKind.USER and depth > 1):
        raise ValueError(f"can't be this address: a {gid[1].lower()} has {'more names' if depth == 1 else 'one name'}")
    return ((IdKind.NODE, ""),) if kind is None else ((IdKind.NODE, ""), (kind, gid[2]))


def _one(kind: IdKind, fits: object, wrong: str) -> tuple[tuple[IdKind, str], ...]:
    if not fits:
        raise ValueError(wrong)
    return ((kind, ""),)
