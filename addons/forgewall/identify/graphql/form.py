"""Reads a GraphQL request that is a multipart form: documents with files beside them, as GitLab takes them.

Only what the specification of such requests (github.com/jaydenseric/graphql-multipart-request-spec, version 2) says is
read: a part `operations` with the JSON that would else be the body, a part `map` that puts files in places that are
null, and the files. Any other part could be a parameter to a server that merges them.

What is *not* here: the parser of forms (`forgewall.identify.multipart`), and what a document says (`document`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from forgewall.identify.body import MAX_BODY, has_document, json_value
from forgewall.identify.form_data import MEDIA_TYPE, media_type
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.multipart import MultipartReader, NotMultipart, Part, boundary_of
from forgewall.model import Request

MAX_FILES = 100
"""Files in one request; GitLab takes 10 designs at a time."""

_FIELDS = frozenset({"operations", "map"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_RESERVED = re.compile(r"(?:operations?|map|query|variables|operationname|extensions|_method|_json)", re.IGNORECASE)


def is_form(request: Request) -> bool:
    """Whether the body says of itself that it is a multipart form."""
    return media_type(request) == MEDIA_TYPE


def operations(request: Request) -> object:
    """The JSON value of the part `operations`. Raises Unclear if servers may read the form differently."""
    if not has_document(request) or len(request.body) > MAX_BODY or request.header("content-encoding"):
        raise Unclear("the form was not read")
    parts = _Parts()
    try:
        reader = MultipartReader(boundary_of(request.header("content-type") or ""), parts)
        reader.feed(request.body)
        reader.finish()
    except NotMultipart as error:
        raise Unclear(str(error)) from None
    if parts.fields.keys() != _FIELDS:
        raise Unclear("the form holds no part `operations` or no part `map`")
    found, places = (_json(bytes(parts.fields[name])) for name in ("operations", "map"))
    if not isinstance(places, dict) or places.keys() != parts.files:
        raise Unclear("the form's files are not those of its part `map`")
    for paths in places.values():
        if not isinstance(paths, list) or not all(isinstance(path, str) and _is_free(found, path) for path in paths):
            raise Unclear("the form's part `map` puts a file where something else stands")
    return found


class _Parts:
    """Collects a form's parts; it is `MultipartEvents`."""

    def __init__(self) -> None:
        self.fields: dict[str, bytearray] = {}
        self.files: set[str] = set()
        self._field: bytearray | None = None

    def part(self, part: Part) -> None:
        """A part begins. Raises Unclear for one that doesn't belong into such a form."""
        if part.name in self.fields or part.name in self.files:
            raise Unclear("the form holds a part twice")
        if part.filename is None:
            if (
                part.name not in _FIELDS
                or part.coded
                or part.content_type not in ("", "application/json", "text/plain")
            ):
                raise Unclear("the form holds a field that could be a parameter")
            self._field = self.fields[part.name] = bytearray()
            return
        if not _NAME.fullmatch(part.name) or _RESERVED.fullmatch(part.name) or len(self.files) == MAX_FILES:
            raise Unclear("the form holds a file that could be a parameter")
        self.files.add(part.name)

    def data(self, piece: bytes) -> None:
        """The next bytes of a part; those of files aren't kept."""
        if self._field is not None:
            self._field += piece

    def part_end(self) -> None:
        """A part ends."""
        self._field = None


def _json(text: bytes) -> object:
    try:
        return json_value(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unclear("the form's documents are not UTF-8") from None


def _is_free(found: object, path: str) -> bool:
    """Whether `path` leads to a null below the variables of `found`, which may be a batch."""
    steps = path.split(".")
    if (steps[1:2] if isinstance(found, list) else steps[:1]) != ["variables"]:
        return False
    for step in steps:
        match found:
            case dict() if step in found:
                found = found[step]
            case list() if step.isdecimal() and len(step) < 6 and int(step) < len(found):
                found = found[int(step)]
            case _:
                return False
    return found is None


def rows_of(found: object) -> tuple[Mapping[str, object], ...]:
    """The one JSON object, or the objects of a non-empty batch. Raises Unclear for anything else."""
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Unclear("the form's part `operations` is not one plain JSON document")
    return tuple(rows)
