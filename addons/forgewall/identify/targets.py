"""How a Target is made: the one place that puts forge, owner and repository together into an address and its key."""

from __future__ import annotations

from forgewall.identify.registry import ForgeHost
from forgewall.model import Also, Kind, Operation, Target

UNNAMED = "a repository that the request doesn't name"
"""How evidence tells that something else is written to, and nobody can say what."""


def fold(kind: Kind, address: str) -> str:
    """`address` as the forge compares names: all but CodeCommit ignore the case of ASCII letters."""
    if kind is Kind.CODECOMMIT:
        host, slash, path = address.partition("/")
        return host.lower() + slash + path
    return address.lower()


def address_of(forge_host: ForgeHost, owner: str | None, repository: str | None) -> str | None:
    """`host/owner/repository`, or `host/owner`; None without an owner."""
    if owner is None:
        return None
    return f"{forge_host.forge}/{owner}" if repository is None else f"{forge_host.forge}/{owner}/{repository}"


def named(
    forge_host: ForgeHost,
    owner: str | None,
    repository: str | None,
    operation: Operation,
    evidence: str,
    *,
    also: tuple[Also, ...] = (),
    address: str | None = None,
    wants_body: bool = False,
) -> Target:
    """A target whose operation is certain.

    `address` defaults to host, owner and repository, and stays None without an owner: the target then isn't
    identified. Give `address` where the forge writes it differently.
    """
    if address is None:
        address = address_of(forge_host, owner, repository)
    return Target(
        kind=forge_host.kind,
        host=forge_host.forge,
        address=address,
        key=None if address is None else fold(forge_host.kind, address),
        owner=owner,
        repository=repository,
        operation=operation,
        effect=operation.effect,
        evidence=evidence,
        also=also,
        wants_body=wants_body,
    )


def unidentified(
    forge_host: ForgeHost,
    evidence: str,
    *,
    owner: str | None = None,
    repository: str | None = None,
    wants_body: bool = False,
    address: str | None = None,
) -> Target:
    """A target whose operation isn't certain; it counts as a write. Give the owner only if it is beyond doubt."""
    return named(
        forge_host, owner, repository, Operation.UNIDENTIFIED, evidence, address=address, wants_body=wants_body
    )


def plain_read(
    forge_host: ForgeHost,
    evidence: str,
    *,
    owner: str | None = None,
    repository: str | None = None,
    address: str | None = None,
) -> Target:
    """A target that changes nothing on the forge."""
    return named(forge_host, owner, repository, Operation.FETCH, evidence, address=address)


def personal_snippets(forge_host: ForgeHost) -> str:
    """The address of snippets that belong to a person whom the URL doesn't name; no owner's approval covers it."""
    return f"{forge_host.forge}/-/snippets" if forge_host.kind is Kind.GITLAB else f"{forge_host.forge}/snippets"


def other(forge_host: ForgeHost, owner: str | None, repository: str | None, role: str) -> Also:
    """A second repository of the same forge in one request. `role` is `source`, `parent` or `destination`."""
    return Also(address=address_of(forge_host, owner, repository), owner=owner, repository=repository, role=role)
