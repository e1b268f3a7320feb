"""What a git path names, and how the names at its end are read; which segments they are, each kind of forge says.

What is *not* here: paths of REST APIs and web pages; the modules of the kinds read those.
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import address_of, named, unidentified
from forgewall.model import Operation, Target


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


def bare(name: str, suffixes: tuple[str, ...] = ()) -> str | None:
    """`name` without one `.git` and then one of `suffixes`; None if what is left could still be read otherwise."""
    name = name.removesuffix(".git")
    for suffix in suffixes:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    doubtful = name.lower().endswith((".git", *suffixes))
    return None if doubtful or not is_name(name) else name


def pair(forge_host: ForgeHost, names: tuple[str, ...], suffixes: tuple[str, ...] = ()) -> Repository | None:
    """The repository of `owner/name`, where a wiki's suffix stands for its repository."""
    if len(names) != 2 or not all(is_name(name) for name in names):
        return None
    name = bare(names[1], suffixes)
    if name is None or names[0].lower().endswith(".git"):
        return None
    return found(forge_host, names[0], name)


def found(forge_host: ForgeHost, owner: str | None, name: str | None, address: str | None = None) -> Repository:
    """The repository of these names; `address` where the forge writes it in another way."""
    address = address or address_of(forge_host, owner, name)
    return Repository(forge_host=forge_host, owner=owner, name=name, address=address)
