"""All the places that a request may have been announced by: its URL, a bearer token, an Azure blob, an S3 form.

The digests of the four are made so that one can't stand for another. What is *not* here: what each is compared by
(`announced`, `announced_blob`, `announced_form`).
"""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.identify.announced import Announcement, Place, place_of, token_place_of
from forgewall.identify.announced_blob import blob_place_of
from forgewall.identify.announced_form import form_place_of
from forgewall.model import Request


def places_of(request: Request) -> Iterator[Place]:
    """Where `request` goes, in each way that announcements are compared in; the last ones may need its body."""
    yield place_of(request)
    for place in (token_place_of(request), blob_place_of(request), form_place_of(request)):
        if place is not None:
            yield place


def covers(announcement: Announcement, request: Request) -> bool:
    """Whether `request` is one that was announced: by its method, and by one of its places."""
    return request.method in announcement.methods and announcement.place in places_of(request)
