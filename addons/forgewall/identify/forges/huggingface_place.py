"""Repositories on Hugging Face: models, datasets, spaces, buckets and kernels, and how their addresses are written.

A model stands at `OWNER/NAME`, the others below a word of their own (`datasets/OWNER/NAME`). The oldest models and
datasets have a bare name (`gpt2`), which may be that of an account too, so it is enough to read only. What is *not*
here: which paths name a repository (`huggingface`), and bodies (`huggingface_bodies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from forgewall.identify.pages import pages
from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost
from forgewall.model import Also, Operation, Visibility

PREFIXES: Mapping[str, str] = MappingProxyType(
    {"model": "", "dataset": "datasets", "space": "spaces", "bucket": "buckets", "kernel": "kernels"}
)
"""A type as bodies write it, and the first segment of its addresses."""

TYPES: Mapping[str, str] = MappingProxyType({f"{name}s": prefix for name, prefix in PREFIXES.items()})
"""A type as paths of the API write it."""

BARE = frozenset({"", "datasets"})
"""Prefixes of repositories that may have no owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One repository. `owner` is None for a bare name, `prefix` is `""` for a model."""

    prefix: str
    owner: str | None
    name: str

    def address(self, forge_host: ForgeHost) -> str:
        """The address as one would paste it from a browser."""
        return "/".join(part for part in (forge_host.forge, self.prefix, self.owner, self.name) if part)

    def also(self, forge_host: ForgeHost, role: str, operation: Operation | None = None) -> Also:
        """This repository as the second one of a request."""
        address = self.address(forge_host)
        return Also(address=address, owner=self.owner, repository=self.name, role=role, operation=operation)


def is_account(name: str) -> bool:
    """Whether `name` can be that of a user or an organisation."""
    return is_name(name) and not name.lower().endswith(".git") and name.lower() not in pages("huggingface")


def place(prefix: str, names: tuple[str, ...]) -> Place | None:
    """The repository of decoded `names` (owner and name, or a bare name); None if they can't be that.

    A name that ends with `.git` is none: the Hub allows no such name, and other readers cut it off.
    """
    if not names or not is_name(names[-1]) or names[-1].lower().endswith(".git"):
        return None
    match names:
        case (owner, name) if is_account(owner):
            return Place(prefix=prefix, owner=owner, name=name)
        case (name,) if prefix in BARE and is_account(name):
            return Place(prefix=prefix, owner=None, name=name)
        case _:
            return None


def place_of(kind: object, text: object) -> Place | None:
    """The repository that a body names by its type (`dataset`) and its id (`owner/name`); None if it can't be that."""
    if not isinstance(kind, str) or not isinstance(text, str) or kind not in PREFIXES:
        return None
    names = tuple(text.split("/"))
    return place(PREFIXES[kind], names) if len(names) == 2 else None


def said_visibility(fields: Mapping[str, object]) -> Visibility | None:
    """Who a document says can see its repository; None if it doesn't say.

    `protected` says nothing here: of such a space the app is public, and the files aren't.
    """
    said, private = fields.get("visibility"), fields.get("private")
    if said is None and isinstance(private, bool):
        return Visibility.PRIVATE if private else Visibility.PUBLIC
    return {"private": Visibility.PRIVATE, "public": Visibility.PUBLIC}.get(str(said)) if private is None else None
