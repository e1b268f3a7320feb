"""Reads a held NDJSON body (one JSON object on each line), which Hugging Face takes for the files of a bucket.

As strict as `identify.body`: what two readers could read differently is not read. What is *not* here: the meaning of a
line (`huggingface_bodies`).
"""

from __future__ import annotations

from collections.abc import Mapping

from forgewall.identify.body import MAX_BODY, has_document, json_value
from forgewall.model import Request

_MEDIA = frozenset({"application/x-ndjson", "application/ndjson"})


def json_lines(request: Request) -> tuple[Mapping[str, object], ...] | None:
    """The objects on the lines of the body, empty lines left out; None if it isn't such a body or is ambiguous.

    Ambiguous are another media type or charset, a content coding, more than `MAX_BODY` bytes, and an object in which a
    key stands twice, in whatever case.
    """
    kind, _, parameters = (request.header("content-type") or "").lower().partition(";")
    if not has_document(request) or kind.strip() not in _MEDIA or len(request.body) > MAX_BODY:
        return None
    if parameters.replace('"', "").strip() not in ("", "charset=utf-8", "charset=utf8"):
        return None
    if (request.header("content-encoding") or "identity").strip().lower() != "identity":
        return None
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    found: list[Mapping[str, object]] = []
    for line in text.split("\n"):
        if not line.strip(" \t\r"):
            continue
        row = json_value(line)
        if not isinstance(row, dict) or len({key.casefold() for key in row}) != len(row):
            return None
        found.append(row)
    return tuple(found)
