"""Parses the documents of a GraphQL request, within bounds, and only where all parsers find the same in them.

What is *not* here: where documents stand (`request`), and what mutations mean (`mutations`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import GraphQLError, parse
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode, OperationType

from forgewall.identify.body import unread
from forgewall.identify.graphql.request import Asked, asked
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.paths import Path
from forgewall.model import Request

MAX_TOKENS = 10_000
"""Tokens of all documents in one request; more aren't read. It bounds the time that a document can take."""

# Parsers end comments and texts in different places (graphql-ruby's comments don't end at a bare CR, GitLab mends line
# breaks between quotes). They agree where each quote opens or closes a text of one line without an escaped quote and
# none stands in a comment. Where this isn't so, a document that holds the word anywhere may be a mutation to one.
_MUTATION = re.compile(r"(?<![A-Za-z_])mutation(?![A-Za-z0-9_])")
_TEXT = re.compile(r'"(?:[^"\\\r\n]|\\(?:[bfnrt/]|u[0-9A-Fa-f]{4}))*+"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One document: its operations in order, its fragments by name, and what the request says beside it.

    `variables` are as the client sent them, without the defaults that operations declare. `operation` is the
    operation that is asked for, None where the request doesn't say.
    """

    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, object]
    operation: str | None

    @property
    def chosen(self) -> tuple[OperationDefinitionNode, ...]:
        """The operation that is carried out; all of them where it isn't certain which."""
        named = [one for one in self.operations if one.name is not None and one.name.value == self.operation]
        return tuple(named) if len(named) == 1 else self.operations


def parse_request(request: Request, path: Path) -> tuple[Parsed, ...] | None:
    """The documents of a held GraphQL request, in the order of a batch; none for a GET that has none.

    None if the body isn't held, or if two servers could read it differently. Never raises, whatever the bytes. The
    nodes are graphql-core's, without locations. `path` is that of the request, below an instance's prefix or not.
    """
    if request.method not in ("GET", "HEAD") and unread(request):
        return None
    try:
        return parse_documents(asked(request, path))
    except Unclear:
        return None


def parse_documents(documents: Iterable[Asked]) -> tuple[Parsed, ...]:
    """The documents parsed (GraphQL October 2021, section 2). Raises Unclear for what isn't certain or too long."""
    left = MAX_TOKENS
    found = []
    for document in documents:
        left -= 1
        if left <= 0:
            raise Unclear("the documents are too long")
        parsed, tokens = _parsed(document, left)
        left -= tokens
        found.append(parsed)
    return tuple(found)


def _parsed(document: Asked, most: int) -> tuple[Parsed, int]:
    if _may_mutate(document.text):
        raise Unclear("parsers may find different mutations in the document")
    try:
        tree = parse(document.text, no_location=True, max_tokens=most)
    except (GraphQLError, RecursionError):
        raise Unclear("the document can't be parsed, or is too long") from None
    operations: list[OperationDefinitionNode] = []
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in tree.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(definition)
        elif isinstance(definition, FragmentDefinitionNode) and definition.name.value not in fragments:
            fragments[definition.name.value] = definition
        else:
            raise Unclear("the document holds more than operations and fragments, or one fragment twice")
    if not operations:
        raise Unclear("the document holds no operation")
    parsed = Parsed(
        operations=tuple(operations),
        fragments=fragments,
        variables=document.variables,
        operation=document.operation,
    )
    return parsed, tree.token_count


def reads_only(parsed: Iterable[Parsed]) -> bool:
    """Whether nothing but queries is carried out."""
    return all(one.operation is OperationType.QUERY for each in parsed for one in each.chosen)


def _may_mutate(document: str) -> bool:
    return _disputed(document) and _MUTATION.search(document) is not None


def _disputed(document: str) -> bool:
    """Whether parsers may take different parts of the document for texts or comments."""
    if "\r" in document or "\ufeff" in document or '"""' in document:
        return True
    if '"' not in document:
        return "\\" in document
    rest = _TEXT.sub("", document)
    return '"' in rest or "\\" in rest or "#" in rest
