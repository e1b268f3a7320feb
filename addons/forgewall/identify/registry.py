"""Which hosts are code forges, of which kind, and what each host is for. A table and a lookup, no network.

The built-in hosts are data (`data/forges.hosts`); a policy's `forges:` add self-hosted instances. A host is never a
forge by resemblance: `github.com.evil.example` and `mygithub.com` are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Self

from forgewall.model import Kind

HTTPS_PORT = 443
MAX_HOST = 253  # characters, RFC 1035 section 2.3.4


class Role(StrEnum):
    """What a host of a forge is for, which decides how its paths are read."""

    WEB = "web"  # pages and git; on self-hosted forges also the API
    API = "api"
    UPLOADS = "uploads"
    GIST = "gist"
    RAW = "raw"  # single files, read only
    CODELOAD = "codeload"  # archives, read only
    PACKAGES = "packages"
    REGISTRY = "registry"  # container images, OCI distribution API
    LFS = "lfs"
    STORE = "store"  # object storage that belongs to one forge
    SSH = "ssh"  # SSH on port 443: never HTTP
    TELEMETRY = "telemetry"
    SOCKET = "socket"  # notification sockets
    PAGES = "pages"
    COPILOT = "copilot"
    ACTIONS = "actions"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A self-hosted forge, as `forges:` in a policy names it. `path` is its URL prefix, `''` or `/gitlab`.

    `shared_address`: other services answer from its IP address too.
    """

    kind: Kind
    host: str
    port: int | None = None
    path: str = ""
    hosts: tuple[str, ...] = ()
    shared_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeHost:
    """One host of a forge. `forge` is the host that addresses are written with, `host` the folded name asked for.

    `label` is what a wildcard of the table stood for (`acme` in `acme.visualstudio.com`), else `''`. `tls_port` is
    the port where the host speaks TLS.
    """

    kind: Kind
    role: Role
    forge: str
    host: str
    label: str = ""
    tls_port: int = HTTPS_PORT
    instance: Instance | None = None

    def serving(self, role: Role) -> ForgeHost:
        """The same host, read as one of another role."""
        return replace(self, role=role)

    @property
    def prefix(self) -> str:
        """The URL prefix of a self-hosted instance, `''` or `/gitlab`."""
        return self.instance.path if self.instance is not None else ""

    def root(self, *names: str) -> tuple[str, ...]:
        """The path segments of the prefix, and `names` behind them."""
        return (*(name for name in self.prefix.split("/") if name), *names)

    @property
    def base(self) -> str:
        """How the forge's URLs begin: scheme, host, port where it isn't the usual one, and prefix; no slash behind."""
        port = "" if self.tls_port == HTTPS_PORT else f":{self.tls_port}"
        return f"https://{self.forge}{port}{self.prefix}"

    @property
    def gists(self) -> ForgeHost:
        """The same host, its addresses written with the forge's gist host (`gist.github.com`)."""
        if self.forge.startswith("gist."):
            return self
        return replace(self, forge=f"gist.{self.forge}")


@dataclass(slots=True)
class _Node:
    """A trie over host labels from the right. `one` is `{name}`, `rest` is a leading `*`."""

    labels: dict[str, _Node] = field(default_factory=dict)
    one: _Node | None = None
    here: ForgeHost | None = None
    rest: ForgeHost | None = None


type _Hosts = tuple[Mapping[str, ForgeHost], _Node, Mapping[str, ForgeHost]]
"""Hosts by name, hosts by pattern, and buckets."""

# Names GitHub Enterprise Server uses below its own host name when subdomain isolation is on.
_GITHUB_SUBDOMAINS: Mapping[str, Role] = {
    "api": Role.API,
    "gist": Role.GIST,
    "raw": Role.RAW,
    "codeload": Role.CODELOAD,
    "uploads": Role.UPLOADS,
    "media": Role.RAW,
    "docker": Role.REGISTRY,
    "containers": Role.REGISTRY,
    "npm": Role.PACKAGES,
    "maven": Role.PACKAGES,
    "nuget": Role.PACKAGES,
    "rubygems": Role.PACKAGES,
}
_HOST_ROLES: Mapping[str, Role] = {**_GITHUB_SUBDOMAINS, "registry": Role.REGISTRY, "ssh": Role.SSH, "altssh": Role.SSH}


def fold_host(host: str) -> str | None:
    """`host` as DNS compares it: lower case, IDNA, without one trailing dot; None if it can't be a host name."""
    if len(host) > MAX_HOST + 1:
        return None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return host.lower().removesuffix(".") or None


class Registry:
    """All forge hosts known: the built-in ones and the instances of a policy. Immutable once built."""

    def __init__(
        self,
        exact: Mapping[str, ForgeHost],
        tree: _Node,
        buckets: Mapping[str, ForgeHost],
        instances: tuple[Instance, ...] = (),
    ) -> None:
        self.instances = instances
        self._exact = exact
        self._tree = tree
        self._buckets = buckets

    @classmethod
    def build(cls, instances: Iterable[Instance] = (), hosts: str | None = None) -> Self:
        """The built-in hosts plus `instances`. `hosts` are rows to take in place of the built-in ones.

        Raises ValueError with a sentence if an instance's host isn't a host name, is named twice, or is a built-in
        host of another kind.
        """
        instances = tuple(instances)
        built_in, tree, buckets = _built_in() if hosts is None else _read(hosts)
        exact = dict(built_in)
        seen: set[str] = set()
        for instance in instances:
            for folded, forge_host in _instance_hosts(instance):
                explicit = folded == forge_host.forge or folded in {fold_host(name) for name in instance.hosts}
                if folded in seen:
                    if explicit:
                        raise ValueError(f"`{folded}` is named twice among the forges")
                    continue
                known = _find(built_in, tree, buckets, folded)
                if known is not None and known.kind is not instance.kind:
                    raise ValueError(
                        f"`{folded}` is a {known.kind.value} host and can't be of kind {instance.kind.value}"
                    )
                if explicit:
                    seen.add(folded)
                exact[folded] = forge_host
        return cls(exact, tree, buckets, instances)

    @property
    def forges(self) -> frozenset[str]:
        """The hosts that addresses are written with, but for those of which each customer has an own one."""
        return frozenset(forge_host.forge for forge_host in self._exact.values())

    def lookup(self, host: str) -> ForgeHost | None:
        """The forge that `host` belongs to; None if it is no forge. Case, one trailing dot and IDNA are folded."""
        found = self._exact.get(host)
        if found is not None:
            return found
        folded = fold_host(host)
        return None if folded is None else _find(self._exact, self._tree, self._buckets, folded)


def _instance_hosts(instance: Instance) -> Iterator[tuple[str, ForgeHost]]:
    forge = _checked(instance.host)
    base = ForgeHost(
        kind=instance.kind,
        role=Role.WEB,
        forge=forge,
        host=forge,
        tls_port=instance.port or HTTPS_PORT,
        instance=instance,
    )
    yield forge, base
    for name in instance.hosts:
        folded = _checked(name)
        role = _HOST_ROLES.get(folded.split(".", 1)[0], Role.WEB)
        yield folded, _with_role(base, folded, role)
    if instance.kind is Kind.GITHUB:
        for label, role in _GITHUB_SUBDOMAINS.items():
            yield f"{label}.{forge}", _with_role(base, f"{label}.{forge}", role)


def _with_role(base: ForgeHost, host: str, role: Role) -> ForgeHost:
    # An instance's URL prefix belongs to its main host only; the others serve from their root.
    changed = replace(base, host=host, role=role, instance=replace(base.instance, path="") if base.instance else None)
    return changed.gists if role is Role.GIST else changed


def _checked(host: str) -> str:
    folded = fold_host(host)
    if folded is None or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", folded):
        raise ValueError(f"`{host}` is not a host name")
    return folded


def _find(
    exact: Mapping[str, ForgeHost], tree: _Node, buckets: Mapping[str, ForgeHost], folded: str
) -> ForgeHost | None:
    found = exact.get(folded)
    if found is None:
        labels = folded.split(".")
        found = _walk(tree, labels, len(labels), ())
        if found is None and labels[-2:] == ["amazonaws", "com"] and len(labels) > 3 and labels[1].startswith("s3"):
            found = _bucket(buckets, labels[0])
        if found is not None:
            found = replace(found, host=folded)
    return found


def _walk(node: _Node, labels: list[str], end: int, caught: tuple[str, ...]) -> ForgeHost | None:
    """The row for `labels[:end]` below `node`: a named label before `{name}` before `*`."""
    if end == 0:
        return _filled(node.here, caught) if node.here else None
    child = node.labels.get(labels[end - 1])
    found = _walk(child, labels, end - 1, caught) if child else None
    if found is None and node.one is not None and labels[end - 1]:
        found = _walk(node.one, labels, end - 1, (*caught, labels[end - 1]))
    if found is None and node.rest is not None:
        found = _filled(node.rest, (".".join(labels[:end]),))
    return found


def _filled(row: ForgeHost, caught: tuple[str, ...]) -> ForgeHost:
    if not caught:
        return row
    return replace(row, forge=row.forge.replace("{}", caught[0]), label=caught[0])


def _bucket(buckets: Mapping[str, ForgeHost], name: str) -> ForgeHost | None:
    found = buckets.get(name)
    if found is None:
        for prefix, row in buckets.items():
            if prefix.endswith("*") and name.startswith(prefix[:-1]):
                return row
    return found


def built_in_hosts() -> str:
    """The rows of `data/forges.hosts`."""
    return resources.files("forgewall.identify").joinpath("data/forges.hosts").read_text("utf-8")


@cache
def _built_in() -> _Hosts:
    return _read(built_in_hosts())


def _read(text: str) -> _Hosts:
    exact: dict[str, ForgeHost] = {}
    buckets: dict[str, ForgeHost] = {}
    tree = _Node()
    for row in text.splitlines():
        words = row.split("#", 1)[0].split()
        if not words:
            continue
        kind, role, forge, *hosts = words
        for pattern in hosts:
            host = ForgeHost(kind=Kind(kind), role=Role(role), forge=re.sub(r"\{\w+\}", "{}", forge), host=pattern)
            if pattern.startswith("s3://"):
                buckets[pattern.removeprefix("s3://")] = host
            elif "*" in pattern or "{" in pattern:
                _grow(tree, pattern.split("."), host)
            elif exact.setdefault(pattern, host) is not host:
                raise ValueError(f"data/forges.hosts names {pattern} twice")
    return exact, tree, buckets


def _grow(node: _Node, labels: list[str], host: ForgeHost) -> None:
    for label in reversed(labels):
        if label == "*":
            node.rest = host
            return
        if label.startswith("{"):
            node.one = node.one or _Node()
            node = node.one
        else:
            node = node.labels.setdefault(label, _Node())
    node.here = host
