"""What a page says and where it leads, read without a browser."""

from __future__ import annotations

import html
import re


def links(text: str) -> list[str]:
    """All addresses that a page leads to."""
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text)]


def shown(text: str) -> str:
    """A page's words."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text.replace("<wbr>", ""))).split())


def ids(text: str) -> list[str]:
    """The cases or events of a list."""
    return re.findall(r'href="/(?:cases|events)/([^"]*)" data-item', text)


def next_look(text: str) -> str:
    """Where the live tail asks next."""
    found = re.search(r'hx-get="(/live/part[^"]*)"', text)
    assert found
    return html.unescape(found[1])
