"""The form that an answer announced to be posted to an object store (S3 "POST Object"), and how a request is compared
with it: URL and the one field that names the object.

Many files go to one URL, each under a key that the forge has signed. So the place of such an announcement is that of
the URL and the key together. What is *not* here: reading answers (`learn`), and remembering (`announced_memory`).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from forgewall.identify import form_data
from forgewall.identify.announced import Place, place_of
from forgewall.identify.body import unread
from forgewall.model import Request

KEY = "key"
"""The field that names the object (Amazon S3 API, POST Object)."""


def digest_of(value: str) -> bytes:
    """What is kept of a field's value: it names an object in a store, and belongs to nobody else."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def form_place(place: Place, name: str, digest: bytes) -> Place:
    """The place of a form that goes to `place` with a field `name` whose value has this `digest`."""
    whole = hashlib.sha256(b"form\0" + place.digest + name.encode() + b"\0" + digest).digest()
    return replace(place, digest=whole)


def form_place_of(request: Request) -> Place | None:
    """The place that the held form of `request`, or its skim, goes to; None if it isn't such a form.

    S3 ignores what stands behind the file, takes names without regard to case, and puts the file's name for
    `${filename}` in a key: so `key` must stand once and before the file, which is the last part.
    """
    if not may_be_form(request) or unread(request):
        return None
    fields = form_data.form_fields(request)
    if fields is None:
        return None
    names = list(fields)
    value = fields.get(KEY)
    files = [name for name in names if fields[name] is form_data.FILE]
    once = sum(name.strip().lower() == KEY for name in names) == 1
    if not isinstance(value, str) or not once or files != ["file"] or names[-1] != "file" or "${" in value:
        return None
    return form_place(place_of(request), KEY, digest_of(value))


def may_be_form(request: Request) -> bool:
    """Whether `request` says of itself that it posts such a form, so that its body may decide."""
    return request.method == "POST" and form_data.media_type(request) == form_data.MEDIA_TYPE
