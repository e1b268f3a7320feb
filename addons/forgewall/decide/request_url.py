"""The policy's `request_url`: where a refused person asks for an approval. Filling it in is `enforce.link`'s business.

A template that is an absolute URL by RFC 3986, whose placeholders stand behind the host: what is filled in comes from
requests, and must not choose where a link leads.
"""

from __future__ import annotations

import re

from forgewall.decide.complaints import nearest, quote

PLACEHOLDERS = ("event", "address", "operation")
"""What is filled in: the event's id, the address asked for, the operation."""
MAX_TEMPLATE = 300
"""Characters of the template; with what is filled in it has to stay on a line that git shows."""
PATTERN = (
    r"https?://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"([/?#]([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}|\{(event|address|operation)\})*)?"
)
"""The templates that are understood, as a regular expression that the published schema repeats."""

_TEMPLATE = re.compile(PATTERN)
_BRACED = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = "as in https://help.acme.example/new?event={event}"


def wrong_with(text: str) -> tuple[str, str]:
    """What is wrong with the template `text`, as a sentence and a hint; two empty texts if it can be used."""
    scheme, colon, rest = text.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if len(text) > MAX_TEMPLATE:
        return f"`request_url` is longer than {MAX_TEMPLATE} characters", "what is filled in makes it longer still"
    if not colon or scheme not in {"http", "https"}:
        return f"`request_url` is {quote(text)}, but it must begin with https:// or http://", _EXAMPLE
    if "@" in authority:
        # Not repeated: what stands before the @ may be a password.
        return "`request_url` holds a user's name or a password", "everybody who is refused would see it: remove it"
    if "{" in authority:
        return f"`request_url` is {quote(text)}, but only what follows the host can be filled in", _EXAMPLE
    for word in _BRACED.findall(text):
        if word not in PLACEHOLDERS:
            hint = nearest(word, PLACEHOLDERS) or "there are {event}, {address} and {operation}"
            return f"`request_url` holds {quote(f'{{{word}}}')}, which nothing can be filled in for", hint
    if set(_BRACED.sub("", text)) & {"{", "}"}:
        return f"`request_url` is {quote(text)}, in which a brace has no partner", _EXAMPLE
    if "{event}" not in text:
        hint = f"add {{event}}, {_EXAMPLE}"
        return f"`request_url` is {quote(text)}, which doesn't say where the event's id goes", hint
    if not _TEMPLATE.fullmatch(text):
        return f"`request_url` is {quote(text)}, which is not a URL", "other characters in their percent-encoded form"
    return "", ""
