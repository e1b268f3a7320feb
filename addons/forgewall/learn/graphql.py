"""What the answers of GraphQL endpoints teach, read together with the document that was asked.

Theory. Whoever asks chooses the names in the answer: `nameWithOwner: description` is a lie that the forge tells on
demand. So no name in an answer is believed. Each is looked up in the document, whose selections say of which field of
the schema it is the value; only then it means something, and only if the schema's table lists that field of that type.

- Where two selections give one name to different fields, to the same field with different arguments, or to a field that
  isn't listed, the name says nothing, whatever server rule may forbid that.
- The type of an object is that of the field it stands in, or that of the fragment which selects a field of it: a field
  is only answered for an object that has it.
- An answer with an object that says two addresses of itself was misread, and teaches nothing.
- An object that says none lies where the object above it lies, if the table says so of the field between them; and a
  repository that is asked for by name has this name if it doesn't say another. If it does, it has moved.
- Only a document that all parsers read alike is taken: without comments, escapes and block strings.

A repository that was renamed is found by its old name, silently. What is only known by the name that was asked for is
as true as a request that goes to this name itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from graphql.language import OperationType

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.graphql.document import Parsed, parse_documents
from forgewall.identify.graphql.request import Unclear, asked
from forgewall.identify.kinds import FORGES
from forgewall.identify.paths import Path, below, parse
from forgewall.identify.registry import ForgeHost
from forgewall.learn.answers import (
    Document,
    JsonLesson,
    Teller,
    child,
    node,
    number,
    owner_named,
    repository_named,
    segments_of,
    visibility,
)
from forgewall.learn.graphql_plan import Contradiction, Entry, Inquiry, Plan
from forgewall.learn.lesson import Fact, Lesson
from forgewall.learn.schema import Link, Word, schema
from forgewall.model import BodyState, Kind, Request, Target, Visibility

MAX_DEPTH = 40
"""Objects that may stand in one another; deeper ones aren't looked at."""

_SCHEMAS: Mapping[Kind, str] = {Kind.GITHUB: "github", Kind.GITLAB: "gitlab"}
_ROOTS = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}
_DISPUTED = ("\\", "\r", '"""', "#", "\ufeff")
_OWNER_PAGES = frozenset({"orgs", "users"})


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a GraphQL request; None if it is none, or has none. `now` is aware."""
    name = _SCHEMAS.get(forge_host.kind)
    path = _path(request, forge_host)
    if name is None or path is None or request.method not in ("GET", "POST"):
        return None
    if request.method == "POST" and request.body_state is not BodyState.COMPLETE:
        return None
    parsed = _parsed(request, path)
    if parsed is None or len(parsed.chosen) != 1 or parsed.chosen[0].operation not in _ROOTS:
        return None
    operation = parsed.chosen[0]
    teller = Teller(forge_host=forge_host, now=now)
    root = ((_ROOTS[operation.operation], operation.selection_set),)

    def reading(answer: object) -> Iterator[Fact]:
        inquiry = Inquiry(schema=schema(name), parsed=parsed)
        walk = _Walk(teller=teller, inquiry=inquiry)
        try:
            walk.one(Plan(inquiry, root), child(answer, "data"), None, 0)
        except Contradiction:
            return
        yield from walk.facts

    return JsonLesson(reading)


def _path(request: Request, forge_host: ForgeHost) -> Path | None:
    whole = parse(request.path)
    path = below(whole, forge_host.prefix)
    if path is None or path.odd or (forge_host.role, path.segments) not in FORGES[forge_host.kind].graphql:
        return None
    return path


def _parsed(request: Request, path: Path) -> Parsed | None:
    try:
        documents = asked(request, path)
        if len(documents) != 1 or any(mark in documents[0].text for mark in _DISPUTED):
            return None
        return parse_documents(documents)[0]
    except Unclear:
        return None


@dataclass(slots=True)
class _Walk:
    """The way through one answer."""

    teller: Teller
    inquiry: Inquiry
    facts: list[Fact] = field(default_factory=list)

    def one(self, plan: Plan, found: Document, above: Named | None, depth: int) -> Named | None:
        """Learn from one object, and from all below it; returns what it is, or where it lies."""
        if depth > MAX_DEPTH or not self.inquiry.visit():
            return None
        words, children = plan.read(found)
        own = self._own(words)
        for entry, value in children:
            if entry.field.link in (Link.ABOVE, Link.OWNER) and isinstance(value, dict):
                named = self.one(entry.plan, value, None, depth + 1)
                if entry.field.link is Link.OWNER:
                    named = self._owned(named, words.get(Word.NAME))
                own += [named] if named is not None else []
        said = {self.teller.key(named) if named else "": named for named in own}
        if len(said.keys() - {""}) > 1:
            raise Contradiction
        here = (None if "" in said else next(iter(said.values()))) if said else above
        if here is not None:
            self._learn(words, here)
        for entry, value in children:
            if entry.field.link not in (Link.ABOVE, Link.OWNER):
                self._below(entry, value, here, depth)
        return here

    def _below(self, entry: Entry, value: object, here: Named | None, depth: int) -> None:
        match value:
            case list():
                for one in value:
                    self._below(entry, one, here, depth + 1)
            case dict() if entry.field.link is Link.BELOW:
                self.one(entry.plan, value, here, depth + 1)
            case dict() if entry.field.link is Link.ASKED:
                named = self._asked(entry)
                found = self.one(entry.plan, value, named, depth + 1)
                if found is not None and found.repository is not None:
                    self.facts += self.teller.moved(named, found)
            case dict():
                self.one(entry.plan, value, None, depth + 1)
            case _:
                pass

    def _owned(self, owner: Named | None, name: object) -> Named | None:
        """The repository of this owner and name. An owner alone says nothing of it."""
        if owner is None or owner.repository is not None or not isinstance(name, str):
            return None
        return repository_named(self.teller.forge_host, f"{owner.owner}/{name}")

    def _own(self, words: Mapping[Word, object]) -> list[Named | None]:
        """What the object's own scalars say that it is, or where it lies; None for a word that can't be understood."""
        own: list[Named | None] = []
        forge_host = self.teller.forge_host
        for word, value in words.items():
            if not isinstance(value, str):
                continue
            match word:
                case Word.PATH:
                    own.append(repository_named(forge_host, value))
                case Word.OWNER | Word.LOGIN:
                    own.append(owner_named(forge_host, value))
                case Word.URL:
                    own.append(self._page(value))
                case _:
                    pass
        return own

    def _page(self, url: str) -> Named | None:
        """The repository or the owner below whose page `url` is."""
        forge_host = self.teller.forge_host
        names = segments_of(url, forge_host.forge)
        if forge_host.kind is Kind.GITLAB:
            prefix = forge_host.root()
            if names[: len(prefix)] != prefix:
                return None
            names = names[len(prefix) :]
            if "-" not in names or names[0] == "groups":
                return None
            return repository_named(forge_host, "/".join(names[: names.index("-")]))
        if len(names) < 2:
            return None
        if names[0] in _OWNER_PAGES:
            return owner_named(forge_host, names[1])
        return repository_named(forge_host, "/".join(names[:2]))

    def _asked(self, entry: Entry) -> Named | None:
        forge_host = self.teller.forge_host
        given = {name: self.inquiry.text(value) for name, value in entry.arguments.items()}
        match given:
            case {"owner": str(owner), "name": str(name)} if not name.lower().endswith(".git"):
                return repository_named(forge_host, f"{owner}/{name}")
            case {"fullPath": str(path)}:
                group = entry.field.type != "Project"
                return owner_named(forge_host, path) if group else repository_named(forge_host, path)
            case {"login": str(login)}:
                return owner_named(forge_host, login)
            case _:
                return None

    def _learn(self, words: Mapping[Word, object], here: Named) -> None:
        self.facts += self.teller.id(IdKind.NODE, node(words.get(Word.ID)), here)
        if here.repository is None:
            self.facts += self.teller.id(IdKind.OWNER, number(words.get(Word.OWNER_NUMBER)), here)
            return
        self.facts += self.teller.id(IdKind.REPOSITORY, number(words.get(Word.NUMBER)), here)
        said, private = visibility(words.get(Word.VISIBILITY)), words.get(Word.PRIVATE)
        if isinstance(private, bool):
            if said is None and Word.VISIBILITY not in words:
                said = Visibility.PRIVATE if private else Visibility.PUBLIC
            elif private is (said is Visibility.PUBLIC):
                said = None
        self.facts += self.teller.seen_by(here, said)
