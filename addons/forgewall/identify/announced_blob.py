"""Announced URLs of Azure Blob Storage, and how a request is compared with one.

A blob is uploaded to the announced URL with more parameters in its query: `comp=block&blockid=…` for each block and
`comp=blocklist` for the end ("Put Block", "Put Block List", "Append Block"), in whatever order the client's library
writes them. The signature (`sig`) covers the blob and not those, so they are left out and the rest is sorted.
What is *not* here: reading answers (`learn`), and remembering (`announced_memory`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import unquote

from forgewall.identify.announced import Place, parse_place, place_of
from forgewall.identify.query import parameters
from forgewall.model import Request

_SUFFIXES = (".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn")
_STEPS = frozenset({"block", "blocklist", "appendblock"})
_ADDED = frozenset({"comp", "blockid", "timeout", "seal"})


def is_blob_host(host: str) -> bool:
    """Whether `host` (folded) is a storage account of Azure."""
    return host.endswith(_SUFFIXES)


def parse_blob_place(url: str, asked: Request) -> Place | str:
    """The place of an announced URL, or a sentence why it can't be one (see `parse_place`); Azure's must be signed."""
    place = parse_place(url, asked)
    if isinstance(place, str) or not is_blob_host(place.host):
        return place
    rest = url.partition("://")[2].partition("/")[2].partition("#")[0]
    names = [name for name, _ in parameters(rest.partition("?")[2])]
    if names.count("sig") != 1 or not _ADDED.isdisjoint(names):
        return "an announced address of a blob is not signed"
    return replace(place, digest=_digest("/" + rest))


def blob_place_of(request: Request) -> Place | None:
    """Where a request that uploads a blob goes; None if it isn't one."""
    place = place_of(request)
    if request.method != "PUT" or not is_blob_host(place.host):
        return None
    steps = [value for name, value in parameters(request.path.partition("?")[2]) if name == "comp"]
    if len(steps) > 1 or not _STEPS.issuperset(steps):
        return None
    return replace(place, digest=_digest(request.path))


def _digest(target: str) -> bytes:
    # Clients' libraries write paths and queries anew, each with encodings of its own.
    path, _, query = target.partition("?")
    kept = sorted(pair for pair in parameters(query) if pair[0] not in _ADDED)
    whole = repr((unquote(path, errors="replace"), kept))
    return hashlib.sha256(b"blob\0" + whole.encode("utf-8", "surrogatepass")).digest()
