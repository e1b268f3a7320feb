"""Splits a host name into registered domain and public suffix for `url.registered_domain` and `.top_level_domain`.

It uses the Public Suffix List that tldextract carries and never fetches a newer one: the proxy's log must not depend on
the network.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tldextract import TLDExtract


@cache
def _extractor() -> TLDExtract:
    import tldextract  # noqa: PLC0415 - half a second that commands without events needn't pay

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)


@lru_cache(maxsize=4096)
def split(host: str) -> tuple[str | None, str | None]:
    """`(registered domain, public suffix)` of `host`, each None where there is none, as for an IP address."""
    parts = _extractor()(host)
    suffix = parts.suffix or None
    registered = f"{parts.domain}.{suffix}" if parts.domain and suffix else None
    return registered, suffix
