"""The forges' own first path segments, which never name an account. Data in `data/*-pages.txt`."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def pages(forge: str) -> frozenset[str]:
    """The words of `data/<forge>-pages.txt`, in lower case."""
    text = resources.files("forgewall.identify").joinpath("data", f"{forge}-pages.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
