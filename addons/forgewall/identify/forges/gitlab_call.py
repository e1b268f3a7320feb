"""A request on a listed route of GitLab, its parameters, and the targets it can turn into.

GitLab merges query and body: JSON, a form or a multipart form. Rails' own pages nest names by brackets
(`project[path]`), which JSON writes as an object. What is *not* here: the routes, and what a parameter means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from forgewall.identify.body import is_json, unread
from forgewall.identify.fields import given, json_fields, merged_fields
from forgewall.identify.forges.gitlab_place import Finder, Place
from forgewall.identify.form_data import form_pairs
from forgewall.identify.paths import Path
from forgewall.identify.query import parameters
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.targets import named, other, unidentified
from forgewall.model import Also, Operation, Request, Target, Visibility

type Fields = Mapping[str, object]

_TOKEN = re.compile(r"[^\[\]\s]+")
_LEVELS: Mapping[str, Visibility] = {
    "private": Visibility.PRIVATE,
    "internal": Visibility.INTERNAL,
    "public": Visibility.PUBLIC,
    "0": Visibility.PRIVATE,
    "10": Visibility.INTERNAL,
    "20": Visibility.PUBLIC,
}
UNREADABLE = "the parameters can't be read for certain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route; `place` is None where the path names none."""

    request: Request
    forge_host: ForgeHost
    path: Path
    match: Match
    place: Place | None
    finder: Finder

    @property
    def operation(self) -> Operation:
        """What the row says."""
        return self.match.operation

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.match.route.pattern)}"

    @property
    def unread(self) -> bool:
        """Whether the body was not read yet."""
        return unread(self.request)

    def at(self, place: Place | None) -> Call:
        """The same call, about another place."""
        return replace(self, place=place)

    def target(
        self,
        operation: Operation | None = None,
        *,
        also: tuple[Also, ...] = (),
        wants_body: bool = False,
        visibility: Visibility | None = None,
        address: str | None = None,
    ) -> Target:
        """The target of `operation`, by default the row's, in this place or at `address`."""
        owner, repository = (self.place.owner, self.place.repository) if self.place else (None, None)
        target = named(
            self.forge_host,
            owner,
            repository,
            operation or self.operation,
            self.evidence,
            also=also,
            wants_body=wants_body,
            address=address,
        )
        return replace(target, visibility=visibility) if visibility else target

    def doubtful(self, evidence: str = UNREADABLE) -> Target:
        """The target where something in the request stays unknown."""
        owner, repository = (self.place.owner, self.place.repository) if self.place else (None, None)
        return unidentified(self.forge_host, evidence, owner=owner, repository=repository, wants_body=self.unread)

    def fields(self, *names: str) -> Fields | None:
        """Query and body together, see `merged_fields`."""
        return merged_fields(self.request, self.path, *names)

    def nested(self, *names: str) -> Fields | None:
        """Query and body together, objects written as Rails' forms write them (`project[path]`).

        A name that stands several times, as a form's check boxes do, has the list of its values; but None if it is one
        of `names`, or if one of `names` stands in another spelling, and as in `fields`.
        """
        pairs = _pairs(self.request, self.path)
        if pairs is None:
            return None
        wanted = {_tokens(name) for name in names}
        found: dict[str, object] = {}
        for name, value in _flat(pairs):
            if _tokens(name) in wanted and (name not in names or name in found):
                return None
            found[name] = [found[name], value] if name in found else value
        return found

    def also(self, place: Place, role: str, operation: Operation | None = None) -> Also:
        """A second place of the same request."""
        return replace(other(self.forge_host, place.owner, place.repository, role), operation=operation)


def visibility_in(fields: Fields, *names: str) -> Visibility | None:
    """What the parameters `names` want who can see it to be; None if they don't say, or don't agree."""
    said = {_LEVELS.get(str(fields[name]).lower()) for name in names if given(fields, name)}
    return said.pop() if len(said) == 1 else None


def texts(value: object) -> Iterator[str]:
    """All texts in a parameter, however deep."""
    left: list[object] = [value]
    while left:
        match left.pop():
            case str(found):
                yield found
            case dict(found):
                left += found.values()
            case list(found):
                left += found
            case _:
                pass


def _pairs(request: Request, path: Path) -> list[tuple[str, object]] | None:
    """Names and values of the body and then of the query; None if the body isn't certain."""
    pairs: list[tuple[str, object]] | None
    if request.body and not is_json(request):
        form = form_pairs(request)
        pairs = None if form is None else list(form)
    else:
        document = json_fields(request, Path(raw="", segments=()))
        pairs = None if document is None else list(document.items())
    if pairs is None or ";" in (path.query or ""):
        return None
    return [*pairs, *parameters(path.query)]


def _flat(pairs: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    left = list(pairs)
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            left += ((f"{name}[{key}]", inner) for key, inner in value.items())
        else:
            yield name, value


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(token.lower() for token in _TOKEN.findall(name))
