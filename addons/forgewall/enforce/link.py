"""The address at which a refused person asks for an approval: the policy's `request_url` with this refusal filled in.

What is filled in comes from a request, so that it is percent-encoded whole (RFC 3986 section 2.1): it can add neither a
parameter nor a path segment. The template itself was checked when the policy was read.
"""

from __future__ import annotations

from urllib.parse import quote

from forgewall.enforce.refusal import Refusal

_ASKABLE = frozenset(
    {
        *("unapproved", "visibility", "moved", "unidentified", "too-large", "ref", "content", "unread", "volume"),
        *("read", "personal", "auth", "telemetry", "assistants", "other-host"),
    }
)
"""Codes of what a reviewer can do something about; `forbidden` is closed on purpose, the others are the client's."""
MOST = 800
"""Characters of a link; git shows no longer line (`enforce.git`), and the event has the address anyway."""


def request_link(refusal: Refusal) -> str:
    """The link for `refusal`, '' where the policy has none, the event isn't in the log, or asking wouldn't help."""
    template, event_id = refusal.request_url, refusal.event_id
    if not template or event_id is None or refusal.code not in _ASKABLE:
        return ""
    operation = refusal.operation.value if refusal.operation is not None else ""
    for address in (refusal.address or "", ""):  # a very long address is left out, the event has it
        filled = template.replace("{event}", _encoded(event_id))
        filled = filled.replace("{operation}", _encoded(operation)).replace("{address}", _encoded(address))
        if len(filled) <= MOST:
            return filled
    return ""


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")
