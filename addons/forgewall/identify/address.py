"""Addresses as policies write them: `host/owner/repository`, checked strictly, and what one address covers.

What is *not* here: the addresses of requests; `targets` makes those, with the same folding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost, Registry
from forgewall.identify.targets import fold
from forgewall.model import Kind

_PAGES: Mapping[Kind, frozenset[str]] = {
    Kind.GITHUB: frozenset({"orgs", "users"}),
    Kind.GITLAB: frozenset({"groups", "users", "projects"}),
    Kind.BITBUCKET: frozenset({"projects", "users", "scm"}),
    Kind.HUGGINGFACE: frozenset({"models"}),
}
_ANY_PAGE = frozenset().union(*_PAGES.values())
_NAME = r"[a-z0-9~][a-z0-9._~-]*(?<!\.git)"
_ORDINARY = re.compile(rf"(?!gist\.)([a-z0-9.-]+)/({_NAME})(?:/{_NAME})?", re.ASCII | re.IGNORECASE)
HF_PREFIXES = ("datasets", "spaces", "buckets", "kernels", "posts", "blog")
"""What stands before an owner's name on huggingface.co for all that is no model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of a policy. `segments` are what follows the host, as written; `key` is the whole, folded."""

    host: str
    segments: tuple[str, ...]
    key: str
    kind: Kind


def covers(approval_key: str, target_key: str) -> bool:
    """Whether an approval's address is the target's, or stands above it by whole segments."""
    return target_key == approval_key or target_key.startswith(approval_key + "/")


def address_key(text: str, registry: Registry) -> str:
    """`parse_address(text, registry).key`, in a third of the time for most addresses. Raises the same.

    Policies may hold 100,000 addresses. Most are one or two plain names, which are right on every forge but CodeCommit
    unless the first is the name of a page.
    """
    if ordinary := _ORDINARY.fullmatch(text):
        host, owner = ordinary.groups()
        forge_host = registry.lookup(host)
        if (
            forge_host is not None
            and host == forge_host.host == forge_host.forge
            and forge_host.kind is not Kind.CODECOMMIT
            and owner.lower() not in _ANY_PAGE
        ):
            return text.lower()
    return parse_address(text, registry).key


def parse_address(text: str, registry: Registry) -> Address:
    """The address that `text` spells. Raises ValueError with one sentence that says what to write instead."""
    _check_spelling(text)
    host, *segments = text.split("/")
    forge_host = registry.lookup(host)
    if forge_host is None:
        near = get_close_matches(host.lower(), sorted(registry.forges), n=1, cutoff=0.8)
        meant = f" (did you mean `{near[0]}`?)" if near else ""
        raise ValueError(f"`{host}` is not a known forge{meant}; a self-hosted one must stand under `forges:` first")
    if forge_host.host != forge_host.forge:
        raise ValueError(f"addresses of this forge are written with `{forge_host.forge}`, not `{host}`")
    if forge_host.kind is Kind.AZURE_DEVOPS:
        segments = [segment.replace("%20", " ") for segment in segments]
    for segment in segments:
        _check_segment(segment, forge_host)
    names = tuple(segments)
    wrong = _shape(forge_host, names)
    if wrong:
        raise ValueError(wrong)
    written = "/".join((forge_host.forge, *names))
    return Address(host=forge_host.forge, segments=names, key=fold(forge_host.kind, written), kind=forge_host.kind)


def _check_spelling(text: str) -> None:
    if not text:
        raise ValueError("an address is missing; write it as `github.com/acme`")
    if not text.isascii():
        strange = next(char for char in text if not char.isascii())
        raise ValueError(f"`{text}` holds `{strange}` (U+{ord(strange):04X}), which no forge allows in a name")
    if "://" in text:
        bare = text.split("://", 1)[1].rsplit("@", 1)[-1].split("?", 1)[0].strip("/").removesuffix(".git")
        raise ValueError(f"`{text}` is a URL; write `{bare}`")
    if text.startswith("git@"):
        bare = text.removeprefix("git@").replace(":", "/", 1).removesuffix(".git")
        raise ValueError(f"`{text}` is an SSH address; write `{bare}`")
    for sign, meaning in (
        ("*", "wildcards are not supported: an address covers everything below it"),
        ("?", "an address holds no query"),
        ("#", "an address holds no fragment"),
        ("@", "an address holds no user"),
        (":", "an address holds no port"),
        ("\\", "segments are separated by `/`"),
    ):
        if sign in text:
            raise ValueError(f"`{text}` holds `{sign}`; {meaning}")
    if text.endswith("/"):
        raise ValueError(f"`{text}` ends with a slash; write `{text.rstrip('/')}`")


def _check_segment(segment: str, forge_host: ForgeHost) -> None:
    if segment == "":
        raise ValueError("two slashes follow each other; an address holds single slashes")
    spaced = segment.replace(" ", "_") if forge_host.kind is Kind.AZURE_DEVOPS else segment
    if forge_host.kind is Kind.GIT_ONLY:
        spaced = spaced.replace("+", "_")
    if not is_name(spaced):
        raise ValueError(f"`{segment}` can't be the name of an owner or a repository")
    if segment.lower().endswith(".git"):
        raise ValueError(f"`{segment}` ends with `.git`; write `{segment[:-4]}`")


def _shape(forge_host: ForgeHost, names: tuple[str, ...]) -> str:
    """What is wrong with the number or order of `names` for this forge; empty if nothing."""
    forge, first = forge_host.forge, names[0] if names else ""
    most = 2
    match forge_host.kind:
        case Kind.GITLAB:
            most = len(names)
            if "-" in names and names != ("-", "snippets"):
                return f"`-` is no name; write the address of the project, `{forge}/{'/'.join(names).split('/-')[0]}`"
        case Kind.GIT_ONLY:
            most = len(names)
        case Kind.GITHUB if forge.startswith("gist."):
            most = 1
        case Kind.AZURE_DEVOPS:
            most = 3
            if "_git" in names:
                return f"write the address without `_git`: `{'/'.join((forge, *(n for n in names if n != '_git')))}`"
        case Kind.HUGGINGFACE:
            most = 3 if first in HF_PREFIXES else 2
        case Kind.CODECOMMIT:
            if names and (names[:2] != ("v1", "repos") or len(names) != 3):
                return f"addresses of this forge are `{forge}/v1/repos/NAME`"
            most = 3
        case _:
            pass
    if first.lower() in _PAGES.get(forge_host.kind, ()):
        below = "/".join((forge, *names[1:]))
        return f"`{first}` is a page of the forge and no owner; write `{below}`"
    if len(names) > most:
        shorter = "/".join((forge, *names[:most]))
        return f"an address on {forge} has at most {most} segments after the host; write `{shorter}`"
    return ""
